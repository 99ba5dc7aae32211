"""The kernels, the points and the cubature: against brute force, closed forms and sampling."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from certify.errors import UsageError
from certify.estimate.cubature import cubature
from certify.estimate.kernels import contiguous, count_right
from certify.estimate.points import sector_points, tree_points
from certify.estimate.sampling import sampling
from certify.estimate.sweep import _look_up, _table, mean_right_mass, ratio_cdf
from certify.estimate.tree import tree
from certify.model import FloatArray, Network
from tests.examples import EXAMPLES, HANDCRAFTED


def random_network(seed: int, d: int, n: int) -> Network:
    generator = np.random.default_rng(seed)
    return Network.from_arrays(
        generator.standard_normal(d),
        generator.standard_normal((d, d)) / math.sqrt(d),
        generator.standard_normal((n, d)),
    )


def right(network: Network, x: FloatArray) -> FloatArray:
    """By the definition, from the float twin."""
    logits = network.floats.logits(x)
    rows = np.arange(len(x))
    second = np.argsort(x, axis=1)[:, -2]
    own = logits[rows, second].copy()
    logits[rows, second] = -np.inf
    return np.asarray(own > logits.max(axis=1), dtype=np.float64)


@given(st.integers(1, 12), st.floats(-20, 20))
def test_ratio_cdf_is_a_scaled_student_t(nu: int, c: float) -> None:
    assert ratio_cdf(c, nu) == pytest.approx(stats.t.cdf(c * math.sqrt(nu), nu), abs=1e-9)


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.integers(1, 9), st.integers(3, 11))
def test_the_sweep_is_the_integral_over_the_last_input(seed: int, d: int, n: int) -> None:
    """Brute force over the last input's ratio to the norm, on a grid of equal probability."""
    network = random_network(seed, d, n)
    prefix = np.random.default_rng(seed + 1).standard_normal(n - 1)
    weights = contiguous(network.floats.w_ih, network.floats.w_hh, network.floats.w_out)
    prefixes = np.tile(prefix[:-1], (1, 1))
    branches = np.full((1, 1), prefix[-1])
    value, _ = mean_right_mass(*weights, *contiguous(prefixes, branches))
    levels = (np.arange(20_000) + 0.5) / 20_000
    z = stats.t.ppf(levels, n - 1) / math.sqrt(n - 1) * np.linalg.norm(prefix)
    x = np.column_stack([np.tile(prefix, (len(z), 1)), z])
    assert value == pytest.approx(right(network, x).mean(), abs=5e-4)


@pytest.mark.parametrize(
    ("d", "n", "samples"), [(3, 2, 1000), (5, 7, 255), (16, 10, 257), (1, 3, 1)]
)
def test_counting_right_is_the_definition(d: int, n: int, samples: int) -> None:
    network = random_network(d, d, n)
    x = np.random.default_rng(0).standard_normal((samples, n))
    w = network.floats
    assert count_right(*contiguous(w.w_ih, w.w_hh, w.w_out, x)) == right(network, x).sum()


def test_a_handcrafted_model_that_is_always_right_gets_one() -> None:
    assert cubature(HANDCRAFTED).value == pytest.approx(1, abs=2e-4)
    assert tree(HANDCRAFTED).value == 1
    assert sampling(HANDCRAFTED).value == 1


def test_ties_are_never_right() -> None:
    zero = Network(0, (0,), ((0,),), ((0,), (0,), (0,)))
    assert cubature(zero).value == 0
    twins = Network(0, (1, -1), ((-1, 1), (1, -1)), ((1, -1), (-1, 1), (1, -1), (-1, 1)))
    assert cubature(twins).value == 0
    assert sampling(twins).value == 0


@pytest.mark.parametrize("seed", range(6))
def test_cubature_agrees_with_sampling(seed: int) -> None:
    network = random_network(seed, 6, 2 + seed)
    truth = sampling(network, seed=seed, samples=200_000)
    assert cubature(network).value == pytest.approx(truth.value, abs=0.006)
    assert tree(network).value == pytest.approx(truth.value, abs=0.006)


def test_cubature_agrees_with_sampling_on_the_examples() -> None:
    for example in EXAMPLES:
        truth = sampling(example.network, samples=100_000)
        assert cubature(example.network).value == pytest.approx(truth.value, abs=0.01), example.name


def test_cubature_on_the_published_m2_2_needs_the_reference_folder(published_m2_2: Network) -> None:
    assert cubature(published_m2_2).value == pytest.approx(0.99992257, abs=1e-5)


def test_a_planar_model_has_the_accuracy_of_its_angles() -> None:
    """The state is ``relu(x_1 + 2 relu(x_0))`` and the first logit wins where it is positive.

    So position 1 is never picked, and 0 where x_1 > x_0 and x_1 > 0: directions from 45 to 180
    degrees.
    """
    network = Network(0, (1,), ((2,),), ((1,), (0,)))
    assert cubature(network).value == pytest.approx(135 / 360, abs=2e-4)


