"""Every command on weights of extreme sizes answers, or refuses at the door by a sentence."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from certify.cli import main
from certify.errors import ModelFileError
from certify.reading.weights import read_network
from tests import modelfiles as mf
from tests.examples import MODELS

#: What W_ih, W_hh and W_out of a shipped model are multiplied by, and the type to save them in.
SIZES = {
    "tiny readout": ("m4_3", (1.0, 1.0, 1e-37), np.float32),
    "tiny": ("m4_3", (1e-37, 1.0, 1e-37), np.float32),
    "tiny everywhere": ("m3_3", (1e-37, 1e-37, 1e-37), np.float32),
    "large": ("m4_3", (1e37, 1.0, 1e37), np.float32),
    "large and tiny": ("m4_3", (1e37, 1.0, 1e-37), np.float32),
    "tiny and large": ("m4_3", (1e-37, 1.0, 1e37), np.float32),
    "larger steps": ("m4_3", (1.0, 1e35, 1.0), np.float32),
    "subnormal": ("m2_2", (1e-44, 1.0, 1.0), np.float32),
    "1e-100": ("m4_3", (1.0, 1.0, 1e-100), np.float64),
    "1e-100 in and out": ("m4_3", (1e-100, 1.0, 1e-100), np.float64),
    "1e70": ("m4_3", (1e70, 1.0, 1e70), np.float64),
    "larger steps, four inputs": ("m6_4", (1.0, 1e20, 1.0), np.float32),
}
REFUSED = {
    "large everywhere": ("m4_3", (1e37, 1e37, 1e37), np.float32),
    "1e-100 everywhere": ("m4_3", (1e-100, 1e-100, 1e-100), np.float64),
}

COMMANDS = (
    "MODEL --no-smt --out OUT",
    "MODEL --ratio 4/5 --out OUT --force",
    "MODEL --noise 1/100 --budget 5 --out OUT",
    "run MODEL --input ONES",
    "accuracy MODEL --boxes 100 --out OUT",
    "accuracy MODEL --method sampling --samples 500 --out OUT",
    "estimate MODEL",
    "explain MODEL --samples 500 --out OUT",
    "patch MODEL --pair 0 1 --unit 1 --value 0",
    "track MODEL --samples 500",
    "report OUT/w.impulse.json --model MODEL -o OUT/report.html",
    "report OUT/w.impulse.json --model MODEL -o OUT/report.tex",
    "report OUT/w.impulse.json --model MODEL",
    "explore MODEL -o OUT/page.html",
    "export MODEL --format smt2 -o OUT/smt",
    "export MODEL --format coq -o OUT/w.v",
    "check OUT/w.impulse.json MODEL",
)
"""In this order: the later ones read what the first ones write."""


def write(path: Path, source: str, scales: tuple[float, ...], dtype: type) -> Path:
    floats = read_network(MODELS / f"{source}.pt").floats
    names = (mf.IH, mf.HH, mf.OUT)
    arrays = (floats.w_ih[:, None], floats.w_hh, floats.w_out)
    with np.errstate(over="raise"):
        scaled: list[Any] = [(a * s).astype(dtype) for a, s in zip(arrays, scales, strict=True)]
    named: dict[str, Any] = dict(zip(names, scaled, strict=True))
    np.savez(path, **named)
    return path


def run(command: str, model: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit code and what was said on standard error."""
    inputs = " ".join(["1"] * (2 if "ONES" not in command else read_network(model).seq_len))
    words = command.replace("OUT", str(model.parent)).replace("MODEL", str(model))
    code = main(words.replace("ONES", inputs).split())
    said = capsys.readouterr().err
    assert "Traceback" not in said, command
    return code, said


@pytest.mark.parametrize(
    "name",
    [name if name == "1e-100" else pytest.param(name, marks=pytest.mark.slow) for name in SIZES],
)
def test_every_command_answers(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = write(tmp_path / "w.npz", *SIZES[name])
    for command in COMMANDS:
        code, said = run(command, model, capsys)
        false = code == 2 and "nothing to export, the claim is false" in said
        assert code in (0, 1, 3) or false, (command, said)


@pytest.mark.parametrize("name", REFUSED)
def test_or_refuses_by_a_sentence(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = write(tmp_path / "w.npz", *REFUSED[name])
    with pytest.raises(ModelFileError, match=r"expected at most 2\*\*500 and at least 2\*\*-900"):
        read_network(model)
    for command in COMMANDS:
        if "ONES" in command or command.startswith(("report", "check")):  # which need a certificate
            continue
        code, said = run(command, model, capsys)
        assert code == 4, command
        assert said.startswith(f"certify: {model}: its numbers may "), command
        assert said.count("\n") == 1, command


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("coqc") is None, reason="coqc is not installed")
@pytest.mark.parametrize("name", ["1e-100", "tiny and large", "subnormal"])
def test_coq_accepts_them_needs_coqc(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = write(tmp_path / "w.npz", *SIZES[name])
    for command in ("export MODEL --format coq -o OUT/w.v", "check --kernel coq OUT/w.v MODEL"):
        assert run(command, model, capsys) == (0, "")
