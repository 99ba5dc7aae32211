"""Histories cover the noise box, and the search closes it or says where it is wrong."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.checker import tree
from certify.checker.noise import GRID, start
from certify.checker.running import BARE
from certify.checker.tree import BELOW, BETWEEN, HISTORY, NEW
from certify.claims import Pair, RatioRange
from certify.model import Network
from certify.noise.branch_and_bound import CANDIDATE, DONE, PAUSED, Search
from certify.reading.weights import read_network
from tests.examples import MODELS

EPS = Fraction(1, 8)
PLAIN = Network.from_arrays([1.0], [[0.0]], [[float(j)] for j in range(6)])


Places = tuple[list[int], list[int], list[int], list[int]]


def histories(length: int) -> dict[tuple[int, ...], list[Places]]:
    """All histories of the first inputs that the checker's cuts make: maps, boxes, chains."""
    ends = [(-EPS, EPS)] * 6
    ends[4], ends[5] = (Fraction(1),) * 2, (Fraction(7, 10), Fraction(9, 10))
    rule, space, claim, stack, _ = start(PLAIN, 5, ends, Fraction(1), BARE)
    found: dict[tuple[int, ...], list[Places]] = {}
    top = 0
    while top >= 0:
        tree.load(rule, space, claim, stack, top)
        if stack.length[top] < length:
            top, status = tree.cut(rule, space, claim, stack, top, HISTORY)
            assert status == tree.DONE
            continue
        word = tuple(stack.letters[top * 6 : top * 6 + length])
        lo, hi = list(space.lo), list(space.hi)
        assert tree.tighten(space.maps, claim.least, claim.most, lo, hi, 6)
        found.setdefault(word, []).append((list(space.maps), lo, hi, list(space.chain)))
        top -= 1
    return found


def words_of(x: list[Fraction], length: int) -> set[tuple[int, ...]]:
    """All words that describe the first inputs; ties have several."""
    words: set[tuple[tuple[int, ...], tuple[Fraction, Fraction]]]
    words = {((), (Fraction(0), Fraction(0)))}
    for value in x[:length]:
        longer = set()
        for word, (second, most) in words:
            if value >= most:
                longer.add(((*word, NEW), (most, value)))
            if second <= value <= most and NEW in word:
                longer.add(((*word, BETWEEN), (value, most)))
            if value <= second:
                longer.add(((*word, BELOW), (second, most)))
        words = longer
    return {word for word, _ in words}


def test_the_number_of_histories() -> None:
    for f in range(5):
        found = histories(f)
        assert len(found) == (3**f + 1) // 2
        assert all(len(boxes) == 1 for boxes in found.values())


FOUR = histories(4)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([-2, -1, 0, 1, 2]), min_size=4, max_size=4))
def test_every_input_lies_in_the_box_of_its_history(values: list[int]) -> None:
    x = [*(Fraction(v, 16) for v in values), Fraction(1), Fraction(4, 5)]
    words = words_of(x, 4)
    assert words
    assert words <= set(FOUR)
    for word in words:
        ((maps, lo, hi, chain),) = FOUR[word]
        y = np.linalg.solve(np.reshape(maps, (6, 6)), np.array(x, dtype=float)) * 2**GRID
        assert (np.array(lo) - 1e-6 <= y).all()
        assert (y <= np.array(hi) + 1e-6).all()
        assert y @ chain[:6] <= chain[7] + 1e-6
        assert chain[:6] == [int(t < 4 and word[t] != BELOW) for t in range(6)]


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
        assert search.least is not None
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
            assert whole.tape == parts.tape


def test_parts_that_are_given_away_make_the_same_tape() -> None:
    given, network = 0, read_network(MODELS / "m8_4.pt")
    for pair in network.task.pairs(4):
        whole, why = runs(network, pair, Fraction(1, 5))
        if why != DONE:
            continue
        parts = [Search(network, pair, whole.ratio, whole.eps)]
        for part in parts:
            while part.run(1) == PAUSED:
                if part.open > 1:
                    parts.insert(parts.index(part) + 1, part.split())
                    given += 1
            held = part.nbytes
            part.forget()
            assert part.nbytes < held / 10
        assert b"".join(part.tape for part in parts) == whole.tape
        assert sum(part.leaves for part in parts) == whole.leaves
        assert sum(part.share for part in parts) == pytest.approx(1)
        assert min(part.least for part in parts if part.least is not None) == whole.least
    assert given > 3
