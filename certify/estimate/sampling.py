"""Plain sampling: the baseline."""

from __future__ import annotations

from certify.estimate.base import Estimate, sample_cost
from certify.model import Network
from certify.probability.sampling import measure_accuracy, tie_words

SAMPLES = 5000


def sampling(network: Network, *, seed: int = 0, samples: int = SAMPLES) -> Estimate:
    """The share of seeded standard normal inputs that the network gets right.

    ``interval`` is that of Clopper and Pearson at 95 %.

    Raises:
        UsageError: ``samples`` is not positive.
    """
    found = measure_accuracy(network, samples=samples, seed=seed, confidence=0.95)
    ties = tie_words(found.tied, samples)
    return Estimate(
        "sampling",
        "accuracy",
        found.right / samples,
        (found.lower, found.upper),
        samples * sample_cost(network),
        "weights and runs",
        0.0,
        {"samples": samples, "tied": found.tied},
        ("95 % confidence interval", *([ties] if ties else [])),
    )
