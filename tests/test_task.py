from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from certify.claims import Pair
from certify.task import SECOND_ARGMAX


@given(st.lists(st.integers(-3, 3), min_size=2, max_size=6), st.data())
def test_what_is_right(x: list[int], data: st.DataObject) -> None:
    logits = data.draw(st.lists(st.integers(-2, 2), min_size=len(x), max_size=len(x)))
    ranked = sorted(x, reverse=True)
    tied = x.count(ranked[0]) > 1 or x.count(ranked[1]) > 1
    target = SECOND_ARGMAX.target(x)
    assert target == (None if tied else x.index(ranked[1]))
    alone = logits.count(max(logits)) == 1
    right = not tied and alone and logits.index(max(logits)) == target
    assert SECOND_ARGMAX.is_right(x, logits) == right
    positions, ties = SECOND_ARGMAX.targets(np.array([x], dtype=float))
    assert bool(ties[0]) == tied
    assert tied or positions[0] == target


def test_families_of_inputs() -> None:
    pair = Pair(2, 0)
    assert SECOND_ARGMAX.impulses(pair, Fraction(1, 2), 3) == [Fraction(1, 2), 0, 1]
    assert SECOND_ARGMAX.noise_box(pair, Fraction(1, 2), Fraction(2, 3), Fraction(1, 9), 3) == [
        (Fraction(1, 2), Fraction(2, 3)),
        (Fraction(-1, 9), Fraction(1, 9)),
        (Fraction(1), Fraction(1)),
    ]
