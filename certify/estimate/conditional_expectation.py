"""The separable form as a difference of conditional expectations."""

from __future__ import annotations

from typing import Any

import numpy as np

from certify.claims import all_pairs
from certify.estimate.base import Estimate, from_form, impulse_runs, readout_products, sample_cost
from certify.model import FloatNetwork, Network


def conditional_expectation(network: Network, *, seed: int = 0) -> Estimate:
    """``f(p) = E[h | M at p] - E[h | S at p]``, the means over the impulse pairs.

    ``(n-1)/n`` times this is the least-squares separable fit of the offsets
    (:mod:`certify.impulse.offset`); the R^2 in the details is that of the fit.
    """
    n = network.seq_len
    runs = impulse_runs(network.floats)
    form = np.zeros((n, network.hidden_size))
    for (m, s), states in runs.items():
        form[m] += states[-1] / (n - 1)
        form[s] -= states[-1] / (n - 1)
    fit = from_form(
        "conditional-expectation",
        network,
        form * (n - 1) / n,
        operations=len(runs) * sample_cost(network),
        reads="weights and runs",
        details={
            **_single_impulses(network.floats),
            "mean_final_norm": float(np.mean([np.linalg.norm(h[-1]) for h in runs.values()])),
        },
        notes=(
            "scaled by (n-1)/n, which is the least-squares fit and changes no sign",
            "single impulses: the same count with f(p) the state after one impulse at p",
        ),
    )
    return fit


def _single_impulses(w: FloatNetwork) -> dict[str, Any]:
    """The count for ``f(p) = r(p)``, the final state after one impulse of size 1 at p."""
    n = len(w.w_out)
    final = w.states(np.eye(n))[:, -1]
    offsets = np.array([final[m] - final[s] for m, s in all_pairs(n)])
    return {"single_impulse_pairs_right": int((readout_products(w, offsets) > 0).sum())}
