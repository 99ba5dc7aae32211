"""The rule for the ``offset`` section of an impulse certificate.

Everything is found anew from exact runs: the offsets at all nodes of the pair and of the swapped
pair (between them both are linear), the separable form at the claimed ratio as the mean
``f(p) = (1/n) sum_q offset(p, q)``, and the extremes over the range.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from certify.checker.document import equal, fields, items, rational
from certify.checker.errors import Rejected
from certify.checker.network import End, Line, Weights, impulses, run

NOMINAL = Fraction(4, 5)
KEYS = (
    "max",
    "second",
    "verdict",
    "min_product",
    "at",
    "separable_margin",
    "separable_error",
    "margin_left",
    "state_distance",
)
Vector = list[Fraction]


class OffsetSection:
    """The section ``offset`` of a certificate for the ratios [lo, hi], checked pair by pair."""

    def __init__(self, weights: Weights, lo: Fraction, hi: Fraction, section: Any) -> None:
        self.weights, self.lo, self.hi = weights, lo, hi
        n = len(weights.w_out)
        self.verdict, fitted_at, entries = fields(
            section, "offset", ("verdict", "fitted_at", "pairs")
        )
        equal(fitted_at, str(NOMINAL), "offset.fitted_at")
        self.pairs = [(m, s) for m in range(n) for s in range(n) if m != s]
        self.entries = items(entries, "offset.pairs", len(self.pairs))
        self.form = _separable(weights)
        self.proved = 0

    def check(self, own: Line, swapped: Line) -> None:
        """Check the entries of a pair and of the swapped one.

        Swapping m and s turns the signs of the offset and of the readout difference.
        """
        bounds = _bound(self.weights, own, swapped, self.form, self.lo, self.hi)
        for line in (own, swapped):
            index = self.pairs.index((line.m, line.s))
            place = f"offset.pairs[{index}]"
            values = dict(zip(KEYS, fields(self.entries[index], place, KEYS), strict=True))
            equal([values["max"], values["second"]], [line.m, line.s], place)
            for key, value in bounds.items():
                if key != "at":
                    equal(values[key], value, f"{place}.{key}")
            if rational(values["at"], f"{place}.at") not in bounds["at"]:
                raise Rejected(f"{place}.at: does not attain the smallest product")
            self.proved += bounds["verdict"] == "proved"

    def close(self) -> str:
        """Check the verdict once all pairs are checked; returns what the section establishes."""
        count = len(self.pairs)
        equal(self.verdict, "proved" if self.proved == count else "refuted", "offset.verdict")
        return f"offset: (W_out[s] - W_out[m]) . offset > 0 for {self.proved} of {count} pairs"


def _separable(weights: Weights) -> list[Vector]:
    """The separable form at the nominal ratio: the mean ``(1/n) sum_q offset(p, q)``."""
    n = len(weights.w_out)
    form = [[Fraction(0)] * len(weights.w_ih) for _ in range(n)]
    for p in range(n):
        for q in range(p):
            ends = [run(weights, impulses(n, *pair, NOMINAL)) for pair in ((p, q), (q, p))]
            for i, v in enumerate(_offset(*ends)):
                form[p][i] += v / n
                form[q][i] -= v / n
    return form


def _bound(
    weights: Weights, own: Line, swapped: Line, form: list[Vector], lo: Fraction, hi: Fraction
) -> dict[str, Any]:
    """What the section must say of a pair; ``at`` is the set of ratios that it may name."""
    m, s, n = own.m, own.s, own.n
    readout = [a - b for a, b in zip(weights.w_out[s], weights.w_out[m], strict=True)]
    separable = [a - b for a, b in zip(form[m], form[s], strict=True)]
    margin = _dot(readout, separable)
    offsets = {
        r: _offset(own.at(weights, r), swapped.at(weights, r))
        for r in {*own.nodes(lo, hi), *swapped.nodes(lo, hi)}
    }
    products = {r: _dot(readout, o) for r, o in offsets.items()}
    smallest = min(products.values())
    error = max(abs(p - margin) for p in products.values())
    distance = max(abs(a - b) for o in offsets.values() for a, b in zip(o, separable, strict=True))
    scale = 1 << (weights.shift * n)
    unit = scale << weights.shift
    return {
        "verdict": "proved" if smallest > 0 else "refuted",
        "min_product": str(smallest / unit),
        "at": {r for r, p in products.items() if p == smallest},
        "separable_margin": str(margin / unit),
        "separable_error": str(error / unit),
        "margin_left": str((margin - error) / unit),
        "state_distance": str(distance / scale),
    }


def _offset(forward: End, swapped: End) -> Vector:
    return [
        Fraction(a, forward.denominator) - Fraction(b, swapped.denominator)
        for a, b in zip(forward.state, swapped.state, strict=True)
    ]


def _dot(a: list[int], b: Vector) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))
