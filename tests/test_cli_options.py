"""What every command's options have in common."""

from __future__ import annotations

import argparse
import importlib

import pytest

from certify.cli import COMMANDS, main
from tests.examples import MODELS

MODEL = str(MODELS / "m2_2.pt")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_says_what_it_is(command: str) -> None:
    parser = argparse.ArgumentParser()
    importlib.import_module(f"certify.cli.{command.replace('-', '_')}").configure(parser)
    for action in parser._actions:
        assert action.help, action.option_strings or action.dest


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_the_terminal(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ([MODEL, "--niose", "1/10"], "did you mean --noise?"),
        (["accuracy", MODEL, "--boxs=3"], "did you mean --boxes?"),
        ([MODEL, "--budget", "nan", "--noise", "1/9"], "a positive number of seconds, got 'nan'"),
        (["accuracy", MODEL, "--budget", "inf"], "a positive number of seconds, got 'inf'"),
        (["accuracy"], "'certify accuracy --help' explains"),
    ],
)
def test_one_line_says_what_was_meant(
    arguments: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert hint in error
    assert error.startswith("certify: ")
    assert error.count("\n") == 1
