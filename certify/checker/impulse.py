"""The rule for ``impulse`` certificates.

The checker finds the linear pieces of every pair anew (:mod:`certify.checker.pieces`), and with
them everything else: where the pair is right, its maximal interval, its smallest margin over the
claimed range. What it finds must be what the certificate says. How many pieces there are is
claimed, too, so that the work is known before it is done.

A pair and the swapped one are checked together, with their entries in both sections, and then
forgotten: memory holds the pieces of no more than two pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from operator import mul
from typing import Any, NamedTuple

from certify.checker.document import claimed, equal, fields, integer, items, rational, rationals
from certify.checker.errors import Rejected
from certify.checker.float32 import Float32Section, gap_steps
from certify.checker.network import Weights, impulses, run
from certify.checker.offset import OffsetSection
from certify.checker.pieces import Piece, Trajectory, signs
from certify.checker.work import ALL, count, demand, products, run_bits, run_steps, weight_bits

Interval = tuple[Fraction, Fraction]
Cells = dict[tuple[int, int], int]
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
)
BREAKS = "breaks"  # where pieces meet: the first certificates have it


def check_impulse(
    weights: Weights,
    body: dict[str, Any],
    _: bytes,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> list[str]:
    """Check a certificate of kind ``impulse``; returns what it establishes, line by line.

    ``progress`` hears how many cells of how many are done.
    """
    n = len(weights.w_out)
    names = ("verdict", "ratio", "common_interval")
    (verdict, ratio, common), expected, about = claimed(body["claim"], names, n)
    every = len(expected) == n * (n - 1)
    lo, hi = rationals(ratio, "claim.ratio", 2)
    if not 0 < lo <= hi < 1:
        raise Rejected("claim.ratio: expected 0 < lo <= hi < 1")
    (entries,) = fields(body["evidence"], "evidence", ("pairs",))
    entries = _entries(items(entries, "evidence.pairs", len(expected)), expected)
    cells = {pair: entry["cells"] for pair, entry in zip(expected, entries, strict=True)}
    _demand(weights, body, cells)
    index = {pair: i for i, pair in enumerate(expected)}
    offset = OffsetSection(weights, lo, hi, body["offset"]) if every else None
    if offset is None:  # its separable form is one of all pairs
        equal(body["offset"], None, "offset")
    float32 = Float32Section(weights, lo, hi, body["float32"], expected)
    intervals: list[Interval | None] = []
    wrong = done = 0
    for lines in _lines(weights, cells):
        for line in lines:
            i = index[line.m, line.s]
            intervals.append(_check_pair(line, entries[i], lo, hi, f"evidence.pairs[{i}]"))
            wrong += entries[i]["verdict"] == "refuted"
            float32.check(i, line)
            progress(done := done + entries[i]["cells"], sum(cells.values()))
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


def _entries(entries: list[Any], expected: list[tuple[int, int]]) -> list[dict[str, Any]]:
    """The entries of the expected pairs, in their order."""
    found = []
    for i, (pair, entry) in enumerate(zip(expected, entries, strict=True)):
        place = f"evidence.pairs[{i}]"
        more = (BREAKS,) if isinstance(entry, dict) and BREAKS in entry else ()
        keys = (*PAIR_KEYS, *more)
        values = dict(zip(keys, fields(entry, place, keys), strict=True))
        equal([values["max"], values["second"]], list(pair), place)
        if integer(values["cells"], f"{place}.cells") < 1:
            raise Rejected(f"{place}.cells: expected at least one")
        found.append(values)
    return found


class _Need(NamedTuple):
    """How far a trajectory is followed, and how many pieces it may have: they become no fewer, so
    no more than those of its longest pair.
    """

    steps: int
    cells: int


def _needs(cells: Cells, n: int) -> dict[tuple[int, bool], _Need]:
    """The trajectories that are followed, by distance and whether the maximum comes first."""
    needs: dict[tuple[int, bool], _Need] = {}
    for (m, s), found in cells.items():
        steps, most = needs.get((abs(m - s), m < s), (0, 0))
        needs[abs(m - s), m < s] = _Need(max(steps, n - min(m, s)), max(most, found))
    return needs


def _demand(weights: Weights, body: dict[str, Any], cells: Cells) -> None:
    """Refuse a certificate that would take too long.

    A step of a piece is a product with W_hh, the signs of all units at both ends, and the margins
    there; the nodes of the offset are among these ends. Intervals of the float32 section cost two
    runs.
    """
    d, n, widest = len(weights.w_ih), len(weights.w_out), weight_bits(weights)
    _, bits = count(body)
    last = run_bits(weights, n + 1)
    node = products(last, max(2 * last, bits))
    piece = 2 * d * (d + n) * products(widest, last) + 4 * (d + n + 2) * node
    pieces = sum(n * (need.cells + 2) for need in _needs(cells, n).values())
    cuts, _ = count(body["float32"])
    each = run_steps(weights, bits)
    steps = pieces * piece + n * n * each + cuts * (each + gap_steps(weights))
    demand(steps, ALL, "this certificate")


def _lines(weights: Weights, cells: Cells) -> Iterator[list[Trajectory]]:
    """Trajectories where they stand for claimed pairs, (m, s) and (s, m) together."""
    n = len(weights.w_out)
    needs = _needs(cells, n)
    for gap in range(1, n):
        both = [Trajectory(weights, gap, forward=f) for f in (True, False) if (gap, f) in needs]
        for steps in range(1, n + 1):
            followed = [line for line in both if steps <= needs[gap, line.forward].steps]
            for line in followed:
                most = needs[gap, line.forward].cells
                if not line.advance(most):
                    raise Rejected(
                        f"evidence.pairs: cells: more at the distance {gap} than {most}, the most "
                        "that any of these pairs claims"
                    )
            ended = [line for line in followed if (line.m, line.s) in cells]
            if ended:
                yield ended


def _check_pair(
    line: Trajectory, values: dict[str, Any], lo: Fraction, hi: Fraction, place: str
) -> Interval | None:
    equal(values["cells"], len(line.pieces), f"{place}.cells")
    if BREAKS in values:
        breaks = [line.pieces[0].lo, *(piece.hi for piece in line.pieces)]
        equal(values[BREAKS], [str(b) for b in breaks], f"{place}.breaks")
    right = _right_intervals(line)
    equal(
        values["right_intervals"],
        [[str(a), str(b)] for a, b in right],
        f"{place}.right_intervals",
    )
    around = next(((a, b) for a, b in right if a < lo and hi < b), None)
    equal(values["interval"], around and [str(v) for v in around], f"{place}.interval")

    # Margins are linear between nodes, so the smallest over the range stands at a node.
    tables = [_margins(line, r) for r in line.nodes(lo, hi)]
    smallest = min(min(table.values()) for table in tables)
    equal(values["min_margin"], str(smallest), f"{place}.min_margin")
    rival = integer(values["rival"], f"{place}.rival")
    if not any(table.get(rival) == smallest for table in tables):
        raise Rejected(f"{place}.rival: position {rival} does not attain the smallest margin")

    equal(values["verdict"], "proved" if smallest > 0 else "refuted", f"{place}.verdict")
    if smallest > 0:
        equal(values["counterexample"], None, f"{place}.counterexample")
    else:
        _check_counterexample(line, values["counterexample"], lo, hi, place)
    return around


def _margins(line: Trajectory, ratio: Fraction) -> dict[int, Fraction]:
    """Rival to margin at a ratio, for M = 1."""
    state = line.state(ratio)
    unit = ratio.denominator << line.weights.shift * (line.steps + 1)
    logits = [_dot(row, state) for row in line.weights.w_out]
    return {
        j: Fraction(logits[line.s] - logit, unit) for j, logit in enumerate(logits) if j != line.s
    }


def _check_counterexample(
    line: Trajectory, claimed: Any, lo: Fraction, hi: Fraction, place: str
) -> None:
    place = f"{place}.counterexample"
    x = rationals(claimed, place, line.n)
    ratio = rational(claimed[line.s], place)
    if not lo <= ratio <= hi or x != impulses(line.n, line.m, line.s, ratio):
        raise Rejected(f"{place}: not an input that the claim speaks of")
    replay = run(line.weights, x)
    if all(replay.margin(line.s, j) > 0 for j in range(line.n) if j != line.s):
        raise Rejected(f"{place}: the model is right there")


def _right_intervals(line: Trajectory) -> list[Interval]:
    """The maximal open subintervals of (0, 1) on which all margins are positive."""
    found: list[Interval] = []
    own = line.weights.w_out[line.s]
    rows = [
        [a - b for a, b in zip(own, row, strict=True)]
        for j, row in enumerate(line.weights.w_out)
        if j != line.s
    ]
    for piece in line.pieces:
        part = _right_part(piece, rows)
        if part is None:
            continue
        lo, hi, from_start = part
        if found and found[-1][1] == lo and from_start:
            found[-1] = (found[-1][0], hi)
        else:
            found.append((lo, hi))
    return found


def _right_part(piece: Piece, rows: list[list[int]]) -> tuple[Fraction, Fraction, bool] | None:
    """Where all margins (``rows`` of a state) are positive within a piece, and whether they are so
    at its lower end, too. A margin that is nowhere positive comes first the next time.
    """
    lo, hi, from_start = piece.lo, piece.hi, True
    for i, row in enumerate(rows):
        a, b = _dot(row, piece.a), _dot(row, piece.b)
        (u,), (v,) = signs([a], [b], piece.lo), signs([a], [b], piece.hi)
        from_start &= u > 0
        if u <= 0 and v <= 0:
            rows.insert(0, rows.pop(i))
            return None
        if u < 0:
            lo = max(lo, Fraction(-a, b))
        elif v < 0:
            hi = min(hi, Fraction(-a, b))
    return (lo, hi, from_start) if lo < hi else None


def _dot(a: Sequence[int], b: Sequence[int]) -> int:
    return sum(map(mul, a, b))
