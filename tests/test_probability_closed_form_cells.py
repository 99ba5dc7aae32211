from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from math import gcd

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.model import Network
from certify.probability.closed_form.cells import Leaf, chambers, enumerate_cells
from certify.probability.closed_form.solid_angles import uniform_share
from tests.examples import HANDCRAFTED


def _network(d: int, n: int, entries: list[int]) -> Network:
    """Small integer weights: many zero rows, ties and kinks on rays."""
    rows = [entries[i : i + d] for i in range(0, len(entries), d)]
    return Network(
        1, tuple(rows[0]), tuple(map(tuple, rows[1 : d + 1])), tuple(map(tuple, rows[d + 1 :]))
    )


@st.composite
def tiny(draw: st.DrawFn) -> Network:
    d, n = draw(st.integers(1, 3)), draw(st.integers(2, 3))
    size = d * (1 + d + n)
    entries = draw(st.lists(st.integers(-3, 3), min_size=size, max_size=size))
    return _network(d, n, entries)


def _inside(leaf: Leaf, shares: list[int]) -> list[Fraction]:
    """A point in the interior of a leaf."""
    sizes = [max(map(abs, ray)) for ray in leaf.rays]
    return [
        sum(
            (
                Fraction(w * ray[i], size)
                for w, ray, size in zip(shares, leaf.rays, sizes, strict=True)
            ),
            Fraction(0),
        )
        for i in range(len(leaf.rays))
    ]


@pytest.mark.parametrize("n", [2, 3, 4])
def test_chambers_are_all_orders_of_the_inputs_and_zero(n: int) -> None:
    found = list(chambers(n))
    assert len(found) == (n + 1) * len(list(permutations(range(n))))
    for chamber in found:
        x = [sum(ray[i] for ray in chamber.rays) for i in range(n)]
        ordered = [x[i] for i in chamber.order]
        assert ordered == sorted(x, reverse=True)
        assert sum(v > 0 for v in x) == chamber.above
        assert len(set(x)) == n
        assert 0 not in x
    assert uniform_share(c.rays for c in chambers(n, positive=True)) == 1


@settings(max_examples=60)
@given(network=tiny(), shares=st.lists(st.integers(1, 50), min_size=3, max_size=3))
def test_leaves_have_one_pattern_and_the_true_verdict(network: Network, shares: list[int]) -> None:
    for tree in enumerate_cells(network):
        for leaf in tree.leaves:
            x = _inside(leaf, shares[: network.seq_len])
            assert network.is_right(x) == leaf.right
            states = list(network.states(x))
            assert [sum((v > 0) << i for i, v in enumerate(h)) for h in states] == list(
                leaf.pattern
            )
            assert all(gcd(*ray) == 1 for ray in leaf.rays)


@settings(max_examples=40)
@given(network=tiny())
def test_leaves_tile_the_cube(network: Network) -> None:
    leaves = [leaf for tree in enumerate_cells(network, positive=True) for leaf in tree.leaves]
    assert uniform_share(leaf.rays for leaf in leaves) == 1


def test_handcrafted_is_right_everywhere_in_four_cells() -> None:
    leaves = [leaf for tree in enumerate_cells(HANDCRAFTED) for leaf in tree.leaves]
    assert all(leaf.right for leaf in leaves)
    assert len({leaf.pattern for leaf in leaves}) == 4


def test_a_network_of_zeros_is_nowhere_right() -> None:
    network = _network(2, 3, [0] * 12)
    assert not any(leaf.right for tree in enumerate_cells(network) for leaf in tree.leaves)


def test_random_inputs_fall_into_the_verdict_of_their_cone() -> None:
    rng = np.random.default_rng(3)
    network = Network.from_arrays(
        rng.normal(size=4).astype(np.float32),
        rng.normal(size=(4, 4)).astype(np.float32),
        rng.normal(size=(3, 4)).astype(np.float32),
    )
    leaves = [leaf for tree in enumerate_cells(network) for leaf in tree.leaves]
    inverse = np.linalg.inv(
        np.array([[[v / max(map(abs, ray)) for v in ray] for ray in leaf.rays] for leaf in leaves])
    )
    for x in rng.normal(size=(200, 3)):
        inside = (x @ inverse > 0).all(axis=1)
        assert inside.sum() == 1
        exact = [Fraction(float(v)) for v in x]
        assert network.is_right(exact) == leaves[int(inside.argmax())].right
