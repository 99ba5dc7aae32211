"""Hypotheses decided by the engine agree with direct evaluation in Fractions, wherever it looks."""

from __future__ import annotations

from certify.model import Network
from certify.statements.note import parse_note
from certify.statements.prove import hypotheses
from tests.examples import Golden

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
claim = "count(right) == 15"
change = ["W_ih[1] = 0"]
"""


def test_golden_counts(golden: Golden, golden_network: Network) -> None:
    found = hypotheses(parse_note(COUNTS), golden_network)
    counts = (90, *golden.right_without_input)
    assert tuple(r.count for r in found.results) == counts
    expected = [
        "proved" if c == k else "refuted" for c, k in zip(counts, (90, 90, 15), strict=True)
    ]
    assert [r.verdict for r in found.results] == expected
