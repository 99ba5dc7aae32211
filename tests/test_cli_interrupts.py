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

import pytest

from certify.checker import check
from certify.cli import main
from tests.examples import MODELS, ROOT

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
    shown, errors = process.communicate()
    assert (process.returncode, errors) == (130, "")
    assert re.search(r"\d+ of 90 pairs proved right", shown)
    line = next(line for line in shown.splitlines() if line.startswith("go on with:"))
    words = shlex.split(line.removeprefix("go on with:"))
    assert words[0] == "certify"
    assert words[-2:] == ["--resume", "my folder/m16_10.noise-1_10.zip"]
    again = start([*words[1:], "--budget", "2"], tmp_path)
    shown, errors = again.communicate()
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
    _, errors = next_one.communicate()
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
