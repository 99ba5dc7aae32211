"""The worked examples of docs/examples, decided and checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from certify.checker import check
from certify.model import Network
from certify.reading.weights import read_network
from certify.statements.prove import HypothesesResult, hypotheses
from tests.examples import GOLDEN, MODELS, ROOT

EXAMPLES = ROOT / "docs" / "examples"
FALSE = {
    "margin of 2",
    "runner-up",
    "detector sees a new maximum",
    "detector at the end",
    "latch holds",
    "latch blind to order",
    "latch follows the maximum",
    "latch needed",
    "comparators wake",
    "comparators at a new maximum",
    "comparator 1 compares",
    "comparators agree",
    "inputs suppress the maximum",
    "comparators suppress",
    "comparators lift the second",
    "codes prefer the pair",
    "division of labour",
    "offset is large",
    "without the detector",
    "without unit 4",
    "patched comparators",
    "patched codes",
    "a change is a change",
}


def demand(result: HypothesesResult, false: set[str], model: Path, folder: Path) -> None:
    assert {r.name for r in result.results if r.verdict == "refuted"} == false
    for r in result.results:
        assert (r.counterexample is not None) == (r.verdict == "refuted")
        assert r.verdict != "measured" or (r.measured and r.measured.holds == "yes")
    path = folder / "c.json"
    result.certificate().write(path)
    lines = check(path, model).establishes
    assert len(lines) == len(result.decided)


def test_a_note_about_the_shipped_model(m16_10: Network, tmp_path: Path) -> None:
    result = hypotheses(EXAMPLES / "m16_10.toml", m16_10)
    assert len(result.results) >= 40
    demand(result, FALSE, MODELS / "m16_10.pt", tmp_path)


def test_the_readout_note_of_the_published_model_needs_the_reference_folder(
    tmp_path: Path,
) -> None:
    published = GOLDEN[1].path
    if not published.exists():
        pytest.skip("the reference folder with AlgZoo's models is not beside the checkout")
    result = hypotheses(EXAMPLES / "published.toml", read_network(published))
    demand(result, {"inputs suppress by 5"}, published, tmp_path)
