"""The separable form as the fixed point of an iteration on mean gates."""

from __future__ import annotations

import numpy as np

from certify.claims import all_pairs
from certify.estimate.base import RATIO, Estimate, from_form, linear_response
from certify.model import FloatArray, FloatNetwork, Network

_STEPS = 100
_PROBE = 0.02


def fixed_point(network: Network, *, seed: int = 0) -> Estimate:
    """F as a fixed point of an iteration on gates, and whether that iteration contracts.

    The gate ``g_i`` in [0, 1] is the share of pairs in which unit i is on at the end. Gates give
    a linear response ``v_k = (diag(g) W_hh)^k diag(g) W_ih`` to an impulse k steps ago; this
    predicts for every pair the last pre-activation, ``W_hh v_(k-1)`` summed over the two
    impulses, whose signs give new gates. Iterate from ``g = 1`` until gates repeat: a fixed
    point, or a cycle (then the last gates are used). ``f(p) = (M - S) v_(n-1-p)``.

    The contraction factor is the largest ``|T(g + e) - T(g)| / |e|`` (Euclidean) over steps e of
    0.02 in each unit's gate, both ways: below 1 the iteration contracts there as far as these
    steps show; gates are step functions, so it is a finite-difference factor and no derivative.
    """
    w = network.floats
    gates = np.ones(network.hidden_size)
    seen: dict[bytes, int] = {}
    while gates.tobytes() not in seen and len(seen) < _STEPS:
        seen[gates.tobytes()] = len(seen)
        gates = _next_gates(w, gates)
    period = len(seen) - seen.get(gates.tobytes(), -1) if gates.tobytes() in seen else None
    image = _next_gates(w, gates)
    factors = [
        np.linalg.norm(_next_gates(w, gates + step) - image) / _PROBE
        for step in np.vstack([np.eye(len(gates)), -np.eye(len(gates))]) * _PROBE
    ]
    rounds = len(seen) + 1 + len(factors)
    d, n = network.hidden_size, network.seq_len
    return from_form(
        "fixed-point",
        network,
        (1 - RATIO) * _gated_response(w, gates),
        operations=rounds * (n * d * d + n * (n - 1) * 2 * d),
        reads="weights",
        details={
            "gates": gates.tolist(),
            "iterations": len(seen),
            "period": period,
            "reached_fixed_point": period == 1,
            "contraction_factor": float(max(factors)),
            "contracts": bool(max(factors) < 1),
        },
        notes=(
            "a true fixed point"
            if period == 1
            else "the gates do not settle: the last ones are used",
        ),
    )


def _gated_response(w: FloatNetwork, gates: FloatArray) -> FloatArray:
    return linear_response(gates[:, None] * w.w_hh, gates * w.w_ih, len(w.w_out))


def _next_gates(w: FloatNetwork, gates: FloatArray) -> FloatArray:
    """T: the share of pairs in which each unit is on after the last step, by the response."""
    n = len(w.w_out)
    form = _gated_response(w, gates)
    before = np.vstack([form[1:] @ w.w_hh.T, w.w_ih])
    on = np.array([before[m] + RATIO * before[s] > 0 for m, s in all_pairs(n)])
    mean: FloatArray = on.mean(axis=0)
    return mean
