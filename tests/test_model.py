from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.claims import all_pairs, impulses
from certify.errors import ModelFileError
from certify.model import Network
from certify.testing import networks, pairs, ratios
from tests.examples import EXAMPLES, HANDCRAFTED, Example, Golden, brute_force_right


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_pairs_right_at_the_nominal_ratio(example: Example) -> None:
    n = example.network.seq_len
    right = [example.network.is_right(impulses(pair, Fraction(4, 5), n)) for pair in all_pairs(n)]
    assert sum(right) == example.right_at_nominal


@given(networks(), ratios(), st.data())
def test_choice_agrees_with_the_definition(
    network: Network, ratio: Fraction, data: st.DataObject
) -> None:
    pair = data.draw(pairs(network.seq_len))
    chosen = network.choice(impulses(pair, ratio, network.seq_len))
    assert (chosen == pair.second) == brute_force_right(network, *pair, ratio)


@given(networks(), st.data())
def test_float_twin_agrees_where_floats_are_exact(network: Network, data: st.DataObject) -> None:
    n = network.seq_len
    x = data.draw(st.lists(st.integers(-8, 8), min_size=n, max_size=n))
    exact = [float(v) for v in network.logits(x)]
    np.testing.assert_array_equal(network.floats.logits([x])[0], exact)
    states = [[float(v) for v in h] for h in network.states(x)]
    np.testing.assert_array_equal(network.floats.states([x])[0], states)


@given(networks(), st.data(), st.fractions(Fraction(1, 9), 9, max_denominator=20))
def test_positive_homogeneity(network: Network, data: st.DataObject, scale: Fraction) -> None:
    n = network.seq_len
    x = data.draw(st.lists(st.integers(-8, 8), min_size=n, max_size=n))
    assert network.logits([scale * v for v in x]) == [scale * v for v in network.logits(x)]


def test_ties_are_never_right() -> None:
    assert not HANDCRAFTED.is_right([1, 1])
    assert HANDCRAFTED.choice([0, 0]) is None
    three = EXAMPLES[-1].network
    assert not three.is_right([2, 1, 1])


def test_from_arrays_takes_the_smallest_power_of_two() -> None:
    network = Network.from_arrays(
        [[0.5], [0.75]], [[0.0, 0.125], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]
    )
    assert network.shift == 3
    assert network.w_ih == (4, 6)
    assert network.parameters == 2 + 4 + 4


def test_hash_is_that_of_the_values() -> None:
    doubled = Network(
        HANDCRAFTED.shift + 1,
        tuple(2 * v for v in HANDCRAFTED.w_ih),
        tuple(tuple(2 * v for v in row) for row in HANDCRAFTED.w_hh),
        tuple(tuple(2 * v for v in row) for row in HANDCRAFTED.w_out),
        "elsewhere",
    )
    assert doubled.sha256 == HANDCRAFTED.sha256
    assert len({e.network.sha256 for e in EXAMPLES}) == len(EXAMPLES)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (([1.0], [[1.0, 0.0]], [[1.0], [1.0]]), "W_hh"),
        (([1.0], [[1.0]], [[1.0]]), "n >= 2"),
        (([1.0], [[float("nan")]], [[1.0], [1.0]]), "W_hh holds NaN"),
        (([float("inf")], [[1.0]], [[1.0], [1.0]]), "W_ih holds NaN or infinity"),
        (([[1.0, 2.0]], [[1.0]], [[1.0], [1.0]]), "W_ih has shape"),
    ],
)
def test_shapes_and_values_that_are_no_network(arrays: tuple[Any, Any, Any], message: str) -> None:
    with pytest.raises(ModelFileError, match=message):
        Network.from_arrays(*arrays)


def test_input_of_wrong_length() -> None:
    with pytest.raises(ValueError, match="length 3, expected 2"):
        HANDCRAFTED.logits([1, 2, 3])


def test_golden_accuracy_of_impulses(golden: Golden, golden_network: Network) -> None:
    right = tuple(
        sum(
            golden_network.choice(impulses(pair, Fraction(text), 10)) == pair.second
            for pair in all_pairs(10)
        )
        for text in ("0.8", "0.4", "0.2", "0.1", "0.05", "0.01")
    )
    assert right == golden.right_at
    assert golden_network.parameters == 432
    assert golden_network.shift == golden.shift
    assert golden.worst in all_pairs(10)


@given(networks(), st.data())
def test_a_run_says_what_its_cell_does(network: Network, data: st.DataObject) -> None:
    n = network.seq_len
    x = data.draw(st.lists(st.fractions(-2, 2, max_denominator=9), min_size=n, max_size=n))
    run = network.run(x)
    assert list(run.logits) == network.logits(x)
    assert list(map(list, run.states)) == list(network.states(x))
    assert [sum(a * v for a, v in zip(row, x, strict=True)) for row in run.cell_map] == list(
        run.logits
    )
    assert run.is_right == network.is_right(x)
    for on, state in zip(run.cells, run.states, strict=True):
        assert on == tuple(i for i, h in enumerate(state) if h)
    if run.is_right:
        assert run.margins is not None
        assert sorted(run.margins)[0] == 0 < sorted(run.margins)[1]


def test_formulas_are_those_of_the_cell() -> None:
    run = HANDCRAFTED.run([1, "4/5"])
    assert [str(f) for f in run.formulas()] == ["-x0 + x1", "x0 - x1"]
    assert str(run.formulas(3)[1]) in ("1.0*x0 - 1.0*x1", "x0 - x1")
    assert len(repr(run)) < 80
    assert len(repr(HANDCRAFTED)) < 100
