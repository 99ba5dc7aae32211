"""The same quantities over checkpoints: ``certify track``.

Exact quantities (certified pairs, smallest margin, common interval, cells, the participation
ratio of the impulse states) change exactly when their values differ. Sampled quantities (accuracy,
participation ratio of the states) use the same inputs for every checkpoint, and a change between
two checkpoints counts only where it exceeds ``SIGNIFICANT`` times its standard error, which comes
from a bootstrap that resamples inputs for both checkpoints alike (Efron and Tibshirani, "An
introduction to the bootstrap", 1993, chapter 8).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from certify.claims import NOMINAL_RATIO, Inputs, Pair, RatioRange
from certify.errors import UsageError
from certify.impulse.sweep import Sweep, sweep_all
from certify.interrupts import interruptible
from certify.mechanism.samples import Estimate, Progress, demand_some, mean
from certify.model import FloatArray, Network
from certify.probability.sampling import BoolArray, draw, judge
from certify.reading.weights import read_network

SIGNIFICANT = 3.0
RESAMPLES = 200
SAMPLES = 20_000


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """One model of the sequence.

    Exact, at S/M = 4/5 with ``M = 1``: ``certified`` pairs, ``min_margin`` the smallest margin
    over pairs and rivals, ``common`` the intersection of the pairs' intervals around 4/5 (None
    unless all pairs are right), ``cells`` the linear pieces of 0 < r < 1 over all pairs,
    ``final_cells`` the distinct last cells at 4/5, ``impulse_dimension`` the participation ratio of
    the final states over the pairs. Sampled: ``accuracy``, ``ties`` the share of inputs on which
    two logits are largest (never right), and ``dimension`` the participation ratio of the final
    states; ``resamples`` (RESAMPLES, 2) holds both for every bootstrap
    resample.
    """

    name: str
    sha256: str
    hidden_size: int
    seq_len: int
    pairs: int
    certified: int
    min_margin: Fraction
    common: tuple[Fraction, Fraction] | None
    cells: int
    final_cells: int
    impulse_dimension: Fraction
    accuracy: Estimate
    ties: Estimate
    dimension: Estimate
    resamples: FloatArray

    @property
    def is_right(self) -> bool:
        """Whether all pairs are certified at 4/5."""
        return self.certified == self.pairs

    def to_json(self) -> dict[str, Any]:
        """Exact values as strings."""
        return {
            "model": self.name,
            "sha256": self.sha256,
            "hidden_size": self.hidden_size,
            "seq_len": self.seq_len,
            "total_pairs": self.pairs,
            "certified_pairs": self.certified,
            "min_margin": self.min_margin,
            "common_interval": self.common and list(self.common),
            "cells": self.cells,
            "final_cells": self.final_cells,
            "impulse_dimension": self.impulse_dimension,
            "accuracy": self.accuracy.to_json(),
            "ties": self.ties.to_json(),
            "dimension": self.dimension.to_json(),
        }


@dataclass(frozen=True)
class Step:
    """From one checkpoint to the next: differences, each with its standard error.

    The error is 0 for exact quantities. None where the checkpoints read inputs of different
    lengths, so that nothing compares.
    """

    before: str
    after: str
    certified: int
    min_margin: Fraction
    impulse_dimension: Fraction
    accuracy: tuple[float, float]
    dimension: tuple[float, float]

    def is_change(self, name: str) -> bool:
        """Whether ``accuracy`` or ``dimension`` changed by more than the noise explains."""
        value, error = getattr(self, name)
        return bool(abs(value) > SIGNIFICANT * error)

    def to_json(self) -> dict[str, Any]:
        """Differences with standard error, and whether they count as a change."""

        def sampled(name: str) -> dict[str, Any]:
            value, error = getattr(self, name)
            changed = self.is_change(name)
            return {"difference": value, "standard_error": error, "is_change": changed}

        return {
            "before": self.before,
            "after": self.after,
            "certified_pairs": self.certified,
            "min_margin": self.min_margin,
            "impulse_dimension": self.impulse_dimension,
            "accuracy": sampled("accuracy"),
            "dimension": sampled("dimension"),
        }


@dataclass(frozen=True)
class TrackResult:
    """All checkpoints in the order given, and the steps between neighbours."""

    inputs: Inputs
    samples: int
    seed: int
    checkpoints: tuple[Checkpoint, ...]
    steps: tuple[Step | None, ...]

    @property
    def right_from(self) -> str | None:
        """The checkpoint from which on all pairs are certified at 4/5, None if the last is not."""
        found = None
        for checkpoint in reversed(self.checkpoints):
            if not checkpoint.is_right:
                break
            found = checkpoint.name
        return found

    @property
    def first_right(self) -> str | None:
        """The first checkpoint with all pairs certified at 4/5; a later one may lose some."""
        return next((c.name for c in self.checkpoints if c.is_right), None)

    @property
    def largest_dimension_step(self) -> Step | None:
        """The largest change of the dimension that is one, None if there is none."""
        changed = [s for s in self.steps if s is not None and s.is_change("dimension")]
        return max(changed, key=lambda s: abs(s.dimension[0]), default=None)

    def to_json(self) -> dict[str, Any]:
        """Checkpoints, steps, and the answer to when the model becomes right."""
        largest = self.largest_dimension_step
        return {
            "inputs": self.inputs,
            "samples": self.samples,
            "seed": self.seed,
            "significant": SIGNIFICANT,
            "checkpoints": [c.to_json() for c in self.checkpoints],
            "steps": [s and s.to_json() for s in self.steps],
            "first_right": self.first_right,
            "right_from": self.right_from,
            "largest_dimension_change": largest and [largest.before, largest.after],
        }


def track(
    paths: Sequence[Path | str],
    *,
    inputs: Inputs = "gaussian",
    samples: int = SAMPLES,
    seed: int = 0,
    progress: Progress | None = None,
) -> TrackResult:
    """Measure every model file, in the order given; after ctrl-C those that were reached.

    Raises:
        UsageError: no model, or fewer than 2 samples.
        ModelFileError: a file is not a model of the family.
    """
    if not paths:
        raise UsageError("track needs at least one model")
    checkpoints: list[Checkpoint] = []
    with interruptible() as asked:
        for done, path in enumerate(paths):
            if progress is not None:
                progress("checkpoints", done, len(paths))
            network = read_network(path)
            checkpoints.append(
                measure(network, Path(path).stem, inputs=inputs, samples=samples, seed=seed)
            )
            if asked.is_set():
                break
    steps = tuple(_step(before, after) for before, after in pairwise(checkpoints))
    return TrackResult(inputs, samples, seed, tuple(checkpoints), steps)


def measure(network: Network, name: str, *, inputs: Inputs, samples: int, seed: int) -> Checkpoint:
    """All quantities of one model."""
    sweeps = sweep_all(network)
    nominal = RatioRange(NOMINAL_RATIO, NOMINAL_RATIO)
    margins = [s.margin_at(NOMINAL_RATIO).value for s in sweeps.values()]
    intervals = [s.interval_around(nominal) for s in sweeps.values()]
    known = [i for i in intervals if i is not None]
    demand_some(samples)
    rights, ties, finals = [], [], []
    for x in draw(inputs, samples, network.seq_len, seed):
        states = network.floats.states(x)[:, -1]
        finals.append(states)
        judged = judge(network, x)
        rights.append(judged.right)
        ties.append(judged.tied)
    right, final = np.concatenate(rights), np.concatenate(finals)
    resamples = _bootstrap(right, final, seed)
    return Checkpoint(
        name,
        network.sha256,
        network.hidden_size,
        network.seq_len,
        len(sweeps),
        sum(m > 0 for m in margins),
        min(margins),
        (max(lo for lo, _ in known), min(hi for _, hi in known))
        if len(known) == len(intervals)
        else None,
        sum(len(s.pieces) for s in sweeps.values()),
        len({s.piece_at(NOMINAL_RATIO).pattern[-1] for s in sweeps.values()}),
        impulse_dimension(sweeps),
        mean(right),
        mean(np.concatenate(ties)),
        Estimate(participation_ratio(final), float(resamples[:, 1].std(ddof=1)), samples),
        resamples,
    )


def participation_ratio(states: FloatArray) -> float:
    """``(sum of eigenvalues)^2 / sum of squared eigenvalues`` of the covariance of states (N, d).

    The effective number of dimensions: 1 on a line, d for an isotropic cloud; 0 where all states
    are equal (Gao et al., "A theory of multineuronal dimensionality, dynamics and measurement",
    2017).
    """
    return _ratio(np.atleast_2d(np.cov(states, rowvar=False)))


def impulse_dimension(sweeps: Mapping[Pair, Sweep], ratio: Fraction = NOMINAL_RATIO) -> Fraction:
    """The participation ratio of the final states over all pairs at one ratio, exactly.

    It does not change with the scale of the states, so integers do: with H the (pairs, d) states
    times a common factor, ``C = N H^T H - (H^T 1)(1^T H)`` is a multiple of the covariance.
    """
    p, q = ratio.numerator, ratio.denominator
    states = [[a * q + b * p for a, b in s.piece_at(ratio).state] for s in sweeps.values()]
    count, columns = len(states), list(zip(*states, strict=True))
    sums = [sum(column) for column in columns]
    trace = squares = 0
    for i, left in enumerate(columns):
        for j, right in enumerate(columns):
            entry = count * sum(a * b for a, b in zip(left, right, strict=True)) - sums[i] * sums[j]
            squares += entry * entry
            trace += entry if i == j else 0
    return Fraction(trace * trace, squares) if squares else Fraction(0)


def _ratio(covariance: FloatArray) -> float:
    largest = float(np.abs(covariance).max())
    if not largest:
        return 0.0
    scaled = covariance / largest  # its squares neither overflow nor vanish
    return float(np.trace(scaled) ** 2 / (scaled**2).sum())


def _bootstrap(right: BoolArray, final: FloatArray, seed: int) -> FloatArray:
    """Accuracy and participation ratio (RESAMPLES, 2) of resamples of the inputs.

    The resamples depend on the seed and the number of inputs alone, so that they pair up between
    checkpoints.
    """
    count = len(right)
    generator = np.random.default_rng([seed, count])
    centred = final - final.mean(axis=0)
    found = np.empty((RESAMPLES, 2))
    for k in range(RESAMPLES):
        weights = np.bincount(generator.integers(count, size=count), minlength=count) / count
        shift = weights @ centred
        covariance = (centred * weights[:, None]).T @ centred - np.outer(shift, shift)
        found[k] = weights @ right, _ratio(covariance)
    return found


def _step(before: Checkpoint, after: Checkpoint) -> Step | None:
    if before.seq_len != after.seq_len:
        return None
    errors = (after.resamples - before.resamples).std(axis=0, ddof=1)
    # A bootstrap can't see beyond the draws: where all agree its spread is 0, and one more draw
    # might still differ. No difference of proportions is known better than to one draw.
    floor = 1 / after.accuracy.samples
    # The states are float64, with relative errors far below this.
    rounding = 1e-9 * max(after.dimension.value, before.dimension.value)
    return Step(
        before.name,
        after.name,
        after.certified - before.certified,
        after.min_margin - before.min_margin,
        after.impulse_dimension - before.impulse_dimension,
        (after.accuracy.value - before.accuracy.value, max(float(errors[0]), floor)),
        (after.dimension.value - before.dimension.value, max(float(errors[1]), rounding)),
    )
