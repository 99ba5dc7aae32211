"""What explain writes as hypotheses is true of the model."""

from __future__ import annotations

from pathlib import Path

import pytest

from certify.claims import Pair, all_pairs
from certify.cli import main
from certify.mechanism.note import pairs_text
from certify.statements.prove import hypotheses
from tests.examples import MODELS


@pytest.mark.parametrize("name", ["m4_3", "m2_2"])
def test_explain_writes_true_claims(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, note = MODELS / f"{name}.pt", tmp_path / "note.toml"
    words = ["explain", str(model), "--samples", "200", "--out", str(tmp_path)]
    assert main([*words, "--hypotheses", str(note)]) == 0
    from certify.reading.weights import read_network

    result = hypotheses(note, read_network(model))
    assert [r.verdict for r in result.results] == ["proved"] * len(result.results)
    assert {"right", "final cell", "contribution 1", "circuit"} <= {r.name for r in result.results}
    before = note.read_bytes()
    assert main([*words, "--hypotheses", str(note)]) == 2
    assert "give --force" in capsys.readouterr().err
    assert note.read_bytes() == before


def test_pairs_are_named_by_a_condition() -> None:
    everything = all_pairs(4)
    assert pairs_text(everything, everything) == ""
    few = (Pair(0, 1), Pair(0, 2), Pair(3, 1))
    assert pairs_text(few, everything) == "m == 0 and s in [1, 2] or m == 3 and s in [1]"
    rest = tuple(pair for pair in everything if pair not in few)
    assert pairs_text(rest, everything) == "not (m == 0 and s in [1, 2] or m == 3 and s in [1])"
