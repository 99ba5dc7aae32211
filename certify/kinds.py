"""The registry of claims: for each kind of certificate, where its result and its report are.

A claim enters here and in ``RULES`` of :mod:`certify.checker`, which imports nothing of the
package; docs/adding-a-claim.md says what else belongs to one. Places are named, not imported, so
that nobody pays for an engine that he does not use.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kind:
    """``result`` is the subclass of :class:`certify.result.Result` that makes its certificates,
    ``report`` the function that lays one out; both as ``module:name``.
    """

    result: str
    report: str


KINDS: Mapping[str, Kind] = {
    "accuracy": Kind(
        "certify.probability.prove:AccuracyResult", "certify.report.accuracy:accuracy_report"
    ),
    "circuit": Kind(
        "certify.mechanism.explain:Explanation", "certify.report.circuit:circuit_report"
    ),
    "hypotheses": Kind(
        "certify.statements.prove:HypothesesResult", "certify.report.hypotheses:hypotheses_report"
    ),
    "impulse": Kind("certify.impulse.prove:ImpulseResult", "certify.report.impulse:impulse_report"),
    "noise": Kind("certify.noise.answers:NoiseResult", "certify.report.noise:noise_report"),
    "statistical": Kind(
        "certify.probability.statistical:StatisticalResult",
        "certify.report.accuracy:statistical_report",
    ),
}


def resolve(place: str) -> Any:
    """What stands at ``module:name``."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


def covers(new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
    """Whether a certificate says all that an older one says, so that it may take its place.

    Both are documents; the result of their kind decides. Nothing is checked here.
    """
    try:
        if (new["kind"], new["model"]["sha256"]) != (old["kind"], old["model"]["sha256"]):
            return False
        return bool(resolve(KINDS[new["kind"]].result).covers(new, old))
    except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError):
        return False
