from __future__ import annotations

from fractions import Fraction

from flint import arb, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import iv, mpf

from certify.claims import Pair, RatioRange, impulses
from certify.impulse.balls import enclose_states, offset_product_is_positive
from certify.model import Network
from certify.testing import networks, pairs, ratios
from tests.examples import HANDCRAFTED


@settings(max_examples=60)
@given(networks(), st.data())
def test_states_lie_in_their_balls(network: Network, data: st.DataObject) -> None:
    pair = data.draw(pairs(network.seq_len))
    lo, hi = sorted((data.draw(ratios()), data.draw(ratios())))
    balls = enclose_states(network, pair, RatioRange(lo, hi))
    for ratio in (lo, (lo + 2 * hi) / 3, hi):
        states = network.states(impulses(pair, ratio, network.seq_len))
        for ball, state in zip(balls, states, strict=True):
            for i, value in enumerate(state):
                with ctx.workprec(500):
                    # Far narrower than the ball: it meets the ball only if the value is inside.
                    assert ball[i, 0].overlaps(arb(fmpq(value.numerator, value.denominator)))


@settings(max_examples=30)
@given(networks(max_hidden=3, max_length=4), st.data())
def test_mpmath_intervals_meet_the_balls(network: Network, data: st.DataObject) -> None:
    """An independent interval arithmetic encloses the same states, so the two must overlap."""
    pair = data.draw(pairs(network.seq_len))
    lo, hi = sorted((data.draw(ratios()), data.draw(ratios())))
    balls = enclose_states(network, pair, RatioRange(lo, hi))
    scale = iv.mpf(2) ** -network.shift
    ends = [iv.mpf(r.numerator) / iv.mpf(r.denominator) for r in (lo, hi)]
    inputs = {pair.max: iv.mpf(1), pair.second: iv.mpf([ends[0].a, ends[1].b])}
    state = [iv.mpf(0)] * network.hidden_size
    for t in range(network.seq_len):
        x = inputs.get(t, iv.mpf(0))
        before = [
            scale
            * (w * x + sum((iv.mpf(a) * h for a, h in zip(row, state, strict=True)), iv.mpf(0)))
            for w, row in zip(network.w_ih, network.w_hh, strict=True)
        ]
        state = [iv.mpf([max(mpf(0), v.a), max(mpf(0), v.b)]) for v in before]
        for i, value in enumerate(state):
            ball = balls[t][i, 0]
            other = arb(float(value.a)).union(arb(float(value.b)))
            assert ball.overlaps(other)


def test_one_ratio_is_decided_and_a_wrong_model_is_not() -> None:
    one = RatioRange(Fraction(4, 5), Fraction(4, 5))
    assert offset_product_is_positive(HANDCRAFTED, Pair(0, 1), one)
    wrong = Network(0, HANDCRAFTED.w_ih, HANDCRAFTED.w_hh, HANDCRAFTED.w_out[::-1])
    assert not offset_product_is_positive(wrong, Pair(0, 1), one)
