"""CPU seconds of the exact sweep: all pairs, all of 0 < r < 1, one core.

python -m benchmarks.sweep models/m16_10.pt [--runs 5]
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import certify
from certify.impulse.sweep import sweep_all


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    network = certify.load(arguments.model)
    seconds = []
    for _ in range(arguments.runs):
        start = time.process_time()
        sweeps = sweep_all(network)
        seconds.append(time.process_time() - start)
    pieces = sum(len(s.pieces) for s in sweeps.values())
    print(
        f"{len(sweeps)} pairs, {pieces} pieces: median {statistics.median(seconds):.3f} s, "
        f"{min(seconds):.3f} to {max(seconds):.3f} s of CPU time"
    )


if __name__ == "__main__":
    main()
