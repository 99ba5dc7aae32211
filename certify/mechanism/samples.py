"""Random inputs, and what a sample can say: values with their standard errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import floor, log10, sqrt
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from certify.errors import UsageError
from certify.model import FloatArray

Inputs = Literal["gaussian", "uniform"]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.intp]
#: Called with the work done so far and the whole, in any unit.
Progress = Callable[[str, int, int], None]

_CHUNK = 16384


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


def draw(inputs: Inputs, samples: int, n: int, seed: int) -> Iterator[FloatArray]:
    """Inputs (k, n) in chunks, ``samples`` in all: i.i.d. standard normal or uniform on [0, 1].

    The same seed gives the same inputs, whatever the model.

    Raises:
        UsageError: fewer than 2 samples, or other inputs than ``gaussian`` and ``uniform``.
    """
    if samples < 2:
        raise UsageError(f"samples is {samples}, expected at least 2")
    if inputs not in ("gaussian", "uniform"):
        raise UsageError(f"inputs is {inputs!r}, expected 'gaussian' or 'uniform'")
    generator = np.random.default_rng(seed)
    for start in range(0, samples, _CHUNK):
        shape = (min(_CHUNK, samples - start), n)
        normal = inputs == "gaussian"
        yield generator.standard_normal(shape) if normal else generator.random(shape)


def top_two(x: FloatArray) -> tuple[IntArray, IntArray]:
    """Positions (N,) of the largest and of the second largest of each row of ``x`` (N, n)."""
    order = np.argpartition(x, (-2, -1), axis=1)
    return order[:, -1], order[:, -2]
