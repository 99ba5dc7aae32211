"""What is known of pairs under noise, and the certificate of it.

Per pair: *certified*, the noise up to which every margin is proved positive, with the tree that
proves it, and *broken*, a noise at which some margin is not, with the input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar, Literal

from certify.certificate import Certificate, describe_model, inside, read_certificate
from certify.claims import Pair, RatioRange
from certify.errors import CertificateFormatError, NothingDecidedError, UsageError
from certify.model import Network
from certify.result import Result

Verdict = Literal["proved", "refuted", "unknown"]


@dataclass(frozen=True)
class Proof:
    """A closed tree for one pair at one noise, of so many boxes proved by bounds or exactly;
    ``bound`` is below every margin.
    """

    noise: Fraction
    bound: Fraction
    leaves: int
    tape: bytes
    exact: tuple[Any, ...]


@dataclass(frozen=True)
class PairNoise:
    """What is known of one pair."""

    pair: Pair
    proof: Proof | None = None
    broken: Fraction | None = None
    counterexample: tuple[Fraction, ...] | None = None
    reason: str = ""

    @property
    def verdict(self) -> Verdict:
        """For one noise; with ``--noise max`` proved where some noise is certified."""
        if self.proof is not None:
            return "proved"
        return "unknown" if self.counterexample is None else "refuted"

    @property
    def certified(self) -> Fraction | None:
        """The noise up to which the pair is proved."""
        return self.proof.noise if self.proof else None

    def reached(self, ratios: RatioRange) -> Fraction:
        """Certified over broken, or over the least ratio where nothing is known to break it."""
        return (self.certified or Fraction(0)) / (self.broken or ratios.lo)

    def to_dict(self) -> dict[str, Any]:
        """The pair's entry in the answer."""
        proof = self.proof
        return {
            "max": self.pair.max,
            "second": self.pair.second,
            "verdict": self.verdict,
            "margin_bound": proof and proof.bound,
            "leaves": proof and proof.leaves,
            "certified": self.certified,
            "broken": self.broken,
            "counterexample": self.counterexample,
            "reason": self.reason or None,
            "interval": None,
            "min_margin": None,
            "cells": None,
            "smt": None,
        }


@dataclass(frozen=True, repr=False)
class NoiseResult(Result[PairNoise]):
    """The noise claim over the range ``ratios``; ``noise`` is None for ``--noise max``."""

    claim: ClassVar[str] = "noise"

    ratios: RatioRange
    noise: Fraction | None
    interrupted: bool = False

    @classmethod
    def covers(cls, new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
        """The same range or a wider one, every pair with the same noise or better."""
        found = {(p["max"], p["second"]): p for p in new["claim"]["pairs"]}
        if not inside(old["claim"]["ratio"], new["claim"]["ratio"]):
            return False
        for known in old["claim"]["pairs"]:
            pair = found.get((known["max"], known["second"]), {})
            certified, broken = pair.get("certified"), pair.get("broken")
            if known["certified"] and (
                not certified or Fraction(certified) < Fraction(known["certified"])
            ):
                return False
            if known["broken"] and (not broken or Fraction(broken) > Fraction(known["broken"])):
                return False
        return True

    @property
    def verdict(self) -> Verdict:
        """Refuted if a pair is (at one noise), proved if all are, else unknown."""
        verdicts = {p.verdict for p in self.pairs}
        if self.noise is not None and "refuted" in verdicts:
            return "refuted"
        return "proved" if verdicts == {"proved"} else "unknown"

    def _answer(self) -> dict[str, Any]:
        return {
            "ratio": self.ratios,
            "noise": "max" if self.noise is None else self.noise,
            "certified_pairs": self.certified_pairs,
            "total_pairs": len(self.pairs),
            "subset": self.subset,
            "pairs": [p.to_dict() for p in self.pairs],
            "seconds": {"proof": round(self.seconds, 3), "total": round(self.seconds, 3)},
        }

    def certificate(self) -> Certificate:
        """The certificate of what is proved and refuted.

        Raises:
            NothingDecidedError: every pair is unknown.
        """
        if all(p.verdict == "unknown" for p in self.pairs):
            raise NothingDecidedError("no pair is proved or refuted: there is nothing to certify")
        claims, proofs, evidence = [], [], bytearray()
        for p in self.pairs:
            tree = None
            if p.proof is not None:
                tree = {
                    "margin_bound": p.proof.bound,
                    "leaves": p.proof.leaves,
                    "bytes": len(p.proof.tape),
                    "exact": list(p.proof.exact),
                }
                evidence += p.proof.tape
            entry = p.to_dict()
            claims.append({k: entry[k] for k in ("max", "second", "certified", "broken")})
            proofs.append({"tree": tree, "counterexample": p.counterexample})
        claim: dict[str, Any] = {
            "ratio": self.ratios,
            "noise": "max" if self.noise is None else self.noise,
            "pairs": claims,
        }
        if self.subset:
            claim["only"] = [p.pair for p in self.pairs]
        body = {"claim": claim, "evidence": {"pairs": proofs}}
        return Certificate("noise", describe_model(self.model), body, {}, bytes(evidence))


def read_answers(path: Path, network: Network, ratio: RatioRange) -> tuple[PairNoise, ...]:
    """The answers in a noise certificate for this model and range, to be resumed from.

    They are taken as they stand: what is made of them is a certificate, which the checker decides.

    Raises:
        CertificateFormatError: the file is not a noise certificate.
        UsageError: it is one for another model or range.
    """
    try:
        body, evidence = read_certificate(path)
        if body["kind"] != "noise":
            raise UsageError(f"{path} is a certificate of kind {body['kind']}, not noise")
        if body["model"]["sha256"] != network.sha256:
            raise UsageError(
                f"{path} is of another model (sha256 {body['model']['sha256'][:16]}...)"
            )
        known = RatioRange(*map(Fraction, body["claim"]["ratio"]))
        if known != ratio:
            raise UsageError(f"{path} is for the ratios {known.lo} to {known.hi}, not these")
        answers, start = [], 0
        for claim, entry in zip(body["claim"]["pairs"], body["evidence"]["pairs"], strict=True):
            proof, tree, wrong = None, entry["tree"], entry["counterexample"]
            if tree is not None:
                end = start + tree["bytes"]
                proof = Proof(
                    Fraction(claim["certified"]), Fraction(tree["margin_bound"]), tree["leaves"],
                    evidence[start:end], tuple(tree["exact"]),
                )  # fmt: skip
                start = end
            broken = claim["broken"] and Fraction(claim["broken"])
            point = wrong and tuple(Fraction(v) for v in wrong)
            answers.append(PairNoise(Pair(claim["max"], claim["second"]), proof, broken, point))
    except (CertificateFormatError, UsageError):
        raise
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise CertificateFormatError(f"{path} is not a noise certificate: {error}") from None
    return tuple(answers)
