"""The accuracy by a sample that nobody picked: a statistical certificate, no proof.

The seed follows from the model, the distribution and the number of samples; every input is decided
by the rule of :mod:`certify.checker.statistical`, compiled as it stands.
What comes out is Clopper and Pearson's interval ("The use of confidence or fiducial limits",
Biometrika 26, 1934) with exact rational ends, rounded outward.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, ClassVar, Literal

from scipy.stats import beta

from certify.certificate import Certificate, describe_model
from certify.checker.drawing import seed_of
from certify.checker.statistical import MAX_SAMPLES, Counts, Sampler, supports
from certify.errors import UsageError
from certify.model import Network
from certify.probability.prove import Inputs
from certify.relaxation.compiled import COMPILED
from certify.result import PairAnswer, Result

SAMPLES = 100_000
ERROR_PROBABILITY = Fraction(1, 10**9)
PLACES = 10**9  #: ends are multiples of 1/PLACES


@dataclass(frozen=True, repr=False)
class StatisticalResult(Result[PairAnswer]):
    """``lower <= P(right) <= upper``, but for a probability of ``error_probability``.

    Of ``samples`` inputs ``right`` are right and ``wrong`` are wrong; what is left of them was not
    decided and counts against both ends. ``seed`` says what the sample follows from.
    """

    claim: ClassVar[str] = "accuracy"

    inputs: Inputs
    lower: Fraction
    upper: Fraction
    error_probability: Fraction
    samples: int
    right: int
    wrong: int

    @property
    def verdict(self) -> Literal["statistical"]:
        """Never a proof."""
        return "statistical"

    @property
    def seed(self) -> str:
        """What is hashed to draw the sample, block by block."""
        return seed_of(self.model.sha256, self.inputs, self.samples, "").decode()

    @classmethod
    def covers(cls, new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
        """The same inputs, no fewer samples, and no larger probability of an error."""
        ours, theirs = new["claim"], old["claim"]
        return bool(
            ours["inputs"] == theirs["inputs"]
            and ours["samples"] >= theirs["samples"]
            and Fraction(ours["error_probability"]) <= Fraction(theirs["error_probability"])
        )

    def _about(self) -> str:
        return f" [{float(self.lower):.6f}, {float(self.upper):.6f}]"

    def _answer(self) -> dict[str, Any]:
        return {
            "method": "sampling",
            "inputs": self.inputs,
            "lower": self.lower,
            "upper": self.upper,
            "error_probability": self.error_probability,
            "samples": self.samples,
            "right": self.right,
            "wrong": self.wrong,
            "seed": self.seed,
        }

    def certificate(self) -> Certificate:
        """The certificate: the bracket, and the counts that a replay must find."""
        claim = {
            "inputs": self.inputs,
            "lower": self.lower,
            "upper": self.upper,
            "error_probability": self.error_probability,
            "samples": self.samples,
        }
        evidence = {"right": self.right, "wrong": self.wrong}
        body = {"claim": claim, "evidence": evidence}
        return Certificate("statistical", describe_model(self.model), body, {})


def sample_bracket(
    network: Network,
    inputs: Inputs = "gaussian",
    *,
    samples: int = SAMPLES,
    error_probability: Fraction = ERROR_PROBABILITY,
    progress: Callable[[int, int], None] | None = None,
) -> StatisticalResult:
    """Bracket the accuracy by a sample; deterministic. ``progress`` gets samples done and in all.

    Raises:
        UsageError: an argument is out of its range.
    """
    if inputs not in ("gaussian", "uniform"):
        raise UsageError(f"inputs are 'gaussian' or 'uniform', not {inputs!r}")
    if not 1 <= samples <= MAX_SAMPLES:
        raise UsageError(f"samples needs a number from 1 to {MAX_SAMPLES}, got {samples}")
    if not 0 < error_probability < 1:
        raise UsageError(
            f"the error probability lies strictly between 0 and 1, got {error_probability}"
        )
    started = time.monotonic()
    kernels = COMPILED if progress is None else replace(COMPILED, progress=progress)
    counts = Sampler(network, inputs, samples).total(kernels)
    lower, upper = ends(counts, error_probability)
    return StatisticalResult(
        network,
        inputs,
        lower,
        upper,
        error_probability,
        samples,
        counts.right,
        counts.wrong,
        seconds=time.monotonic() - started,
    )


def ends(counts: Counts, error_probability: Fraction) -> tuple[Fraction, Fraction]:
    """The narrowest ends, multiples of ``1 / PLACES``, that the counts support.

    Scipy's quantiles say where to look; the checker's own sums of binomial terms decide.
    """
    tail = float(error_probability / 2)

    def lowest(right: int) -> Fraction:
        guess = float(beta.ppf(tail, right, counts.samples - right + 1)) if right else 0.0
        at = int(guess * PLACES) + 1
        found = Counts(counts.samples, right, 0)
        while at > 0 and not supports(found, Fraction(at, PLACES), Fraction(1), error_probability):
            at -= 1
        return Fraction(at, PLACES)

    return lowest(counts.right), 1 - lowest(counts.wrong)
