"""The rule for the ``float32`` section of an impulse certificate."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from certify.checker.document import equal, fields
from certify.checker.network import Weights


def check_float32(weights: Weights, ratio: tuple[Fraction, Fraction], section: Any) -> str:
    """Check the section; returns what it establishes."""
    verdict, _ = fields(section, "float32", ("verdict", "pairs"))
    equal(verdict, "unknown", "float32.verdict")
    return "float32: nothing claimed"
