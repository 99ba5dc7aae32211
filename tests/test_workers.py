"""Worker processes start whatever the calling script is."""

from __future__ import annotations

import json
import os
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
