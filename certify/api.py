"""The use cases, each in one place: what ``import certify`` offers, and what commands call.

A *model* is a path, a :class:`certify.model.Network` (what :func:`load` returns), a torch module,
a state dict or a mapping of arrays. Numbers are read exactly: text such as ``"4/5"`` or ``"0.8"``,
integers, fractions, and floats for exactly what they are. Every error that a caller can meet is a
:class:`certify.CertifyError`.

Engines are imported by the use case that needs them: proving on impulses compiles nothing, and
checking needs the standard library alone.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from certify.errors import CertificateFormatError, InternalError, ModelFileError, Rejected

if TYPE_CHECKING:
    from certify.certificate import Certificate
    from certify.checker import Accepted
    from certify.checker.running import Kernels
    from certify.claims import Exact
    from certify.impulse.prove import ImpulseResult
    from certify.mechanism.explain import Explanation
    from certify.model import Network
    from certify.noise.answers import NoiseResult, PairNoise
    from certify.noise.prove import Progress as NoiseProgress
    from certify.probability.prove import AccuracyResult, Inputs
    from certify.probability.prove import Progress as AccuracyProgress
    from certify.probability.statistical import StatisticalResult
    from certify.statements.prove import HypothesesResult

    class Module(Protocol):
        """What a torch module offers; torch itself is not needed."""

        def state_dict(self) -> Mapping[str, Any]: ...  # noqa: D102

    Model = str | Path | Network | Module | Mapping[str, Any]
    Pairs = Iterable[Sequence[int]]
    Ratio = Exact | Sequence[Exact]

SMT_TIMEOUT = 60.0
"""Seconds that z3 may spend on one pair before it answers unknown."""

NOISE_MAX_BUDGET = 1800.0
"""Seconds that the largest noise of each pair is looked for if no budget is given."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, the work done and the work in all."""


def load(source: Model) -> Network:
    """The exact network of a model file, a torch module, a state dict or a mapping of arrays.

    A mapping holds ``rnn.weight_ih_l0`` (d, 1), ``rnn.weight_hh_l0`` (d, d) and
    ``linear.weight`` (n, d): d hidden units, n inputs and as many logits.

    >>> model = load("models/m2_2.pt")
    >>> model.hidden_size, model.seq_len
    (2, 2)

    Raises:
        ModelFileError: it is not a model of the family; the message names the tensor.
    """
    from certify.model import Network

    if isinstance(source, Network):
        return source
    from certify.reading import weights

    if isinstance(source, str | Path):
        return weights.read_network(source)
    mapping = source if isinstance(source, Mapping) else _state_dict(source)
    return weights.network_from_mapping(mapping)


def _state_dict(module: Module) -> Mapping[str, Any]:
    method = getattr(module, "state_dict", None)
    if method is None:
        raise ModelFileError(
            "a model is a path, a torch module, a state dict or a mapping of arrays, not "
            f"{type(module).__name__}"
        )
    return module.state_dict()


def prove(
    model: Model,
    ratio: Ratio | None = None,
    *,
    pairs: Pairs | None = None,
    smt: bool = False,
    jobs: int = 1,
    progress: Progress | None = None,
) -> ImpulseResult:
    """Decide the impulse claim: right on M > 0 at m, S at s, zeros elsewhere.

    ``ratio`` is one value of S/M or the two ends of a closed range. Without it the range is the
    common interval of the pairs around 4/5, rounded inwards to multiples of 1/1000. ``pairs``
    restricts the claim to some pairs ``(m, s)``. With ``smt`` z3 decides each pair as a second
    witness, in ``jobs`` processes (with more than one the calling script needs the usual
    ``if __name__ == "__main__"``).

    >>> result = prove("models/m4_3.pt", ratio=("7/10", "9/10"))
    >>> result.verdict, len(result.pairs), float(result.pairs[0].min_margin.value) > 0
    ('proved', 6, True)

    Raises:
        UsageError: a ratio or pair that cannot mean anything.
        ModelFileError: not a model, or one whose exact numbers are too long for a certificate.
        InternalError: the two witnesses contradict each other, a bug in certify.
    """
    from certify.claims import parse_pairs, parse_ratio_range
    from certify.impulse.prove import prove_impulse

    ratios = None if ratio is None else parse_ratio_range(ratio)
    network = load(model)
    result = prove_impulse(
        network,
        ratios,
        pairs=parse_pairs(pairs, network.seq_len),
        jobs=jobs,
        progress=_named(progress, "exact sweep"),
    )
    result = _with_float32(result, progress)
    return second_witness(result, jobs=jobs, progress=progress) if smt else result


