from __future__ import annotations

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.checker.corners import Boxes
from certify.checker.orders import inputs_map, order_of
from certify.model import FloatArray
from certify.probability.boxes.order_words import NONE, forest, words
from certify.probability.boxes.quantiles import (
    GRID,
    OK,
    W_ONE,
    WORK_ROWS,
    as_arrays,
    box_of,
    quantile_table,
)


def word_of(x: FloatArray) -> str:
    """The order word of an input, from its definition."""
    if (x > 0).sum() < 2:
        first, second = np.argsort(-x)[:2]
        top = "n" if x[first] > 0 else "t"
        return "".join(top if i == first else "s" if i == second else "d" for i in range(len(x)))
    largest = running = 0.0
    word = ""
    for value in x:
        if value > largest:
            word, running, largest = word + "n", largest, value
        elif value > running:
            word, running = word + "b", value
        else:
            word += "d"
    return word


@pytest.mark.parametrize("inputs", ["gaussian", "uniform"])
@pytest.mark.parametrize("n", [2, 3, 5, 7])
def test_probabilities_of_all_words_sum_to_one(n: int, inputs: str) -> None:
    found = list(words(n, inputs))
    assert len(set(found)) == len(found)
    assert sum((forest(word, inputs).probability for word in found), Fraction(0)) == 1


@pytest.mark.parametrize("inputs", ["gaussian", "uniform"])
def test_words_occur_as_often_as_they_should(inputs: str) -> None:
    rng = np.random.default_rng(8)
    count, n = 40_000, 4
    x = rng.normal(size=(count, n)) if inputs == "gaussian" else rng.random((count, n))
    seen = Counter(word_of(row) for row in x)
    known = {word: float(forest(word, inputs).probability) for word in words(n, inputs)}
    assert set(seen) <= set(known)
    for word, p in known.items():
        assert abs(seen[word] / count - p) < 5 * (p / count) ** 0.5


@st.composite
def boxes(draw: st.DrawFn) -> tuple[str, str, list[int], list[int]]:
    inputs = draw(st.sampled_from(["gaussian", "uniform"]))
    n = draw(st.sampled_from([2, 3, 4, 6]))
    word = draw(st.sampled_from(list(words(n, inputs))))
    lo, hi = [0] * n, [W_ONE] * n
    for j in range(n):
        for side, tail in draw(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=8)):
            middle = lo[j] + max(1, (hi[j] - lo[j]) >> (7 if tail else 1))
            if hi[j] - lo[j] >= 2:
                lo[j], hi[j] = (middle, hi[j]) if side else (lo[j], middle)
    return inputs, word, lo, hi


@given(case=boxes())
def test_prover_and_checker_have_the_very_same_box(
    case: tuple[str, str, list[int], list[int]],
) -> None:
    inputs, word, w_lo, w_hi = case
    n, tree = len(word), forest(word, inputs)
    order = order_of(word, n, inputs == "uniform")
    assert (order.chain, order.parent) == (tree.chain, tree.parent)
    assert order.probability == tree.probability
    assert inputs_map(order) == tree.A.astype(int).tolist()
    arrays = as_arrays([tree])
    lo, hi = np.empty(n), np.empty(n)
    status = box_of(
        tree.kind, inputs == "uniform", np.array(tree.chain), arrays.parent[0], arrays.levels[0],
        np.array(w_lo), np.array(w_hi), quantile_table(), np.empty((WORK_ROWS, n)), lo, hi,
    )  # fmt: skip
    if status == OK:
        assert Boxes(order).box(w_lo, w_hi) == (
            [int(v) for v in lo * 2**GRID],
            [int(v) for v in hi * 2**GRID],
        )


@pytest.mark.parametrize("word", ["nnd", "nbn", "nsd", "tsd", "dns", "dst", "ndn"])
def test_inputs_of_a_word_lie_in_the_boxes_that_tile_it(word: str) -> None:
    """Cut W into 4^3 boxes: every input falls into a box, near enough to its share of them."""
    rng = np.random.default_rng(1)
    tree = forest(word, "gaussian")
    x = rng.normal(size=(60_000, 3))
    x = x[[word_of(row) == word for row in x]][:400]
    z = np.linalg.solve(tree.A, x.T).T
    if tree.kind != NONE:
        z = z / x.max(axis=1, keepdims=True)
    arrays, ends = as_arrays([tree]), [800, W_ONE // 4, W_ONE // 2, 3 * W_ONE // 4, W_ONE]
    found = np.zeros(len(z), dtype=int)
    for cell in np.ndindex(4, 4, 4):
        lo, hi = np.empty(3), np.empty(3)
        status = box_of(
            tree.kind, False, np.array(tree.chain), arrays.parent[0], arrays.levels[0],
            np.array([ends[i] for i in cell]), np.array([ends[i + 1] for i in cell]),
            quantile_table(), np.empty((WORK_ROWS, 3)), lo, hi,
        )  # fmt: skip
        assert status == OK
        found += ((z >= lo - 1e-9) & (z <= hi + 1e-9)).all(axis=1)
    assert (found == 0).mean() < 0.2  # the tails below 800 / 2^14, in each of three coordinates
