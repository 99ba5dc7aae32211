"""The rule for the ``offset`` section of an impulse certificate.

Everything is found anew from exact runs: the offsets at all nodes of the pair and of the swapped
pair (between them both are linear), the separable form at the claimed ratio as the mean
``f(p) = (1/n) sum_q offset(p, q)``, and the extremes over the range.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from certify.checker.document import equal, fields, items, rational
from certify.checker.errors import Rejected
from certify.checker.network import Line, Run, Weights

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


def check_offset(
    weights: Weights,
    lines: Mapping[tuple[int, int], Line],
    lo: Fraction,
    hi: Fraction,
    section: Any,
) -> str:
    """Check the section; returns what it establishes."""
    n = len(weights.w_out)
    verdict, fitted_at, entries = fields(section, "offset", ("verdict", "fitted_at", "pairs"))
    equal(fitted_at, str(NOMINAL), "offset.fitted_at")
    nominal = {pair: line.at(weights, NOMINAL) for pair, line in lines.items()}
    form = [
        [sum(column, Fraction(0)) / n for column in zip(*rows, strict=True)]
        for rows in (
            [_offset(nominal[p, q], nominal[q, p]) for q in range(n) if q != p] for p in range(n)
        )
    ]
    proved = 0
    found: dict[tuple[int, int], dict[str, Any]] = {}
    entries = items(entries, "offset.pairs", len(lines))
    for index, (entry, (m, s)) in enumerate(zip(entries, lines, strict=True)):
        place = f"offset.pairs[{index}]"
        values = dict(zip(KEYS, fields(entry, place, KEYS), strict=True))
        equal([values["max"], values["second"]], [m, s], place)
        # Swapping m and s turns the signs of the offset and of the readout difference.
        bounds = found.get((s, m)) or _bound(weights, lines[m, s], lines[s, m], form, lo, hi)
        found[m, s] = bounds
        for key, value in bounds.items():
            if key != "at":
                equal(values[key], value, f"{place}.{key}")
        if rational(values["at"], f"{place}.at") not in bounds["at"]:
            raise Rejected(f"{place}.at: does not attain the smallest product")
        proved += bounds["verdict"] == "proved"
    equal(verdict, "proved" if proved == len(lines) else "refuted", "offset.verdict")
    return f"offset: (W_out[s] - W_out[m]) . offset > 0 for {proved} of {len(lines)} pairs"


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


def _offset(forward: Run, swapped: Run) -> Vector:
    return [
        Fraction(a, forward.denominator) - Fraction(b, swapped.denominator)
        for a, b in zip(forward.state, swapped.state, strict=True)
    ]


def _dot(a: list[int], b: Vector) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))
