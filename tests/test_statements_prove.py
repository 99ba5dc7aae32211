"""Hypotheses decided by the engine agree with direct evaluation in Fractions, wherever it looks."""

from __future__ import annotations

from certify.model import Network
from certify.statements.note import parse_note
from certify.statements.prove import hypotheses

COUNTS = """
ratio = "4/5"
[[hypothesis]]
name = "all right"
claim = "count(right) == 90"
[[hypothesis]]
name = "without unit 4"
claim = "count(right) == 90"
change = ["W_ih[4] = 0"]
[[hypothesis]]
name = "without unit 1"
claim = "count(right) == 38"
change = ["W_ih[1] = 0"]
"""


def test_known_counts_of_the_published_model_which_lies_beside_the_checkout(
    published_m16_10: Network,
) -> None:
    found = hypotheses(parse_note(COUNTS), published_m16_10)
    assert [r.count for r in found.results] == [90, 35, 38]
    assert [r.verdict for r in found.results] == ["proved", "refuted", "proved"]
