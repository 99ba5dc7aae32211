"""The rule for ``impulse`` certificates.

The evidence is, per pair, the list of break points on [0, 1]. The checker runs the network
exactly at each of them, establishes that it is linear between neighbours
(:mod:`certify.checker.network`), and finds everything else anew: where the pair is right, its
maximal interval, its smallest margin over the claimed range. What it finds must be what the
certificate says.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

from certify.checker.document import equal, fields, integer, items, rational, rationals
from certify.checker.errors import Rejected
from certify.checker.float32 import check_float32
from certify.checker.network import Line, Weights, impulses, pattern_between, run
from certify.checker.offset import check_offset

Interval = tuple[Fraction, Fraction]
PAIR_KEYS = (
    "max",
    "second",
    "verdict",
    "interval",
    "right_intervals",
    "min_margin",
    "rival",
    "cells",
    "counterexample",
    "breaks",
)


def check_impulse(weights: Weights, body: dict[str, Any], _: bytes) -> list[str]:
    """Check a certificate of kind ``impulse``; returns what it establishes, line by line."""
    n = len(weights.w_out)
    verdict, ratio, common = fields(body["claim"], "claim", ("verdict", "ratio", "common_interval"))
    lo, hi = rationals(ratio, "claim.ratio", 2)
    if not 0 < lo <= hi < 1:
        raise Rejected("claim.ratio: expected 0 < lo <= hi < 1")
    (entries,) = fields(body["evidence"], "evidence", ("pairs",))
    expected = [(m, s) for m in range(n) for s in range(n) if m != s]
    entries = items(entries, "evidence.pairs", len(expected))

    lines: dict[tuple[int, int], Line] = {}
    intervals: list[Interval | None] = []
    wrong = 0
    for index, (entry, (m, s)) in enumerate(zip(entries, expected, strict=True)):
        place = f"evidence.pairs[{index}]"
        values = dict(zip(PAIR_KEYS, fields(entry, place, PAIR_KEYS), strict=True))
        equal([values["max"], values["second"]], [m, s], place)
        line = lines[m, s] = _follow(weights, m, s, values["breaks"], lo, hi, place)
        equal(values["cells"], len(line.breaks) - 1, f"{place}.cells")
        intervals.append(_check_pair(weights, line, values, lo, hi, place))
        wrong += values["verdict"] == "refuted"

    equal(verdict, "refuted" if wrong else "proved", "claim.verdict")
    found = None
    known = [i for i in intervals if i is not None]
    if len(known) == len(intervals):
        found = [str(max(a for a, _ in known)), str(min(b for _, b in known))]
    equal(common, found, "claim.common_interval")

    where = f"every S/M in [{lo}, {hi}]" if lo < hi else f"S/M = {lo}"
    if wrong:
        said = f"REFUTED: {wrong} of {len(expected)} pairs are wrong somewhere for {where}"
    else:
        said = (
            f"PROVED: for every pair (m, s), every M > 0 and {where}, with zeros elsewhere, "
            "the largest logit stands at s alone"
        )
    return [
        said,
        check_offset(weights, lines, lo, hi, body["offset"]),
        check_float32(weights, lines, lo, hi, body["float32"]),
    ]


def _follow(
    weights: Weights, m: int, s: int, breaks: Any, lo: Fraction, hi: Fraction, place: str
) -> Line:
    """Run the network at all break points; establish that they cut [0, 1] into its cells."""
    points = rationals(breaks, f"{place}.breaks")
    if len(points) < 2 or points[0] != 0 or points[-1] != 1:
        raise Rejected(f"{place}.breaks: expected to run from 0 to 1")
    if any(a >= b for a, b in pairwise(points)):
        raise Rejected(f"{place}.breaks: expected to increase")
    n = len(weights.w_out)
    runs = {r: run(weights, impulses(n, m, s, r)) for r in {*points, lo, hi}}
    previous = None
    for i, (a, b) in enumerate(pairwise(points)):
        pattern = pattern_between(runs[a], runs[b], f"{place}.breaks[{i}]")
        if pattern == previous:
            raise Rejected(f"{place}.breaks[{i}]: separates no cells")
        previous = pattern
    return Line(m, s, n, points, runs)


def _check_pair(
    weights: Weights,
    line: Line,
    values: dict[str, Any],
    lo: Fraction,
    hi: Fraction,
    place: str,
) -> Interval | None:
    right = _right_intervals(line)
    equal(
        values["right_intervals"],
        [[str(a), str(b)] for a, b in right],
        f"{place}.right_intervals",
    )
    around = next(((a, b) for a, b in right if a < lo and hi < b), None)
    equal(values["interval"], around and [str(v) for v in around], f"{place}.interval")

    # Margins are linear between nodes, so the smallest over the range stands at a node.
    tables = [line.margins(r) for r in line.nodes(lo, hi)]
    smallest = min(min(table.values()) for table in tables)
    scale = 1 << (weights.shift * (line.n + 1))
    equal(values["min_margin"], str(smallest / scale), f"{place}.min_margin")
    rival = integer(values["rival"], f"{place}.rival")
    if not any(table.get(rival) == smallest for table in tables):
        raise Rejected(f"{place}.rival: position {rival} does not attain the smallest margin")

    equal(values["verdict"], "proved" if smallest > 0 else "refuted", f"{place}.verdict")
    if smallest > 0:
        equal(values["counterexample"], None, f"{place}.counterexample")
    else:
        _check_counterexample(weights, line, values["counterexample"], lo, hi, place)
    return around


def _check_counterexample(
    weights: Weights, line: Line, claimed: Any, lo: Fraction, hi: Fraction, place: str
) -> None:
    place = f"{place}.counterexample"
    x = rationals(claimed, place, line.n)
    ratio = rational(claimed[line.s], place)
    if not lo <= ratio <= hi or x != impulses(line.n, line.m, line.s, ratio):
        raise Rejected(f"{place}: not an input that the claim speaks of")
    replay = run(weights, x)
    if all(replay.margin(line.s, j) > 0 for j in range(line.n) if j != line.s):
        raise Rejected(f"{place}: the model is right there")


def _right_intervals(line: Line) -> list[Interval]:
    """The maximal open subintervals of (0, 1) on which all margins are positive."""
    found: list[Interval] = []
    for a, b in pairwise(line.breaks):
        at_a, at_b = line.margins(a), line.margins(b)
        lo, hi = a, b
        for j, u in at_a.items():
            v = at_b[j]
            if u <= 0 and v <= 0:
                hi = lo
            elif u < 0:
                lo = max(lo, a + (b - a) * u / (u - v))
            elif v < 0:
                hi = min(hi, a + (b - a) * u / (u - v))
        if lo >= hi:
            continue
        if found and found[-1][1] == lo == a and min(at_a.values()) > 0:
            found[-1] = (found[-1][0], hi)
        else:
            found.append((lo, hi))
    return found
