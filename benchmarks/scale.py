"""What larger networks cost: wall seconds, peak memory, and how both grow with d and n.

    python -m benchmarks.scale [--sizes 16,10 32,10 32,20 64,20] [--figure FILE.pdf]

Each network has a random orthogonal W_hh and standard normal W_ih and W_out (float32, numpy seed
1). ``certify MODEL --no-smt`` runs as a whole process, its certificate included; memory is that of
the largest process. The exponents are those of ``seconds ~ d**a n**b``, fitted by least squares.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

SIZES = ["16,10", "32,10", "32,20", "64,20"]


def write_model(folder: Path, hidden: int, length: int) -> Path:
    """A random network of this size, as npz."""
    generator = np.random.default_rng(1)
    orthogonal, _ = np.linalg.qr(generator.standard_normal((hidden, hidden)))
    arrays: dict[str, Any] = {
        "rnn.weight_hh_l0": orthogonal.astype(np.float32),
        "rnn.weight_ih_l0": generator.standard_normal((hidden, 1)).astype(np.float32),
        "linear.weight": generator.standard_normal((length, hidden)).astype(np.float32),
    }
    path = folder / f"random-{hidden}-{length}.npz"
    np.savez(path, **arrays)
    return path


def measure(model: Path, folder: Path) -> tuple[float, float, float]:
    """Wall seconds, peak megabytes of the largest process, megabytes of the certificate."""
    command = [sys.executable, "-m", "certify", str(model), "--no-smt", "--out", str(folder)]
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    certificate = folder / f"{model.stem}.impulse.json"
    return seconds, peak, certificate.stat().st_size / 1e6 if certificate.exists() else float("nan")


def exponents(rows: list[tuple[int, int, float]]) -> tuple[float, float]:
    """The powers of d and of n that fit the seconds best."""
    logs = np.log(np.array(rows, dtype=float))
    table = np.column_stack([logs[:, 0], logs[:, 1], np.ones(len(rows))])
    powers, *_ = np.linalg.lstsq(table, logs[:, 2], rcond=None)
    return float(powers[0]), float(powers[1])


def draw(rows: list[tuple[int, int, float]], path: Path) -> None:
    """Seconds against the number of inputs, a line for each number of units."""
    from certify.report.style import new_figure, style

    with style():
        figure = new_figure(3.4, 2.6)
        axes = figure.add_subplot()
        for hidden in sorted({d for d, _, _ in rows}):
            points = sorted((n, s) for d, n, s in rows if d == hidden)
            axes.loglog(*zip(*points, strict=True), marker="o", label=f"{hidden} units")
        axes.set_xlabel("inputs")
        axes.set_ylabel("seconds")
        axes.legend(frameon=False)
        figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", default=SIZES, metavar="D,N")
    parser.add_argument("--figure", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    rows = []
    print(f"{'units':>6}{'inputs':>8}{'seconds':>10}{'peak MB':>10}{'certificate MB':>16}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in arguments.sizes:
            hidden, length = map(int, size.split(","))
            seconds, peak, written = measure(write_model(folder, hidden, length), folder)
            rows.append((hidden, length, seconds))
            print(f"{hidden:6}{length:8}{seconds:10.1f}{peak:10.0f}{written:16.1f}", flush=True)
    if len({d for d, _, _ in rows}) > 1 and len({n for _, n, _ in rows}) > 1:
        of_hidden, of_length = exponents(rows)
        print(f"seconds ~ d^{of_hidden:.1f} n^{of_length:.1f}")
    if arguments.figure is not None:
        draw(rows, arguments.figure)


if __name__ == "__main__":
    main()