def _with_float32(result: ImpulseResult, progress: Progress | None) -> ImpulseResult:
    from certify.impulse.float32 import prove_float32

    started = time.perf_counter()
    deployed = prove_float32(
        result.model,
        result.cuts,
        result.ratios,
        wrong=result.wrong,
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
    resume: str | Path | None = None,
    progress: NoiseProgress | None = None,
    keep: Callable[[NoiseResult], object] | None = None,
) -> NoiseResult:
    """Decide the noise claim: M = 1, S = r in a range, all other inputs in ``[-noise, noise]``.

    ``noise`` is a number with ``0 <= noise < r``, or ``"max"``: the largest one for each pair.
    After ``budget`` seconds (default: none, with ``"max"`` half an hour) what is not decided is
    unknown. ``jobs`` is the number of threads, all cores by default. ``resume`` is a noise
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
            network, ratios, pairs=chosen, jobs=jobs, budget=budget or NOISE_MAX_BUDGET,
            progress=progress, resume=known, keep=keep,
        )  # fmt: skip
    return engine.prove_noise(
        network, ratios, eps, pairs=chosen, jobs=jobs, budget=budget, progress=progress,
        resume=known, keep=keep,
    )  # fmt: skip


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
    progress: Callable[[int, int], None] | None = None,
) -> StatisticalResult:
    """Bracket the accuracy by a sample that nobody picked: statistical, no proof.

    The seed follows from the model, the inputs and the number of ``samples``; every input is
    decided exactly. ``lower <= P(right) <= upper`` holds but for a probability of at most
    ``error_probability``. ``progress`` is called with (samples done, samples in all).

    >>> result = sample_accuracy("models/m2_2.pt", samples=2000)
    >>> result.verdict, result.lower <= result.upper
    ('statistical', True)

    Raises:
        UsageError: an argument is out of its range.
        ModelFileError: not a model.
    """
    from certify.claims import exact
    from certify.probability.statistical import sample_bracket

    return sample_bracket(
        load(model),
        inputs,
        samples=samples,
        error_probability=exact(error_probability, "error probability"),
        progress=progress,
    )


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


def check(
    certificate: str | Path | Certificate,
    model: Model,
    *,
    nonce: str = "",
    kernels: Callable[[], Kernels] | None = None,
) -> Accepted:
    """Decide anew whether a certificate holds for a model, trusting nothing that it says.

    Returns what was accepted: its ``kind``, the model's ``sha256``, and what it ``establishes``,
    line by line (of a refutation too). A model that is not a file is written to a temporary one,
    which the checker reads. With a ``nonce``, any text of yours, a statistical certificate is not
    replayed but held against a fresh sample that its author cannot have chosen. ``kernels`` says
    how the integer rule is run: by default compiled where numba is at hand, else bare, with the
    same answer.

    >>> check("proofs/m2_2.impulse.json", "models/m2_2.pt").kind
    'impulse'

    Raises:
        Rejected: the certificate does not hold, or is about another model.
        CertificateFormatError: the file is not a certificate.
        ModelFileError: not a model.
    """
    from certify import checker
    from certify.relaxation import at_hand

    with tempfile.TemporaryDirectory() as folder:
        written = _as_file(certificate, Path(folder))
        weights = _weights_file(model, Path(folder))
        try:
            return checker.check(written, weights, nonce=nonce, kernels=kernels or at_hand.kernels)
        except checker.Rejected as error:
            raise Rejected(str(error)) from None
        except checker.Unreadable as error:
            of_model = written != weights and str(error).startswith(f"{weights}:")
            raise (ModelFileError if of_model else CertificateFormatError)(str(error)) from None


def _as_file(certificate: str | Path | Certificate, folder: Path) -> Path:
    if isinstance(certificate, str | Path):
        return Path(certificate)
    return certificate.write(folder / f"certificate{certificate.suffix}")


def _weights_file(model: Model, folder: Path) -> Path:
    if isinstance(model, str | Path):
        return Path(model)
    from certify.reading.writing import write_network

    return write_network(load(model), folder / "model.safetensors")


def _named(progress: Progress | None, title: str) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    return lambda done, total: progress(title, done, total)
