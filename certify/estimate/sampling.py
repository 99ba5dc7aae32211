"""Plain sampling: the baseline."""

from __future__ import annotations

import math

import numpy as np

from certify.errors import UsageError
from certify.estimate.base import Estimate, sample_cost
from certify.estimate.kernels import contiguous, count_right
from certify.model import Network

SAMPLES = 5000
_CHUNK = 1024
_Z = 1.959963984540054
"""The 97.5 % quantile of the normal distribution: intervals are at 95 %."""


def sampling(network: Network, *, seed: int = 0, samples: int = SAMPLES) -> Estimate:
    """The share of seeded standard normal inputs that the network gets right.

    ``interval`` is Wilson's score interval at 95 %.

    Raises:
        UsageError: ``samples`` is not positive.
    """
    if samples < 1:
        raise UsageError(f"sampling takes at least one sample, got {samples}")
    w = network.floats
    w_ih, w_hh, w_out = contiguous(w.w_ih, w.w_hh, w.w_out)
    generator = np.random.default_rng(seed)
    right = 0
    for start in range(0, samples, _CHUNK):
        inputs = generator.standard_normal((min(_CHUNK, samples - start), network.seq_len))
        right += int(count_right(w_ih, w_hh, w_out, inputs))
    return Estimate(
        "sampling",
        "accuracy",
        right / samples,
        wilson(right, samples),
        samples * sample_cost(network),
        "weights and runs",
        0.0,
        {"samples": samples},
        ("95 % confidence interval",),
    )


def wilson(right: int, samples: int) -> tuple[float, float]:
    """Wilson's 95 % score interval for a proportion (E. B. Wilson, JASA 1927)."""
    p, square = right / samples, _Z * _Z / samples
    centre = (p + square / 2) / (1 + square)
    half = _Z / (1 + square) * math.sqrt(p * (1 - p) / samples + square / (4 * samples))
    return max(0.0, centre - half), min(1.0, centre + half)
