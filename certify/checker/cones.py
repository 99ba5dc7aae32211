"""The rule for an exact accuracy: trees of simplicial cones with integer rays.

The chambers, cones on which the order of the inputs and 0 is fixed, cover R^n (the positive
orthant: uniform inputs). A split puts a positive combination of two rays in place of either, so
the two parts cover the cone and share no inside. On a leaf no pre-activation has strictly
opposite signs at two rays, hence (by induction on the step, as in
:mod:`certify.checker.network`) the logits are linear on it and their margins are decided at the
rays.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import permutations
from math import factorial, gcd, prod
from typing import Any

from certify.checker.document import equal, fields, integer, items
from certify.checker.errors import Rejected
from certify.checker.measure import cone_angle, pi
from certify.checker.network import Run, Weights, run
from certify.checker.work import ALL, count, demand, products, run_steps

MAX_BITS = 1 << 13  # of the fixed point in which measures are summed
MAX_RAY = 1 << 14  # bits of a coordinate of a ray
MAX_RUNS = 1 << 10  # kept at a time, so that memory does not grow with the tree

Ray = tuple[int, ...]
Cone = list[Ray]


def check_cones(
    weights: Weights, inputs: str, lower: Fraction, upper: Fraction, evidence: Any
) -> list[str]:
    """Check the trees and that the measure of the right leaves lies in [lower, upper]."""
    n = len(weights.w_out)
    if n > 3:
        raise Rejected(f"evidence.cones: are for inputs of length 2 or 3, not {n}")
    (trees,) = fields(evidence, "evidence.cones", ("chambers",))
    # There are fewer leaves than inner nodes and chambers, each of which is a list or an object.
    most, _ = count(trees)
    each = n * run_steps(weights, MAX_RAY) + _angle_steps(_bits(lower, upper, most))
    demand(most * each, ALL, "this certificate")
    roots = list(chambers(n, inputs == "uniform"))
    right: list[Cone] = []
    patterns = set()
    wrong = 0
    for index, (entry, (order, above, cone)) in enumerate(
        zip(items(trees, "evidence.cones.chambers", len(roots)), roots, strict=True)
    ):
        place = f"evidence.cones.chambers[{index}]"
        claimed_order, claimed_above, nodes = fields(entry, place, ("order", "above", "nodes"))
        equal(claimed_order, order, f"{place}.order")
        equal(claimed_above, above, f"{place}.above")
        runs: dict[Ray, Run] = {}
        for at, leaf, is_right in _leaves(cone, nodes, place):
            here = f"{place}.nodes[{at}]"
            patterns.add(_check_leaf(weights, runs, leaf, order[1], is_right, here))
            if is_right:
                right.append(leaf)
            else:
                wrong += 1
    _check_measure(inputs, right, wrong, lower, upper)
    return [
        f"{len(right) + wrong} cones in {len(patterns)} cells cover the inputs; "
        f"right on {len(right)}, wrong on {wrong}"
    ]


def chambers(n: int, positive: bool) -> Iterator[tuple[list[int], int, Cone]]:
    """All orders of the inputs, with every place that 0 can have among them."""
    for order in permutations(range(n)):
        for above in range(n if positive else 0, n + 1):
            rays = []
            for k in range(1, n + 1):
                if k <= above:  # the k largest are 1
                    rays.append(tuple(1 if order.index(i) < k else 0 for i in range(n)))
                else:  # all from the k-th largest on are -1
                    rays.append(tuple(-1 if order.index(i) >= k - 1 else 0 for i in range(n)))
            yield list(order), above, rays


def _leaves(cone: Cone, nodes: Any, place: str) -> Iterator[tuple[int, Cone, bool]]:
    """The leaves of a tree in pre-order, with their place: 1 is right, 0 is wrong."""
    stack = [cone]
    for at, node in enumerate(items(nodes, f"{place}.nodes")):
        here = f"{place}.nodes[{at}]"
        if not stack:
            raise Rejected(f"{here}: the tree is complete before it")
        cone = stack.pop()
        if not isinstance(node, list):
            if integer(node, here) not in (0, 1):
                raise Rejected(f"{here}: a leaf is 0 or 1")
            yield at, cone, node == 1
            continue
        i, j, a, b = (integer(v, here) for v in items(node, here, 4))
        if not (0 <= i < len(cone) and 0 <= j < len(cone) and i != j and a > 0 and b > 0):
            raise Rejected(f"{here}: expected two rays and positive factors")
        new = [a * p + b * q for p, q in zip(cone[i], cone[j], strict=True)]
        content = gcd(*new)
        if max(map(abs, new)) // content >> MAX_RAY:
            raise Rejected(f"{here}: a ray of more than {MAX_RAY} bits")
        ray = tuple(v // content for v in new)
        stack.append([ray if k == i else v for k, v in enumerate(cone)])
        stack.append([ray if k == j else v for k, v in enumerate(cone)])
    if stack:
        raise Rejected(f"{place}.nodes: {len(stack)} parts of the chamber are missing")


def _check_leaf(
    weights: Weights, runs: dict[Ray, Run], leaf: Cone, second: int, is_right: bool, place: str
) -> tuple[int, ...]:
    """Check that nothing changes on a leaf and that its verdict holds; returns its pattern."""
    at_rays = []
    for ray in leaf:
        if ray not in runs:
            if len(runs) >= MAX_RUNS:
                runs.clear()
            runs[ray] = run(weights, [Fraction(v) for v in ray])
        at_rays.append(runs[ray])
    pattern = []
    for t in range(len(leaf)):
        mask = 0
        for unit, values in enumerate(zip(*(r.before[t] for r in at_rays), strict=True)):
            if min(values) < 0 < max(values):
                raise Rejected(f"{place}: unit {unit} changes sign at step {t} inside the cone")
            mask |= (max(values) > 0) << unit
        pattern.append(mask)
    margins = [
        [r.logits[second] - r.logits[j] for r in at_rays]
        for j in range(len(weights.w_out))
        if j != second
    ]
    if is_right:
        if any(min(values) < 0 or max(values) <= 0 for values in margins):
            raise Rejected(f"{place}: said to be right, but a margin is not positive inside")
    elif all(max(values) > 0 for values in margins):
        raise Rejected(f"{place}: said to be wrong, but every margin is positive somewhere")
    return tuple(pattern)


def _check_measure(
    inputs: str, right: list[Cone], wrong: int, lower: Fraction, upper: Fraction
) -> None:
    n = len(right[0]) if right else 0
    if not right or not wrong:
        share = Fraction(1 if right else 0)
        lo = hi = share
    elif inputs == "uniform":
        # Scaled to a maximum of 1 the rays of a cone span, with 0, its part of the unit cube.
        share = sum(
            (Fraction(_volume(cone), prod(map(max, cone)) * factorial(n)) for cone in right),
            Fraction(0),
        )
        lo = hi = share
    else:
        if lower == upper:
            raise Rejected("claim: the measure is no known rational, so lower < upper is needed")
        bits = _bits(lower, upper, len(right))
        if bits > MAX_BITS:
            raise Rejected(f"claim: a width that needs {bits} bits, this checker uses {MAX_BITS}")
        angles = [cone_angle(cone, bits) for cone in right]
        low, high = pi(bits)
        lo = Fraction(sum(a for a, _ in angles), 2 * high)
        hi = Fraction(sum(b for _, b in angles), 2 * low)
    if not (lower <= lo and hi <= upper):
        raise Rejected(
            f"claim: the measure of the right leaves, about {float(lo):.17g}, "
            "is not proved to lie between lower and upper"
        )


def _bits(lower: Fraction, upper: Fraction, leaves: int) -> int:
    """The bits of the fixed point in which the measure of so many leaves is to be summed."""
    width = max(upper - lower, Fraction(1, 1 << MAX_BITS))
    return 64 + (width.denominator // width.numerator).bit_length() + leaves.bit_length()


def _angle_steps(bits: int) -> int:
    """The steps of the angle of one leaf: roots of products of rays, series of two arctangents."""
    roots, term = 6 * MAX_RAY + 2 * bits, bits + 64
    return 5 * products(roots, roots) + 2 * (term // 16 + 20) * 2 * products(term, term)


def _volume(cone: Cone) -> int:
    """The absolute value of the determinant of two or three rays."""
    if len(cone) == 2:
        (a, b), (c, d) = cone
        return abs(a * d - b * c)
    p, (a, b, c), (d, e, f) = cone
    return abs(p[0] * (b * f - c * e) - p[1] * (a * f - c * d) + p[2] * (a * e - b * d))
