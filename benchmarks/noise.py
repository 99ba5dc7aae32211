"""The table of docs/noise.md: every pair of a model at several noises, and what histories save.

    python -m benchmarks.noise MODEL [--max SECONDS] [--check] [--plain]

``--check`` also runs the checker on each certificate, ``--plain`` decides eight pairs by halving
inputs alone as well. ``--max`` measures the largest noise of each pair instead: how far certified
and broken are apart at doubling times. Times are wall seconds and CPU seconds (user, all threads
and processes).
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TypeVar

import certify
from certify.checker.noise import check_noise
from certify.claims import Pair, RatioRange
from certify.model import Network
from certify.noise.answers import NoiseResult
from certify.noise.branch_and_bound import DONE, Search
from certify.relaxation.compiled import COMPILED

POINT = RatioRange(Fraction(4, 5), Fraction(4, 5))
WIDE = RatioRange(Fraction(7, 10), Fraction(9, 10))
QUERIES = [
    ("eps = 1/100", POINT, Fraction(1, 100)),
    ("eps = 3/100", POINT, Fraction(3, 100)),
    ("r in [7/10, 9/10], eps = 3/100", WIDE, Fraction(3, 100)),
    ("eps = 1/10", POINT, Fraction(1, 10)),
]  # fmt: skip
SAMPLE = [Pair(*p) for p in ((0, 1), (2, 6), (4, 8), (5, 9), (6, 3), (7, 6), (8, 2), (9, 4))]
BOXES = 20_000

T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[T, str]:
    """The result, and "wall (CPU)" in seconds."""
    wall, before = time.monotonic(), os.times()
    result = work()
    after = os.times()
    cpu = after.user + after.children_user - before.user - before.children_user
    return result, f"{time.monotonic() - wall:.1f} ({cpu:.1f})"


def measure(network: Network, check: bool, jobs: int) -> None:
    """One line a query."""
    warm = certify.prove_noise(network, "1/1000000", jobs=jobs)  # compiles, or loads what was
    if warm.certified_pairs:
        made = warm.certificate()
        check_noise(network, json.loads(made.to_bytes()), made.evidence, COMPILED)
    print("| query | proved | prove, s | leaves | certificate, bytes | check, s |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, ratio, eps in QUERIES:
        result, seconds = timed(partial(certify.prove_noise, network, eps, ratio=ratio, jobs=jobs))
        boxes = sum(p.proof.leaves for p in result.pairs if p.proof)
        size, checked = 0, "-"
        if result.certified_pairs:
            made = result.certificate()
            data = made.to_bytes()
            size = len(data) + len(made.evidence)
            if check:
                body = json.loads(data)
                _, checked = timed(partial(check_noise, network, body, made.evidence, COMPILED))
        total = f"{result.certified_pairs} of {len(result.pairs)}"
        print(f"| {name} | {total} | {seconds} | {boxes:,} | {size:,} | {checked} |", flush=True)


def climb(network: Network, budget: float, check: bool, jobs: int) -> None:
    """A line at doubling times, one for the end, and the pairs that lack most."""
    certify.prove_noise(network, "1/1000000", jobs=jobs)
    print("| seconds | least certified | at least .9 of broken | .75 | least part | median |")
    print("| --- | --- | --- | --- | --- | --- |")
    shown = 1.0

    def look(now: NoiseResult) -> None:
        nonlocal shown
        if now.seconds >= shown:
            print(_reached(now), flush=True)
            shown = 2 * now.seconds

    result, seconds = timed(
        partial(certify.prove_noise, network, "max", budget=budget, jobs=jobs, keep=look)
    )
    print(_reached(result))
    leaves = sum(p.proof.leaves for p in result.pairs if p.proof)
    made = result.certificate()
    data = made.to_bytes()
    print(f"\n{seconds} s, {leaves:,} leaves, {len(data) + len(made.evidence):,} bytes unpacked")
    worst = sorted(result.pairs, key=lambda p: p.reached(result.ratios))[:8]
    for p in worst:
        broken = "-" if p.broken is None else f"{float(p.broken):.3f}"
        print(f"{tuple(p.pair)}: {float(p.certified or 0):.3f} of {broken}")
    if check:
        body = json.loads(data)
        found, checked = timed(partial(check_noise, network, body, made.evidence, COMPILED))
        print(f"check {checked} s: {found[0]}")


def _reached(now: NoiseResult) -> str:
    parts = sorted(p.reached(now.ratios) for p in now.pairs)
    near, enough = (sum(part >= Fraction(some, 100) for part in parts) for some in (90, 75))
    certified = min(p.certified or Fraction(0) for p in now.pairs)
    return (
        f"| {now.seconds:.0f} | {float(certified):.3f} | {near} of {len(parts)} | {enough} | "
        f"{float(parts[0]):.2f} | {float(parts[len(parts) // 2]):.2f} |"
    )


def compare(network: Network) -> None:
    """Leaves that eight pairs take, with and without histories."""
    print("\n| pair, eps | halving inputs alone | histories first |\n| --- | --- | --- |")
    for pair in SAMPLE:
        for eps in (Fraction(1, 100), Fraction(3, 100), Fraction(1, 10)):
            shown = []
            for histories in (False, True):
                search = Search(network, pair, POINT, eps)
                if not histories:
                    search.claim = search.claim._replace(first=0)
                done = search.run(BOXES) == DONE
                shown.append(f"{search.leaves:,}" if done else f"open at {search.leaves:,}")
            print(f"| {tuple(pair)}, {eps} | {shown[0]} | {shown[1]} |", flush=True)


def main() -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--max", metavar="SECONDS", type=float)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    network = certify.load(arguments.model)
    if arguments.max is None:
        measure(network, arguments.check, arguments.jobs)
    else:
        climb(network, arguments.max, arguments.check, arguments.jobs)
    if arguments.plain:
        compare(network)


if __name__ == "__main__":
    main()
