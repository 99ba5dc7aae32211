"""What happens to standard output never costs an answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples import MODELS, PROOFS, ROOT


def run(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it in bash, with CERTIFY for the command line tool."""
    certify = f"{sys.executable} -m certify"
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command.replace('CERTIFY', certify)}"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        encoding=environment.get("PYTHONIOENCODING", "utf-8"),
    )


def test_a_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    done = run(f"CERTIFY {MODELS}/m4_3.pt --no-smt | head -1", tmp_path)
    assert done.stdout.startswith("PROVED")
    assert (done.stderr, done.returncode) == ("", 0)
    assert (tmp_path / "m4_3.impulse.json").exists()
    done = run("CERTIFY --help | true", tmp_path)
    assert (done.stderr, done.returncode) == ("", 0)


def test_a_closed_pipe_ends_the_bare_checker_quietly(tmp_path: Path) -> None:
    words = f"{PROOFS}/m2_2.impulse.json {MODELS}/m2_2.pt"
    for reader in ("head -1", "true"):
        done = run(f"{sys.executable} -S -m certify.checker {words} | {reader}", tmp_path)
        assert (done.stderr, done.returncode) == ("", 0)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_an_encoding_without_our_characters(encoding: str, tmp_path: Path) -> None:
    done = run(f"CERTIFY {MODELS}/m4_3.pt --no-smt", tmp_path, PYTHONIOENCODING=encoding)
    assert done.stdout.startswith("PROVED")
    assert "..." in done.stdout
    assert (done.stderr, done.returncode) == ("", 0)


def test_a_full_disk_behind_standard_output_is_no_success(tmp_path: Path) -> None:
    done = run(f"CERTIFY {MODELS}/m4_3.pt --no-smt > /dev/full", tmp_path)
    assert done.stderr == "certify: standard output: No space left on device\n"
    assert done.returncode == 2
    assert (tmp_path / "m4_3.impulse.json").exists()


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams(closed: str, tmp_path: Path) -> None:
    done = run(f"CERTIFY {MODELS}/m4_3.pt --no-smt --json - {closed}", tmp_path)
    assert (done.stderr, done.returncode) == ("", 0)
    assert (tmp_path / "m4_3.impulse.json").exists()
