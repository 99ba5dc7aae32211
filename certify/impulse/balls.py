"""Ball arithmetic over a range of ratios: enclosures of every state and of every offset.

Every number here is an ``arb`` ball, a midpoint with a radius that bounds all rounding
(Johansson, "Arb: efficient arbitrary-precision midpoint-radius interval arithmetic", 2017), so
what comes out contains the exact states of every ratio in the range. Balls forget that the same
ratio stands everywhere, so they widen step by step: good for narrow ranges. A wide range is cut
into equal parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache

from flint import arb, arb_mat, fmpq

from certify.claims import Pair, RatioRange
from certify.model import Network

PARTS = 16
"""Equal parts into which a range of ratios is cut: enough for narrow ranges, cheap for wide."""


def enclose_states(network: Network, pair: Pair, ratios: RatioRange) -> list[arb_mat]:
    """Enclosures (d, 1) of the states ``h_1 .. h_n`` for ``M = 1`` and all ratios of the range."""
    d = network.hidden_size
    w_ih, w_hh = _weights(network)
    ratio = _ball(ratios.lo).union(_ball(ratios.hi))
    state = arb_mat(d, 1)
    states = []
    for t in range(network.seq_len):
        before = w_hh * state
        if t == pair.max:
            before += w_ih
        elif t == pair.second:
            before += w_ih * ratio
        state = arb_mat([[_relu(before[i, 0])] for i in range(d)])
        states.append(state)
    return states


def offset_product_is_positive(network: Network, pair: Pair, ratios: RatioRange) -> bool:
    """Whether balls alone prove ``(W_out[s] - W_out[m]) . offset > 0`` over the range.

    False says nothing about the offset: the balls may be too wide.
    """
    s, m = network.w_out[pair.second], network.w_out[pair.max]
    unit = Fraction(1, 1 << network.shift)
    readout = arb_mat([[_ball((a - b) * unit) for a, b in zip(s, m, strict=True)]])
    # In the swapped run the maximum, 1, stands at s and the ratio at m.
    swapped = Pair(pair.second, pair.max)
    return all(
        (
            readout
            * (enclose_states(network, pair, part)[-1] - enclose_states(network, swapped, part)[-1])
        )[0, 0]
        > 0
        for part in _parts(ratios)
    )


@lru_cache(maxsize=4)
def _weights(network: Network) -> tuple[arb_mat, arb_mat]:
    unit = Fraction(1, 1 << network.shift)
    w_hh = [[_ball(w * unit) for w in row] for row in network.w_hh]
    return arb_mat([[_ball(w * unit)] for w in network.w_ih]), arb_mat(w_hh)


def _parts(ratios: RatioRange) -> Iterator[RatioRange]:
    width = (ratios.hi - ratios.lo) / PARTS
    if not width:
        yield ratios
        return
    for i in range(PARTS):
        yield RatioRange(ratios.lo + i * width, ratios.lo + (i + 1) * width)


def _ball(value: Fraction) -> arb:
    return arb(fmpq(value.numerator, value.denominator))


def _relu(x: arb) -> arb:
    return x.max(arb(0))
