"""What a sample can say: values with their standard errors.

Inputs are drawn, and verdicts found, by :mod:`certify.probability.sampling`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import floor, log10, sqrt
from typing import Any

import numpy as np

from certify.errors import UsageError
from certify.model import FloatArray
from certify.probability.sampling import BoolArray

#: Called with the work done so far and the whole, in any unit.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Estimate:
    """A mean over ``samples`` independent draws and its standard error.

    For numbers the standard error is ``std / sqrt(samples)`` with ``samples - 1`` in the
    variance. For a proportion it is ``sqrt(q (1 - q) / (samples + 4))`` with
    ``q = (hits + 2) / (samples + 4)`` (Agresti and Coull 1998), which is not 0 where all draws
    agree. Without any draw both are NaN, shown as ``-`` and written as null.
    """

    value: float
    error: float
    samples: int

    def __str__(self) -> str:
        if not self.samples:
            return "-"
        digits = max(4, 1 - floor(log10(self.error))) if self.error > 0 else 4
        return f"{self.value:.{digits}f} +- {self.error:.{digits}f}"

    def to_json(self) -> dict[str, Any]:
        """Value, standard error and sample size."""
        known = self.samples > 0
        return {
            "value": self.value if known else None,
            "standard_error": self.error if known else None,
            "samples": self.samples,
        }


def mean(values: FloatArray | BoolArray) -> Estimate:
    """The estimate from a one-dimensional sample; bools are a proportion."""
    size = len(values)
    if not size:
        return Estimate(np.nan, np.nan, 0)
    value = float(np.mean(values))
    if values.dtype == np.bool_:
        q = (value * size + 2) / (size + 4)
        return Estimate(value, sqrt(q * (1 - q) / (size + 4)), size)
    spread = float(np.std(values, ddof=1)) if size > 1 else np.inf
    return Estimate(value, spread / sqrt(size), size)


def demand_some(samples: int) -> None:
    """Refuse a sample that has no standard error.

    Raises:
        UsageError: fewer than 2 samples.
    """
    if samples < 2:
        raise UsageError(f"samples is {samples}, expected at least 2")