def test_no_unit_on_is_a_tie_however_it_is_rounded() -> None:
    network = random_network(4, 6, 6)
    prefix = np.array([0.51305213, -0.29758404, -0.53000841, -0.23615463])
    w = network.floats
    points = np.tile(prefix, (1, 1)), np.full((1, 1), 1.81647594)
    assert mean_right_mass(*contiguous(w.w_ih, w.w_hh, w.w_out, *points))[0] == pytest.approx(
        0, abs=1e-15
    )


@pytest.mark.parametrize("p", [2, 3, 8])
def test_sector_points_are_normal_and_ordered_as_their_pair_says(p: int) -> None:
    uniforms = np.random.default_rng(p).random((100_000, p + 1))
    x = sector_points(uniforms, p)
    pair = (uniforms[:, 0] * p * (p - 1)).astype(int)
    m, s = np.divmod(pair, p - 1)
    s += s >= m
    order = np.argsort(x, axis=1)
    np.testing.assert_array_equal(order[:, -1], m)
    np.testing.assert_array_equal(order[:, -2], s)
    for position in range(p):
        assert stats.kstest(x[:, position], "norm").statistic < 0.006
    np.testing.assert_allclose(np.corrcoef(x.T), np.eye(p), atol=0.015)


@pytest.mark.parametrize("n", [2, 3, 4, 10])
@pytest.mark.parametrize("leaves", [0, 4])
def test_tree_points_have_normal_moments(n: int, leaves: int) -> None:
    prefixes, branches, last = tree_points(n, 4096, 2, leaves, 0)
    assert prefixes.shape == (4096, n - 2)
    assert branches.shape == (4096, 2)
    assert last.shape == (4096, 2, leaves)
    for column in (*prefixes.T, branches, *([last] if leaves else [])):
        assert np.isfinite(column).all()
        assert column.mean() == pytest.approx(0, abs=0.02)
        assert column.var() == pytest.approx(1, abs=0.04)
    assert (branches[:, 0] <= branches[:, 1]).all()


@pytest.mark.parametrize(("n", "prefixes"), [(2, 7), (3, 121), (6, 500)])
def test_the_tree_counts_the_inputs_that_it_says(n: int, prefixes: int) -> None:
    network = random_network(n, 5, n)
    first, then, last = tree_points(n, prefixes, 3, 2, 1)
    x = np.empty((prefixes, 3, 2, n))
    x[..., : n - 2] = first[:, None, None]
    x[..., n - 2] = then[:, :, None]
    x[..., n - 1] = last
    found = tree(network, seed=1, prefixes=prefixes, branches=3, leaves=2)
    assert found.value == right(network, x.reshape(-1, n)).mean()


@pytest.mark.parametrize("prefixes", [1, 119, 120, 121])
def test_the_mean_is_over_all_prefixes_and_branches(prefixes: int) -> None:
    w = random_network(7, 5, 4).floats
    first, then, _ = tree_points(4, prefixes, 2, 0, 0)
    whole, operations = mean_right_mass(*contiguous(w.w_ih, w.w_hh, w.w_out, first, then))
    parts = [
        mean_right_mass(*contiguous(w.w_ih, w.w_hh, w.w_out, first[i : i + 1], then[i : i + 1]))
        for i in range(prefixes)
    ]
    assert whole == pytest.approx(np.mean([mass for mass, _ in parts]))
    assert operations == sum(cost for _, cost in parts)


def test_units_without_input_weight_and_late_breaks_are_swept_too() -> None:
    generator = np.random.default_rng(3)
    w_ih = np.array([0.0, 1e-3, -1e-3, 1.0, -1.0])
    network = Network.from_arrays(
        w_ih, generator.standard_normal((5, 5)), generator.standard_normal((4, 5))
    )
    truth = sampling(network, samples=400_000).value
    assert cubature(network).value == pytest.approx(truth, abs=0.004)
    assert tree(network).value == pytest.approx(truth, abs=0.005)


def test_seeds_scramble_and_repeat() -> None:
    values = [cubature(random_network(1, 4, 5), seed=s).value for s in (0, 0, 1)]
    assert values[0] == values[1] != values[2]


@pytest.mark.parametrize(("prefixes", "branches"), [(0, 2), (-1, 2), (256, 0)])
def test_bad_sizes_are_refused(prefixes: int, branches: int) -> None:
    with pytest.raises(UsageError, match="cubature takes at least one prefix and one branch"):
        cubature(HANDCRAFTED, prefixes=prefixes, branches=branches)


def test_bad_trees_are_refused() -> None:
    with pytest.raises(UsageError, match="tree takes at least one prefix, branch and leaf"):
        tree(HANDCRAFTED, leaves=0)


def test_no_samples_are_refused() -> None:
    with pytest.raises(UsageError, match="samples is 0, expected at least 1"):
        sampling(HANDCRAFTED, samples=0)


@pytest.mark.parametrize("nu", [1, 2, 9, 15])
def test_the_table_of_the_distribution_is_close_everywhere(nu: int) -> None:
    table = _table(nu)
    for c in np.concatenate([np.linspace(-6, 6, 1001), [-1e6, -1e3, 0.0, 1e3, 1e6]]):
        assert _look_up(table, c) == pytest.approx(ratio_cdf(c, nu), abs=1e-5)
