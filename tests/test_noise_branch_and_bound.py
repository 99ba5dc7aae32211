"""Histories cover the noise box, and the search closes it or says where it is wrong."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.claims import Pair, RatioRange
from certify.model import Network
from certify.noise.branch_and_bound import CANDIDATE, DONE, HISTORY, PAUSED, PROVED, Search, tighten
from certify.noise.histories import ceil_grid, choices, family, floor_grid

RANGE = RatioRange(Fraction(7, 10), Fraction(9, 10))
EPS = Fraction(1, 10)


def histories(pair: Pair, length: int) -> list[str]:
    words = [""]
    for _ in range(length):
        words = [w + c for w in words for c in choices(pair, w)]
    return words


def letters_of(x: list[float], length: int) -> set[str]:
    """All words that describe the first inputs; ties have several."""
    words = {("", (0.0, 0.0))}
    for value in x[:length]:
        longer = set()
        for word, (second, most) in words:
            if value >= most:
                longer.add((word + "n", (most, value)))
            if second <= value <= most and "n" in word:
                longer.add((word + "b", (value, most)))
            if value <= second:
                longer.add((word + "d", (second, most)))
        words = longer
    return {word for word, _ in words}


def test_the_number_of_histories() -> None:
    for f in range(6):
        assert len(histories(Pair(8, 9), f)) == (3**f + 1) // 2
    assert choices(Pair(2, 5), "nd") == ""


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([-0.1, -0.05, 0.0, 0.05, 0.1]), min_size=4, max_size=4))
def test_every_input_lies_in_the_box_of_its_history(values: list[float]) -> None:
    pair = Pair(4, 5)
    x = [*values, 1.0, 0.8]
    words = letters_of(x, 4)
    assert words
    assert words <= set(histories(pair, 4))
    for word in words:
        made = family(6, pair, RANGE, EPS, word)
        y = np.linalg.solve(made.A[[0, 1, 2, 3, 5]], np.array([*values, 0.8]))
        assert (made.lo - 1e-12 <= y).all()
        assert (y <= made.hi + 1e-12).all()
        lo, hi = made.lo.copy(), made.hi.copy()
        x_lo, x_hi = np.full(6, -0.1 - 1e-12), np.full(6, 0.1 + 1e-12)
        x_lo[4], x_hi[4], x_lo[5], x_hi[5] = 1, 1, 0.7, 0.9
        assert tighten(made.A, made.b, x_lo, x_hi, lo, hi)
        assert (lo - 1e-11 <= y).all()
        assert (y <= hi + 1e-11).all()


def test_no_history_of_the_pair() -> None:
    for word in ("b", "nb", "ndd"):
        with pytest.raises(ValueError, match="no history"):
            family(4, Pair(1, 2) if len(word) == 2 else Pair(2, 3), RANGE, EPS, word)


def test_the_grid_rounds_outward() -> None:
    for value in (Fraction(4, 5), Fraction(-1, 3), Fraction(3)):
        assert Fraction(floor_grid(value)) <= value <= Fraction(ceil_grid(value))
        assert Fraction(ceil_grid(value)) - Fraction(floor_grid(value)) <= Fraction(1, 2**40)


def runs(network: Network, pair: Pair, eps: Fraction) -> tuple[Search, int]:
    search = Search(network, pair, RatioRange(Fraction(4, 5), Fraction(4, 5)), eps)
    return search, search.run(20000)


def test_the_handcrafted_model_is_proved_and_its_swap_is_wrong() -> None:
    right = Network.from_arrays([1, -1], [[-1, 1], [1, -1]], [[1, -1], [-1, 1]])
    wrong = Network.from_arrays([1, -1], [[-1, 1], [1, -1]], [[-1, 1], [1, -1]])
    for pair in (Pair(0, 1), Pair(1, 0)):
        search, why = runs(right, pair, Fraction(1, 10))
        assert why == DONE
        assert search.share == pytest.approx(1)
        assert search.least > 0
        _, why = runs(wrong, pair, Fraction(1, 10))
        assert why == CANDIDATE


def test_stopping_and_going_on_gives_the_same_tape() -> None:
    rng = np.random.default_rng(3)
    network = Network.from_arrays(
        rng.normal(size=4), rng.normal(size=(4, 4)) * 0.5, rng.normal(size=(4, 4))
    )
    for pair in (Pair(*p) for p in product(range(4), repeat=2) if p[0] != p[1]):
        eps = Fraction(1, 50)
        whole, why = runs(network, pair, eps)
        parts = Search(network, pair, RatioRange(Fraction(4, 5), Fraction(4, 5)), eps)
        while (again := parts.run(1)) == PAUSED:
            pass
        assert again == why
        assert whole.tape.startswith(parts.tape)
        if why == DONE:
            assert (whole.tape, whole.steps) == (parts.tape, parts.steps)
            inner = sum(op != PROVED and op <= HISTORY for op in whole.tape)
            assert inner == 0 or len(whole.tape) > inner
