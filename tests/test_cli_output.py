"""Files that commands leave: looked at first, guarded, and never at the cost of the answer."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from certify.cli import main
from certify.cli.output import command
from tests.examples import HANDCRAFTED, MODELS, save_npz

M4_3 = str(MODELS / "m4_3.pt")


@pytest.mark.parametrize(
    ("option", "place"),
    [("--out", "/proc"), ("--out", "missing"), ("--json", "/proc/x"), ("--json", "missing/x")],
)
@pytest.mark.parametrize("before", [[], ["accuracy"], ["explain"]])
def test_places_are_looked_at_before_computing(
    before: list[str], option: str, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*before, M4_3, option, place]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"certify: {option} {place}: ")


def test_what_cannot_be_written_costs_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("certify.certificate.atomic_write", full)
    assert main([M4_3, "--no-smt", "--out", str(tmp_path)]) == 2
    shown = capsys.readouterr()
    assert shown.out.startswith("PROVED")
    assert "check it with" not in shown.out
    place = tmp_path / "m4_3.impulse.json"
    assert f"{place} could not be written: No space left on device" in shown.err


def test_the_answer_to_a_device_that_is_full(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([M4_3, "--no-smt", "--out", str(tmp_path), "--json", "/dev/full"]) == 2
    shown = capsys.readouterr()
    assert shown.out.startswith("PROVED")
    assert "/dev/full could not be written" in shown.err


def test_nothing_better_is_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = [M4_3, "--no-smt", "--out", str(tmp_path)]
    place, beside = tmp_path / "m4_3.impulse.json", tmp_path / "m4_3.impulse.2.json"
    assert main(run) == 0
    wide = place.read_bytes()
    for _ in range(2):  # the narrower one has its own place, once
        assert main([*run, "--ratio", "4/5"]) == 0
        assert f"{place} says what this run does not, and was kept" in capsys.readouterr().err
        assert sorted(tmp_path.iterdir()) == [beside, place]
        assert place.read_bytes() == wide
    assert main([beside.name, M4_3]) != 0
    assert main(["check", str(beside), M4_3]) == 0
    assert main([*run, "--ratio", "4/5", "--force"]) == 0
    assert place.read_bytes() == beside.read_bytes()
    assert main(run) == 0
    assert place.read_bytes() == wide, "what says more takes the place"


def test_another_models_certificate_and_other_files_stay(tmp_path: Path) -> None:
    model = tmp_path / "m4_3.npz"
    save_npz(HANDCRAFTED, model)
    out = ["--no-smt", "--out", str(tmp_path)]
    assert main([M4_3, *out]) == 0
    kept = (tmp_path / "m4_3.impulse.json").read_bytes()
    assert main([str(model), *out]) == 0
    assert (tmp_path / "m4_3.impulse.json").read_bytes() == kept
    weights = model.read_bytes()
    for target in (model, tmp_path / "m4_3.impulse.json"):
        assert main([M4_3, *out, "--json", str(target)]) == 2
    assert model.read_bytes() == weights
    answer = tmp_path / "answer.json"
    for _ in range(2):
        assert main([M4_3, *out, "--json", str(answer)]) == 0
    assert json.loads(answer.read_text())["verdict"] == "proved"


def test_command_lines_can_be_pasted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "it's a folder"
    folder.mkdir()
    model = folder / "my model.npz"
    save_npz(HANDCRAFTED, model)
    assert main([str(model), "--no-smt", "--out", str(folder)]) == 0
    shown = capsys.readouterr().out.splitlines()
    line = next(line for line in shown if line.startswith("check it with:"))
    words = shlex.split(line.removeprefix("check it with:"))
    assert words[0] == "certify"
    assert main(words[1:]) == 0
    assert command("check", "a b") == "certify check 'a b'"
