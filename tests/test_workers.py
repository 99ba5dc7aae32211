"""Worker processes start whatever the calling script is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples import MODELS, ROOT

CODE = f"""
from certify.cli import main
raise SystemExit(main([{str(MODELS / "m2_2.pt")!r}, "--jobs", "2", "--json", "answer.json"]))
"""


@pytest.mark.parametrize("from_file", [False, True])
def test_a_script_without_a_main_gets_its_second_witness(from_file: bool, tmp_path: Path) -> None:
    """It said PROVED once and ended with 3, as no worker could start."""
    script = tmp_path / "script.py"
    script.write_text(CODE)
    done = subprocess.run(
        [sys.executable, str(script) if from_file else "-"],
        input=CODE,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    pairs = json.loads((tmp_path / "answer.json").read_text())["pairs"]
    assert {p["smt"] for p in pairs} == {"unsat"}


WAITING = """
import os, time
from certify.workers import workers
with workers(2) as pool:
    print(pool.submit(os.getpid).result(), flush=True)
    time.sleep(1000)
"""


def test_workers_end_with_a_parent_that_was_killed() -> None:
    """They waited for work for ever, and held its output open."""
    parent = subprocess.Popen(
        [sys.executable, "-c", WAITING],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    parent.kill()
    try:
        parent.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        os.kill(worker, signal.SIGKILL)
        raise
