"""What attacks find is wrong, exactly, and within the claim."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from certify.claims import RatioRange, all_pairs, rivals
from certify.noise.attack import _worst_margin, attack, least_breaking, replay
from tests.test_noise_prove import POINT, random_network

STEP = Fraction(1, 100)


def test_attacks_replay_within_the_claim() -> None:
    network = random_network(5, 3, 4)
    for pair in all_pairs(4):
        wrong = attack(network, pair, POINT, Fraction(1, 2), tries=16)
        if wrong is not None:
            assert wrong[pair.max] == 1
            assert wrong[pair.second] == Fraction(4, 5)
            assert max(abs(v) for t, v in enumerate(wrong) if t not in pair) <= Fraction(1, 2)
            assert replay(network, pair, POINT, Fraction(1, 2), wrong) == wrong


@pytest.mark.parametrize("ratio", [POINT, RatioRange(Fraction(3, 5), Fraction(9, 10))])
def test_the_least_breaking_noise_breaks(ratio: RatioRange) -> None:
    network = random_network(5, 3, 4)
    most, found_some = ratio.lo - STEP, False
    for pair in all_pairs(4):
        found = least_breaking(network, pair, ratio, most, step=STEP, tries=16)
        if found is None:
            continue
        noise, wrong = found
        found_some = True
        assert 0 <= noise <= most
        assert (noise / STEP).denominator == 1
        assert replay(network, pair, ratio, noise, wrong) == wrong
        again = least_breaking(network, pair, ratio, noise, step=STEP, tries=2, known=wrong)
        assert again is not None
        assert again[0] <= noise
    assert found_some


def test_the_gradient_is_that_of_the_worst_margin() -> None:
    network, pair = random_network(7, 5, 4), all_pairs(4)[2]
    x = np.random.default_rng(0).normal(size=(50, 4))
    values, slopes = _worst_margin(network, pair, x)
    logits = network.floats.logits(x)
    others = list(rivals(pair, 4))
    assert np.allclose(values, (logits[:, [pair.second]] - logits[:, others]).min(axis=1))
    for t in range(4):
        moved = x.copy()
        moved[:, t] += 1e-7
        rise = (_worst_margin(network, pair, moved)[0] - values) / 1e-7
        assert np.isclose(rise, slopes[:, t], atol=1e-5).mean() > 0.9  # others are at a kink
