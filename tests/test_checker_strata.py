"""Where a drawn cell lies: held against the boxes of inputs, and against exact probabilities."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import numpy as np
import pytest

from certify.checker.boxes import BOUND, OPEN, RIGHT, TAIL, WRONG, cut_at
from certify.checker.corners import BITS, GRID, W_BITS, W_ONE, Boxes
from certify.checker.drawing import WORD
from certify.checker.errors import Rejected
from certify.checker.orders import Order, inputs_map, order_of
from certify.checker.strata import INSIDE, OUTSIDE, UNCLEAR, Strata, uniform_of, word_of
from tests.test_checker_statistical import drawn

Law = Literal["gaussian", "uniform"]


def corners(cell: list[int]) -> list[int]:
    return [cell[t] * WORD + cell[t + 1] for t in range(0, len(cell), 2)]


def around(order: Order, x: list[int], bits: int) -> tuple[list[int], list[int]]:
    """A box of W with sides of ``2**-bits`` that holds inputs."""
    side = W_ONE >> bits
    at = [uniform_of(order, x, j)[0] >> (BITS - W_BITS) for j in range(len(x))]
    return [w // side * side for w in at], [(w // side + 1) * side for w in at]


@pytest.mark.parametrize("inputs", ["gaussian", "uniform"])
@pytest.mark.parametrize("n", [2, 3, 5, 8])
def test_w_of_inputs_lies_in_boxes_whose_inputs_hold_them(inputs: Law, n: int) -> None:
    looked = 0
    for cell in drawn(b"strata", 300, n, normal=inputs == "gaussian"):
        x = corners(cell)
        order = order_of(word_of(x), n, inputs == "uniform")
        box = around(order, x, 5)
        try:
            lo, hi = Boxes(order).box(*box)
        except Rejected:  # unbounded, or too far
            continue
        looked += 1
        scale = max(x) if order.gauged else WORD**2
        rows = np.array(inputs_map(order), dtype=float)
        coordinates = np.linalg.solve(rows, np.array(x, dtype=float) / scale) * 2.0**GRID
        assert (np.array(lo) - 0.7 <= coordinates).all(), (order.word, box)
        assert (coordinates <= np.array(hi) + 0.7).all(), (order.word, box)
    assert looked > 100


@pytest.mark.parametrize("inputs", ["gaussian", "uniform"])
def test_w_are_uniform_and_independent_of_the_word(inputs: Law) -> None:
    from scipy.stats import kstest

    w = []
    for cell in drawn(b"law of W", 2500, 4, normal=inputs == "gaussian"):
        x = corners(cell)
        order = order_of(word_of(x), 4, inputs == "uniform")
        found = [uniform_of(order, x, j) for j in range(4)]
        assert all(0 <= b - a < 1 << 40 for a, b in found)
        w.append([a / 2**BITS for a, _ in found])
    values = np.array(w)
    assert min(kstest(values[:, j], "uniform").pvalue for j in range(4)) > 1e-3
    assert abs(np.corrcoef(values.T) - np.eye(4)).max() < 0.08


def tree(order: Order, rng: np.random.Generator, depth: int) -> tuple[bytes, Fraction]:
    """A random tree with leaves of every kind, and the probability of its proved boxes."""
    n = len(order.word)

    def grow(lo: list[int], hi: list[int], depth: int) -> tuple[bytes, Fraction]:
        if depth == 0 or rng.random() < 0.1:
            volume = Fraction(1)
            for a, b in zip(lo, hi, strict=True):
                volume *= Fraction(b - a, W_ONE)
            kind = int(rng.choice([RIGHT, WRONG, OPEN, OPEN]))
            return bytes([BOUND] * int(rng.integers(2)) + [kind]), volume * (kind != OPEN)
        position, tail = int(rng.integers(n)), int(rng.integers(2)) * TAIL
        middle = cut_at(lo[position], hi[position], tail)
        below, above = list(hi), list(lo)
        below[position] = above[position] = middle
        first, one = grow(lo, below, depth - 1)
        second, two = grow(above, hi, depth - 1)
        return bytes([BOUND] * int(rng.integers(2)) + [position + tail]) + first + second, one + two

    tape, share = grow([0] * n, [W_ONE] * n, depth)
    return tape, share * order.probability


@pytest.mark.parametrize("inputs", ["gaussian", "uniform"])
def test_as_many_inputs_lie_inside_as_should(inputs: Law) -> None:
    rng = np.random.default_rng(4)
    cells = drawn(b"share", 4000, 4, normal=inputs == "gaussian")
    words = sorted({word_of(corners(cell)) for cell in cells})
    orders = [order_of(word, 4, inputs == "uniform") for word in words]
    trees = [tree(order, rng, 7) for order in orders]
    strata = Strata([(order, tape) for order, (tape, _) in zip(orders, trees, strict=True)])
    p = float(sum((share for _, share in trees), Fraction(0)))
    assert 0.2 < p < 0.8
    found = [strata.place(cell) for cell in cells]
    assert UNCLEAR not in found
    assert abs(found.count(INSIDE) / 4000 - p) < 4 * (p * (1 - p) / 4000) ** 0.5


def test_words_without_a_proof_and_ties() -> None:
    order = order_of("nb", 2, uniform=True)
    strata = Strata([(order, bytes([RIGHT]))])
    assert strata.place([5, 0, 4, 0]) == INSIDE
    assert strata.place([4, 0, 5, 0]) == OUTSIDE
    assert strata.place([4, 7, 4, 7]) == UNCLEAR
    assert Strata([(order, bytes([OPEN]))]).place([5, 0, 4, 0]) == OUTSIDE


def test_a_cell_on_a_cut_is_unclear_where_anything_is_proved_beyond() -> None:
    order = order_of("nb", 2, uniform=True)
    cell = [WORD // 2, 0, WORD // 4, 0]  # W of the second is 1/2, up to the width of the cells
    for leaves, place in (([RIGHT, OPEN], UNCLEAR), ([OPEN, OPEN], OUTSIDE)):
        assert Strata([(order, bytes([1, *leaves]))]).place(cell) == place
    assert Strata([(order, bytes([1, RIGHT, OPEN]))]).place([WORD // 2, 0, 9, 0]) == INSIDE
    assert Strata([(order, bytes([1, RIGHT, OPEN]))]).place([9, 0, 8, 0]) == OUTSIDE


@pytest.mark.parametrize(
    ("x", "word"),
    [
        ([3, 2, 1], "nbd"), ([1, 2, 3], "nnn"), ([-1, 2, 1], "dnb"), ([2, -1, 1], "ndb"),
        ([2, -1, -3], "nsd"), ([-4, 0, -3], "dns"), ([-2, -1, -3], "std"),
    ],
)  # fmt: skip
def test_words(x: list[int], word: str) -> None:
    assert word_of(x) == word
    order_of(word, 3, uniform=False)
