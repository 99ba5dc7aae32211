"""The statement ``intervention`` of a circuit certificate: a pair's verdict with units changed.

A change acts on the state after a step: it sets a unit to a value or scales it. For M = 1 the
state stays continuous in the ratio and, between nodes where no pre-activation changes sign,
linear: a set value is constant and a scaled one linear where the unit is. So the nodes decide,
as they do without changes (:mod:`certify.checker.network`). Scaling, and setting to 0, commute with
scaling the input: then the verdict holds for every M > 0, else for M = 1 alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from certify.checker.document import equal, fields, integer, items, rational, rationals
from certify.checker.errors import Rejected
from certify.checker.network import Run, Weights, impulses, pattern_between


@dataclass(frozen=True)
class Change:
    """Unit ``unit`` set to, or scaled by, ``value`` after step ``step`` (None: every step)."""

    unit: int
    step: int | None
    sets: bool
    value: Fraction


def check_intervention(
    weights: Weights, lo: Fraction, hi: Fraction, statement: Any, proof: Any, place: str
) -> str:
    """Check one statement over [lo, hi]; returns what it establishes. The pair is in scope."""
    keys = ("type", "changes", "max", "second", "scales", "verdict", "min_margin")
    _, listed, m, s, scales, verdict, smallest = fields(statement, place, keys)
    n = len(weights.w_out)
    changes = _changes(weights, listed, f"{place}.changes")
    equal(scales, all(not c.sets or c.value == 0 for c in changes), f"{place}.scales")
    (nodes,) = fields(proof, f"{place} (evidence)", ("nodes",))
    points = rationals(nodes, f"{place} (evidence).nodes")
    if not points or points[0] != lo or points[-1] != hi:
        raise Rejected(f"{place} (evidence).nodes: expected to run from {lo} to {hi}")
    if any(a >= b for a, b in pairwise(points)):
        raise Rejected(f"{place} (evidence).nodes: expected to increase")
    left = None
    margins = []
    for i, r in enumerate(points):
        right = run_changed(weights, impulses(n, m, s, r), changes)
        if left is not None:
            pattern_between(left, right, f"{place} (evidence).nodes[{i - 1}]")
        margins.append(min(right.margin(s, j) for j in range(n) if j != s))
        left = right
    margin = min(margins) / (1 << (weights.shift * (n + 1)))
    equal(smallest, str(margin), f"{place}.min_margin")
    equal(verdict, "proved" if margin > 0 else "refuted", f"{place}.verdict")
    said = "right at every ratio" if margin > 0 else "wrong at some ratio"
    where = "every M > 0" if scales else "M = 1 alone"
    return f"with {_words(changes)} the model is {said} on {(m, s)}, {where}"


def run_changed(weights: Weights, x: Sequence[Fraction], changes: Sequence[Change]) -> Run:
    """The exact run on the input ``x`` of length n with changes."""
    scale = 1
    for value in x:
        scale *= Fraction(value * scale).denominator
    state = [0] * len(weights.w_ih)
    before = []
    for t, value in enumerate(x):
        drive = int(value * scale) << (weights.shift * t)
        step = [
            w * drive + sum([a * h for a, h in zip(row, state, strict=True)])
            for w, row in zip(weights.w_ih, weights.w_hh, strict=True)
        ]
        before.append(step)
        state = [v if v > 0 else 0 for v in step]
        for change in changes:
            if change.step not in (None, t):
                continue
            # Everything becomes finer, so that the new value is an integer too.
            finer = change.value.denominator
            scale, state = scale * finer, [v * finer for v in state]
            unit = scale << (weights.shift * (t + 1))
            state[change.unit] = int(change.value * (unit if change.sets else state[change.unit]))
    logits = [sum([w * h for w, h in zip(row, state, strict=True)]) for row in weights.w_out]
    return Run(state, logits, scale, before)


def _changes(weights: Weights, value: Any, place: str) -> list[Change]:
    found: list[Change] = []
    for index, entry in enumerate(items(value, place)):
        at = f"{place}[{index}]"
        unit, step, action, amount = fields(entry, at, ("unit", "step", "action", "value"))
        number = rational(amount, f"{at}.value")
        if number < 0:
            raise Rejected(f"{at}.value: negative")
        if not 0 <= integer(unit, f"{at}.unit") < len(weights.w_ih):
            raise Rejected(f"{at}.unit: expected 0 to {len(weights.w_ih) - 1}")
        if step is not None and not 0 <= integer(step, f"{at}.step") < len(weights.w_out):
            raise Rejected(f"{at}.step: expected 0 to {len(weights.w_out) - 1}")
        if action not in ("set", "scale"):
            raise Rejected(f"{at}.action: expected set or scale")
        for other in found:
            if other.unit == unit and (None in (step, other.step) or step == other.step):
                raise Rejected(f"{at}: a second change of the unit after the same step")
        found.append(Change(unit, step, action == "set", number))
    return found


def _words(changes: Sequence[Change]) -> str:
    if not changes:
        return "nothing changed"
    return " and ".join(
        f"unit {c.unit} {'set to' if c.sets else 'scaled by'} {c.value} after "
        + ("every step" if c.step is None else f"step {c.step}")
        for c in changes
    )
