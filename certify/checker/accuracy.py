"""The rule for certificates of kind ``accuracy``: ``lower <= P(model is right) <= upper``.

The inputs are i.i.d. standard normal or i.i.d. uniform on [0, 1]; a tie is never right. The
evidence is a cover of all inputs by cones on which the verdict is constant
(:mod:`certify.checker.cones`), a cover by cones on which linear bounds decide it in part
(:mod:`certify.checker.simplices`), or disjoint boxes of known probability on which they decide it
(:mod:`certify.checker.boxes`).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from certify.checker.boxes import check_boxes
from certify.checker.cones import check_cones
from certify.checker.document import fields, rational
from certify.checker.errors import Rejected
from certify.checker.network import Weights
from certify.checker.running import BARE, Kernels
from certify.checker.simplices import check_simplices

INPUTS = {"gaussian": "i.i.d. standard normal inputs", "uniform": "i.i.d. uniform [0, 1] inputs"}


def check_accuracy(
    weights: Weights, body: dict[str, Any], binary: bytes, kernels: Kernels = BARE
) -> list[str]:
    """Check a certificate of kind ``accuracy``; returns what it establishes, line by line."""
    inputs, low, high = fields(body["claim"], "claim", ("inputs", "lower", "upper"))
    if not isinstance(inputs, str) or inputs not in INPUTS:
        raise Rejected(f"claim.inputs: expected one of {', '.join(INPUTS)}")
    lower, upper = rational(low, "claim.lower"), rational(high, "claim.upper")
    if not 0 <= lower <= upper <= 1:
        raise Rejected("claim: expected 0 <= lower <= upper <= 1")
    evidence = body["evidence"]
    if isinstance(evidence, dict) and "cones" in evidence:
        (cones,) = fields(evidence, "evidence", ("cones",))
        if binary:
            raise Rejected("evidence.bin: not expected beside cones")
        pieces = check_cones(weights, inputs, lower, upper, cones)
    elif isinstance(evidence, dict) and "simplices" in evidence:
        (simplices,) = fields(evidence, "evidence", ("simplices",))
        pieces = check_simplices(weights, inputs, lower, upper, simplices, binary, kernels)
    else:
        (boxes,) = fields(evidence, "evidence", ("boxes",))
        pieces = check_boxes(weights, inputs, lower, upper, boxes, binary, kernels)
    return [f"PROVED: {_shown(lower, upper)} for {INPUTS[inputs]}", *pieces]


def _shown(lower: Fraction, upper: Fraction) -> str:
    """The claim, with long rationals as decimals rounded outward."""
    if lower == upper:
        value = str(lower) if len(str(lower)) <= 60 else f"a rational near {float(lower):.15f}"
        return f"P(right) = {value}"
    unit = 10**40
    low = lower.numerator * unit // lower.denominator
    high = -(-upper.numerator * unit // upper.denominator)
    return f"{_decimal(low)} <= P(right) <= {_decimal(high)}"


def _decimal(units: int) -> str:
    text = f"{units:041d}"
    return f"{text[:-40]}.{text[-40:]}".rstrip("0").rstrip(".")
