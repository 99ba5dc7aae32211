"""Proving: impulses, noise, accuracy and the sentences of a note."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from certify.api.sources import Progress, load
from certify.errors import InternalError

if TYPE_CHECKING:
    from certify.api.sources import Model, Pairs, Ratio
    from certify.certificate import Certificate
    from certify.claims import Exact, Inputs
    from certify.impulse.prove import ImpulseResult
    from certify.noise.answers import NoiseResult, PairNoise
    from certify.noise.prove import Progress as NoiseProgress
    from certify.probability.prove import AccuracyResult
    from certify.probability.prove import Progress as AccuracyProgress
    from certify.probability.statistical import StatisticalResult
    from certify.statements.prove import HypothesesResult

SMT_TIMEOUT = 60.0
"""Seconds that z3 may spend on one pair before it answers unknown."""

NOISE_MAX_BUDGET = 1800.0
"""Seconds that the largest noise of each pair is looked for if no budget is given."""


def prove(
    model: Model,
    ratio: Ratio | None = None,
    *,
    pairs: Pairs | None = None,
    smt: bool = False,
    jobs: int = 1,
    resume: str | Path | None = None,
    progress: Progress | None = None,
    keep: Callable[[ImpulseResult], object] | None = None,
) -> ImpulseResult:
    """Decide the impulse claim: right on M > 0 at m, S at s, zeros elsewhere.

    ``ratio`` is one value of S/M or the two ends of a closed range. Without it the range is the
    common interval of the pairs around 4/5, rounded inwards to multiples of 1/1000. ``pairs``
    restricts the claim to some pairs ``(m, s)``. With ``smt`` z3 decides each pair as a second
    witness, in ``jobs`` processes (with more than one the calling script needs the usual
    ``if __name__ == "__main__"``).

    Ctrl-C ends the sweep: what comes back then is about the pairs that were decided
    (``.interrupted``), without a ``ratio`` at 4/5 alone. ``keep`` is called with the same now and
    then, and ``resume`` is a certificate of it from which the sweep goes on.

    >>> result = prove("models/m4_3.pt", ratio=("7/10", "9/10"))
    >>> result.verdict, len(result.pairs), float(result.pairs[0].min_margin.value) > 0
    ('proved', 6, True)

    Raises:
        UsageError: a ratio or pair that cannot mean anything.
        ModelFileError: not a model, or one whose exact numbers are too long for a certificate.
        CertificateFormatError: ``resume`` is not an impulse certificate.
        InternalError: the two witnesses contradict each other, a bug in certify.
    """
    from certify.claims import parse_pairs, parse_ratio_range
    from certify.impulse.prove import prove_impulse
    from certify.impulse.resuming import read_outlines

    ratios = None if ratio is None else parse_ratio_range(ratio)
    network = load(model)
    result = prove_impulse(
        network,
        ratios,
        pairs=parse_pairs(pairs, network.seq_len),
        jobs=jobs,
        progress=_named(progress, "exact sweep"),
        resume=read_outlines(Path(resume), network) if resume else {},
        keep=keep,
    )
    if result.interrupted:
        return result
    result = _with_float32(result, jobs, progress)
    return second_witness(result, jobs=jobs, progress=progress) if smt else result


def _with_float32(result: ImpulseResult, jobs: int, progress: Progress | None) -> ImpulseResult:
    from certify.impulse.float32 import prove_float32

    started = time.perf_counter()
    deployed = prove_float32(
        result.model,
        result.cuts,
        result.ratios,
        wrong=result.wrong,
        jobs=jobs,
        progress=_named(progress, "float32 program"),
    )
    return replace(result, deployed=deployed, **_later(result, "float32", started))


def _later(result: ImpulseResult, stage: str, started: float) -> dict[str, Any]:
    taken = time.perf_counter() - started
    return {"stages": {**result.stages, stage: taken}, "seconds": result.seconds + taken}


def second_witness(
    result: ImpulseResult, *, jobs: int = 1, progress: Progress | None = None
) -> ImpulseResult:
    """The result with what z3 says of every pair; it never changes a verdict.

    Raises:
        InternalError: z3 contradicts the sweep, a bug in certify.
    """
    from certify.smt import decide

    started = time.perf_counter()
    verdicts = decide(
        result.model,
        [p.pair for p in result.pairs],
        result.ratios,
        jobs=jobs,
        timeout=SMT_TIMEOUT,
        progress=_named(progress, "z3, unrolled network"),
    )
    expected = {"proved": "unsat", "refuted": "sat"}
    for exact, verdict in zip(result.pairs, verdicts, strict=True):
        if verdict.verdict not in ("unknown", expected[exact.verdict]):
            raise InternalError(
                f"pair (m={exact.pair.max}, s={exact.pair.second}): the exact sweep says "
                f"{exact.verdict}, z3 says {verdict.verdict}"
            )
    return replace(
        result,
        pairs=tuple(
            replace(p, smt=v.verdict, smt_reason=v.reason)
            for p, v in zip(result.pairs, verdicts, strict=True)
        ),
        **_later(result, "smt", started),
    )


def prove_noise(
    model: Model,
    noise: Exact | Literal["max"],
    *,
    ratio: Ratio = "4/5",
    pairs: Pairs | None = None,
    budget: float | None = None,
    jobs: int | None = None,
    dask: Any = None,
    resume: str | Path | None = None,
    progress: NoiseProgress | None = None,
    keep: Callable[[NoiseResult], object] | None = None,
) -> NoiseResult:
    """Decide the noise claim: M = 1, S = r in a range, all other inputs in ``[-noise, noise]``.

    ``noise`` is a number with ``0 <= noise < r``, or ``"max"``: the largest one for each pair.
    After ``budget`` seconds (default: none, with ``"max"`` half an hour) what is not decided is
    unknown. ``jobs`` is the number of threads, all cores by default; ``dask``, the address of a
    dask.distributed scheduler or a client, has its workers do it instead. ``resume`` is a noise
    certificate whose answers are kept. ``progress`` is called with (pairs done, pairs in all,
    share of the whole that is covered), ``keep`` now and then with what is decided so far. After
    ctrl-C the result has what was decided.

    >>> result = prove_noise("models/m2_2.pt", "1/100")
    >>> result.verdict, result.counterexamples
    ('proved', ())

    Raises:
        UsageError: a noise, ratio, pair or budget that cannot mean anything.
        ModelFileError: not a model.
        CertificateFormatError: ``resume`` is not a noise certificate of this model and range.
        MissingExtraError: ``dask`` without dask.distributed.
    """
    from certify.claims import exact, parse_pairs, parse_ratio_range
    from certify.errors import UsageError
    from certify.noise import prove as engine
    from certify.noise.answers import read_answers

    ratios = parse_ratio_range(ratio)
    if budget is not None and not budget > 0:
        raise UsageError(f"budget needs a positive number of seconds, got {budget}")
    eps = None if noise == "max" else exact(noise, "noise")
    network = load(model)
    chosen = parse_pairs(pairs, network.seq_len)
    known = read_answers(Path(resume), network, ratios) if resume else ()
    if eps is None:
        return engine.noise_max(
            network, ratios, pairs=chosen, jobs=jobs, dask=dask,
            budget=budget or NOISE_MAX_BUDGET, progress=progress, resume=known, keep=keep,
        )  # fmt: skip
    return engine.prove_noise(
        network, ratios, eps, pairs=chosen, jobs=jobs, dask=dask, budget=budget,
        progress=progress, resume=known, keep=keep,
    )  # fmt: skip


def decided_pairs(path: str | Path, model: Model) -> tuple[int, int]:
    """Of how many pairs an impulse certificate for this model speaks, unchecked, and of how many
    it could.

    Raises:
        UsageError: it is of another kind or model.
        CertificateFormatError: it is no certificate.
    """
    from certify.impulse.resuming import read_outlines

    network = load(model)
    return len(read_outlines(Path(path), network)), network.seq_len * (network.seq_len - 1)


def noise_answers(path: str | Path, model: Model, *, ratio: Ratio = "4/5") -> tuple[PairNoise, ...]:
    """What a noise certificate for this model and range says of each pair, unchecked.

    Raises:
        UsageError: it is of another kind, model or range.
        CertificateFormatError: it is no certificate.
    """
    from certify.claims import parse_ratio_range
    from certify.noise.answers import read_answers

    return read_answers(Path(path), load(model), parse_ratio_range(ratio))


def accuracy(
    model: Model,
    inputs: Inputs = "gaussian",
    *,
    budget: float | None = None,
    boxes: int | None = None,
    digits: int = 30,
    jobs: int | None = None,
    resume: str | Path | None = None,
    dask: Any = None,
    device: str | None = None,
    progress: AccuracyProgress | None = None,
) -> AccuracyResult:
    """Prove ``lower <= P(right) <= upper`` for i.i.d. standard normal or uniform [0, 1] inputs.

    For 2 and 3 inputs a closed form to so many ``digits``; for longer ones a bracket that narrows
    for ``budget`` seconds (default 60), or for a number of ``boxes``, which is reproducible.
    ``resume`` is a state file that is gone on from and kept up to date; ``dask`` a scheduler to
    work on, ``device`` a torch device on which to bound boxes.

    >>> result = accuracy("models/m2_2.pt", digits=6)
    >>> result.exact, result.upper - result.lower <= 10**-6
    (True, True)

    Raises:
        UsageError: an argument is out of its range, or the state is that of another run.
        ModelFileError: not a model.
        MissingExtraError: ``dask`` without dask.distributed, or ``device`` without torch.
    """
    from certify.probability.prove import prove_accuracy

    return prove_accuracy(
        load(model), inputs, digits=digits, budget=budget, boxes=boxes, jobs=jobs,
        state=None if resume is None else Path(resume), dask=dask, device=device,
        progress=progress,
    )  # fmt: skip


def sample_accuracy(
    model: Model,
    inputs: Inputs = "gaussian",
    *,
    samples: int = 100_000,
    error_probability: Exact = "1/1000000000",
    proved: str | Path | Certificate | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> StatisticalResult:
    """Bracket the accuracy by a sample that nobody picked: statistical, no proof.

    The seed follows from the model, the inputs and the number of ``samples``; every input is
    decided exactly. ``lower <= P(right) <= upper`` holds but for a probability of at most
    ``error_probability``. Beside what is ``proved``, an accuracy certificate of boxes (more than 6
    inputs), only the rest is sampled: what is proved is exact, and its seed follows from the proof
    too. ``progress`` is called with (samples done, samples in all).

    >>> result = sample_accuracy("models/m2_2.pt", samples=2000)
    >>> result.verdict, result.lower <= result.upper
    ('statistical', True)

    Raises:
        UsageError: an argument is out of its range, or what is proved is not about boxes, this
            model and these inputs.
        Rejected: what is said to be proved is not.
        CertificateFormatError: the file is not a certificate.
        ModelFileError: not a model.
    """
    from certify.claims import exact
    from certify.probability.statistical import sample_bracket

    return sample_bracket(
        load(model),
        inputs,
        samples=samples,
        error_probability=exact(error_probability, "error probability"),
        proved=Path(proved) if isinstance(proved, str) else proved,
        progress=progress,
    )


def hypotheses(
    file: str | Path, model: Model, *, progress: Callable[[int, int], None] | None = None
) -> HypothesesResult:
    """Prove or refute the sentences of a note, a TOML file of claims about the impulse family.

    ``progress`` is called with (pairs done, pairs in all).

    >>> result = hypotheses("docs/examples/m16_10.toml", "models/m16_10.pt")
    >>> result.verdict, result.results[0].verdict
    ('refuted', 'proved')

    Raises:
        UsageError: the file cannot be read, is about another model, or holds an expression that
            means nothing; the message names entry and column.
        ModelFileError: not a model.
    """
    from certify.statements import prove as engine

    return engine.hypotheses(file, load(model), progress=progress)


def _named(progress: Progress | None, title: str) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    return lambda done, total: progress(title, done, total)
