"""The challenge's protocol: estimators against sampling, over models with noisy weights.

Every weight of a model is multiplied by ``1 + sigma z``, z standard normal and seeded, at several
levels sigma. The truth is an independent sample large enough that its variance, which is known,
is small; it is subtracted from the squared errors. With p the accuracy, plain sampling of N
inputs has mean squared error ``p (1 - p) / N``. The *ratio* of an estimator is

    mean p (1 - p) / (mean squared error) / (samples that its cost would pay for)

over the models: above 1 it beats sampling. Costs are counted in operations and in time: processor
time of the one thread that runs, which is wall time on an idle core and does not measure what
else the machine does.
Plain sampling goes through the same machinery as a control: in operations it must come out at 1.
It is a compiled kernel here, as fast as the cubature's (:func:`plain`): in float64, a tie of which
is never right, without the bound of rounding errors that decides samples elsewhere.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from certify.errors import UsageError
from certify.estimate import METHODS, Progress
from certify.estimate.base import Estimate, sample_cost
from certify.estimate.cubature import cubature
from certify.estimate.kernels import contiguous, count_right
from certify.estimate.tree import tree
from certify.model import FloatArray, Network
from certify.probability.sampling import draw

if TYPE_CHECKING:
    pass

MODELS = 24
LEVELS = (0.02, 0.05, 0.1)
TRUTH_SAMPLES = 2_000_000
_REPEATS = 4
_RESAMPLES = 2000
_TRUTH_SEED = 1 << 40

#: What is run: method, budget in words, function, options, whether the seed matters.
Entry = tuple[str, str, Callable[..., Estimate], dict[str, int], bool]


@dataclass(frozen=True)
class Ratio:
    """A ratio to sampling with its 95 % bootstrap interval over the models.

    Infinite where the error is below what the truth can resolve.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Score:
    """One method at one budget, pooled over all levels.

    ``mse`` is the mean squared error of the accuracy with the truth's own variance subtracted;
    ``cost`` the operations in units of one sample's; ``seconds`` the median time of a run
    without, and ``placing`` that of placing points, which do not depend on the weights.
    ``by_level`` holds sigma and the ratio in operations at that level alone.
    """

    method: str
    budget: str
    mse: float
    cost: float
    seconds: float
    placing: float
    in_operations: Ratio
    in_time: Ratio
    in_time_with_placing: Ratio
    by_level: tuple[tuple[float, Ratio], ...]


@dataclass(frozen=True)
class Benchmark:
    """All scores, with what they were measured on.

    ``accuracies`` (levels, models) are the truths; ``sample_seconds`` is the time of one plain
    sample at the budget at which it is fastest.
    """

    model: str
    sha256: str
    models: int
    levels: tuple[float, ...]
    seed: int
    truth_samples: int
    sample_seconds: float
    accuracies: tuple[tuple[float, ...], ...]
    scores: tuple[Score, ...]

    @property
    def control(self) -> tuple[Score, ...]:
        """The scores of plain sampling."""
        return tuple(score for score in self.scores if score.method == "sampling")

    @property
    def control_holds(self) -> bool:
        """Whether 1 lies in the control's interval (operations) at all budgets but one.

        Each 95 % interval misses in one run of twenty; two of three do so in one of 140.
        """
        missed = [s for s in self.control if not s.in_operations.low <= 1 <= s.in_operations.high]
        return len(missed) <= 1

    def to_json(self) -> dict[str, Any]:
        """The benchmark as JSON values; a ratio without a finite value is null."""
        found: dict[str, Any] = _finite({**asdict(self), "control_holds": self.control_holds})
        return found


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def plain(network: Network, *, seed: int = 0, samples: int = 1000) -> Estimate:
    """Plain sampling of standard normal inputs."""
    w = network.floats
    w_ih, w_hh, w_out = contiguous(w.w_ih, w.w_hh, w.w_out)
    blocks = draw("gaussian", samples, network.seq_len, seed)
    right = sum(int(count_right(w_ih, w_hh, w_out, x)) for x in blocks)
    cost = samples * sample_cost(network)
    return Estimate(
        "sampling", "accuracy", right / samples, None, cost, "weights and runs", 0.0
    )  # fmt: skip


def entries() -> tuple[Entry, ...]:
    """Every method at its default, those that scale at several budgets."""
    simple = [
        (name, "", method, dict[str, int](), False)
        for name, method in METHODS.items()
        if name not in ("sampling", "cubature", "tree")
    ]
    sampled = [
        ("sampling", f"{count} samples", plain, {"samples": count}, True)
        for count in (500, 5_000, 50_000)
    ]
    placed = [
        (name, f"{count} prefixes", method, {"prefixes": count}, True)
        for name, method in (("cubature", cubature), ("tree", tree))
        for count in (256, 1024, 4096, 16384)
    ]
    return (*simple, *placed, *sampled)


def noisy(network: Network, sigma: float, seed: int, index: int) -> Network:
    """The network with every weight times ``1 + sigma z``, in float32 as models are stored."""
    generator = np.random.default_rng([seed, round(sigma * 1e9), index])
    w = network.floats

    def stored(weights: FloatArray) -> NDArray[np.float32]:
        return (weights * (1 + sigma * generator.standard_normal(weights.shape))).astype(np.float32)

    return Network.from_arrays(
        stored(w.w_ih), stored(w.w_hh), stored(w.w_out), f"{network.source}, noise {sigma:g}"
    )


