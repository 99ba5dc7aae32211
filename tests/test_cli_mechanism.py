"""The commands that explain: what a user calls and sees."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from certify.cli import main
from certify.errors import ExitCode
from tests.examples import HANDCRAFTED, TWO_INTERVALS, save_npz


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(save_npz(TWO_INTERVALS, tmp_path / "two.npz"))


def test_patch(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    several = ["--unit", "1", "--step", "0", "--value", "0", "--unit", "2", "--scale", "1/2"]
    assert main(["patch", model, "--pair", "0", "1", *several, "--json", "-"]) == ExitCode.OK
    answer = json.loads(capsys.readouterr().out)
    assert "PROVED" not in json.dumps(answer)
    assert main(["patch", model, "--pair", "0", "1", *several, "--ratio", ".6", ".8"]) == 0
    shown = capsys.readouterr().out
    assert "unit 1 zeroed after step 0" in shown
    assert "unit 2 scaled by 1/2 after every step" in shown


@pytest.mark.parametrize(
    "options",
    [
        ["--unit", "9", "--value", "0"],
        ["--unit", "1"],
        ["--unit", "1", "--value", "0", "--scale", "2"],
        ["--unit", "1", "--value", "-1"],
        ["--unit", "1", "--step", "7", "--value", "0"],
        ["--unit", "1", "--value", "zero"],
    ],
)
def test_patches_that_mean_nothing(
    options: list[str], model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["patch", model, "--pair", "0", "1", *options]) == ExitCode.USAGE
    assert capsys.readouterr().err.startswith("certify: ")


def test_explain_writes_a_certificate_that_holds(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--samples", "500", "--out", str(tmp_path), "--figures", str(tmp_path / "f")]
    assert main(["explain", model, *arguments, "--full"]) == ExitCode.OK
    assert "Offsets at S/M = 4/5" in capsys.readouterr().out
    assert {p.suffix for p in (tmp_path / "f").iterdir()} == {".svg", ".pdf"}
    assert main(["check", str(tmp_path / "two.circuit.json"), model]) == ExitCode.OK


def lacking(answer: Any) -> set[str]:
    """The names of exact numbers with no float beside them."""
    if isinstance(answer, list):
        return set().union(*map(lacking, answer))
    if not isinstance(answer, dict):
        return set()
    found = set().union(*map(lacking, answer.values()))
    for name, value in answer.items():
        first = value[0] if isinstance(value, list) and value else value
        exact = isinstance(first, str) and re.fullmatch(r"-?\d+/\d+", first)
        if exact and f"{name}_float" not in answer:
            found.add(name)
    return found


def test_each_exact_number_has_its_float_beside_it(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (
        ["explain", model, "--samples", "500", "--out", str(tmp_path)],
        ["patch", model, "--pair", "0", "1", "--unit", "2", "--scale", "1/2"],
        ["track", model, model, "--samples", "500"],
    ):
        assert main([*command, "--json", "-"]) == ExitCode.OK
        answer = json.loads(capsys.readouterr().out)
        assert lacking(answer) == set(), command
        assert "_float" in json.dumps(answer)


def test_estimate(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["linear", "tropical", "conditional-expectation"]
    assert main(["estimate", model, "--method", *names, "--json", "-"]) == ExitCode.OK
    answer = json.loads(capsys.readouterr().out)
    assert [e["method"] for e in answer["estimates"]] == names
    assert answer["certified"]["pairs right"]["lower"] == 2
    assert main(["estimate", model, "--method", "guess"]) == ExitCode.USAGE


def test_track(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = str(save_npz(HANDCRAFTED, tmp_path / "hand.npz"))
    assert main(["track", other, model, "--samples", "500", "--json", "-"]) == ExitCode.OK
    assert len(json.loads(capsys.readouterr().out)["checkpoints"]) == 2
