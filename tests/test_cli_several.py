from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import as_completed
from pathlib import Path
from typing import Any

import pytest

import certify
from certify import api
from certify.cli import main, several
from certify.errors import ExitCode
from tests.examples import MODELS

RIGHT, WRONG = str(MODELS / "m4_3.pt"), str(MODELS / "m3_3.pt")


def test_several_models_end_with_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, other = tmp_path / "bad.pt", tmp_path / "m4_3.pt"
    bad.write_bytes(b"x")
    shutil.copy(RIGHT, other)
    command = [RIGHT, str(bad), WRONG, str(other), "--no-smt", "--out", str(tmp_path)]
    assert main([*command, "--json", str(tmp_path / "all.json")]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr().out
    assert [line.split()[1] for line in shown.splitlines()[1:5]] == [
        *("PROVED", "failed", "REFUTED", "PROVED"),
    ]
    assert "6 of 6" in shown
    assert "bad.pt: is not" in shown
    answers = json.loads((tmp_path / "all.json").read_text())
    assert [a["file"] for a in answers] == command[:4]
    assert [a["exit_code"] for a in answers] == [0, 4, 1, 0]
    assert answers[0]["pairs"] == certify.prove(RIGHT).to_dict()["pairs"]
    certificates = [a["certificate"] for a in answers if a["certificate"]]
    assert len(set(certificates)) == 3  # two models have one name
    for answer in answers:
        if answer["certificate"]:
            assert certify.check(answer["certificate"], answer["file"]).kind == "impulse"


def test_noise_and_pairs_of_several_models(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [RIGHT, WRONG, "--noise", "1/50", "--pair", "0", "1", "--out", str(tmp_path)]
    assert main([*command, "--json", "-"]) == ExitCode.OK
    answers = json.loads(capsys.readouterr().out)
    assert [(a["claim"], a["subset"], a["total_pairs"]) for a in answers] == [
        ("noise", True, 1)
    ] * 2
    assert main([*command, "--budget", "3"]) == ExitCode.USAGE


def test_an_interrupt_keeps_what_is_done_and_says_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def one_then_ctrl_c(waiting: Iterable[Any]) -> Iterator[Any]:
        yield next(iter(as_completed(waiting)))
        raise KeyboardInterrupt

    monkeypatch.setattr(several, "as_completed", one_then_ctrl_c)
    command = [RIGHT, WRONG, "--no-smt", "--jobs", "1", "--out", str(tmp_path)]
    assert main(command) == ExitCode.INTERRUPTED
    shown = capsys.readouterr().out
    assert "6 of 6" in shown
    assert f"go on with: certify {WRONG} --no-smt --jobs 1 --out {tmp_path}\n" in shown
    assert (tmp_path / "m4_3.impulse.json").exists()


def test_an_interrupt_of_the_second_witness_costs_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ctrl_c(*arguments: Any, **named: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(api, "second_witness", ctrl_c)
    assert main([RIGHT, "--out", str(tmp_path)]) == ExitCode.INTERRUPTED
    shown = capsys.readouterr()
    assert shown.out.startswith("PROVED")
    assert "interrupted: z3 was not waited for" in shown.err
    assert main(["check", str(tmp_path / "m4_3.impulse.json"), RIGHT]) == ExitCode.OK


def test_one_model_and_some_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = ["--pair", "2", "1", "--pair", "0", "1"]
    command = [RIGHT, *pairs, "--no-smt", "--out", str(tmp_path)]
    assert main(command) == ExitCode.OK
    assert "2 of the 2 pairs asked for (of 6) proved right" in capsys.readouterr().out
    assert main(["check", str(tmp_path / "m4_3.impulse.json"), RIGHT]) == ExitCode.OK
    assert "every pair" not in capsys.readouterr().out
    report = tmp_path / "r.txt"
    arguments = ["report", str(tmp_path / "m4_3.impulse.json"), "--model", RIGHT]
    assert main([*arguments, "--format", "text", "-o", str(report)]) == ExitCode.OK
    assert "(0, 1), (2, 1)" in report.read_text()
    assert "every pair" not in report.read_text()
    assert main([RIGHT, "--pair", "0", "7", "--out", str(tmp_path)]) == ExitCode.USAGE
