"""What an estimate is, and what the methods share.

Operations are multiply-adds of floating-point (or integer) numbers; comparisons, rectifiers and
the choice of inputs are not counted, for no method. One sample of plain sampling costs
``n (d^2 + d) + n d`` of them, see :func:`sample_cost`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np

from certify.claims import NOMINAL_RATIO, Pair, all_pairs
from certify.model import FloatArray, FloatNetwork, Network

Predicts = Literal["pairs right", "accuracy"]
Reads = Literal["weights", "weights and runs"]

RATIO = float(NOMINAL_RATIO)


@dataclass(frozen=True)
class Estimate:
    """What one method predicts of one model.

    ``value`` is a number of pairs (0 .. n (n-1), impulses at the nominal ratio) or an accuracy
    in [0, 1] (i.i.d. standard normal inputs), as ``predicts`` says. ``interval`` is a confidence
    interval where the method has one. ``operations`` counts multiply-adds, ``seconds`` is wall
    time. ``reads`` is "weights" where nothing but the weights goes in, "weights and runs" where
    the network is also run on inputs. An estimate is never a certified value; ``notes`` say what
    in it is exact.
    """

    method: str
    predicts: Predicts
    value: float
    interval: tuple[float, float] | None
    operations: int
    reads: Reads
    seconds: float
    details: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The estimate as JSON values."""
        return {
            "method": self.method,
            "predicts": self.predicts,
            "value": self.value,
            "interval": list(self.interval) if self.interval else None,
            "operations": self.operations,
            "reads": self.reads,
            "seconds": self.seconds,
            "details": dict(self.details),
            "notes": list(self.notes),
        }


class Method(Protocol):
    """A function from the network to an estimate; ``seed`` is for those that draw or scramble."""

    def __call__(self, network: Network, *, seed: int = 0) -> Estimate:
        """Estimate; ``seconds`` is filled in by the caller."""
        ...


def sample_cost(network: Network) -> int:
    """Multiply-adds of one run on one input: ``n (d^2 + d) + n d``."""
    d, n = network.hidden_size, network.seq_len
    return n * (d * d + d) + n * d


def impulse_runs(network: FloatNetwork, ratio: float = RATIO) -> dict[Pair, FloatArray]:
    """States (n, d) of every pair with 1 at ``m``, the ratio at ``s`` and 0 elsewhere."""
    n = len(network.w_out)
    pairs = all_pairs(n)
    x = np.zeros((len(pairs), n))
    for row, (m, s) in zip(x, pairs, strict=True):
        row[m], row[s] = 1.0, ratio
    return dict(zip(pairs, network.states(x), strict=True))


def true_offsets(runs: Mapping[Pair, FloatArray]) -> FloatArray:
    """The offsets (pairs, d), in the order of ``runs``."""
    return np.array([runs[Pair(m, s)][-1] - runs[Pair(s, m)][-1] for m, s in runs])


def offsets_of(form: FloatArray) -> FloatArray:
    """The offsets (pairs, d) that a separable form (n, d) predicts: ``f(m) - f(s)``."""
    return np.array([form[m] - form[s] for m, s in all_pairs(len(form))])


def readout_products(network: FloatNetwork, offsets: FloatArray) -> FloatArray:
    """``(W_out[s] - W_out[m]) . offset`` (pairs,): positive where the offset reads out right."""
    pairs = all_pairs(len(network.w_out))
    readout = np.array([network.w_out[s] - network.w_out[m] for m, s in pairs])
    products: FloatArray = np.einsum("pd,pd->p", readout, offsets)
    return products


def r_squared(predicted: FloatArray, true: FloatArray) -> float | None:
    """One minus squared error over squared norm, over pairs and units; None where all are zero.

    Offsets change sign with the pair's order, so their mean is zero and the norm is the variance.
    """
    total = float((true**2).sum())
    return 1 - float(((predicted - true) ** 2).sum()) / total if total else None


def linear_response(step: FloatArray, drive: FloatArray, n: int) -> FloatArray:
    """``f(p) = step^(n-1-p) drive`` (n, d): what is left at the end of an impulse at p."""
    form = np.empty((n, len(drive)))
    form[n - 1] = drive
    for p in range(n - 2, -1, -1):
        form[p] = step @ form[p + 1]
    return form


def from_form(
    method: str,
    network: Network,
    form: FloatArray,
    *,
    operations: int,
    reads: Reads,
    details: Mapping[str, Any],
    notes: tuple[str, ...] = (),
) -> Estimate:
    """The estimate that a separable form (n, d) gives: pairs with a positive readout product.

    R^2 against the true offsets goes into the details; the runs that it takes are no part of the
    method and not in its operations.
    """
    floats = network.floats
    offsets = offsets_of(form)
    products = readout_products(floats, offsets)
    judged = {
        "smallest_product": float(products.min()),
        "r_squared_of_true_offsets": r_squared(offsets, true_offsets(impulse_runs(floats))),
    }
    return Estimate(
        method,
        "pairs right",
        float((products > 0).sum()),
        None,
        operations + network.seq_len * (network.seq_len - 1) * network.hidden_size,
        reads,
        0.0,
        {**judged, **details},
        notes,
    )
