"""The rule for a bracketed accuracy by simplicial cones: cuts without verdicts, bounds at leaves.

``evidence.simplices.lengths`` holds the length of the tape in ``evidence.bin`` of each chamber
(:func:`certify.checker.cones.chambers`). A tape is the tree of one chamber in preorder. An inner
node is two bytes: ``i n + j`` and w: the ray ``w x_i + (256 - w) x_j`` cuts the cone in two, first
that with it in place of ``x_j``, then that with it in place of ``x_i``. A leaf is a byte: to be
bounded, or to be skipped.

Nothing is said about a leaf, so nothing about it can be wrong: its margins are bounded here, from
below and from above, by functions that are linear on the cone (:mod:`certify.checker.conic`), and
what these leave no doubt about is measured (:mod:`certify.checker.portions`) and summed.
Determinants need no computing: that of a chamber is 1, and a cut with the weights w and 1 - w
multiplies those of its parts by these. Everything is an integer of 62 bits, rounded to the safe
side, so that the same functions run bare and compiled.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate
from math import factorial
from typing import Any, NamedTuple

from certify.checker.cones import Ray, chambers
from certify.checker.conic import COORDINATE, Cone, bound_cone
from certify.checker.document import fields, integer, items
from certify.checker.errors import Rejected
from certify.checker.kernel import Ints, Rule
from certify.checker.measure import pi
from certify.checker.network import Weights
from certify.checker.portions import DEEPEST, MEASURE, MOST_PORTIONS, RAY, Portions, decided
from certify.checker.running import Kernels, More
from certify.checker.scale import rule_of
from certify.checker.work import ALL, box_steps, demand, products

LONGEST = 6  # inputs: there are (n + 1)! chambers
INNER, SKIPPED, LEAF = 128, 254, 255
MAX_DEPTH = 200
FINEST = 52  # Rays are multiples of 2**-FINEST, rounded down by less than one for each cut.
VOLUME = 49  # Determinants are m 2**-(VOLUME + e), rounded down, 2**VOLUME <= m < 2**(VOLUME + 1).
SHARE = 29  # bits of one that are used
SUM = SHARE + MEASURE  # Measures are summed in units of 2**-SUM.
PI_BITS = 80
SLICE = 1 << 10  # bytes between two words of progress
FAULTS = (
    "the tape goes on after the tree's end",
    "{0}, {1} is no kind of node",
    "branches have no leaf",
)

Chamber = tuple[list[int], int, list[Ray]]
Found = tuple[int, int, int]


class Walk(NamedTuple):
    """Branches that wait, ``MAX_DEPTH + 2`` at most: ``rays`` (n n each), ``mantissa`` and
    ``exponent`` of their determinants, ``depth``. ``state``: the next byte of the tape, how many
    branches wait, leaves, and the measures right and wrong. ``verdict`` (one a byte, or none):
    whether a leaf decides anything.
    """

    rays: Ints
    mantissa: Ints
    exponent: Ints
    depth: Ints
    state: Ints
    verdict: Ints


def check_simplices(
    weights: Weights,
    inputs: str,
    lower: Fraction,
    upper: Fraction,
    evidence: Any,
    binary: bytes,
    kernels: Kernels,
) -> list[str]:
    """Check all chambers and that the claim follows from what they prove."""
    n = len(weights.w_out)
    if n > LONGEST:
        raise Rejected(f"evidence.simplices: are for inputs of length at most {LONGEST}, not {n}")
    (entries,) = fields(evidence, "evidence.simplices", ("lengths",))
    demand(len(binary) * _leaf_steps(weights), ALL, "this certificate")
    shards = list(chambers(n, inputs == "uniform"))
    place = "evidence.simplices.lengths"
    lengths = [integer(v, place) for v in items(entries, place, len(shards))]
    ends = list(accumulate(lengths))
    if min(lengths) < 1 or ends[-1] != len(binary):
        raise Rejected(f"{place}: expected positive lengths that add up to that of evidence.bin")
    tasks = [
        (index, binary[end - length : end])
        for index, (length, end) in enumerate(zip(lengths, ends, strict=True))
    ]
    tasks.sort(key=lambda task: -len(task[1]))
    shared = weights, inputs == "uniform", shards
    found = kernels.spread(_check_chamber, shared, tasks, [len(tape) for _, tape in tasks])
    unit = constant(n, inputs) / (1 << SUM)
    right, wrong, leaves = (sum(f[k] for f in found) for k in range(3))
    if lower > right * unit:
        raise Rejected(f"claim.lower: only about {float(right * unit):.12f} is proved right")
    if upper < 1 - wrong * unit:
        raise Rejected(f"claim.upper: only about {float(wrong * unit):.12f} is proved wrong")
    return [f"{leaves} simplicial cones are bounded in {len(shards)} chambers"]


def _leaf_steps(weights: Weights) -> int:
    """The steps of one leaf: the bounds of all units and margins, and its parts."""
    n = len(weights.w_out)
    return box_steps(weights) + 2 * MOST_PORTIONS * 2 * n**3 * products(1, 1)


def constant(n: int, inputs: str) -> Fraction:
    """The factor of a measure that depends on n alone, or a little less."""
    if inputs == "uniform":
        return Fraction(1, factorial(n))
    half = n // 2
    # Gamma(k + 1/2) = (2 k)! sqrt(pi) / (4^k k!)
    root = Fraction(factorial(2 * half), 4**half * factorial(half))
    gamma = root if n % 2 else Fraction(factorial(half - 1))
    circle = Fraction(pi(PI_BITS)[1], 1 << PI_BITS)
    return gamma / (2 * circle**half * factorial(n - 1))


def weigh_leaf(rule: Rule, cone: Cone, portions: Portions, walk: Walk, uniform: bool) -> bool:
    """Bound the branch above the last that waits, and add to the measures; False if by nothing."""
    n, rivals = rule.n, len(rule.rows) // rule.d // 2
    top, any_at_all = walk.state[1], False
    for k in range(n * n):
        cone.rays[k] = walk.rays[top * n * n + k] >> (FINEST - COORDINATE)
    if not bound_cone(rule, cone):
        return False
    share, exponent = walk.mantissa[top] >> (VOLUME - SHARE), walk.exponent[top]
    for some in (False, True):
        for k in range(n * n):
            portions.rays[k] = walk.rays[top * n * n + k] >> (FINEST - RAY)
        for k in range(rivals * n):
            portions.values[k] = -cone.upper[k] if some else cone.lower[k]
        found = decided(n, rivals, some, uniform, portions)
        walk.state[4 if some else 3] += (found * share) >> min(exponent, 62)
        any_at_all = any_at_all or found > 0
    return any_at_all


def walk_tape(
    rule: Rule, cone: Cone, portions: Portions, walk: Walk, tape: Ints, until: int, uniform: bool
) -> int:
    """Go on with a tape up to the byte ``until``; -1, or what is wrong with it."""
    n, rays = rule.n, walk.rays
    while walk.state[0] < until:
        at, top = walk.state[0], walk.state[1] - 1
        node = tape[at]
        walk.state[0] = at + 1
        walk.state[1] = top
        if top < 0:
            return 0
        if node >= SKIPPED:
            if node == LEAF:
                walk.state[2] += 1
                if weigh_leaf(rule, cone, portions, walk, uniform) and len(walk.verdict) > 0:
                    walk.verdict[at] = 1
            continue
        i, j, w = node // n, node % n, 0
        if at + 1 < len(tape):
            w = tape[at + 1]
        if i >= n or i == j or w == 0 or walk.depth[top] == MAX_DEPTH:
            return 1
        walk.state[0] = at + 2
        to = top + 1
        for k in range(n * n):
            rays[to * n * n + k] = rays[top * n * n + k]
        for c in range(n):
            new = (w * rays[(top * n + i) * n + c] + (256 - w) * rays[(top * n + j) * n + c]) >> 8
            rays[(to * n + j) * n + c] = new
            rays[(top * n + i) * n + c] = new
        whole, exponent = walk.mantissa[top], walk.exponent[top]
        walk.depth[top] += 1
        walk.depth[to] = walk.depth[top]
        for part, weight in ((top, w), (to, 256 - w)):
            m, e = whole * weight, exponent + 8
            while m >= 2 << VOLUME:
                m >>= 1
                e -= 1
            walk.mantissa[part] = m
            walk.exponent[part] = e
        walk.state[1] = to + 1
    return -1


def _check_chamber(
    kernels: Kernels,
    more: More,
    shared: tuple[Weights, bool, list[Chamber]],
    task: tuple[int, bytes],
) -> Found:
    (weights, uniform, shards), (index, tape) = shared, task
    order, _, cone = shards[index]
    return check_chamber(kernels, more, weights, uniform, index, cone, order[1], tape)[0]


def check_chamber(
    kernels: Kernels,
    more: More,
    weights: Weights,
    uniform: bool,
    index: int,
    cone: list[Ray],
    second: int,
    tape: bytes,
    noted: bool = False,
) -> tuple[Found, Ints]:
    """Walk one tape; the measures right and wrong but for :func:`constant`, in units of
    ``2**-SUM``, and the number of leaves. With ``noted`` also, of each byte of the tape, whether it
    is a leaf that decides anything.

    Raises:
        Rejected: it is no tree.
    """
    out = weights.w_out
    margins = [[a - b for a, b in zip(out[second], row, strict=True)] for row in out]
    del margins[second]
    rule, _ = rule_of(weights, [*margins, *([-v for v in row] for row in margins)], kernels)
    bounds, portions, walk = room_of(rule, kernels, len(tape) if noted else 0)
    n, step, at = rule.n, kernels.function(walk_tape), 0
    walk.rays[: n * n] = kernels.wide(v << FINEST for ray in cone for v in ray)
    octets, fault = kernels.octets(tape), -1
    while at < len(tape) and fault < 0:
        fault = int(step(rule, bounds, portions, walk, octets, min(at + SLICE, len(tape)), uniform))
        at, before = int(walk.state[0]), at
        more(at - before)
    if fault >= 0:
        here = tape[at - 1], tape[at] if at < len(tape) else 0
        raise Rejected(f"chamber {index}: {FAULTS[fault].format(*here)}")
    if walk.state[1]:
        raise Rejected(f"chamber {index}: {walk.state[1]} {FAULTS[2]}")
    return (int(walk.state[3]), int(walk.state[4]), int(walk.state[2])), walk.verdict


def room_of(rule: Rule, kernels: Kernels, noted: int) -> tuple[Cone, Portions, Walk]:
    """Room to work in, with the root of a tree whose rays are still missing."""
    n, d, rivals = rule.n, rule.d, len(rule.rows) // rule.d // 2
    filled = kernels.filled
    cone = Cone(
        filled(0, n * n), filled(0, n * d * n), filled(0, n * d * n), filled(0, n * d),
        filled(0, n * d), filled(0, rivals * n), filled(0, rivals * n), filled(0, n), filled(0, n),
        kernels.short([0] * d), filled(0, d), filled(0, n), filled(0, n), filled(0, d), filled(0, d),
    )  # fmt: skip
    size = DEEPEST + 2
    portions = Portions(
        filled(0, size * n * n), filled(0, size * rivals * n), filled(0, size), filled(0, size),
        filled(0, n * n), filled(0, n),
    )  # fmt: skip
    size = MAX_DEPTH + 2
    walk = Walk(
        filled(0, size * n * n), filled(0, size), filled(0, size), filled(0, size),
        filled(0, 5), filled(0, noted),
    )  # fmt: skip
    walk.mantissa[0], walk.state[1] = 1 << VOLUME, 1
    return cone, portions, walk
