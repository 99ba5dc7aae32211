"""Whether a drawn cell lies in the boxes that a proof of the accuracy proves, or outside of them.

The boxes are boxes of W in an order word (:mod:`certify.checker.boxes`, ``docs/accuracy.md``). A
cell of inputs has one word, by comparisons of integers, and the W of its inputs are enclosed by
evaluating the formulas that define them: ``W_1 = G_1(v_1) / G_1(1)``, ``W_i = G_i(v_i) /
G_i(v_(i-1))`` along the chain, ``W_j = U_j / u_i`` for what lies below. So the tree of the word is
followed from its root by comparing one W with one multiple of ``2**-W_BITS`` a node. Where an
enclosure holds such a multiple, the cell may lie on either side: it is of neither part for certain.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

from certify.checker.boxes import BOUND, OPEN, TAIL, cut_at
from certify.checker.corners import BITS, ONE, W_BITS, W_ONE, Interval, distribution
from certify.checker.drawing import WORD
from certify.checker.orders import Order

OUTSIDE, INSIDE, UNCLEAR = 0, 1, 2
CELL = 1 << (BITS - 64)  #: the width of a cell


class Strata:
    """The proved boxes of the words in ``tasks``: their orders and tapes, accepted before."""

    def __init__(self, tasks: Iterable[tuple[Order, bytes]]) -> None:
        self.trees = {}
        for order, nodes in tasks:
            tape = nodes.replace(bytes([BOUND]), b"")
            self.trees[order.word] = (order, tape, _upper_parts(tape))

    def place(self, cell: Sequence[int]) -> int:
        """``INSIDE`` a proved box, ``OUTSIDE`` of all, or ``UNCLEAR``, for a cell of two words a
        number.
        """
        x = [cell[t] * WORD + cell[t + 1] for t in range(0, len(cell), 2)]
        if len(set(x)) < len(x):
            return UNCLEAR
        found = self.trees.get(word_of(x))
        if found is None:
            return OUTSIDE
        order, tape, upper = found
        lo, hi = [0] * len(x), [W_ONE] * len(x)
        known: dict[int, Interval] = {}
        at = 0
        while (node := tape[at]) < 2 * TAIL:
            if not upper[at]:
                return OUTSIDE
            position = node & (TAIL - 1)
            if position not in known:
                known[position] = uniform_of(order, x, position)
            least, most = known[position]
            cut = cut_at(lo[position], hi[position], node & TAIL)
            if most <= cut << (BITS - W_BITS):
                hi[position] = cut
                at += 1
            elif least >= cut << (BITS - W_BITS):
                lo[position] = cut
                at = upper[at]
            else:
                return UNCLEAR
        return OUTSIDE if node == OPEN else INSIDE


def _upper_parts(tape: bytes) -> Sequence[int]:
    """For each cut of a tape where its upper part begins; 0 where nothing in it is proved."""
    upper = array("I", bytes(4 * len(tape)))
    above: list[tuple[int, int, bool]] = []  # a cut, where its upper part begins or 0, any proof
    for at, node in enumerate(tape):
        if node < 2 * TAIL:
            above.append((at, 0, False))
            continue
        proved = node != OPEN
        while above:
            cut, begins, before = above.pop()
            proved = proved or before
            if not begins:
                above.append((cut, at + 1, proved))
                break
            upper[cut] = begins if proved else 0
    return upper


def word_of(x: Sequence[int]) -> str:
    """The order word of inputs, all different; those of 0 and more are positive."""
    if sum(v >= 0 for v in x) > 1:
        word, largest, second = "", -1, -1
        for v in x:
            word += "n" if v > largest else "b" if v > second else "d"
            largest, second = max(largest, v), max(min(largest, v), second)
        return word
    first, other = sorted(range(len(x)), key=lambda t: -x[t])[:2]
    letters = {first: "n" if x[first] >= 0 else "t", other: "s"}
    return "".join(letters.get(t, "d") for t in range(len(x)))


def uniform_of(order: Order, x: Sequence[int], j: int) -> Interval:
    """Enclose W of position j, in units of ``2**-BITS``."""
    if j not in order.chain:
        parent = order.parent[j]
        own, other = _below(order, x[j]), (ONE, ONE)
        if parent >= 0:
            other = _below(order, x[order.chain[parent]])
        return _quotient(own, other)
    i = order.chain.index(j)
    top = _v(order, x[order.chain[i - 1]]) if i and not order.split else (ONE, ONE)
    own = _v(order, x[j])
    level = order.levels[i]
    return _quotient(
        (_value(level, own[0]), _value(level, own[1])),
        (_value(level, top[0]), _value(level, top[1])),
    )


def _v(order: Order, x: int) -> Interval:
    """``2 Phi(x) - 1`` of a positive input, ``2 Phi(x)`` of another; uniform inputs are their V."""
    if order.uniform:
        return x * CELL, (x + 1) * CELL
    least, most = distribution((x if x >= 0 else -x - 1) * CELL)
    most += CELL  # V grows by less than its argument
    return (max(least, 0), most) if x >= 0 else (max(ONE - most, 0), ONE - least)


def _below(order: Order, x: int) -> Interval:
    """U up to a factor that both sides of a quotient share: twice ``Phi(x)``."""
    least, most = _v(order, x)
    return (least, most) if order.uniform or x < 0 else (ONE + least, ONE + most)


def _value(level: Sequence[int], v: int) -> int:
    """The polynomial G times a power of two that depends on its degree alone."""
    total, scale = 0, 1
    for c in reversed(level):
        total = total * v + c * scale
        scale <<= BITS
    return total


def _quotient(own: Interval, other: Interval) -> Interval:
    if other[0] <= 0:
        return 0, ONE
    return (own[0] << BITS) // other[1], -((-own[1] << BITS) // other[0])
