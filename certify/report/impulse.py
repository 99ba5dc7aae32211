"""The report of an impulse certificate."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from matplotlib.figure import Figure as Drawing

from certify.claims import Pair, impulses
from certify.impulse.sweep import sweep
from certify.model import Network
from certify.report import impulse_figures as draw
from certify.report.content import (
    THE_PAIR,
    Figure,
    Report,
    Statement,
    Table,
    cell,
    describe,
    pair_grid,
    short,
    tex_range,
    the_network,
)
from certify.report.source import Source

Entry = dict[str, Any]
Pairs = dict[tuple[int, int], Entry]

THINNEST = 12
"""Longer inputs have too many pairs for a grid in print: this many of the thinnest are listed."""


def impulse_report(source: Source) -> Report:
    """Lay out what an impulse certificate holds; figures of cells and states need the model."""
    document = source.document
    claim, pairs = document["claim"], document["evidence"]["pairs"]
    n = int(document["model"]["seq_len"])
    by_pair: Pairs = {(p["max"], p["second"]): p for p in pairs}
    worst = min(pairs, key=lambda p: Fraction(p["min_margin"]))
    lo, hi = map(Fraction, claim["ratio"])
    caption = f"Smallest margin of each pair over ${tex_range(claim['ratio'])}$, for $M = 1$."
    grid = pair_grid(n, lambda m, s: _margin(by_pair.get((m, s))), caption)
    return source.report(
        f"right on {'these pairs' if 'only' in claim else 'every pair'} of impulses?",
        _statement(claim, pairs, document["model"], worst),
        _facts(document, worst),
        tables=(grid if n <= THINNEST else _thinnest(pairs, caption), *_wrong(pairs), _all(pairs)),
        figures=_figures(document, by_pair, worst, source.network),
        panel=_panel(document, by_pair, worst, source.network),
        bound=("width of the range of ratios", (float(hi - lo),)) if hi > lo else None,
    )


def _statement(claim: Entry, pairs: list[Entry], model: Entry, worst: Entry) -> Statement:
    where = tex_range(claim["ratio"])
    who = "every pair $(m, s)$"
    if "only" in claim:  # some of the pairs, and never worded as all
        listed = ", ".join(f"({int(m)}, {int(s)})" for m, s in claim["only"])
        who = f"each pair $(m, s)$ among {listed}"
    if claim["verdict"] == "refuted":
        wrong = sum(p["verdict"] == "refuted" for p in pairs)
        return Statement(
            "refuted",
            f"The model is wrong on {wrong} of {len(pairs)} pairs $(m, s)$ of positions for some "
            f"ratio with ${where}$, on the input with $M$ at $m$, $S$ at $s$ and 0 elsewhere.",
        )
    margin = short(worst["min_margin"])
    return Statement(
        "proved",
        f"For {who} of positions, every $M > 0$ and every $S$ with ${where}$: on the "
        "input with $M$ at $m$, $S$ at $s$ and 0 elsewhere, the logit at $s$ is strictly larger "
        "than every other logit.",
        f"{the_network(model)} {THE_PAIR} Then for {who}, every real $M > 0$ and every "
        f"real $S$ with ${where}$, on the input $x$ with $x_m = M$, $x_s = S$ and $0$ elsewhere,\n"
        "\\[ \\ell_s(x) > \\ell_j(x) \\qquad\\text{for all } j \\ne s. \\]\n"
        f"For $M = 1$ the smallest margin is ${margin}$ (rounded), of $(m, s) = ({worst['max']}, "
        f"{worst['second']})$ over $j = {worst['rival']}$.",
    )


def _facts(document: Entry, worst: Entry) -> tuple[tuple[str, str], ...]:
    claim, offset = document["claim"], document["offset"]
    pairs, float32 = document["evidence"]["pairs"], document["float32"]
    proved = sum(p["verdict"] == "proved" for p in pairs)
    common = claim["common_interval"]
    deployed = sum(p["verdict"] == "proved" for p in float32["pairs"])
    sizes, library = describe(document)
    return (
        sizes,
        ("Pairs", f"{proved} of {len(pairs)} proved"),
        (
            "Common interval",
            f"$S/M$ in ({short(common[0])}, {short(common[1])}), open" if common else "none",
        ),
        *_limits(pairs),
        (
            "Thinnest pair",
            f"$m$ = {worst['max']}, $s$ = {worst['second']}: margin {short(worst['min_margin'])} "
            f"over rival {worst['rival']}",
        ),
        ("Cells", f"{sum(p['cells'] for p in pairs)} linear pieces on $0 < S/M < 1$"),
        *(_offsets(offset) if offset else ()),
        ("float32 program", f"picks $s$ too for {deployed} pairs, whatever order it sums in"),
        library,
    )


def _offsets(section: Entry) -> tuple[tuple[str, str], ...]:
    signs = sum(p["verdict"] == "proved" for p in section["pairs"])
    left = sum(Fraction(p["margin_left"]) > 0 for p in section["pairs"])
    return (
        (
            "Offsets",
            r"$(W_{\mathrm{out}}[s] - W_{\mathrm{out}}[m]) \cdot \delta > 0$ for "
            f"{signs} pairs; the separable form alone proves {left}",
        ),
    )


def _limits(pairs: list[Entry]) -> tuple[tuple[str, str], ...]:
    """Which pairs end the common interval."""
    known = [p for p in pairs if p["interval"]]
    if len(known) < len(pairs) or not known:
        return ()
    low = max(known, key=lambda p: Fraction(p["interval"][0]))
    high = min(known, key=lambda p: Fraction(p["interval"][1]))
    return (
        (
            "Limited by",
            f"({low['max']}, {low['second']}) from below, ({high['max']}, {high['second']}) from "
            "above",
        ),
    )


def _margin(entry: Entry | None) -> str | None:
    return None if entry is None else cell(entry["min_margin"])


def _thinnest(pairs: list[Entry], caption: str) -> Table:
    found = sorted(pairs, key=lambda p: Fraction(p["min_margin"]))[:THINNEST]
    return Table(
        f"{caption} The {len(found)} thinnest of {len(pairs)}.",
        ("$m$", "$s$", "margin", "rival"),
        tuple(
            (str(p["max"]), str(p["second"]), short(p["min_margin"], 3), str(p["rival"]))
            for p in found
        ),
    )


def _all(pairs: list[Entry]) -> Table:
    def end(entry: Entry, at: int) -> str:
        return short(entry["interval"][at]) if entry["interval"] else "-"

    return Table(
        "All pairs: the smallest margin over the range, and the open interval around it on which "
        "the pair is right (rounded; exact in the certificate).",
        ("$m$", "$s$", "verdict", "margin", "rival", "from", "to", "cells"),
        tuple(
            (
                *(str(p["max"]), str(p["second"]), p["verdict"], short(p["min_margin"])),
                *(str(p["rival"]), end(p, 0), end(p, 1), str(p["cells"])),
            )
            for p in pairs
        ),
        detail=True,
    )


def _wrong(pairs: list[Entry]) -> tuple[Table, ...]:
    rows = tuple(
        (
            str(p["max"]),
            str(p["second"]),
            short(_ratio(p)),
            str(p["rival"]),
            short(p["min_margin"]),
        )
        for p in pairs
        if p["counterexample"]
    )
    caption = (
        "Pairs on which the model is wrong: a ratio at which it is (rounded; exact in the "
        "certificate), and the position that is not beaten."
    )
    if not rows:
        return ()
    return (Table(caption, ("$m$", "$s$", "$S/M$", "not beaten", "margin"), rows),)


def _ratio(entry: Entry) -> Fraction:
    x = [Fraction(v) for v in entry["counterexample"]]
    return x[entry["second"]] / x[entry["max"]]


class _Numbers:
    """The plain numbers that the drawings take."""

    def __init__(self, document: Entry, by_pair: Pairs) -> None:
        self.n = int(document["model"]["seq_len"])
        self.margins = {key: _float(p["min_margin"]) for key, p in by_pair.items()}
        self.refuted = {key for key, p in by_pair.items() if p["verdict"] == "refuted"}
        self.intervals = {
            key: [(float(Fraction(a)), float(Fraction(b))) for a, b in p["right_intervals"]]
            for key, p in by_pair.items()
        }
        lo, hi = document["claim"]["ratio"]
        self.ratio = (float(Fraction(lo)), float(Fraction(hi)))


def _figures(
    document: Entry, by_pair: Pairs, worst: Entry, network: Network | None
) -> tuple[Figure, ...]:
    given = _Numbers(document, by_pair)
    pair = Pair(worst["max"], worst["second"])
    who = f"the thinnest pair, $m$ = {pair.max} and $s$ = {pair.second}"
    found = [
        Figure(
            "margins",
            "Smallest margin of each pair over the claim's range, for $M = 1$; refuted pairs are "
            "framed or crossed.",
            lambda: draw.alone(draw.margin_grid, given.margins, given.refuted, given.n, height=3.8),
        ),
        Figure(
            "intervals",
            "Ratios on which each pair is right, sorted, and the claim's range (shaded). The pairs "
            "that limit it are named.",
            lambda: draw.alone(draw.interval_chart, given.intervals, given.ratio, height=3.6),
        ),
    ]
    if network is not None:
        found += [
            Figure(
                "cells",
                f"Margins of {who}, over every rival (named at the right) along $r$; ticks are the "
                "break points between cells, thick is the rival that comes closest.",
                lambda: draw.alone(
                    draw.margin_curves, *_curves(network, pair), given.ratio, height=3.2
                ),
            ),
            Figure(
                "states",
                f"States of {who}, at $S/M = 4/5$ and $M = 1$: stronger is larger.",
                lambda: draw.alone(draw.state_table, _states(network, pair), height=3.2),
            ),
        ]
    return tuple(found)


def _panel(document: Entry, by_pair: Pairs, worst: Entry, network: Network | None) -> Figure:
    given = _Numbers(document, by_pair)
    pair = Pair(worst["max"], worst["second"])

    def drawn() -> Drawing:
        parts: list[tuple[str, float, Any, tuple[Any, ...]]] = [
            ("right intervals", 1.65, draw.interval_chart, (given.intervals, given.ratio)),
        ]
        if network is not None:
            title = f"margins of $(m, s) = ({pair.max}, {pair.second})$"
            parts.append((title, 1.75, draw.margin_curves, (*_curves(network, pair), given.ratio)))
        return draw.panel(parts)

    caption = (
        "(a) Ratios on which each pair is right, sorted; shaded is the claim's range, named are "
        "the pairs that limit it."
    )
    if network is not None:
        caption += (
            " (b) Margins of the thinnest pair over its rivals (named at the right); ticks are the "
            "break points between cells."
        )
    return Figure("impulse", caption, drawn)


def _curves(network: Network, pair: Pair) -> tuple[list[float], dict[int, list[float]]]:
    breaks = sweep(network, pair).breaks
    logits = [network.logits(impulses(pair, r, network.seq_len)) for r in breaks]
    margins = {
        j: [_float(row[pair.second] - row[j]) for row in logits]
        for j in range(network.seq_len)
        if j != pair.second
    }
    return [float(b) for b in breaks], margins


def _states(network: Network, pair: Pair) -> Sequence[Sequence[float]]:
    states = network.states(impulses(pair, Fraction(4, 5), network.seq_len))
    return [[_float(v) for v in state] for state in states]


def _float(value: Fraction | str) -> float:
    """The nearest float, or the largest: a drawing has no room for more."""
    try:
        return float(Fraction(value))
    except OverflowError:
        return 1e300 if Fraction(value) > 0 else -1e300
