"""The rule for a bracketed accuracy: disjoint boxes of known probability with linear bounds.

``evidence.boxes.words`` names order words (:mod:`certify.checker.orders`) in increasing order,
each with the length of its tape in ``evidence.bin``. A tape is the tree of one word in preorder,
a byte a node: a position whose W is halved (plus ``TAIL``: cut near its lower end), or a leaf:
right, wrong or open. Before a node may stand ``BOUND``: the units are bounded on its box, and what
is known of them holds on the parts of that, too. The checker cuts the boxes itself, so they are
disjoint; it finds the box of inputs of each leaf, proves all margins positive on it (wrong: one
rival nowhere behind) by :mod:`certify.checker.leaves`, and sums the exact probabilities. What no
leaf decides stays between the two bounds.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from certify.checker.corners import GRID, W_BITS, W_ONE, Boxes
from certify.checker.document import fields, integer, items
from certify.checker.errors import Rejected
from certify.checker.kernel import Rule, Space
from certify.checker.leaves import MOST, Room, enter, leaf, room_of, unknown
from certify.checker.network import Weights
from certify.checker.orders import Order, inputs_map, order_of
from certify.checker.running import Kernels, More
from certify.checker.scale import rule_of, space_of
from certify.checker.work import ALL, count, demand, row_steps

TAIL = 64
BOUND, OPEN, WRONG, RIGHT = 210, 253, 254, 255
_BOUND = bytes([BOUND])
SLICE = 256  # leaves between two words of progress
CORNERS, PLACE = 1 << 20, 1 << 14  # steps: of the ends of a box, of two inputs in an order

Found = tuple[Fraction, Fraction, int, int]
"""Probability right and wrong, and the numbers of leaves."""


class Proof(NamedTuple):
    """What boxes prove: exact probabilities of right and wrong, by the tapes of these words."""

    right: Fraction
    wrong: Fraction
    tasks: list[tuple[Order, bytes]]
    pieces: str


def check_boxes(
    weights: Weights,
    inputs: str,
    lower: Fraction,
    upper: Fraction,
    evidence: Any,
    binary: bytes,
    kernels: Kernels,
) -> list[str]:
    """Check all words and that the claim follows from what they prove."""
    proof = prove_boxes(weights, inputs, evidence, binary, kernels)
    if lower > proof.right:
        raise Rejected(f"claim.lower: only {_decimal(proof.right)} is proved right")
    if upper < 1 - proof.wrong:
        raise Rejected(f"claim.upper: only {_decimal(proof.wrong)} is proved wrong")
    return [proof.pieces]


def prove_boxes(
    weights: Weights, inputs: str, evidence: Any, binary: bytes, kernels: Kernels
) -> Proof:
    """Check all words; what they prove."""
    (entries,) = fields(evidence, "evidence.boxes", ("words",))
    n, d = len(weights.w_out), len(weights.w_ih)
    row = n * row_steps(weights, kernels.compiled)
    proved, bounded = binary.count(RIGHT) + binary.count(WRONG), binary.count(BOUND)
    rows = proved * (n - 1) * (MOST + 1) + bounded * 2 * n * d
    places = (proved + bounded) * (CORNERS + PLACE * n * n) + count(entries)[0] * PLACE * n * n
    demand(len(binary) + places + rows * row, ALL, "this certificate")
    tasks: list[tuple[Order, bytes]] = []
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
        order = order_of(word, len(weights.w_out), inputs == "uniform")
        tasks.append((order, binary[position:end]))
        position = end
    if position != len(binary):
        raise Rejected("evidence.bin: bytes are left over")
    if not tasks:
        raise Rejected("evidence.boxes.words: there are none")
    # The long ones first.
    tasks.sort(key=lambda task: -len(task[1]))
    sizes = [len(tape) for _, tape in tasks]
    found = kernels.spread(check_word, weights, tasks, sizes, plain=True)
    right, wrong = sum((f[0] for f in found), Fraction(0)), sum((f[1] for f in found), Fraction(0))
    good, bad = sum(f[2] for f in found), sum(f[3] for f in found)
    pieces = f"{good} boxes are right, {bad} are wrong, in {len(tasks)} orders of the inputs"
    return Proof(right, wrong, tasks, pieces)


def _decimal(value: Fraction) -> str:
    return f"0.{value.numerator * 10**12 // value.denominator:012d}.." if value < 1 else "1"


def start(weights: Weights, order: Order, kernels: Kernels) -> tuple[Rule, Space, Room]:
    """What :mod:`certify.checker.leaves` needs for the boxes of a word."""
    out, second = weights.w_out, order.chain[1]
    margins = [[a - b for a, b in zip(out[second], row, strict=True)] for row in out]
    del margins[second]
    rule, _ = rule_of(weights, [*margins, *([-v for v in row] for row in margins)], kernels)
    space = space_of(rule, GRID, (1 << GRID) - 1, kernels)
    space.maps[:] = kernels.wide([a for row in inputs_map(order) for a in row])
    if "s" not in order.word:  # the maximum, by which all is divided, is the sum of the chain
        for j in order.chain:
            space.chain[j] = 1
        space.chain[len(order.word)] = space.chain[len(order.word) + 1] = 1 << GRID
    return rule, space, room_of(rule, kernels)


def cut_at(a: int, b: int, tail: int) -> int:
    """Where an interval of W is cut: in the middle, or near its lower end."""
    return a + max(1, (b - a) >> 7) if tail else (a + b) >> 1


def check_word(kernels: Kernels, more: More, weights: Weights, task: tuple[Order, bytes]) -> Found:
    """Walk one tape; what it proves.

    Raises:
        Rejected: it is no tree, or a leaf does not hold.
    """
    order, nodes = task
    word, n = order.word, len(order.word)
    rule, space, room = start(weights, order, kernels)
    entered, holds = kernels.function(enter), kernels.function(leaf)
    boxes, volumes, counts = Boxes(order), {True: 0, False: 0}, {True: 0, False: 0}
    stack = [([0] * n, [W_ONE] * n, W_ONE**n, unknown(rule, kernels))]
    at = passed = 0
    while stack:
        w_lo, w_hi, volume, known = stack.pop()
        anew = nodes[at : at + 1] == _BOUND
        at += anew
        if at >= len(nodes):
            raise Rejected(f"{word}: {len(stack) + 1} branches have no leaf")
        node = nodes[at]
        at += 1
        try:
            if anew or node in (RIGHT, WRONG):
                lo, hi = boxes.box(w_lo, w_hi)
                space.lo[:], space.hi[:], known = kernels.wide(lo), kernels.wide(hi), known.copy()
                if not entered(rule, space, known, anew):
                    raise Rejected("the box is too large for 62 bits")
            if node in (RIGHT, WRONG):
                if not holds(rule, space, room, known, node == RIGHT, MOST):
                    said = "right" if node == RIGHT else "wrong"
                    raise Rejected(f"said to be {said}, but that is not proved")
                volumes[node == RIGHT] += volume
                counts[node == RIGHT] += 1
                if sum(counts.values()) % SLICE == 0:
                    more(at - passed)
                    passed = at
            elif node != OPEN:
                position, tail = node & (TAIL - 1), node & TAIL
                if node >= 2 * TAIL or position >= n or w_hi[position] - w_lo[position] < 2:
                    raise Rejected(f"{node} is no kind of node, or cuts what is too thin")
                a, b = w_lo[position], w_hi[position]
                middle, face = cut_at(a, b, tail), volume // (b - a)
                above, below = list(w_lo), list(w_hi)
                above[position] = below[position] = middle
                stack.append((above, w_hi, face * (b - middle), known))
                stack.append((w_lo, below, face * (middle - a), known))
        except Rejected as error:
            raise Rejected(f"{word}, node {at - 1}: {error}") from None
    if at != len(nodes):
        raise Rejected(f"{word}, node {at}: the tape goes on after the tree's end")
    more(at - passed)
    share = order.probability / (1 << (W_BITS * n))
    return volumes[True] * share, volumes[False] * share, counts[True], counts[False]
