"""The accuracy by a sample that nobody picked: a statistical certificate, no proof.

The seed follows from the model, the distribution and the number of samples; every input is decided
by the rule of :mod:`certify.checker.statistical`, compiled as it stands. Beside a proof by boxes
only the rest of the inputs is sampled. What comes out is Clopper and Pearson's interval ("The use
of confidence or fiducial limits", Biometrika 26, 1934) with exact rational ends, rounded outward.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar, Literal

from certify.certificate import Certificate, describe_model, inside, read_certificate
from certify.checker.boxes import Proof, prove_boxes
from certify.checker.drawing import seed_of
from certify.checker.errors import Rejected as Refused
from certify.checker.running import Kernels
from certify.checker.statistical import MAX_SAMPLES, NOTHING, Known, Sampler, digest_of, ends
from certify.claims import Inputs
from certify.errors import Rejected, UsageError
from certify.model import Network
from certify.relaxation.compiled import COMPILED
from certify.result import PairAnswer, Result

SAMPLES = 100_000
ERROR_PROBABILITY = Fraction(1, 10**9)


@dataclass(frozen=True)
class Proved:
    """The part of the bracket that a certificate of boxes proves: ``lower <= P(right) <= upper``;
    and those boxes, checked, as they go into a statistical certificate.
    """

    lower: Fraction
    upper: Fraction
    proof: Proof
    evidence: dict[str, Any]
    binary: bytes

    @property
    def known(self) -> Known:
        """The exact probabilities of what the boxes prove right and wrong."""
        return Known(self.proof.right, self.proof.wrong)


@dataclass(frozen=True, repr=False)
class StatisticalResult(Result[PairAnswer]):
    """``lower <= P(right) <= upper``, but for a probability of ``error_probability``.

    Of ``samples`` inputs ``right`` are right and ``wrong`` are wrong; what is left of them was not
    decided and counts against both ends. ``seed`` says what the sample follows from. Beside what is
    ``proved`` the samples are those of ``drawn`` inputs that lie outside of it.
    """

    claim: ClassVar[str] = "accuracy"

    inputs: Inputs
    lower: Fraction
    upper: Fraction
    error_probability: Fraction
    samples: int
    right: int
    wrong: int
    drawn: int
    proved: Proved | None = None

    @property
    def verdict(self) -> Literal["statistical"]:
        """Never a proof."""
        return "statistical"

    @property
    def seed(self) -> str:
        """What is hashed to draw the sample, block by block."""
        proof = digest_of(self.proved.proof if self.proved else None)
        return seed_of(self.model.sha256, self.inputs, self.samples, "", proof).decode()

    @classmethod
    def covers(cls, new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
        """The same inputs, no fewer samples, no larger probability of an error, no less proved."""
        ours, theirs = new["claim"], old["claim"]
        return bool(
            ours["inputs"] == theirs["inputs"]
            and ours["samples"] >= theirs["samples"]
            and Fraction(ours["error_probability"]) <= Fraction(theirs["error_probability"])
            and inside(*(_proved_of(claim) for claim in (ours, theirs)))
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
            "drawn": self.drawn,
            "proved": _bracket(self.proved) if self.proved else None,
            "seed": self.seed,
        }

    def certificate(self) -> Certificate:
        """The certificate: the bracket, and the counts that a replay must find."""
        claim: dict[str, Any] = {
            "inputs": self.inputs,
            "lower": self.lower,
            "upper": self.upper,
            "error_probability": self.error_probability,
            "samples": self.samples,
        }
        evidence: dict[str, Any] = {"right": self.right, "wrong": self.wrong}
        if self.proved:
            claim["proved"] = _bracket(self.proved)
            evidence |= {"drawn": self.drawn, "proof": self.proved.evidence}
        body = {"claim": claim, "evidence": evidence}
        binary = self.proved.binary if self.proved else b""
        return Certificate("statistical", describe_model(self.model), body, {}, binary)


def sample_bracket(
    network: Network,
    inputs: Inputs = "gaussian",
    *,
    samples: int = SAMPLES,
    error_probability: Fraction = ERROR_PROBABILITY,
    proved: Path | Certificate | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> StatisticalResult:
    """Bracket the accuracy by a sample; deterministic. ``progress`` gets samples done and in all.

    Beside what is ``proved``, a certificate of boxes, the sample is one of the rest.

    Raises:
        UsageError: an argument is out of its range, or the certificate is not one of boxes for this
            model and these inputs.
        CertificateFormatError: it is no certificate.
        Rejected: it does not hold.
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
    part = None if proved is None else check_proved(network, inputs, proved, kernels)
    sampler = Sampler(network, inputs, samples, proof=part.proof if part else None)
    counts = sampler.total(kernels)
    lower, upper = ends(counts, error_probability, part.known if part else NOTHING)
    return StatisticalResult(
        network,
        inputs,
        lower,
        upper,
        error_probability,
        samples,
        counts.right,
        counts.wrong,
        counts.drawn,
        part,
        seconds=time.monotonic() - started,
    )


def check_proved(
    network: Network, inputs: Inputs, proved: Path | Certificate, kernels: Kernels = COMPILED
) -> Proved:
    """What a certificate of boxes proves, checked in full.

    Raises:
        UsageError: it is not one of boxes for this model and these inputs.
        CertificateFormatError: it is no certificate.
        Rejected: it does not hold.
    """
    name = str(proved) if isinstance(proved, Path) else "the certificate"
    document, binary = (
        read_certificate(proved)
        if isinstance(proved, Path)
        else (json.loads(proved.to_bytes()), proved.evidence)
    )
    if document.get("kind") != "accuracy":
        raise UsageError(f"{name} is of kind {document.get('kind')!r}, expected 'accuracy'")
    try:
        claim, evidence, model = (document[key] for key in ("claim", "evidence", "model"))
        sha256, law = model["sha256"], claim["inputs"]
        lower, upper = Fraction(claim["lower"]), Fraction(claim["upper"])
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise Rejected(f"{name}: not what certify writes: {error!r:.200}") from None
    if sha256 != network.sha256:
        raise UsageError(
            f"{name} is for the model {sha256!s:.16}.., this is {network.sha256:.16}.."
        )
    if law != inputs:
        raise UsageError(f"{name} is about {law} inputs, the sample about {inputs} ones")
    if "boxes" not in evidence:
        raise UsageError(
            f"{name} is a proof by cones, as for up to 6 inputs: what is proved beside a sample "
            "has to be boxes, whose probabilities are exact. Leave it out"
        )
    try:
        proof = prove_boxes(network, inputs, evidence["boxes"], binary, kernels)
    except Refused as error:
        raise Rejected(f"{name}: {error}") from None
    if not proof.right >= lower or not 1 - proof.wrong <= upper:
        raise Rejected(f"{name}: it claims more than its boxes prove")
    if proof.right + proof.wrong == 1:
        raise UsageError(f"{name} decides all inputs: none are left for a sample")
    return Proved(lower, upper, proof, evidence, binary)


def _bracket(proved: Proved) -> dict[str, Fraction]:
    return {"lower": proved.lower, "upper": proved.upper}


def _proved_of(claim: Mapping[str, Any]) -> tuple[str, str]:
    proved = claim.get("proved", {"lower": "0", "upper": "1"})
    return proved["lower"], proved["upper"]
