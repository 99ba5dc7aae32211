"""ctrl-C, SIGTERM and kill -9 at any moment cost nothing that was decided."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from certify.checker import check
from certify.cli import main
from certify.model import Network
from tests.examples import MODELS, ROOT, save_npz

M16_10 = str(MODELS / "m16_10.pt")
NOISE = [M16_10, "--noise", "1/10", "--jobs", "1"]


def start(arguments: list[str], folder: Path) -> subprocess.Popen[str]:
    """The command in a folder with a name that a shell would take apart."""
    return subprocess.Popen(
        [sys.executable, "-m", "certify", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> tuple[str, str]:
    """All that it printed, but for the note that it compiles."""
    shown, errors = process.communicate()
    return shown, re.sub("certify: compiling.*\n", "", errors)


def wait_for(pattern: str, folder: Path, process: subprocess.Popen[str]) -> Path:
    end = time.monotonic() + 300
    while time.monotonic() < end and process.poll() is None:
        if found := [p for p in folder.glob(pattern) if p.stat().st_size]:
            return found[0]
        time.sleep(0.05)
    process.kill()
    raise AssertionError(f"no {pattern}: {process.communicate()}")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_noise_run_says_how_to_go_on(number: int, tmp_path: Path) -> None:
    (tmp_path / "my folder").mkdir()
    process = start([*NOISE, "--out", "my folder"], tmp_path)
    wait_for("my folder/*.zip", tmp_path, process)
    process.send_signal(number)
    shown, errors = said(process)
    assert (process.returncode, errors) == (130, "")
    assert re.search(r"\d+ of 90 pairs proved right", shown)
    line = next(line for line in shown.splitlines() if line.startswith("go on with:"))
    words = shlex.split(line.removeprefix("go on with:"))
    assert words[0] == "certify"
    assert words[-2:] == ["--resume", "my folder/m16_10.noise-1_10.zip"]
    again = start([*words[1:], "--budget", "2"], tmp_path)
    shown, errors = said(again)
    assert "pairs proved right" in shown
    assert errors == ""


@pytest.mark.slow
def test_after_a_kill_the_next_start_says_how_to_go_on(tmp_path: Path) -> None:
    process = start(NOISE, tmp_path)
    path = wait_for("*.zip", tmp_path, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert check(path, Path(M16_10)).kind == "noise"
    kept = path.read_bytes()
    next_one = start([*NOISE, "--budget", "1"], tmp_path)
    _, errors = said(next_one)
    assert re.match(r"certify: m16_10.noise-1_10.zip holds \d+ of 90 pairs already; ", errors)
    assert "--resume m16_10.noise-1_10.zip" in errors
    assert path.read_bytes() == kept or len(path.read_bytes()) >= len(kept)


def test_resume_from_what_is_another_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path)]
    assert main([str(MODELS / "m4_3.pt"), "--noise", "1/20", *out]) == 0
    resume = ["--resume", str(tmp_path / "m4_3.noise-1_20.zip")]
    capsys.readouterr()
    assert main([str(MODELS / "m2_2.pt"), "--noise", "1/20", *out, *resume]) == 2
    assert "is of another model" in capsys.readouterr().err


ACCURACY = ["accuracy", str(MODELS / "m8_5.pt"), "--jobs", "1"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_accuracy_run_says_how_to_go_on(number: int, tmp_path: Path) -> None:
    process = start([*ACCURACY, "--budget", "300"], tmp_path)
    wait_for("*.state", tmp_path, process)
    process.send_signal(number)
    shown, errors = said(process)
    assert (process.returncode, errors) == (130, "")
    assert shown.startswith("PROVED  m8_5.pt: P(right) over Gaussian inputs lies in")
    line = next(line for line in shown.splitlines() if line.startswith("go on with:"))
    words = shlex.split(line.removeprefix("go on with:"))
    assert words[-2:] == ["--resume", "m8_5.accuracy-gaussian.state"]
    assert check(tmp_path / "m8_5.accuracy-gaussian.zip", MODELS / "m8_5.pt").kind == "accuracy"
    shown, errors = said(start([*words[1:], "--boxes", "15000"], tmp_path))
    assert errors == ""
    assert "15,000 cones cut" in shown


@pytest.mark.slow
def test_after_a_kill_the_next_accuracy_run_loses_nothing(tmp_path: Path) -> None:
    process = start([*ACCURACY, "--budget", "300"], tmp_path)
    state = wait_for("*.state", tmp_path, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    kept = state.read_bytes()
    shown, errors = said(start([*ACCURACY, "--boxes", "20"], tmp_path))
    assert re.match(r"certify: m8_5.accuracy-gaussian.state holds a run of [\d,]+ boxes; ", errors)
    assert "--resume m8_5.accuracy-gaussian.state" in errors
    assert [p.name for p in tmp_path.glob("*.state")] == ["m8_5.accuracy-gaussian.state"]
    assert state.read_bytes() == kept, "what is further on stays"
    assert shown.startswith("PROVED")


def test_what_is_no_state_of_this_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["accuracy", str(MODELS / "m6_4.pt"), "--boxes", "50", "--out", str(tmp_path)]
    assert main(command) == 0
    certificate = tmp_path / "m6_4.accuracy-gaussian.zip"
    capsys.readouterr()
    assert main([*command, "--resume", str(certificate)]) == 2
    assert "a certificate, which lacks what is still open" in capsys.readouterr().err
    other = ["accuracy", str(MODELS / "m8_4.pt"), "--boxes", "50", "--out", str(tmp_path)]
    assert main([*other, "--resume", str(tmp_path / "m6_4.accuracy-gaussian.state")]) == 2
    assert "another model" in capsys.readouterr().err


def test_a_worse_bracket_does_not_replace_a_better_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["accuracy", str(MODELS / "m6_4.pt"), "--out", str(tmp_path)]
    assert main([*command, "--boxes", "2000"]) == 0
    better = (tmp_path / "m6_4.accuracy-gaussian.zip").read_bytes()
    assert main([*command, "--boxes", "100"]) == 0
    assert (tmp_path / "m6_4.accuracy-gaussian.zip").read_bytes() == better
    assert (tmp_path / "m6_4.accuracy-gaussian.2.zip").exists()
    assert "says what this run does not, and was kept" in capsys.readouterr().err
    assert main([*command, "--boxes", "100", "--force"]) == 0
    assert (tmp_path / "m6_4.accuracy-gaussian.zip").read_bytes() != better


@pytest.mark.slow
def test_checkpoints_that_were_measured_are_shown(tmp_path: Path) -> None:
    folder = MODELS / "checkpoints"
    models = sorted(map(str, folder.rglob("*.pt")))
    process = start(["track", *models, "--samples", "2000"], tmp_path)
    time.sleep(6)
    process.send_signal(signal.SIGTERM)
    shown, errors = process.communicate()
    assert process.returncode == 130
    if shown:
        assert re.search(r"interrupted: \d+ of \d+ measured", errors)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_ended_sweep_says_how_to_go_on(number: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    w_hh, _ = np.linalg.qr(rng.standard_normal((32, 32)))
    network = Network.from_arrays(
        rng.standard_normal(32).astype(np.float32),
        w_hh.astype(np.float32),
        rng.standard_normal((20, 32)).astype(np.float32),
    )
    model = str(save_npz(network, tmp_path / "my model.npz"))
    process = start([model, "--no-smt"], tmp_path)
    kept = wait_for("*.impulse.json", tmp_path, process)
    process.send_signal(number)
    shown, errors = said(process)
    assert "chosen pairs out of 380" in check(kept, Path(model)).establishes[0]
    if number == signal.SIGKILL:
        process = start([model, "--no-smt"], tmp_path)
        assert process.stderr is not None
        line = process.stderr.readline()
        process.kill()
        said(process)
        words = shlex.split(line.split("to take them up: ")[1])
    else:
        assert process.returncode == 130
        assert re.search(r"interrupted: \d+ of 380 pairs were decided", errors)
        words = shlex.split(shown.split("go on with:")[1].splitlines()[0])
    assert words[-2:] == ["--resume", "my model.impulse.json"]
    again = start(words[1:], tmp_path)
    shown, errors = said(again)
    assert again.returncode == 1, errors
    assert "cells taken over from my model.impulse.json were not checked here" in shown
    assert "of 380 pairs are wrong" in check(kept, Path(model)).establishes[0]