def benchmark_estimates(
    network: Network,
    *,
    models: int = MODELS,
    levels: Sequence[float] = LEVELS,
    seed: int = 0,
    truth_samples: int = TRUTH_SAMPLES,
    progress: Progress | None = None,
) -> Benchmark:
    """Run the protocol; same seed, same models and same errors (times vary).

    Raises:
        UsageError: fewer than 2 models, no level, or a level that is not positive.
    """
    if models < 2:
        raise UsageError(f"--models is {models}, expected at least 2 for an interval")
    if not levels or min(levels) <= 0:
        raise UsageError(f"--levels needs positive numbers, got {list(levels)}")
    truths, runs = _measure(network, models, levels, seed, truth_samples, progress)
    sampled = (run for run in runs if run.method == "sampling")
    sample_seconds = min(float(np.median(run.seconds) / run.costs.mean()) for run in sampled)
    return Benchmark(
        network.source,
        network.sha256,
        models,
        tuple(levels),
        seed,
        truth_samples,
        sample_seconds,
        tuple(tuple(map(float, row)) for row in truths.reshape(len(levels), models)),
        tuple(_score(run, truths, levels, seed, truth_samples, sample_seconds) for run in runs),
    )


@dataclass(frozen=True)
class _Runs:
    """One method over all noisy models: errors (models, repeats); per model the cost in samples,
    the seconds, and the seconds that placing its points takes once.
    """

    method: str
    budget: str
    errors: FloatArray
    costs: FloatArray
    seconds: FloatArray
    placing: FloatArray


def _measure(
    network: Network,
    models: int,
    levels: Sequence[float],
    seed: int,
    truth_samples: int,
    progress: Progress | None,
) -> tuple[FloatArray, tuple[_Runs, ...]]:
    """The true accuracies, and the runs of every entry, for every noisy model."""
    population = [noisy(network, sigma, seed, k) for sigma in levels for k in range(models)]
    count, chosen = len(population), entries()
    truths = np.empty(count)
    runs = tuple(
        _Runs(name, budget, np.empty((count, _REPEATS if seeded else 1)), *np.empty((3, count)))
        for name, budget, _, _, seeded in chosen
    )
    for method in {entry[2] for entry in chosen}:
        method(network)  # compiles
    for i, model in enumerate(population):
        if progress:
            progress("noisy models", i, count)
        truth = plain(model, seed=_TRUTH_SEED + seed * count + i, samples=truth_samples)
        truths[i] = truth.value
        for run, (_, _, method, options, seeded) in zip(runs, chosen, strict=True):
            found, times = [], []
            for r in range(run.errors.shape[1]):
                start = time.thread_time()
                found.append(method(model, seed=(i * _REPEATS + r if seeded else 0), **options))
                times.append(time.thread_time() - start)
            run.errors[i] = [_accuracy(estimate, model) - truth.value for estimate in found]
            run.costs[i] = found[0].operations / sample_cost(model)
            run.placing[i] = np.median([e.details.get("placing_seconds", 0.0) for e in found])
            run.seconds[i] = np.median(times) - run.placing[i]
    if progress:
        progress("noisy models", count, count)
    return truths, runs


def _score(
    run: _Runs,
    truths: FloatArray,
    levels: Sequence[float],
    seed: int,
    truth_samples: int,
    sample_seconds: float,
) -> Score:
    """The score of one method; ``sample_seconds`` is what one sample takes."""
    squares = (run.errors**2).mean(axis=1)
    level_of = np.repeat(np.arange(len(levels)), len(truths) // len(levels))
    generator = np.random.default_rng(seed)

    def ratio(cost: float, which: Sequence[int]) -> Ratio:
        return _ratio(truths, squares, level_of, which, cost, truth_samples, generator)

    everything, cost = range(len(levels)), float(run.costs.mean())
    took, place = float(np.median(run.seconds)), float(np.median(run.placing))
    return Score(
        run.method,
        run.budget,
        float(squares.mean() - (truths * (1 - truths)).mean() / truth_samples),
        cost,
        took,
        place,
        ratio(cost, everything),
        ratio(took / sample_seconds, everything),
        ratio((took + place) / sample_seconds, everything),
        tuple((sigma, ratio(cost, [j])) for j, sigma in enumerate(levels)),
    )


def _accuracy(estimate: Estimate, network: Network) -> float:
    """A share of pairs is taken for an accuracy where that is what a method predicts."""
    pairs = network.seq_len * (network.seq_len - 1)
    return estimate.value if estimate.predicts == "accuracy" else estimate.value / pairs


def _ratio(
    truths: FloatArray,
    squares: FloatArray,
    level_of: NDArray[np.intp],
    which: Sequence[int],
    cost: float,
    truth_samples: int,
    generator: np.random.Generator,
) -> Ratio:
    """The ratio over some levels, and its bootstrap: models are redrawn within their level."""
    rows = [np.flatnonzero(level_of == level) for level in which]
    drawn = np.hstack([generator.choice(r, (_RESAMPLES, len(r))) for r in rows])
    spread = truths * (1 - truths)

    def of(index: NDArray[np.intp]) -> FloatArray:
        mse = squares[index].mean(axis=-1) - spread[index].mean(axis=-1) / truth_samples
        # An error below what the truth can resolve gives no finite ratio.
        value: FloatArray = np.where(
            mse > 0, spread[index].mean(axis=-1) / np.where(mse > 0, mse, 1.0) / cost, np.inf
        )
        return value

    low, high = np.quantile(of(drawn), [0.025, 0.975], method="nearest")
    return Ratio(float(of(np.hstack(rows))), float(low), float(high))
