"""The certified accuracy of a model: exact rationals around ``P(model is right)``.

For inputs of length 2 and 3 all cells are enumerated and the bracket is as narrow as the digits
asked for (:mod:`certify.cones`, :mod:`certify.gaussian`). For longer ones a branch and bound
over boxes of known probability narrows a bracket for as long as it may
(:mod:`certify.shards`). A tie counts as wrong.
"""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from certify.certificate import Certificate, describe_model
from certify.cones import ChamberTree, enumerate_cells
from certify.errors import UsageError
from certify.files import atomic_write
from certify.gaussian import gaussian_share, uniform_share
from certify.model import Network

Inputs = Literal["gaussian", "uniform"]

EXACT_LENGTH = 3  #: Up to here all cells are enumerated.
DIGITS = 30
SECONDS = 60.0


@dataclass(frozen=True)
class Moment:
    """The bracket at some time: after ``boxes`` bounded boxes and ``seconds`` of wall time."""

    seconds: float
    boxes: int
    lower: Fraction
    upper: Fraction


Progress = Callable[[Moment], None]


@dataclass(frozen=True)
class AccuracyResult:
    """``lower <= P(right) <= upper``.

    ``exact`` says that the value is a closed form and the bracket reflects the digits alone;
    ``pieces`` counts cones, or proved boxes; ``cells`` the activation patterns of a full
    enumeration (else 0); ``history`` the bracket over time.
    """

    network: Network
    inputs: Inputs
    lower: Fraction
    upper: Fraction
    exact: bool
    pieces: int
    cells: int
    boxes: int
    seconds: float
    history: tuple[Moment, ...]
    settings: dict[str, Any] = field(repr=False)
    trees: tuple[ChamberTree, ...] = field(repr=False)

    def to_json(self, certificate: str | None = None) -> dict[str, Any]:
        """The answer as the command line prints it."""
        places = self.settings.get("digits", 6) + 1 if self.exact else 9
        return {
            "claim": "accuracy",
            "model": describe_model(self.network),
            "inputs": self.inputs,
            "lower": str(self.lower),
            "upper": str(self.upper),
            "lower_decimal": decimal(self.lower, places, up=False),
            "upper_decimal": decimal(self.upper, places, up=True),
            "exact": self.exact,
            "pieces": self.pieces,
            "cells": self.cells,
            "boxes": self.boxes,
            "seconds": round(self.seconds, 3),
            "certificate": certificate,
        }

    def certificate(self) -> tuple[Certificate, bytes]:
        """The certificate and its binary evidence (empty beside cones)."""
        chambers = [
            {
                "order": list(tree.chamber.order),
                "above": tree.chamber.above,
                "nodes": [int(v) if isinstance(v, bool) else list(v) for v in tree.nodes],
            }
            for tree in self.trees
        ]
        return self._certificate({"cones": {"chambers": chambers}}), b""

    def _certificate(self, evidence: dict[str, Any]) -> Certificate:
        claim = {"inputs": self.inputs, "lower": str(self.lower), "upper": str(self.upper)}
        return Certificate(
            "accuracy",
            describe_model(self.network),
            {"claim": claim, "evidence": evidence},
            self.settings,
        )

    def write_certificate(self, path: Path) -> None:
        """Write the certificate: JSON, or with binary evidence a zip container; atomically."""
        document, binary = self.certificate()
        if not binary:
            document.write(path)
            return
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as container:
            for name, data in (("certificate.json", document.to_bytes()), ("evidence.bin", binary)):
                # A fixed date: the same weights and settings give the same bytes.
                container.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
        atomic_write(path, buffer.getvalue())


def decimal(value: Fraction, places: int, *, up: bool) -> str:
    """``value`` in decimal, rounded down or up to so many places."""
    scaled = value * 10**places
    units = -(-scaled.numerator // scaled.denominator) if up else int(scaled // 1)
    digits = f"{units:0{places + 1}d}"
    return f"{digits[:-places]}.{digits[-places:]}"


def prove_accuracy(
    network: Network,
    inputs: Inputs = "gaussian",
    *,
    digits: int = DIGITS,
    progress: Progress | None = None,
) -> AccuracyResult:
    """Prove a bracket for the accuracy on i.i.d. standard normal or uniform [0, 1] inputs.

    Args:
        network: the model.
        inputs: the distribution.
        digits: for inputs of length 2 and 3: the width is at most ``10**-digits``.
        progress: called with the bracket so far, now and then.

    Raises:
        UsageError: an argument is out of its range.
    """
    if inputs not in ("gaussian", "uniform"):
        raise UsageError(f"inputs are 'gaussian' or 'uniform', not {inputs!r}")
    if not 1 <= digits <= 1000:
        raise UsageError(f"--digits needs a number from 1 to 1000, got {digits}")
    started = time.monotonic()
    return _enumerate(network, inputs, digits, started)


def _enumerate(network: Network, inputs: Inputs, digits: int, started: float) -> AccuracyResult:
    trees = tuple(enumerate_cells(network, positive=inputs == "uniform"))
    leaves = [leaf for tree in trees for leaf in tree.leaves]
    right = [leaf.rays for leaf in leaves if leaf.right]
    if len(right) in (0, len(leaves)):
        lower = upper = Fraction(1 if right else 0)
    elif inputs == "uniform":
        lower = upper = uniform_share(right)
    else:
        lower, upper = gaussian_share(right, digits)
    seconds = time.monotonic() - started
    return AccuracyResult(
        network=network,
        inputs=inputs,
        lower=lower,
        upper=upper,
        exact=True,
        pieces=len(leaves),
        cells=len({leaf.pattern for leaf in leaves}),
        boxes=0,
        seconds=seconds,
        history=(Moment(seconds, 0, lower, upper),),
        settings={"inputs": inputs, "method": "cones", "digits": digits},
        trees=trees,
    )
