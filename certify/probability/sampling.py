"""The accuracy by sampling: the honest baseline, a statement of statistics and no proof.

Seeded inputs, the verdict on each decided exactly: float64 with a bound of its rounding error,
and where that leaves a margin open, integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.stats import beta

from certify.certificate import describe_model
from certify.errors import UsageError
from certify.model import FloatArray, Network
from certify.probability.prove import Inputs
from certify.relaxation.linear import UNIT_ROUNDOFF

BATCH = 1 << 16


@dataclass(frozen=True)
class Sampled:
    """``right`` of ``samples`` inputs were right; ``lower`` and ``upper`` are the ends of the
    Clopper-Pearson interval at ``confidence``; ``near`` inputs were decided in integers.
    """

    network: Network
    inputs: Inputs
    samples: int
    right: int
    near: int
    seed: int
    confidence: float
    lower: float
    upper: float

    def to_json(self) -> dict[str, Any]:
        """The answer as the command line prints it: statistical, not certified."""
        return {
            "claim": "accuracy",
            "method": "sampling",
            "statistical": True,
            "model": describe_model(self.network),
            "inputs": self.inputs,
            "samples": self.samples,
            "right": self.right,
            "seed": self.seed,
            "confidence": self.confidence,
            "interval": [self.lower, self.upper],
            "decided_in_integers": self.near,
        }


def sample_accuracy(
    network: Network,
    inputs: Inputs = "gaussian",
    *,
    samples: int = 100_000,
    seed: int = 0,
    confidence: float = 0.99,
) -> Sampled:
    """Sample the accuracy.

    Raises:
        UsageError: an argument is out of its range.
    """
    if inputs not in ("gaussian", "uniform"):
        raise UsageError(f"inputs are 'gaussian' or 'uniform', not {inputs!r}")
    if samples < 1:
        raise UsageError(f"--samples needs a positive number, got {samples}")
    if not 0 < confidence < 1:
        raise UsageError(f"the confidence lies strictly between 0 and 1, got {confidence}")
    rng = np.random.default_rng(seed)
    right = near = 0
    left = samples
    while left:
        count = min(left, BATCH)
        shape = (count, network.seq_len)
        x = rng.standard_normal(shape) if inputs == "gaussian" else rng.random(shape)
        sure, doubtful = _decide(network, x)
        right += sure
        near += len(doubtful)
        right += sum(network.is_right([Fraction(float(v)) for v in row]) for row in doubtful)
        left -= count
    tail = (1 - confidence) / 2
    lower = float(beta.ppf(tail, right, samples - right + 1)) if right else 0.0
    upper = float(beta.ppf(1 - tail, right + 1, samples - right)) if right < samples else 1.0
    return Sampled(network, inputs, samples, right, near, seed, confidence, lower, upper)


def _decide(network: Network, x: FloatArray) -> tuple[int, FloatArray]:
    """How many inputs are surely right, and those that float64 leaves open.

    The states of the network with absolute weights bound all that is added up; each of the
    n + 1 steps has less than d + 3 operations a unit, so a logit errs by less than
    ``2 (n + 1) (d + 3) u`` times its bound (Higham, Accuracy and Stability, lemma 3.1).
    """
    net = network.floats
    n, d = network.seq_len, network.hidden_size
    size = np.zeros((len(x), d))
    for t in range(n):
        size = size @ np.abs(net.w_hh).T + np.abs(x[:, t : t + 1]) * np.abs(net.w_ih)
    error = 2.1 * (n + 1) * (d + 3) * UNIT_ROUNDOFF * (size @ np.abs(net.w_out).T).max(axis=1)
    logits = net.logits(x)
    second = np.argsort(x, axis=1)[:, -2]
    rows = np.arange(len(x))
    own = logits[rows, second]
    logits[rows, second] = -np.inf
    margin = own - logits.max(axis=1)
    doubtful = ~(np.abs(margin) > 2 * error)
    ordered = np.sort(x, axis=1)
    doubtful |= (np.diff(ordered, axis=1)[:, -2:] == 0).any(axis=1)
    return int((margin > 0)[~doubtful].sum()), x[doubtful]
