"""A deterministic tree of inputs: the cubature without its closed form.

The same points as in :mod:`certify.estimate.cubature`, but the last input takes a few stratified
values instead of being integrated by a sweep. It needs somewhat more operations for the same
error and far less time: products in blocks are what processors are fast at, sorting breaks is
not.
"""

from __future__ import annotations

import time

from certify.errors import UsageError
from certify.estimate.base import Estimate, sample_cost
from certify.estimate.cubature import BRANCHES, PREFIXES
from certify.estimate.kernels import contiguous, count_right_tree
from certify.estimate.points import tree_points
from certify.model import Network

LEAVES = 4


def tree(
    network: Network,
    *,
    seed: int = 0,
    prefixes: int = PREFIXES,
    branches: int = BRANCHES,
    leaves: int = LEAVES,
) -> Estimate:
    """The accuracy on ``prefixes * branches * leaves`` inputs that share their first steps.

    Operations: for each prefix n - 2 steps, for each branch a drive and a product with W_hh,
    for each leaf a drive and the readout.

    Raises:
        UsageError: a number that is not positive.
    """
    if min(prefixes, branches, leaves) < 1:
        raise UsageError(
            "tree takes at least one prefix, branch and leaf, "
            f"got {prefixes}, {branches} and {leaves}"
        )
    d, n = network.hidden_size, network.seq_len
    w = network.floats
    start = time.thread_time()
    points = tree_points(n, prefixes, branches, leaves, seed)
    placing = time.thread_time() - start
    right = int(count_right_tree(*contiguous(w.w_ih, w.w_hh, w.w_out, *points)))
    steps = (n - 2) * (d * d + d) + branches * (d + d * d + leaves * (d + n * d))
    return Estimate(
        "tree",
        "accuracy",
        right / (prefixes * branches * leaves),
        None,
        prefixes * steps,
        "weights and runs",
        0.0,
        {
            "prefixes": prefixes,
            "branches": branches,
            "leaves": leaves,
            "cost_in_samples": prefixes * steps / sample_cost(network),
            "placing_seconds": placing,
        },
        ("deterministic: the runs are on fixed inputs",),
    )
