from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.mechanism.maxplus import (
    critical_cycle,
    product_eigenvalue,
    sum_eigenvalue,
)
from certify.model import Network
from tests.examples import EXAMPLES, TWO_INTERVALS, Golden

Matrix = list[list[int | None]]


def simple_cycles(matrix: Matrix) -> list[tuple[int, ...]]:
    d = len(matrix)
    found = []
    for size in range(1, d + 1):
        for order in permutations(range(d), size):
            steps = zip(order, (*order[1:], order[0]), strict=True)
            if order[0] == min(order) and all(matrix[i][j] is not None for j, i in steps):
                found.append(order)
    return found


def weights(matrix: Matrix, cycle: tuple[int, ...]) -> list[int]:
    steps = zip(cycle, (*cycle[1:], cycle[0]), strict=True)
    return [value for j, i in steps if (value := matrix[i][j]) is not None]


def matrices(low: int) -> st.SearchStrategy[Matrix]:
    entries = st.none() | st.integers(low, 9)
    return st.integers(1, 4).flatmap(
        lambda d: st.lists(st.lists(entries, min_size=d, max_size=d), min_size=d, max_size=d)
    )


@given(matrices(-9))
def test_sum_is_the_largest_arithmetic_mean_over_all_simple_cycles(matrix: Matrix) -> None:
    cycles = simple_cycles(matrix)
    found = critical_cycle(matrix, multiply=False)
    if not cycles:
        assert found == ()
        return
    means = [Fraction(sum(weights(matrix, c)), len(c)) for c in cycles]
    assert len(weights(matrix, found)) == len(found) == len(set(found))
    assert Fraction(sum(weights(matrix, found)), len(found)) == max(means)


@given(matrices(1))
def test_product_is_the_largest_geometric_mean_over_all_simple_cycles(matrix: Matrix) -> None:
    cycles = simple_cycles(matrix)
    found = critical_cycle(matrix, multiply=True)
    if not cycles:
        assert found == ()
        return
    power = 12  # divisible by every length up to 4
    best = max(prod(weights(matrix, c)) ** (power // len(c)) for c in cycles)
    assert prod(weights(matrix, found)) ** (power // len(found)) == best


def test_an_acyclic_graph_has_no_product_eigenvalue() -> None:
    network = Network(0, (1, 1), ((0, 0), (1, 0)), ((1, 0), (0, 1)))
    assert product_eigenvalue(network) is None
    # With every entry as a weight the graph is complete: the loop of weight 0 is a cycle.
    assert sum_eigenvalue(network).mean == 0.5


def test_excitatory_cycles_use_positive_weights_alone() -> None:
    network = Network(0, (1, 1), ((-9, 2), (2, 1)), ((1, 0), (0, 1)))
    both, excitatory = product_eigenvalue(network), product_eigenvalue(network, excitatory=True)
    assert both is not None
    assert both.cycle == (0,)
    assert excitatory is not None
    assert set(excitatory.cycle) == {0, 1}
    assert excitatory.mean == 2


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_scaling_by_a_power_of_two_scales_the_eigenvalues(example) -> None:  # type: ignore[no-untyped-def]
    network = example.network
    finer = Network(network.shift + 3, *(w for w in (network.w_ih, network.w_hh, network.w_out)))
    assert sum_eigenvalue(finer).total * 8 == sum_eigenvalue(network).total


def test_json_holds_the_exact_total() -> None:
    found = sum_eigenvalue(TWO_INTERVALS)
    assert Fraction(str(found.to_json()["sum"])) == found.total


def test_golden_cycle(golden: Golden, golden_network: Network) -> None:
    assert sum_eigenvalue(golden_network).cycle == golden.cycle
    assert round(sum_eigenvalue(golden_network).mean, 4) == golden.cycle_mean
