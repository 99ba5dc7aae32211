"""What larger networks cost: seconds, peak memory, and how both grow with d and n.

    python -m benchmarks.scale [--sizes 16,10 32,10 ...] [--no-check] [--figure FILE.pdf]

Each network has a random orthogonal W_hh and standard normal W_ih and W_out (float32, numpy seed
1). ``certify MODEL --no-smt`` runs as a whole process, its certificate included, and then
``python -S -m certify.checker`` on that, bare and on one core; memory is that of the largest
process. The exponents are those of ``CPU seconds ~ d**a n**b``, fitted by least squares.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

SIZES = ["16,10", "32,10", "32,20", "64,20", "64,40"]


class Cost(NamedTuple):
    """What one process and those that it started took: seconds, CPU seconds, megabytes."""

    wall: float
    cpu: float
    peak: float


class Row(NamedTuple):
    """One network: units, inputs, linear pieces, megabytes of its certificate; to prove, check."""

    hidden: int
    length: int
    cells: int
    size: float
    prove: Cost
    check: Cost | None


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


def run(*words: object) -> Cost:
    """What a command takes."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, *map(str, words)], stdout=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def measure(hidden: int, length: int, folder: Path, *, check: bool) -> Row:
    """Prove one network, and check what was written."""
    model = write_model(folder, hidden, length)
    proved = run("-m", "certify", model, "--no-smt", "--out", folder)
    path = folder / f"{model.stem}.impulse.json"
    cells = sum(p["cells"] for p in json.loads(path.read_bytes())["evidence"]["pairs"])
    checked = run("-S", "-m", "certify.checker", path, model) if check else None
    return Row(hidden, length, cells, path.stat().st_size / 1e6, proved, checked)


def exponents(rows: Sequence[Row]) -> tuple[float, float]:
    """The powers of d and of n that fit the CPU seconds of the proofs best."""
    logs = np.log([(row.hidden, row.length, row.prove.cpu) for row in rows])
    table = np.column_stack([logs[:, :2], np.ones(len(rows))])
    powers, *_ = np.linalg.lstsq(table, logs[:, 2], rcond=None)
    return float(powers[0]), float(powers[1])


def draw(rows: Sequence[Row], path: Path) -> None:
    """CPU seconds against inputs, a line for each number of units, and the other way round."""
    from certify.report.style import new_figure, style

    with style():
        figure = new_figure(6.8, 2.6)
        left, right = figure.subplots(1, 2, sharey=True)
        for axes, along, fixed, name in (
            (left, "length", "hidden", "units"),
            (right, "hidden", "length", "inputs"),
        ):
            for value in sorted({getattr(row, fixed) for row in rows}):
                points = sorted(
                    (getattr(r, along), r.prove.cpu) for r in rows if getattr(r, fixed) == value
                )
                axes.loglog(*zip(*points, strict=True), marker="o", label=f"{value} {name}")
            axes.legend(frameon=False)
        left.set_xlabel("inputs")
        right.set_xlabel("units")
        left.set_ylabel("CPU seconds to prove")
        figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", default=SIZES, metavar="D,N")
    parser.add_argument("--no-check", action="store_true", help="leave out the checks")
    parser.add_argument("--figure", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    rows = []
    print(f"{'':14}{'':10}{'certificate':>13}{'prove':>10}{'':20}{'check':>8}")
    print(
        f"{'units':>6}{'inputs':>8}{'cells':>10}{'MB':>13}{'wall s':>10}{'CPU s':>10}{'MB':>10}"
        f"{'CPU s':>10}{'MB':>8}"
    )
    with tempfile.TemporaryDirectory() as name:
        for size in arguments.sizes:
            hidden, length = map(int, size.split(","))
            row = measure(hidden, length, Path(name), check=not arguments.no_check)
            rows.append(row)
            checked = f"{row.check.cpu:10.1f}{row.check.peak:8.0f}" if row.check else ""
            print(
                f"{hidden:6}{length:8}{row.cells:10}{row.size:13.1f}{row.prove.wall:10.1f}"
                f"{row.prove.cpu:10.1f}{row.prove.peak:10.0f}{checked}",
                flush=True,
            )
    if len({row.hidden for row in rows}) > 1 and len({row.length for row in rows}) > 1:
        of_hidden, of_length = exponents(rows)
        print(f"CPU seconds to prove ~ d^{of_hidden:.1f} n^{of_length:.1f}")
    if arguments.figure is not None:
        draw(rows, arguments.figure)


if __name__ == "__main__":
    main()
