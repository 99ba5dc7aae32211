"""Deterministic cubature with exact inner integrals: the estimator that beats sampling.

The accuracy is an integral over n normal inputs of an indicator. Four things make it cheap:

- the last input is integrated in closed form. As a function of it the logits are piecewise linear
  with at most d breaks, so the ranges where the network is right are found by one sweep;
- the network is positively homogeneous, so the norm of the first n - 1 inputs is integrated out
  in the same formula: last input over norm is a scaled Student t;
- the first n - 2 inputs are low-discrepancy points in sector coordinates
  (:mod:`certify.estimate.points`);
- a tree: each prefix of n - 2 inputs is shared by several stratified values of the next one, so
  that the steps before are paid once.
"""

from __future__ import annotations

import time

from certify.errors import UsageError
from certify.estimate.base import Estimate, sample_cost
from certify.estimate.kernels import contiguous
from certify.estimate.points import tree_points
from certify.estimate.sweep import mean_right_mass
from certify.model import Network

PREFIXES = 4096
BRANCHES = 2


def cubature(
    network: Network, *, seed: int = 0, prefixes: int = PREFIXES, branches: int = BRANCHES
) -> Estimate:
    """The accuracy by ``prefixes * branches`` exact sweeps; ``seed`` scrambles the points.

    Operations: for each prefix n - 2 steps and one more product with W_hh, for each branch a
    drive, a product and the sweep, whose multiply-adds are counted as they happen. Placing the
    points takes no weights and is not counted; it is in ``seconds`` the first time.

    Raises:
        UsageError: ``prefixes`` or ``branches`` is not positive.
    """
    if prefixes < 1 or branches < 1:
        raise UsageError(
            f"cubature takes at least one prefix and one branch, got {prefixes} and {branches}"
        )
    d, n = network.hidden_size, network.seq_len
    w = network.floats
    start = time.thread_time()
    first, then, _ = tree_points(n, prefixes, branches, 0, seed)
    placing = time.thread_time() - start
    value, swept = mean_right_mass(*contiguous(w.w_ih, w.w_hh, w.w_out, first, then))
    steps = (n - 2) * (d * d + d) + branches * (2 * d + d * d)
    operations = prefixes * steps + int(swept)
    return Estimate(
        "cubature",
        "accuracy",
        float(value),
        None,
        operations,
        "weights and runs",
        0.0,
        {
            "prefixes": prefixes,
            "branches": branches,
            "cost_in_samples": operations / sample_cost(network),
            "placing_seconds": placing,
        },
        ("deterministic: the runs are on fixed inputs, the last input is integrated exactly",),
    )
