"""The rule for a bracketed accuracy: disjoint boxes of known probability with linear bounds.

``evidence.boxes.words`` names order words (:mod:`certify.checker.orders`) in increasing order,
each with the length of its tape in ``evidence.bin``. A tape is the tree of one word in preorder,
a byte a node: a position whose W is halved (plus ``TAIL``: cut near its lower end), or a leaf:
right, wrong or open. The checker cuts the boxes itself, so they are disjoint; it finds the box of
inputs of each leaf, proves all margins positive on it (wrong: one rival nowhere behind), and sums
the exact probabilities. What no leaf decides stays between the two bounds.

A margin may be proved by cases: that some unit is on, and that it is off. After ``RIGHT_BY_CASES``
there is a tree for each margin, after ``WRONG_BY_CASES`` the index of the rival and one tree. In
preorder, ``PROVED`` is a leaf of such a tree; a step and a unit come before those of both cases.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from math import prod
from typing import Any

from certify.checker.document import fields, integer, items
from certify.checker.errors import Rejected
from certify.checker.linear import GRID as LINEAR_GRID
from certify.checker.linear import Box, Cases, Linear, Target
from certify.checker.network import Weights
from certify.checker.orders import GRID, LARGEST, W_BITS, W_ONE, box_of, inputs_map, order_of
from certify.checker.work import ALL, box_steps, demand

TAIL = 64
RIGHT, WRONG, OPEN = 255, 254, 253
RIGHT_BY_CASES, WRONG_BY_CASES = 212, 211
PROVED = 255
MOST = 1000  # cases of one row
ALONE = 2000  # nodes: for more than these, processes are worth starting

Nodes = Iterator[tuple[int, int]]
Found = tuple[Fraction, Fraction, int, int]
"""Probability right and wrong, and the numbers of leaves."""


def check_boxes(
    weights: Weights, inputs: str, lower: Fraction, upper: Fraction, evidence: Any, binary: bytes
) -> list[str]:
    """Check all words and that the claim follows from what they prove."""
    (entries,) = fields(evidence, "evidence.boxes", ("words",))
    demand(len(binary) * box_steps(weights), ALL, "this certificate")
    tasks: list[tuple[str, bytes]] = []
    position = 0
    previous = ""
    for index, entry in enumerate(items(entries, "evidence.boxes.words")):
        place = f"evidence.boxes.words[{index}]"
        word, length = items(entry, place, 2)
        if not isinstance(word, str) or word <= previous:
            raise Rejected(f"{place}: words are strings in increasing order")
        previous = word
        end = position + integer(length, place)
        if not position < end <= len(binary):
            raise Rejected(f"{place}: evidence.bin does not hold so many nodes")
        tasks.append((word, binary[position:end]))
        position = end
    if position != len(binary):
        raise Rejected("evidence.bin: bytes are left over")
    if not tasks:
        raise Rejected("evidence.boxes.words: there are none")
    right, wrong, good, bad = _all(weights, inputs, tasks)
    if lower > right:
        raise Rejected(f"claim.lower: only {_decimal(right)} is proved right")
    if upper < 1 - wrong:
        raise Rejected(f"claim.upper: only {_decimal(wrong)} is proved wrong")
    return [f"{good} boxes are right, {bad} are wrong, in {len(tasks)} orders of the inputs"]


def _decimal(value: Fraction) -> str:
    return f"0.{value.numerator * 10**12 // value.denominator:012d}.." if value < 1 else "1"


def _all(weights: Weights, inputs: str, tasks: list[tuple[str, bytes]]) -> Found:
    """All words, the long ones first, on all cores where that is worth starting processes."""
    found: list[Found] = []
    if sum(len(tape) for _, tape in tasks) < ALONE:
        _start(weights, inputs)
        found = [_check_word(task) for task in tasks]
    else:
        with ProcessPoolExecutor(initializer=_start, initargs=(weights, inputs)) as pool:
            found = list(pool.map(_check_word, sorted(tasks, key=lambda task: -len(task[1]))))
    return (
        sum((f[0] for f in found), Fraction(0)),
        sum((f[1] for f in found), Fraction(0)),
        sum(f[2] for f in found),
        sum(f[3] for f in found),
    )


_shared: list[tuple[Weights, str]] = []


def _start(weights: Weights, inputs: str) -> None:
    _shared[:] = [(weights, inputs)]


def _check_word(task: tuple[str, bytes]) -> Found:
    """Walk one tape; what it proves."""
    (weights, inputs), (word, tape) = _shared[0], task
    n = len(weights.w_out)
    order = order_of(word, n, inputs == "uniform")
    out = weights.w_out
    second = order.chain[1]
    margins = [[a - b for a, b in zip(out[second], row, strict=True)] for row in out]
    del margins[second]
    sizes = [n * LARGEST << LINEAR_GRID] * n
    rules = {
        True: Linear(weights, sizes, margins),
        False: Linear(weights, sizes, [[-v for v in row] for row in margins]),
    }
    A, zero = inputs_map(order), [0] * n
    volumes, counts = {True: 0, False: 0}, {True: 0, False: 0}
    stack = [([0] * n, [W_ONE] * n)]
    nodes = enumerate(tape)
    for at, node in nodes:
        place = f"{word}, node {at}"
        if not stack:
            raise Rejected(f"{place}: the tape goes on after the tree's end")
        w_lo, w_hi = stack.pop()
        if node == OPEN:
            continue
        if node in (RIGHT, RIGHT_BY_CASES, WRONG, WRONG_BY_CASES):
            right = node in (RIGHT, RIGHT_BY_CASES)
            try:
                lo, hi = box_of(order, w_lo, w_hi)
                shift = LINEAR_GRID - GRID
                box = Box(A, zero, [v << shift for v in lo], [v << shift for v in hi])
                _check_leaf(rules[right], box, node, nodes)
            except Rejected as error:
                raise Rejected(f"{place}: {error}") from None
            volumes[right] += prod(b - a for a, b in zip(w_lo, w_hi, strict=True))
            counts[right] += 1
            continue
        position, tail = node & (TAIL - 1), node & TAIL
        if node >= 2 * TAIL or position >= n or w_hi[position] - w_lo[position] < 2:
            raise Rejected(f"{place}: {node} is no kind of node, or cuts what is too thin")
        a, b = w_lo[position], w_hi[position]
        middle = a + max(1, (b - a) >> 7) if tail else (a + b) >> 1
        above, below = list(w_lo), list(w_hi)
        above[position] = below[position] = middle
        stack.append((above, w_hi))
        stack.append((w_lo, below))
    if stack:
        raise Rejected(f"{word}: {len(stack)} branches have no leaf")
    share = order.probability / (1 << (W_BITS * n))
    return volumes[True] * share, volumes[False] * share, counts[True], counts[False]


def _check_leaf(linear: Linear, box: Box, node: int, nodes: Nodes) -> None:
    """Prove what a leaf says; ``nodes`` is where the tape goes on, with its trees if it has any."""
    known = linear.check(box, linear.root, 0, linear.n, {})
    if node in (RIGHT, WRONG):
        values = linear.margins(box, known)
        if node == RIGHT and min(values) <= 0:
            raise Rejected("said to be right, but a margin is not proved")
        if node == WRONG and max(values) < 0:
            raise Rejected("said to be wrong, but no rival is proved to win")
        return
    rows = linear.rows
    if node == WRONG_BY_CASES:
        rival = _byte(nodes)
        if rival >= len(rows):
            raise Rejected(f"there is no rival {rival}")
        rows = [rows[rival]]
    targets: list[Target] = []
    cases: Cases = {}
    for row in rows:
        for case in _leaves(linear, nodes):
            for unit, on in case.items():
                slots = cases.setdefault(unit, [0, 0])
                slots[on] |= 1 << (linear.width * len(targets))
            targets.append((row, 0))
    values = linear.lower(box, known, linear.n, targets, cases)
    if min(values) < (node == RIGHT_BY_CASES):
        raise Rejected("a row is not proved in one of its cases")


def _leaves(linear: Linear, nodes: Nodes) -> list[dict[tuple[int, int], bool]]:
    """The leaves of one tree of cases: which units are on or off there."""
    leaves: list[dict[tuple[int, int], bool]] = []
    stack: list[dict[tuple[int, int], bool]] = [{}]
    while stack:
        case = stack.pop()
        step = _byte(nodes)
        if step == PROVED:
            leaves.append(case)
            continue
        unit = (step, _byte(nodes))
        if unit[0] >= linear.n or unit[1] >= linear.d:
            raise Rejected(f"there is no unit {unit[1]} at step {step}")
        if len(stack) + len(leaves) > MOST:
            raise Rejected("too many cases")
        stack += [case | {unit: False}, case | {unit: True}]
    return leaves


def _byte(nodes: Nodes) -> int:
    for _, node in nodes:
        return node
    raise Rejected("the tape ends within its cases")
