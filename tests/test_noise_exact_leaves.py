"""Thin boxes are closed in several threads at a time, each with a z3 context of its own."""

from __future__ import annotations

import subprocess
import sys

from tests.examples import ROOT

THREADS = """
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from certify.claims import RatioRange
from certify.model import Network
from certify.noise.prove import prove_noise

network = Network(0, (1, 0), ((0, 0), (1, 0)), ((0, 4), (5, 0)))

def close(step):
    ratio = Fraction(4, 5) + Fraction(step, 10**20)
    found = prove_noise(network, RatioRange(ratio, ratio), Fraction(0), jobs=1).pairs[0]
    return found.verdict

close(1)
with ThreadPoolExecutor(4) as pool:
    answers = list(pool.map(close, [1, -1, 0, 2] * 50))
assert answers == ["proved", "refuted", "refuted", "proved"] * 50, answers
"""


def test_threads_do_not_share_a_solver() -> None:
    """In a process of its own, because sharing one ends the process."""
    command = [sys.executable, "-c", THREADS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
