"""Cells looked up after one impulse, and one linear combination at the second."""

from __future__ import annotations

import numpy as np

from certify.estimate.base import RATIO, Estimate, impulse_runs
from certify.model import Network


def canonical_cells(network: Network, *, seed: int = 0) -> Estimate:
    """Canonical cell sequence: cells after one impulse looked up, one linear combination.

    The table holds, for one impulse of size 1 and each number of steps since, the state and the
    cell. For a pair: the state before the second impulse is the table's, scaled; at the second
    impulse the pre-activation is the linear combination ``x_i W_hh r + x_j W_ih``, rectified;
    from then on the cells are those of the larger impulse by its age, so that the rest is one
    product of frozen matrices. Right is a pair whose logit at s is the largest by itself.
    """
    w = network.floats
    n, d = network.seq_len, network.hidden_size
    table = w.states(np.eye(1, n))[0]
    cells = table > 0
    right = 0
    operations = n * (d * d + d)
    agreeing = 0
    runs = impulse_runs(w)
    for (m, s), true in runs.items():
        x = {m: 1.0, s: RATIO}
        first, second = sorted(x)
        before = w.w_hh @ (x[first] * table[second - 1 - first]) + x[second] * w.w_ih
        state = np.maximum(before, 0.0)
        for t in range(second + 1, n):
            state = cells[t - m] * (w.w_hh @ state)
        logits = w.w_out @ state
        right += bool(logits[s] > np.delete(logits, s).max())
        agreeing += bool(((state > 0) == (true[-1] > 0)).all())
        operations += (n - second) * d * d + d + n * d
    return Estimate(
        "canonical-cells",
        "pairs right",
        float(right),
        None,
        operations,
        "weights and runs",
        0.0,
        {"final_cells_met": agreeing},
        ("reads one run, of a single impulse; the runs behind final_cells_met only judge it",),
    )
