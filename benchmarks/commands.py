"""Wall seconds and peak memory of the main commands, as whole processes.

    python -m benchmarks.commands models/m16_10.pt [--runs 5]

Prints the median and the range of several runs, after one warm-up.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def measure(command: list[str], runs: int) -> tuple[list[float], float]:
    """Wall seconds of each counted run, and the largest peak memory of one process in MB."""
    seconds, peak = [], 0.0
    for counted in range(-1, runs):
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"{' '.join(command)} failed with {os.waitstatus_to_exitcode(status)}")
        if counted >= 0:
            seconds.append(time.perf_counter() - start)
        peak = max(peak, usage.ru_maxrss / 1024)
    return seconds, peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    model = str(arguments.model)
    with tempfile.TemporaryDirectory() as folder:
        certificate = f"{folder}/{arguments.model.stem}.impulse.json"
        prove = [sys.executable, "-m", "certify", model, "--out", folder]
        commands = {
            "certify MODEL --no-smt": [*prove, "--no-smt"],
            "certify MODEL": prove,
            "certify check": [sys.executable, "-m", "certify", "check", certificate, model],
            "python -S -m certify.checker": [
                *(sys.executable, "-S", "-m", "certify.checker", certificate, model)
            ],
        }
        print(f"{'command':32}{'median s':>10}{'min':>8}{'max':>8}{'peak MB':>10}")
        for name, command in commands.items():
            seconds, peak = measure(command, arguments.runs)
            print(
                f"{name:32}{statistics.median(seconds):10.2f}{min(seconds):8.2f}"
                f"{max(seconds):8.2f}{peak:10.0f}"
            )


if __name__ == "__main__":
    main()
