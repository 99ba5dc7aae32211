"""Files in each other's place: one line says which, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from certify.cli import main
from certify.cli.mixed_up import sort_of
from tests.examples import MODELS, PROOFS

MODEL = str(MODELS / "m4_3.pt")
CERTIFICATE = str(PROOFS / "m4_3.impulse.json")
CONTAINER = str(PROOFS / "m16_10.noise-3_100.zip")
DEVELOPMENT = str(PROOFS / "coq" / "m4_3.v")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check", MODEL, CERTIFICATE], "is a model: CERTIFICATE goes first"),
        (["check", MODEL, CONTAINER], "is a model: CERTIFICATE goes first"),
        (["check", MODEL, DEVELOPMENT, "--kernel", "coq"], "is a model: CERTIFICATE goes first"),
        (["check", DEVELOPMENT, MODEL], "is a Coq file, which --kernel coq checks"),
        (["check", CONTAINER, MODEL, "--kernel", "coq"], "'certify export CERTIFICATE --model"),
        (["export", CONTAINER, "--format", "coq", "-o", "F.v"], "--model MODEL names the model"),
        (["export", CERTIFICATE, "--format", "smt2", "-o", "F"], "--model MODEL names the model"),
    ],
)
def test_says_what_a_file_is_and_where_it_goes(
    words: list[str],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_what_is_not_told_apart_goes_to_its_reader(tmp_path: Path) -> None:
    for content in (b"", b"PK\x03\x04 cut off", b"\x80\x02}q\x00."):
        (path := tmp_path / "file").write_bytes(content)
        assert sort_of(path) is None
    assert sort_of(tmp_path) is None
    assert sort_of(tmp_path / "none.json") is None
