"""Where memory ends the answer is a sentence, never a bug, and what was decided is kept."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from certify import api
from certify.errors import OutOfMemoryError
from certify.memory import demand_memory, lacks_memory
from certify.noise.attempt import Attempt
from tests.examples import MODELS, PROOFS, ROOT

resource = pytest.importorskip("resource", reason="this system has no limits of memory")


def run(arguments: list[str], folder: Path, kilobytes: int) -> subprocess.CompletedProcess[str]:
    """A command whose address space is limited, as by ulimit -v."""
    limit = (kilobytes * 1024, kilobytes * 1024)
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit),
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("kilobytes", "needed", "words"),
    [
        (100_000, 300, [f"{MODELS}/m16_10.pt", "--no-smt"]),
        (150_000, 300, [f"{MODELS}/m16_10.pt"]),
        (150_000, 300, ["explain", f"{MODELS}/m4_3.pt"]),
        (320_000, 900, ["accuracy", f"{MODELS}/m8_5.pt"]),
        (500_000, 900, [f"{MODELS}/m16_10.pt", "--noise", "1/100"]),
    ],
)
def test_too_little_memory_is_a_sentence(
    kilobytes: int, needed: int, words: list[str], tmp_path: Path
) -> None:
    """It was a bug in certify (70), a refutation (OpenBLAS ends with 1), an abort, or no end."""
    done = run(["-m", "certify", *words], tmp_path, kilobytes)
    assert done.stderr == (
        f"certify: this needs {needed} MiB of memory (address space), and the system gives less "
        f"(ulimit -v: {kilobytes >> 10} MiB); nothing was begun\n"
    )
    assert (done.returncode, done.stdout, list(tmp_path.iterdir())) == (3, "", [])


@pytest.mark.parametrize("certificate", ["m2_2.impulse.json", "m16_10.impulse.json"])
def test_checking_needs_little(certificate: str, tmp_path: Path) -> None:
    model = MODELS / f"{certificate.split('.')[0]}.pt"
    done = run(["-m", "certify", "check", str(PROOFS / certificate), str(model)], tmp_path, 150_000)
    assert (done.returncode, done.stderr) == (0, "")


def test_without_memory_for_kernels_a_check_runs_bare(tmp_path: Path) -> None:
    path = api.prove_noise(MODELS / "m2_2.pt", "1/100").certificate().write(tmp_path / "c.json")
    words = ["-m", "certify", "check", str(path), str(MODELS / "m2_2.pt")]
    for kilobytes in (102_400, 150_000, 400_000):  # numpy's libraries end a process with 1
        done = run(words, tmp_path, kilobytes)
        assert done.returncode == 0, done.stderr
        assert "run: bare" in done.stdout


def test_the_end_of_a_process_without_memory_comes(tmp_path: Path) -> None:
    """A noise run at ulimit -v 500000 said so, and its interpreter never came to its end."""
    code = (
        "import atexit, time; from certify import cli; atexit.register(time.sleep, 1000)\n"
        "def fail(words): raise MemoryError\n"
        "cli._dispatch = fail; cli.main()"
    )
    done = run(["-c", code], tmp_path, 10**7)
    assert done.stderr.startswith("certify: out of memory; what was written before is kept")
    assert done.returncode == 3


def test_what_was_decided_before_memory_ended_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Attempt.go_on

    def go_on(self: Any, clock: Any) -> Any:
        if self.pair == (2, 1):
            raise MemoryError
        return whole(self, clock)

    monkeypatch.setattr(Attempt, "go_on", go_on)
    result = api.prove_noise(MODELS / "m4_3.pt", "1/100", jobs=1)
    assert result.verdict == "unknown"
    assert not result.interrupted
    reasons = {p.reason for p in result.pairs if p.verdict == "unknown"}
    assert all(reason.startswith("out of memory") for reason in reasons)
    assert sum(p.verdict == "proved" for p in result.pairs) >= 1
    assert len(reasons) >= 1


def _caused(by: BaseException) -> Exception:
    error = RuntimeError("cannot go on")
    error.__cause__ = by
    return error


@pytest.mark.parametrize(
    ("error", "lacks"),
    [
        (MemoryError(), True),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), True),
        (ImportError("libflint.so.24: failed to map segment from shared object"), True),
        (RuntimeError("can't start new thread"), True),
        (_caused(MemoryError()), True),
        (_caused(ValueError()), False),
        (ImportError("No module named 'torch'"), False),
        (OSError(errno.ENOSPC, "No space left on device"), False),
    ],
)
def test_a_lack_of_memory_is_known(error: Exception, lacks: bool) -> None:
    assert lacks_memory(error) is lacks


def test_what_is_there_is_not_refused() -> None:
    demand_memory(1)
    with pytest.raises(OutOfMemoryError, match="this needs 1073741824 MiB"):
        demand_memory(1 << 30)
