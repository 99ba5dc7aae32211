"""Looking into a model: what it does, how well estimates say so, and when in training it came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from certify.api.sources import Progress, load

if TYPE_CHECKING:
    from certify.api.sources import Model, Ratio
    from certify.claims import Inputs
    from certify.estimate.base import Estimate
    from certify.estimate.benchmark import Benchmark
    from certify.estimate.certified import Certified
    from certify.mechanism.explain import Explanation
    from certify.mechanism.interventions import PatchResult
    from certify.mechanism.patched import Intervention
    from certify.mechanism.training import TrackResult
    from certify.statements.history import History

DIGITS = 12
"""Of an accuracy that stands beside estimates."""


def explain(
    model: Model,
    *,
    ratio: Ratio | None = None,
    samples: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Explanation:
    """Take a model apart: offsets, cells, units and their roles, and a proved circuit.

    ``ratio`` is what the proved statements speak of, ``samples`` the number of random inputs of
    each kind. Deterministic for a ``seed``.

    Raises:
        UsageError: an argument is out of its range.
        ModelFileError: not a model.
    """
    from certify.claims import parse_ratio_range
    from certify.mechanism import explain as study
    from certify.mechanism.search import BAND

    return study.explain(
        load(model),
        samples=study.SAMPLES if samples is None else samples,
        seed=seed,
        ratios=BAND if ratio is None else parse_ratio_range(ratio),
        progress=progress,
    )


def estimate(
    model: Model,
    methods: Sequence[str] | None = None,
    *,
    seed: int = 0,
    progress: Callable[[str, int, int], None] | None = None,
) -> tuple[tuple[Estimate, ...], dict[str, Certified]]:
    """What cheaper methods say, and what is certified of the quantities that they predict.

    ``methods`` names some (default: all). Certified are the number of pairs right at S/M = 4/5,
    and the accuracy where it has a closed form.

    >>> estimates, certified = estimate("models/m2_2.pt", ["linear"])
    >>> estimates[0].method, certified["pairs right"].lower
    ('linear', 2)

    Raises:
        UsageError: a method that does not exist; the message names them all.
        ModelFileError: not a model.
    """
    from certify.claims import NOMINAL_RATIO, RatioRange
    from certify.estimate import run_estimates
    from certify.estimate.certified import Certified
    from certify.impulse.prove import prove_impulse
    from certify.probability.prove import EXACT_LENGTH, prove_accuracy

    network = load(model)
    estimates = run_estimates(network, methods, progress, seed=seed)
    exact = prove_impulse(network, RatioRange(NOMINAL_RATIO, NOMINAL_RATIO)).certified_pairs
    certified = {"pairs right": Certified(exact, exact, "certify MODEL --ratio 4/5")}
    if network.seq_len <= EXACT_LENGTH and any(e.predicts == "accuracy" for e in estimates):
        closed = prove_accuracy(network, digits=DIGITS)
        ends = float(closed.lower), float(closed.upper)
        certified["accuracy"] = Certified(*ends, "certify accuracy MODEL")
    return estimates, certified


def benchmark_estimates(
    model: Model,
    *,
    models: int | None = None,
    levels: Sequence[float] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Benchmark:
    """Compare the mean squared errors of the methods with that of sampling for the same price.

    ``models`` noisy copies of the model at each of the ``levels`` of noise on its weights.

    Raises:
        UsageError: an argument is out of its range.
        ModelFileError: not a model.
    """
    from certify.estimate import benchmark as study

    return study.benchmark_estimates(
        load(model),
        models=study.MODELS if models is None else models,
        levels=study.LEVELS if levels is None else levels,
        seed=seed,
        progress=progress,
    )


def patch(
    model: Model,
    pair: Sequence[int],
    interventions: Sequence[Intervention],
    *,
    ratio: Ratio | None = None,
) -> PatchResult:
    """Replay a pair with units zeroed, set or scaled, beside the original, in exact arithmetic.

    ``ratio`` is one value of S/M or the ends of a range, which is decided with and without the
    interventions (default 4/5); states are shown at 4/5, or at the lower end where that is outside.

    Raises:
        UsageError: a unit, step, position or ratio that cannot mean anything.
        ModelFileError: not a model.
    """
    from certify.claims import NOMINAL_RATIO, Pair, parse_ratio_range
    from certify.mechanism import interventions as study

    ratios = None if ratio is None else parse_ratio_range(ratio)
    inside = ratios is None or ratios.lo <= NOMINAL_RATIO <= ratios.hi
    shown = NOMINAL_RATIO if inside or ratios is None else ratios.lo
    return study.patch(load(model), Pair(*pair), interventions, ratio=shown, ratios=ratios)


def track(
    models: Sequence[str | Path],
    *,
    inputs: Inputs = "gaussian",
    samples: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> TrackResult:
    """Measure checkpoints in the order given; after ctrl-C the result has those that were reached.

    Raises:
        UsageError: no model, or fewer than 2 samples.
        ModelFileError: a file is not a model.
    """
    from certify.mechanism import training as study

    chosen = study.SAMPLES if samples is None else samples
    return study.track(models, inputs=inputs, samples=chosen, seed=seed, progress=progress)


def track_hypotheses(
    file: str | Path, models: Sequence[str | Path], *, progress: Progress | None = None
) -> History:
    """Decide a note for every checkpoint: when did each of its sentences become true?

    Raises:
        UsageError: as :func:`certify.hypotheses`.
        ModelFileError: a file is not a model.
    """
    from certify.statements.history import follow

    named = [(Path(path).stem, load(path)) for path in models]
    return follow(Path(file), named, progress=progress)
