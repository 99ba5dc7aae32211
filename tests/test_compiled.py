"""Compiled kernels with and without a place for their cache."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from certify.compiled import seconds_compiling
from tests.examples import ROOT

CODE = """
import sys
from certify.compiled import kernel
from certify.cli import main

@kernel
def twice(x):
    return 2 * x

import logging
logging.getLogger("certify").setLevel("INFO")
logging.getLogger("certify").addHandler(logging.StreamHandler(sys.stdout))
print(twice(3), twice(4.0))
"""


def run(folder: Path, **environment: str) -> str:
    script = folder / "script.py"
    script.write_text(CODE)
    done = subprocess.run(
        [sys.executable, script],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_says_once_that_it_compiles_and_then_no_more(tmp_path: Path) -> None:
    first = run(tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "cache"))
    assert first == "compiling, once after an installation; this takes two minutes\n6 8.0\n"
    assert run(tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "cache")) == "6 8.0\n"


def test_without_a_place_for_the_cache_it_compiles_anew(tmp_path: Path) -> None:
    """Another user's installation and no home folder: exit 70 once, "cannot cache function"."""
    nowhere = {"NUMBA_CACHE_DIR": "/proc/nowhere", "HOME": "/proc/nowhere"}
    only = {"NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator"}
    for _ in range(2):
        shown = run(tmp_path, **nowhere, **only)
        assert shown == "compiling anew, as no folder for the cache can be written\n6 8.0\n"


def test_no_kernel_asks_for_a_cache_by_itself() -> None:
    for path in (ROOT / "certify").rglob("*.py"):
        assert not re.search(r"jit\(.*cache=True", path.read_text()), path


def test_compiling_is_timed() -> None:
    assert seconds_compiling() >= 0
