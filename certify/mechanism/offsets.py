"""The offsets, taken apart: what swapping maximum and second largest does to the state.

``offset(m, s) = h_n(1 at m, r at s) - h_n(r at m, 1 at s)``, other inputs 0, so
``offset(m, s) = -offset(s, m)`` by definition, and every sum over the pairs is zero.

The separable fit and the conditional expectation are the same thing. Let
``E[h | M at p] = (1/(n-1)) sum_q h(p, q)`` and ``E[h | S at p] = (1/(n-1)) sum_q h(q, p)`` over the
pairs, where ``h(m, s)`` is the final state with 1 at m and r at s. Then, exactly,

    f(p) = ((n-1)/n) (E[h | M at p] - E[h | S at p])

is the least-squares fit ``offset(m, s) ~ f(m) - f(s)`` in the gauge ``sum_p f(p) = 0``. Proof: the
normal equations are ``sum_q (offset(p, q) - f(p) + f(q)) = 0`` over ``q != p``; in the gauge this
is ``n f(p) = sum_q offset(p, q) = sum_q h(p, q) - sum_q h(q, p)``. A fit ``f(m) + g(s)`` with two
free functions gives the same: antisymmetry of the data makes ``g = -f`` up to the gauge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from certify.claims import NOMINAL_RATIO, Pair, impulses
from certify.impulse.offset import Vector, offset, separable_form
from certify.impulse.sweep import Sweep
from certify.mechanism.roles import Sinusoid, fit_sinusoid
from certify.model import FloatArray, Network


@dataclass(frozen=True, eq=False)
class OffsetStudy:
    """The offsets of all pairs at one ratio.

    Exact (from the sweeps): ``r_squared`` of the separable fit, one minus the squared error of
    the fit over the squared norm of the offsets, summed over pairs and units (their mean is
    zero); ``min_product`` the smallest ``(W_out[s] - W_out[m]) . offset`` and
    ``separable_product`` the same of ``f(m) - f(s)``, with how many pairs are positive.

    In float64: ``form`` (n, d) is f; ``shares`` (min(d, pairs),) the share of the offsets'
    variance along each principal component, ``components`` (.., d) these directions;
    ``antisymmetric_share`` the share of the final states' squared norm that changes sign when
    maximum and second largest are swapped, ``sum |offset|^2 / 4 / sum |h|^2``; ``within``,
    ``boundary`` and ``cross`` the parts of :func:`cell_parts`; ``growth`` the mean norm of the
    difference of the states of a run and its swapped run by the number of steps since the second
    impulse, with the number of pairs that have a state so late and the geometric mean over them
    of the factor by which the norm grew in the last step (None at 0 steps, and where a norm is 0).
    """

    ratio: Fraction
    r_squared: Fraction
    min_product: Fraction
    positive: int
    separable_product: Fraction
    separable_positive: int
    pairs: int
    form: FloatArray
    shares: FloatArray
    components: FloatArray
    antisymmetric_share: float
    within: float
    boundary: float
    cross: float
    growth: tuple[tuple[float, int, float | None], ...]

    @property
    def turning(self) -> tuple[Sinusoid | None, ...]:
        """The best sinusoid through f(p) over p along each of the two leading components; None
        with fewer than ``certify.mechanism.roles.MIN_AGES`` positions. With both of one period
        f runs along a circle or an ellipse.
        """
        return tuple(fit_sinusoid(self.form @ axis) for axis in self.components[:2])

    @property
    def dimension(self) -> float:
        """Participation ratio of the principal components, ``1 / sum of squared shares``; 0 where
        all offsets are.
        """
        squares = float((self.shares**2).sum())
        return 1 / squares if squares else 0.0

    def to_json(self) -> dict[str, Any]:
        """Rationals as strings, floats as numbers; ``form`` is one list for each position."""
        return {
            "ratio": self.ratio,
            "pairs": self.pairs,
            "separable_r_squared": self.r_squared,
            "min_product": self.min_product,
            "positive_products": self.positive,
            "separable_min_product": self.separable_product,
            "separable_positive_products": self.separable_positive,
            "separable_form": self.form.tolist(),
            "principal_shares": self.shares.tolist(),
            "principal_components": self.components.tolist(),
            "participation_ratio": self.dimension,
            "turning": [sine and sine.to_json() for sine in self.turning],
            "antisymmetric_share": self.antisymmetric_share,
            "within_cell": self.within,
            "boundary": self.boundary,
            "cross": self.cross,
            "growth": [
                {"mean_norm": norm, "pairs": pairs, "factor": factor}
                for norm, pairs, factor in self.growth
            ],
        }


def study_offsets(sweeps: Mapping[Pair, Sweep], ratio: Fraction = NOMINAL_RATIO) -> OffsetStudy:
    """Study the offsets of all pairs (``sweeps`` must hold every pair) at one ratio."""
    network = next(iter(sweeps.values())).network
    offsets = {pair: offset(sweeps, pair, ratio) for pair in sweeps}
    form = separable_form(network, ratio)
    fitted = {p: [a - b for a, b in zip(form[p.max], form[p.second], strict=True)] for p in sweeps}
    total = sum((_square(o) for o in offsets.values()), Fraction(0))
    residual = sum(
        (_square([a - b for a, b in zip(offsets[p], fitted[p], strict=True)]) for p in sweeps),
        Fraction(0),
    )
    products = [_readout(network, p, o) for p, o in offsets.items()]
    separable = [_readout(network, p, o) for p, o in fitted.items()]
    array = np.array([[float(v) for v in o] for o in offsets.values()])
    _, singular, components = np.linalg.svd(array, full_matrices=False)
    squares = singular**2
    states = sum(float(_square(sweep.state_at(ratio))) for sweep in sweeps.values())
    within, boundary, cross = cell_parts(sweeps, ratio)
    return OffsetStudy(
        ratio,
        1 - residual / total if total else Fraction(1),
        min(products),
        sum(v > 0 for v in products),
        min(separable),
        sum(v > 0 for v in separable),
        len(sweeps),
        np.array([[float(v) for v in row] for row in form]),
        squares / squares.sum() if total else squares,
        components,
        float(total) / 4 / states if states else 0.0,
        within,
        boundary,
        cross,
        _growth(network, tuple(sweeps), ratio),
    )


def conditional_expectation(sweeps: Mapping[Pair, Sweep], ratio: Fraction) -> tuple[Vector, ...]:
    """``E[h | M at p] - E[h | S at p]`` (n, d) over the pairs, exactly.

    ``(n-1)/n`` times this is the separable form of :func:`certify.impulse.offset.separable_form`.
    """
    network = next(iter(sweeps.values())).network
    n, d = network.seq_len, network.hidden_size
    totals = [[Fraction(0)] * d for _ in range(n)]
    for pair, sweep in sweeps.items():
        state = sweep.state_at(ratio)
        totals[pair.max] = [a + b for a, b in zip(totals[pair.max], state, strict=True)]
        totals[pair.second] = [a - b for a, b in zip(totals[pair.second], state, strict=True)]
    return tuple([v / (n - 1) for v in row] for row in totals)


def cell_parts(sweeps: Mapping[Pair, Sweep], ratio: Fraction) -> tuple[float, float, float]:
    """Shares of the squared offsets: within a cell, across boundaries, twice their product.

    With A and B the linear maps from (input m, input s) to the final state in the cells of
    ``x = (1, r)`` and of the swapped ``x' = (r, 1)``::

        offset = A x - B x' = (A + B)/2 (x - x')  +  (A - B)/2 (x + x')
                              within                 boundary

    The first is what the mean of the two maps makes of the change of the input, the second is
    zero if both runs share their cell. The shares sum to one. At a break point the map is that
    of the piece on the right.
    """
    r = float(ratio)
    change, both = np.array([1 - r, r - 1]), np.array([1 + r, 1 + r])
    sums = np.zeros(3)
    for pair, sweep in sweeps.items():
        own = _map(sweep, ratio)
        swapped = _map(sweeps[Pair(pair.second, pair.max)], ratio)[:, ::-1]
        within = (own + swapped) / 2 @ change
        boundary = (own - swapped) / 2 @ both
        sums += within @ within, boundary @ boundary, 2 * within @ boundary
    total = sums.sum()
    within_share, boundary_share, cross = sums / total if total else sums
    return float(within_share), float(boundary_share), float(cross)


def _map(sweep: Sweep, ratio: Fraction) -> FloatArray:
    scale = 1 << (sweep.network.shift * sweep.network.seq_len)
    return np.array([[v / scale for v in row] for row in sweep.piece_at(ratio).state])


def _growth(
    network: Network, pairs: tuple[Pair, ...], ratio: Fraction
) -> tuple[tuple[float, int, float | None], ...]:
    n = network.seq_len
    inputs = np.array([[float(v) for v in impulses(pair, ratio, n)] for pair in pairs])
    states = network.floats.states(inputs)
    index = {pair: k for k, pair in enumerate(pairs)}
    swapped = states[[index[Pair(pair.second, pair.max)] for pair in pairs]]
    norms = np.linalg.norm(states - swapped, axis=2)
    late = np.array([max(pair) for pair in pairs])
    found: list[tuple[float, int, float | None]] = []
    for age in range(n - 1):
        rows = np.flatnonzero(late + age < n)
        now = norms[rows, late[rows] + age]
        before = norms[rows, late[rows] + age - 1]
        grows = age > 0 and now.all() and before.all()
        factor = float(np.exp(np.mean(np.log(now / before)))) if grows else None
        found.append((float(now.mean()), len(rows), factor))
    return tuple(found)


def _readout(network: Network, pair: Pair, vector: Vector) -> Fraction:
    s, m = network.w_out[pair.second], network.w_out[pair.max]
    total = sum((Fraction(a - b) * v for a, b, v in zip(s, m, vector, strict=True)), Fraction(0))
    return total / (1 << network.shift)


def _square(vector: Vector) -> Fraction:
    return sum((v * v for v in vector), Fraction(0))
