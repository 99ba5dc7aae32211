"""Offsets by powers of a matrix: no rectifier at all, or a frozen one.

All predict ``offset(m, s) = (M - S) (f(m) - f(s))`` with ``f(p) = A^(n-1-p) v`` and count the
pairs with ``(W_out[s] - W_out[m]) . offset > 0`` (AlgZoo post: J. Hilton, "AlgZoo: uninterpreted
models with fewer than 1,500 parameters", 2026, which asks for estimates from the weights).
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from certify.estimate.base import (
    RATIO,
    Estimate,
    from_form,
    impulse_runs,
    linear_response,
    sample_cost,
)
from certify.model import FloatArray, Network


def linear(network: Network, *, seed: int = 0) -> Estimate:
    """Pure linear: no rectifier at all, ``A = W_hh`` and ``v = W_ih``."""
    w = network.floats
    response = linear_response(w.w_hh, w.w_ih, network.seq_len)
    return from_form(
        "linear",
        network,
        (1 - RATIO) * response,
        operations=response_cost(network),
        reads="weights",
        details={
            "spectral_radius": spectral_radius(w.w_hh),
            "largest_impulse_response": float(np.linalg.norm(response, axis=1).max()),
        },
    )


def cell_effective(network: Network, *, seed: int = 0) -> Estimate:
    """Cell-effective linear: frozen in the dominant cell, ``A = D W_hh D`` and ``v = D W_ih``.

    D keeps the units that are on in the most frequent last cell of the impulse runs (each pair
    forward and swapped, so 2 n (n-1) runs; ties between cells go to the one met first).
    """
    w = network.floats
    n = network.seq_len
    runs = impulse_runs(w)
    cells = Counter(tuple((states[-1] > 0).tolist()) for states in runs.values())
    (cell, count), *_ = cells.most_common()
    on = np.array(cell)
    frozen = w.w_hh * on[:, None] * on[None, :]
    form = (1 - RATIO) * linear_response(frozen, w.w_ih * on, n)
    return from_form(
        "cell-effective",
        network,
        form,
        operations=response_cost(network) + len(runs) * sample_cost(network),
        reads="weights and runs",
        details={
            "spectral_radius": spectral_radius(frozen),
            "runs": 2 * len(runs),
            "runs_in_dominant_cell": 2 * count,
            "dead_units": np.flatnonzero(~on).tolist(),
            "final_cells": len(cells),
        },
        notes=("the dominant cell is found by running all impulses",),
    )


def response_cost(network: Network) -> int:
    """Multiply-adds of one linear response: ``n - 1`` products with a (d, d) matrix, scaled."""
    return (network.seq_len - 1) * network.hidden_size**2 + network.seq_len * network.hidden_size


def spectral_radius(matrix: FloatArray) -> float:
    """Largest modulus of the eigenvalues of a (d, d) matrix, in float64."""
    return float(np.abs(np.linalg.eigvals(matrix)).max())
