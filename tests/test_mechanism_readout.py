from __future__ import annotations

from typing import cast, get_args

import numpy as np
import pytest

from certify.claims import Inputs
from certify.errors import UsageError
from certify.mechanism.readout import (
    Readout,
    accuracy_without,
    block_eigenvalues,
    study_readout,
)
from certify.mechanism.roles import (
    ROLES,
    Role,
    find_roles,
    fit_sinusoid,
    fourier_energy,
    impulse_responses,
    mean_crossings,
    unit_groups,
)
from certify.mechanism.samples import mean
from certify.model import Network
from certify.probability.sampling import draw, judge
from certify.report.studies import readout_text
from tests.examples import HANDCRAFTED, Golden


def hand_built(n: int = 10) -> Network:
    """A unit of each kind: detector of positive inputs, comparator, latch, wave, other, dead.

    Unit 1 latches the running maximum through unit 2 = relu(x - maximum); unit 3 is
    relu(maximum - x); units 5 and 6 turn by 45 degrees a step around a constant from unit 4.
    """
    w_ih = np.zeros(8)
    w_hh = np.zeros((8, 8))
    w_ih[0] = 1  # relu(x)
    w_hh[1, 1] = w_hh[1, 2] = 1  # maximum before the last step
    w_ih[2], w_hh[2, 1], w_hh[2, 2] = 1, -1, -1  # relu(x - maximum)
    w_ih[3], w_hh[3, 1], w_hh[3, 2] = -1, 1, 1  # relu(maximum - x)
    w_hh[4, 4], w_ih[4] = 1, 0.05  # sum of positive drift, driven by little
    angle = np.pi / 4
    c, s = np.cos(angle), np.sin(angle)
    # u = 1 + a cos, v = 1 + a sin around the centre that unit 4 holds.
    w_hh[5, 5], w_hh[5, 6], w_hh[5, 4], w_ih[5] = c, -s, 1 - c + s, 0.09
    w_hh[6, 5], w_hh[6, 6], w_hh[6, 4], w_ih[6] = s, c, 1 - s - c, 0.05
    return Network.from_arrays(w_ih, w_hh, np.eye(n, 8) + 1)


def test_roles_of_a_network_built_by_hand() -> None:
    network = hand_built()
    roles = [u.role for u in find_roles(network.floats, "uniform", 2000, 0)]
    assert roles[0] == "detector"
    assert roles[1] == "latch"
    assert roles[2] == "detector"
    assert roles[3] == "comparator"
    assert roles[4] == "latch"
    assert roles[5] == roles[6] == "wave"
    assert roles[7] == "dead"


def test_wave_frequency_is_recovered() -> None:
    units = find_roles(hand_built().floats, "uniform", 500, 0)
    assert units[5].response is not None
    assert units[5].response.period == pytest.approx(8, rel=1e-2)
    assert units[5].response.r_squared == pytest.approx(1, abs=1e-3)


def test_golden_roles(golden: Golden, golden_network: Network) -> None:
    kinds: tuple[Inputs, ...] = get_args(Inputs)
    for inputs in kinds:
        units = find_roles(golden_network.floats, inputs, 4000, 1)
        by_role: dict[Role, list[int]] = {}
        for unit in units:
            by_role.setdefault(unit.role, []).append(unit.unit)
        for role, members in golden.roles.items():
            assert tuple(by_role[cast(Role, role)]) == members
        assert max(unit.comparator_fit for unit in units) > 0.98


def measured(network: Network, inputs: Inputs, samples: int, seed: int) -> Readout:
    groups = unit_groups(find_roles(network.floats, "gaussian", min(samples, 4000), 1))
    return study_readout(network, inputs, groups, samples=samples, seed=seed)


def test_accuracies_of_a_trained_model(m16_10: Network) -> None:
    readout = measured(m16_10, "uniform", 20_000, 0)
    assert abs(readout.accuracy.value - 0.8648) < 4 * readout.accuracy.error
    for silenced, known in (((15,), 0.517), ((1, 5, 11, 13), 0.167)):
        found = accuracy_without(m16_10, silenced, "uniform", samples=20_000, seed=0)
        assert abs(found.value - known) < 4 * found.error
    comparators = next(g for g in readout.groups if g.name == "comparator")
    assert comparators.without == found
    assert comparators.at_max.value < 0 < comparators.at_second.value


def test_contributions_of_all_groups_sum_to_the_logits() -> None:
    network = hand_built()
    readout = measured(network, "gaussian", 3000, 5)
    x = np.concatenate(list(draw("gaussian", 3000, 10, 5)))
    logits = network.floats.logits(x)
    judged = judge(network, x)
    m, s = judged.largest, judged.second
    every = np.arange(len(x))
    parts = [g for g in readout.groups if g.name in ROLES]
    assert sum(g.at_max.value for g in parts) == pytest.approx(logits[every, m].mean())
    assert sum(g.at_second.value for g in parts) == pytest.approx(logits[every, s].mean())
    rest = (logits.sum(1) - logits[every, m] - logits[every, s]) / 8
    assert sum(g.elsewhere.value for g in parts) == pytest.approx(rest.mean())


