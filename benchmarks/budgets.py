"""What a budget costs, and what it brings: the commands' wall time against what was asked for.

    python -m benchmarks.budgets models/m16_10.pt [--noise 1/10] [--seconds 5 20 60]

Whole processes, in an empty folder each, after one run that may compile. The answer should stand
on the screen at most 10 % and 2 seconds after the budget (column "allowed").
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def run(words: list[str]) -> tuple[float, float, dict[str, Any]]:
    """Wall seconds, CPU seconds of all processes, and the answer of one command."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder, "answer.json")
        command = [sys.executable, "-m", "certify", *words, "--out", folder, "--json", str(answer)]
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        code = process.returncode = os.waitstatus_to_exitcode(status)
        if code not in (0, 1, 3):
            raise SystemExit(f"{' '.join(command)} failed with {code}")
        return wall, usage.ru_utime + usage.ru_stime, json.loads(answer.read_text())


def decided(answer: dict[str, Any]) -> str:
    """What an answer says, in a few words."""
    if answer["claim"] == "noise":
        known = sum(pair["verdict"] != "unknown" for pair in answer["pairs"])
        return f"{known} of {answer['total_pairs']} pairs decided"
    lower, upper = answer["lower_float"], answer["upper_float"]
    return f"[{lower:.6f}, {upper:.6f}], {answer['pieces']:,} pieces"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=lambda text: Path(text).resolve())
    parser.add_argument("--noise", default="1/10")
    parser.add_argument("--seconds", type=float, nargs="+", default=[5.0, 20.0, 60.0])
    arguments = parser.parse_args()
    model = str(arguments.model)
    commands = {f"noise {arguments.noise}": [model, "--noise", arguments.noise]}
    commands["accuracy"] = ["accuracy", model]
    print(f"{'command':14}{'budget':>8}{'allowed':>9}{'wall s':>8}{'CPU s':>8}  decided")
    for name, words in commands.items():
        run([*words, "--budget", "1"])
        for seconds in arguments.seconds:
            wall, cpu, answer = run([*words, "--budget", str(seconds)])
            allowed = 1.1 * seconds + 2
            mark = "" if wall <= allowed else "  late"
            print(
                f"{name:14}{seconds:8g}{allowed:9.1f}{wall:8.1f}{cpu:8.1f}  "
                f"{decided(answer)}{mark}",
                flush=True,
            )


if __name__ == "__main__":
    main()
