from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import certify
from certify.cli import main
from certify.errors import ExitCode
from tests.examples import MODELS

MODEL = str(MODELS / "m4_3.pt")


@pytest.mark.parametrize(
    "words",
    [["1", "-1/50", "4/5"], ["1", "-0.02", ".8"], ["1,", "-.02,", "0.8"], ["1,-2e-2,8e-1"]],
)
def test_any_input_is_replayed_exactly(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", MODEL, "--input", *words, "--json", "-"]) == ExitCode.OK
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    x = [Fraction(1), Fraction(-1, 50), Fraction(4, 5)]
    network = certify.load(MODEL)
    assert found["input"] == ["1", "-1/50", "4/5"]
    assert [Fraction(v) for v in found["logits"]] == network.logits(x)
    assert found["logits_float"] == [float(v) for v in network.logits(x)]
    assert [[Fraction(v) for v in row] for row in found["states"]] == list(network.states(x))
    assert (found["choice"], found["target"], found["right"]) == (2, 2, True)
    assert found["task"] == "second-argmax"
    assert found["cells"] == [[1, 2], [2, 3], [0, 1]]


def test_a_tie_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", MODEL, "--input", "1", "1", "0"]) == ExitCode.OK
    assert capsys.readouterr().out.startswith("WRONG")


@pytest.mark.parametrize("words", [["1", "2"], ["1", "2", "x"], ["1", "2", "nan"], []])
def test_what_is_no_input_is_a_usage_error(words: list[str]) -> None:
    assert main(["run", MODEL, "--input", *words]) == ExitCode.USAGE


def test_the_assumed_task_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for options in (["--no-smt"], ["--noise", "1/100"]):
        assert main([MODEL, *options, "--out", str(tmp_path)]) == ExitCode.OK
        assert "the task is second-argmax" in capsys.readouterr().out
    report = tmp_path / "r.txt"
    assert main(["report", str(tmp_path / "m4_3.impulse.json"), "-o", str(report)]) == ExitCode.OK
    assert "judged as second-argmax" in report.read_text()
