"""The rule for the ``offset`` section of an impulse certificate.

Everything is found anew: the offsets at all nodes of the pair and of the swapped pair (between them
both are linear), the separable form at the claimed ratio as the mean
``f(p) = (1/n) sum_q offset(p, q)``, and the extremes over the range.
"""

from __future__ import annotations

from fractions import Fraction
from operator import mul
from typing import Any

from certify.checker.document import equal, fields, items, rational
from certify.checker.errors import Rejected
from certify.checker.network import Weights, impulses, run
from certify.checker.pieces import Trajectory

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

    def check(self, own: Trajectory, swapped: Trajectory) -> None:
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


def _separable(weights: Weights) -> list[list[int]]:
    """The separable form at the nominal ratio, the mean ``(1/n) sum_q offset(p, q)``, times
    ``n * NOMINAL.denominator * K**n``.

    The offset of (p, q) is a difference of two final states. Pairs of one distance end with what
    one run goes through, at different steps.
    """
    n, d = len(weights.w_out), len(weights.w_ih)
    form = [[0] * d for _ in range(n)]
    for gap in range(1, n):
        forward, swapped = (
            run(weights, impulses(n, *pair, NOMINAL)).before for pair in ((0, gap), (gap, 0))
        )
        for p in range(n - gap):
            ends = zip(forward[n - 1 - p], swapped[n - 1 - p], strict=True)
            for i, (u, v) in enumerate(ends):
                offset = max(u, 0) - max(v, 0) << weights.shift * p
                form[p][i] += offset
                form[p + gap][i] -= offset
    return form


def _bound(
    weights: Weights,
    own: Trajectory,
    swapped: Trajectory,
    form: list[list[int]],
    lo: Fraction,
    hi: Fraction,
) -> dict[str, Any]:
    """What the section must say of a pair; ``at`` is the set of ratios that it may name."""
    m, s, n = own.m, own.s, own.n
    readout = [a - b for a, b in zip(weights.w_out[s], weights.w_out[m], strict=True)]
    separable = [a - b for a, b in zip(form[m], form[s], strict=True)]
    lift = n * NOMINAL.denominator << weights.shift * (n - own.steps)
    whole = n * NOMINAL.denominator << weights.shift * n  # the separable form's unit
    margin = Fraction(_dot(readout, separable), whole << weights.shift)
    products: dict[Fraction, Fraction] = {}
    distance = Fraction(0)
    for r in {*own.nodes(lo, hi), *swapped.nodes(lo, hi)}:
        q = r.denominator
        states = zip(own.state(r), swapped.state(r), strict=True)
        offset = [a - b for a, b in states]
        unit = q << weights.shift * (own.steps + 1)
        products[r] = Fraction(_dot(readout, offset), unit)
        largest = max(abs(a * lift - b * q) for a, b in zip(offset, separable, strict=True))
        distance = max(distance, Fraction(largest, whole * q))
    smallest = min(products.values())
    error = max(abs(p - margin) for p in products.values())
    return {
        "verdict": "proved" if smallest > 0 else "refuted",
        "min_product": str(smallest),
        "at": {r for r, p in products.items() if p == smallest},
        "separable_margin": str(margin),
        "separable_error": str(error),
        "margin_left": str(margin - error),
        "state_distance": str(distance),
    }


def _dot(a: list[int], b: list[int]) -> int:
    return sum(map(mul, a, b))