def test_parts_of_the_accuracy_add_up() -> None:
    network = hand_built()
    r = measured(network, "gaussian", 5000, 1)
    for parts in ((r.forward, r.reverse), r.by_max, r.by_second, r.by_distance):
        assert sum(p.samples for p in parts) == 5000
        right = sum(round(p.value * p.samples) for p in parts if p.samples)
        assert right == round(r.accuracy.value * 5000)
    wrong = 5000 - round(r.accuracy.value * 5000)
    shares = [r.errors[name] for name in ("maximum", "mirror", "tie", "other")]
    assert all(share.samples == wrong for share in shares)
    assert sum(share.value for share in shares) == pytest.approx(1)


def test_kinds_of_errors() -> None:
    """A readout that always answers 3, but for ties; m and s are drawn: every kind occurs."""
    network = Network(0, (1, -1), ((1, 0), (0, 1)), ((0, 0), (0, 0), (0, 0), (1, 1), (0, 0)))
    readout = study_readout(network, "gaussian", {"all": (0, 1)}, samples=4000, seed=2)
    x = np.concatenate(list(draw("gaussian", 4000, 5, 2)))
    order = np.argsort(x, axis=1)
    third, s, m = order[:, -3], order[:, -2], order[:, -1]
    wrong = s != 3
    maximum = (m == 3)[wrong].mean()
    mirror = (m - (s - m) == 3)[wrong].mean()
    assert readout.errors["maximum"].value == pytest.approx(maximum)
    assert readout.errors["mirror"].value == pytest.approx(mirror)
    assert readout.errors["other"].value == pytest.approx(1 - maximum - mirror)
    assert readout.errors["third"].value == pytest.approx((third == 3)[wrong].mean())
    assert 0 < mirror < maximum


def test_two_positions_have_no_elsewhere_and_no_third() -> None:
    readout = measured(HANDCRAFTED, "gaussian", 500, 0)
    assert all(group.elsewhere.samples == 0 for group in readout.groups)
    assert readout.groups[0].to_json()["logit_elsewhere"]["value"] is None
    assert readout.accuracy.value == 1
    assert readout.errors["maximum"].samples == 0
    assert "-" in readout_text(readout)


def test_same_seed_same_numbers_another_seed_others() -> None:
    network = hand_built()
    first, again, other = (measured(network, "uniform", 400, seed).to_json() for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_a_proportion_of_one_still_has_an_error() -> None:
    sure = mean(np.ones(100, dtype=bool))
    assert sure.value == 1
    assert sure.error > 0


def test_mean_of_numbers() -> None:
    found = mean(np.array([1.0, 3.0]))
    assert (found.value, found.samples) == (2, 2)
    assert found.error == pytest.approx(1 / np.sqrt(1))


def test_bad_samples_are_usage_errors() -> None:
    with pytest.raises(UsageError, match="samples is 1"):
        measured(hand_built(), "gaussian", 1, 0)
    with pytest.raises(UsageError, match="samples is 0"):
        list(draw("gaussian", 0, 3, 0))
    with pytest.raises(UsageError, match="inputs are 'gaussian' or 'uniform'"):
        list(draw("cauchy", 10, 3, 0))


def test_sinusoids_and_fourier_shares() -> None:
    place = np.arange(12)
    wave = 3 + 2 * np.cos(2 * np.pi * place / 6 - 0.5)
    found = fit_sinusoid(wave)
    assert found is not None
    assert found.period == pytest.approx(6, rel=1e-3)
    assert found.amplitude == pytest.approx(2, rel=1e-3)
    assert found.phase == pytest.approx(0.5, abs=1e-2)
    shares = fourier_energy(wave)
    assert shares[1] == pytest.approx(1)
    assert sum(shares) == pytest.approx(1)
    assert fit_sinusoid(np.ones(12)) is None
    assert fit_sinusoid(wave[:5]) is None
    assert sum(fourier_energy(np.ones(5))) == 0


def test_fourier_shares_follow_parseval_for_odd_and_even_lengths() -> None:
    for size in (9, 10):
        values = np.random.default_rng(size).standard_normal(size)
        full = np.abs(np.fft.fft(values - values.mean())) ** 2
        half = fourier_energy(values)
        pairs = [full[k] + (full[-k] if k != size - k else 0) for k in range(1, size // 2 + 1)]
        np.testing.assert_allclose(half, np.array(pairs) / full.sum())


def test_impulse_responses_do_not_depend_on_the_position(m16_10: Network) -> None:
    floats = m16_10.floats
    finals = floats.states(np.eye(10))[:, -1]
    responses = impulse_responses(floats)
    for age in range(1, 10):
        np.testing.assert_allclose(responses[age - 1], finals[9 - age], rtol=1e-12)


def test_groups_are_the_roles_and_unions_of_two() -> None:
    groups = unit_groups(find_roles(hand_built().floats, "uniform", 1000, 0))
    assert groups["input-driven"] == (0, 2, 3)
    assert "position-coding" not in groups  # waves alone: the union would say it twice
    members = [unit for name, found in groups.items() if name in ROLES for unit in found]
    assert sorted(members) == list(range(8))


def test_mean_crossings() -> None:
    assert mean_crossings(np.array([5.0, 0, 0, 0])) == 1
    assert mean_crossings(np.array([0.0, 2, 0, 2])) == 3
    assert mean_crossings(np.ones(4)) == 0


def test_block_eigenvalues() -> None:
    w_hh = np.array([[0.0, -1.0, 5.0], [1.0, 0.0, 5.0], [0.0, 0.0, 7.0]])
    np.testing.assert_allclose(block_eigenvalues(w_hh, [0, 1]), [1j, -1j])
