"""The rule for ``impulse`` certificates.

The evidence is, per pair, the list of break points on [0, 1]. The checker runs the network
exactly at each of them, establishes that it is linear between neighbours
(:mod:`certify.checker.network`), and finds everything else anew: where the pair is right, its
maximal interval, its smallest margin over the claimed range. What it finds must be what the
certificate says.

A pair and the swapped one are checked together, with their entries in both sections, and then
forgotten: memory holds no more than two whole runs and what the runs of two pairs end with.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any

from certify.checker.document import claimed, equal, fields, integer, items, rational, rationals
from certify.checker.errors import Rejected
from certify.checker.float32 import Float32Section, gap_steps
from certify.checker.network import End, Line, Weights, impulses, pattern_between, run
from certify.checker.offset import OffsetSection
from certify.checker.work import ALL, count, demand, run_steps

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
    names = ("verdict", "ratio", "common_interval")
    (verdict, ratio, common), expected, about = claimed(body["claim"], names, n)
    every = len(expected) == n * (n - 1)
    lo, hi = rationals(ratio, "claim.ratio", 2)
    if not 0 < lo <= hi < 1:
        raise Rejected("claim.ratio: expected 0 < lo <= hi < 1")
    (entries,) = fields(body["evidence"], "evidence", ("pairs",))
    entries = items(entries, "evidence.pairs", len(expected))

    _demand(weights, body)
    index = {pair: i for i, pair in enumerate(expected)}
    offset = OffsetSection(weights, lo, hi, body["offset"]) if every else None
    if offset is None:  # its separable form is one of all pairs
        equal(body["offset"], None, "offset")
    float32 = Float32Section(weights, lo, hi, body["float32"], expected)
    intervals: list[Interval | None] = []
    wrong = 0
    for m, s in combinations(range(n), 2):
        lines = []
        for pair in ((m, s), (s, m)):
            if pair not in index:
                continue
            place = f"evidence.pairs[{index[pair]}]"
            entry = entries[index[pair]]
            values = dict(zip(PAIR_KEYS, fields(entry, place, PAIR_KEYS), strict=True))
            equal([values["max"], values["second"]], list(pair), place)
            line = _follow(weights, *pair, values["breaks"], lo, hi, place)
            equal(values["cells"], len(line.breaks) - 1, f"{place}.cells")
            intervals.append(_check_pair(weights, line, values, lo, hi, place))
            wrong += values["verdict"] == "refuted"
            float32.check(index[pair], line)
            lines.append(line)
        if offset is not None:
            offset.check(*lines)

    equal(verdict, "refuted" if wrong else "proved", "claim.verdict")
    found = None
    known = [i for i in intervals if i is not None]
    if len(known) == len(intervals):
        found = [str(max(a for a, _ in known)), str(min(b for _, b in known))]
    equal(common, found, "claim.common_interval")

    where = f"every S/M in [{lo}, {hi}]" if lo < hi else f"S/M = {lo}"
    if wrong:
        said = f"REFUTED: {wrong} of {about} are wrong somewhere for {where}"
    else:
        who = "every pair (m, s)" if every else f"the {about}"
        said = (
            f"PROVED: for {who}, every M > 0 and {where}, with zeros elsewhere, "
            "the largest logit stands at s alone"
        )
    return [said, *([offset.close()] if offset is not None else []), float32.close()]


def _demand(weights: Weights, body: dict[str, Any]) -> None:
    """Refuse a certificate that would take too long.

    Every rational in it costs at most three exact runs: where it is a break point, where it is a
    node of the offset, for the pair and the swapped one. Those of the float32 section cut.
    """
    n = len(weights.w_out)
    entries, bits = count(body)
    cuts, _ = count(body["float32"])
    steps = (3 * entries + n * n) * run_steps(weights, bits) + cuts * gap_steps(weights)
    demand(steps, ALL, "this certificate")


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
    ends: dict[Fraction, End] = {}
    left = pattern = None
    for i, r in enumerate(points):
        right = run(weights, impulses(n, m, s, r))
        ends[r] = right.end()
        if left is not None:
            found = pattern_between(left, right, f"{place}.breaks[{i - 1}]")
            if found == pattern:
                raise Rejected(f"{place}.breaks[{i - 1}]: separates no cells")
            pattern = found
        left = right
    for r in (lo, hi):
        if r not in ends:
            ends[r] = run(weights, impulses(n, m, s, r)).end()
    return Line(m, s, n, points, ends)


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
