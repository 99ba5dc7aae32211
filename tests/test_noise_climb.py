"""How one pair climbs: what is certified stays below what is broken, and both meet."""

from __future__ import annotations

from fractions import Fraction

import pytest

from certify.claims import Pair, all_pairs
from certify.noise.answers import PairNoise
from certify.noise.climb import Climb
from certify.noise.prove import decide_pair
from certify.noise.turns import Turn
from tests.examples import HANDCRAFTED
from tests.test_noise_prove import POINT, random_network, threshold

STEP = Fraction(1, 100)


def climbed(climb: Climb, turns: int = 40) -> PairNoise:
    for _ in range(turns):
        if climb.go_on(Turn(0.5)):
            break
    return climb.now


@pytest.mark.parametrize("seed", range(4))
def test_certified_meets_broken(seed: int) -> None:
    network = random_network(seed, 3, 3)
    for pair in all_pairs(3)[:3]:
        now = climbed(Climb(network, POINT, PairNoise(pair), STEP))
        if now.broken is None:
            assert now.certified == Fraction(79, 100)
        elif now.certified is None:
            assert now.broken == 0
        else:
            assert now.broken - now.certified == STEP
            half = decide_pair(network, pair, POINT, now.broken - STEP / 2, 20)
            assert half.verdict != "unknown"


def test_nothing_is_left_to_do_where_all_is_certified() -> None:
    climb = Climb(HANDCRAFTED, POINT, PairNoise(Pair(0, 1)), Fraction(1, 10))
    assert climbed(climb).certified == Fraction(7, 10)
    assert climb.reached == pytest.approx(7 / 8)
    assert climb.go_on(Turn(1.0))
    assert climb.nbytes == 0


def test_a_pair_that_is_wrong_without_noise_ends_at_once() -> None:
    wrong = Pair(1, 0)
    network = threshold()
    now = climbed(Climb(network, POINT, PairNoise(wrong), STEP))
    if now.broken == 0:
        assert now.certified is None
    assert now.verdict in ("proved", "refuted")


def test_what_is_known_is_where_it_begins() -> None:
    pair = Pair(0, 1)
    known = climbed(Climb(HANDCRAFTED, POINT, PairNoise(pair), Fraction(1, 10)))
    climb = Climb(HANDCRAFTED, POINT, known, Fraction(1, 10))
    assert climb.go_on(Turn(1.0))
    assert climb.now == known


def test_the_further_from_its_end_the_lighter_a_pair_weighs() -> None:
    pair = Pair(0, 1)
    low, high = (
        Climb(HANDCRAFTED, POINT, PairNoise(pair, broken=Fraction(b, 10)), STEP) for b in (5, 5)
    )
    high.now = climbed(Climb(HANDCRAFTED, POINT, PairNoise(pair), Fraction(1, 10)))
    assert low.weight == 1
    assert high.weight > 5


def test_an_attempt_that_is_given_up_is_followed_by_a_lower_one() -> None:
    climb = Climb(random_network(3, 4, 6), POINT, PairNoise(Pair(4, 5)), STEP / 10)
    first = climb._aim()
    assert first is not None
    climb._taken = 1000 * climb._meant
    climb._reconsider(first)
    assert first.answer is not None
    second = climb._aim()
    assert second is not None
    assert second.eps < first.eps


def test_a_hopeless_attempt_does_not_keep_a_pair_low_once_there_is_time() -> None:
    """Nothing closed in no time was read as a price of 10^7 s, and steps stayed small for good."""
    climb = Climb(random_network(3, 4, 6), POINT, PairNoise(Pair(4, 5)), STEP / 10)
    hopeless = climb._aim()
    assert hopeless is not None
    climb._taken = 0.01
    assert hopeless.share == 0
    climb._reconsider(hopeless)
    climb._spent = 100.0
    again = climb._aim()
    assert again is not None
    assert again.eps >= hopeless.eps
