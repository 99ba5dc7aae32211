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
from typing import Any

from certify.checker.chamber import FINEST, SUM, rooms, walk_tape
from certify.checker.cones import Ray, chambers
from certify.checker.document import fields, integer, items
from certify.checker.errors import Rejected
from certify.checker.kernel import Ints
from certify.checker.measure import pi
from certify.checker.network import Weights
from certify.checker.portions import MOST_PORTIONS
from certify.checker.running import Kernels, More
from certify.checker.scale import rule_of
from certify.checker.work import ALL, OVERHEAD, box_steps, demand, products

LONGEST = 6  # inputs: there are (n + 1)! chambers
PI_BITS = 80
SLICE = 1 << 10  # bytes between two words of progress
FAULTS = (
    "the tape goes on after the tree's end",
    "{0}, {1} is no kind of node",
    "branches have no leaf",
)

Chamber = tuple[list[int], int, list[Ray]]
Found = tuple[int, int, int]


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
    portion = 2 * n**3 * products(1, 1) + MOST_PORTIONS * OVERHEAD  # measured, and found
    return box_steps(weights) + 2 * MOST_PORTIONS * portion


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
    bounds, portions, walk = rooms(rule, kernels, len(tape) if noted else 0)
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
