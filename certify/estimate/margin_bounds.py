"""Margin bounds: the separable margin minus the proved error of the separable form."""

from __future__ import annotations

from certify.claims import NOMINAL_RATIO, RatioRange
from certify.estimate.base import Estimate
from certify.estimate.tropical import sweep_cost
from certify.impulse.offset import bound_offsets
from certify.impulse.sweep import sweep_all
from certify.model import Network

_AT_NOMINAL = RatioRange(NOMINAL_RATIO, NOMINAL_RATIO)


def margin_bounds(network: Network, *, seed: int = 0) -> Estimate:
    """Margin bounds: pairs with ``g - e > 0`` at the nominal ratio, in exact rationals.

    g is the separable margin ``(W_out[s] - W_out[m]) . (f(m) - f(s))`` and e the error of the
    separable form in that product, see :mod:`certify.impulse.offset`: a lower bound of the number
    of pairs whose offset reads out right.
    """
    sweeps = sweep_all(network)
    bounds = bound_offsets(sweeps, _AT_NOMINAL)
    d, pairs = network.hidden_size, len(bounds)
    return Estimate(
        "margin-bounds",
        "pairs right",
        float(sum(b.margin_left > 0 for b in bounds)),
        None,
        sweep_cost(network, sweeps.values()) + pairs * 4 * d,
        "weights",
        0.0,
        {
            "smallest_separable_margin": float(min(b.separable_margin for b in bounds)),
            "largest_separable_error": float(max(b.separable_error for b in bounds)),
            "smallest_margin_left": float(min(b.margin_left for b in bounds)),
            "smallest_product": float(min(b.min_product for b in bounds)),
            "positive_products": sum(b.proved for b in bounds),
        },
        ("exact on impulses: a lower bound of the positive products, at the nominal ratio",),
    )
