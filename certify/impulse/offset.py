"""Offsets, their separable form, and the margin that it leaves, exactly.

The *offset* of a pair at ratio r is ``h_n(1 at m, r at s) - h_n(r at m, 1 at s)`` (d). The
``offset`` claim says that ``(W_out[s] - W_out[m]) . offset > 0`` for every ratio in the range.

The *separable form* is the least-squares fit ``offset ~ f(m) - f(s)`` at the nominal ratio over
all pairs. Offsets are antisymmetric, ``offset(m, s) = -offset(s, m)``, so with the gauge
``sum_p f(p) = 0`` the normal equations have the solution ``f(p) = (1/n) sum_q offset(p, q)``.
"Margin bounds": the separable margin ``g = (W_out[s] - W_out[m]) . (f(m) - f(s))`` minus a proved
bound ``e`` of ``|(W_out[s] - W_out[m]) . (offset - (f(m) - f(s)))|`` over the range; where
``g - e > 0`` the separable form alone explains the sign.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from certify.claims import NOMINAL_RATIO, Pair, RatioRange
from certify.impulse.balls import offset_product_is_positive
from certify.impulse.sweep import Sweep
from certify.model import Network

Vector = list[Fraction]


@dataclass(frozen=True)
class OffsetBound:
    """What is proved of one pair's offset over a closed range of ratios, for ``M = 1``.

    ``min_product`` is the smallest ``(W_out[s] - W_out[m]) . offset``, exact, and ``at`` a ratio
    that attains it. ``witness`` says whether ball arithmetic alone proved it positive
    ("enclosure") or the exact cells were needed ("cells"). ``separable_margin`` is g,
    ``separable_error`` is e (the exact maximum over the range) and ``state_distance`` the
    largest ``max_i |offset_i - (f(m) - f(s))_i|`` over the range.
    """

    pair: Pair
    min_product: Fraction
    at: Fraction
    witness: str
    separable_margin: Fraction
    separable_error: Fraction
    state_distance: Fraction

    @property
    def proved(self) -> bool:
        """Whether the offset claim holds for this pair over the range."""
        return self.min_product > 0

    @property
    def margin_left(self) -> Fraction:
        """``g - e``: what the separable form guarantees of the product over the range."""
        return self.separable_margin - self.separable_error


def offset(sweeps: Mapping[Pair, Sweep], pair: Pair, ratio: Fraction) -> Vector:
    """The exact offset (d) of a pair at one ratio, for ``M = 1``."""
    forward = sweeps[pair].state_at(ratio)
    swapped = sweeps[Pair(pair.second, pair.max)].state_at(ratio)
    return [a - b for a, b in zip(forward, swapped, strict=True)]


def separable_form(network: Network, ratio: Fraction = NOMINAL_RATIO) -> tuple[Vector, ...]:
    """The exact least-squares ``f(0) .. f(n-1)`` (n, d) at one ratio, with ``sum_p f(p) = 0``.

    The offset of (p, q) is the difference of two final states; pairs of the same distance share
    their runs, which begin with the first impulse.
    """
    n, d = network.seq_len, network.hidden_size
    sums = [[Fraction(0)] * d for _ in range(n)]
    for gap in range(1, n):
        silence = [Fraction(0)] * (n - 1)
        runs = []
        for first, second in ((Fraction(1), ratio), (ratio, Fraction(1))):
            x = [first, *silence]
            x[gap] = second
            runs.append(list(network.states(x)))
        for p in range(n - gap):
            states = (run[n - 1 - p] for run in runs)
            for unit, (forward, reverse) in enumerate(zip(*states, strict=True)):
                sums[p][unit] += forward - reverse
                sums[p + gap][unit] += reverse - forward
    return tuple([value / n for value in row] for row in sums)


def bound_offsets(sweeps: Mapping[Pair, Sweep], ratios: RatioRange) -> tuple[OffsetBound, ...]:
    """Bound the offsets of all pairs over a closed range of ratios, in the order of ``sweeps``."""
    form = separable_form(next(iter(sweeps.values())).network)
    bounds: dict[Pair, OffsetBound] = {}
    for pair, own in sweeps.items():
        if pair not in bounds:
            both = bound_offset(own, sweeps[Pair(pair.second, pair.max)], ratios, form)
            bounds |= {bound.pair: bound for bound in both}
    return tuple(bounds[pair] for pair in sweeps)


def bound_offset(
    own: Sweep, swapped: Sweep, ratios: RatioRange, form: Sequence[Vector]
) -> tuple[OffsetBound, OffsetBound]:
    """Bound the offsets of a pair and of the swapped one, given the separable form (n, d).

    Offsets are linear between the break points of the two, so every extreme stands at one of these
    or at an end of the range. Swapping m and s changes the sign of the offset and of the readout
    difference: both pairs have the same bounds.
    """
    pair, network = own.pair, own.network
    nodes = sorted({*own.nodes(ratios), *swapped.nodes(ratios)})
    readout = _readout_difference(network, pair)
    separable = [a - b for a, b in zip(form[pair.max], form[pair.second], strict=True)]
    margin = _dot(readout, separable)
    offsets = [
        [a - b for a, b in zip(own.state_at(r), swapped.state_at(r), strict=True)] for r in nodes
    ]
    products = [_dot(readout, o) for o in offsets]
    bound = OffsetBound(
        pair,
        min(products),
        nodes[products.index(min(products))],
        "enclosure" if offset_product_is_positive(network, pair, ratios) else "cells",
        margin,
        max(abs(p - margin) for p in products),
        max(abs(a - b) for o in offsets for a, b in zip(o, separable, strict=True)),
    )
    return bound, replace(bound, pair=swapped.pair)


def _readout_difference(network: Network, pair: Pair) -> Vector:
    s, m = network.w_out[pair.second], network.w_out[pair.max]
    return [Fraction(a - b, 1 << network.shift) for a, b in zip(s, m, strict=True)]


def _dot(a: Vector, b: Vector) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))
