"""The report of an impulse certificate."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from certify.claims import Pair, impulses
from certify.impulse.sweep import sweep
from certify.model import Network
from certify.report import impulse_figures as figures
from certify.report.content import Figure, Report, Statement, Table, pair_grid, short


def impulse_statement(claim: dict[str, Any], pairs: list[dict[str, Any]]) -> Statement:
    """The claim in words and in LaTeX."""
    lo, hi = claim["ratio"]
    who, formally = "every pair (m, s)", "every pair $(m, s)$ of positions with $m \\neq s$"
    if "only" in claim:  # some of the pairs, and never worded as all
        listed = ", ".join(f"({m}, {s})" for m, s in claim["only"])
        who, formally = f"each pair (m, s) among {listed}", f"each pair $(m, s)$ among {listed}"
    if claim["verdict"] == "refuted":
        wrong = sum(p["verdict"] == "refuted" for p in pairs)
        return Statement(
            "refuted",
            f"The model is wrong on {wrong} of {len(pairs)} pairs for some S/M in [{lo}, {hi}].",
            f"The model is wrong on {wrong} of {len(pairs)} pairs for some "
            f"$S/M \\in [{lo}, {hi}]$.",
        )
    return Statement(
        "proved",
        f"For {who} of positions, every M > 0 and every ratio S/M in [{lo}, {hi}]: on "
        "the input with M at m, S at s and 0 elsewhere, the logit at s is strictly larger than "
        "every other logit.",
        f"For {formally}, every real $M > 0$ and every real "
        f"$S$ with ${lo} \\le S/M \\le {hi}$: on the input with $M$ at $m$, $S$ at $s$ and $0$ "
        "elsewhere, $\\mathrm{logit}_s > \\mathrm{logit}_j$ for all $j \\neq s$.",
    )


def impulse_report(
    path: Path,
    sha256: str,
    document: dict[str, Any],
    network: Network | None,
    checked: tuple[str, ...] | None,
) -> Report:
    """Lay out what an impulse certificate holds; figures of cells and states need the model."""
    claim, pairs = document["claim"], document["evidence"]["pairs"]
    n = document["model"]["seq_len"]
    by_pair = {(p["max"], p["second"]): p for p in pairs}
    worst = min(pairs, key=lambda p: Fraction(p["min_margin"]))
    lo, hi = claim["ratio"]
    return Report(
        title=f"{path.name}: right on every pair of impulses?",
        statement=impulse_statement(claim, pairs),
        certificate=path,
        certificate_sha256=sha256,
        model_sha256=document["model"]["sha256"],
        facts=_facts(document, worst),
        checked=checked,
        tables=(
            pair_grid(
                n,
                lambda m, s: short(by_pair[m, s]["min_margin"], 3),
                f"Smallest margin of each pair over S/M in [{lo}, {hi}], for M = 1.",
            ),
            *_wrong(pairs),
        ),
        figures=_figures(document, by_pair, worst, network),
    )


def _facts(document: dict[str, Any], worst: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    model, claim, offset = document["model"], document["claim"], document["offset"]
    pairs, float32 = document["evidence"]["pairs"], document["float32"]
    proved = sum(p["verdict"] == "proved" for p in pairs)
    common = claim["common_interval"]
    deployed = sum(p["verdict"] == "proved" for p in float32["pairs"])
    signs = sum(p["verdict"] == "proved" for p in offset["pairs"])
    left = sum(Fraction(p["margin_left"]) > 0 for p in offset["pairs"])
    return (
        (
            "Model",
            f"{model['hidden_size']} units, {model['seq_len']} inputs, "
            f"{model['parameters']} weights",
        ),
        ("Pairs", f"{proved} of {len(pairs)} proved"),
        (
            "Common interval",
            f"S/M in ({short(common[0])}, {short(common[1])}), open" if common else "none",
        ),
        (
            "Worst pair",
            f"m={worst['max']}, s={worst['second']}: margin {short(worst['min_margin'])} "
            f"over rival {worst['rival']}",
        ),
        ("Cells", f"{sum(p['cells'] for p in pairs)} linear pieces on 0 < S/M < 1"),
        (
            "Offsets",
            f"(W_out[s] - W_out[m]) . offset > 0 for {signs} pairs; "
            f"the separable form alone proves {left}",
        ),
        ("float32 program", f"picks s too for {deployed} pairs, whatever order it sums in"),
        ("Library", f"certify {document['library']['version']}"),
    )


def _wrong(pairs: list[dict[str, Any]]) -> tuple[Table, ...]:
    rows = tuple(
        (
            str(p["max"]),
            str(p["second"]),
            ", ".join(short(v) for v in p["counterexample"]),
            str(p["rival"]),
        )
        for p in pairs
        if p["counterexample"]
    )
    caption = "Pairs on which the model is wrong, each with an input (rounded; exact in the file)."
    return (Table(caption, ("m", "s", "input", "not beaten"), rows),) if rows else ()


def _figures(
    document: dict[str, Any],
    by_pair: dict[tuple[int, int], dict[str, Any]],
    worst: dict[str, Any],
    network: Network | None,
) -> tuple[Figure, ...]:
    n = document["model"]["seq_len"]
    ratio = (
        float(Fraction(document["claim"]["ratio"][0])),
        float(Fraction(document["claim"]["ratio"][1])),
    )
    margins = {key: float(Fraction(p["min_margin"])) for key, p in by_pair.items()}
    refuted = {key for key, p in by_pair.items() if p["verdict"] == "refuted"}
    rows = [
        (
            f"{m},{s}",
            [(float(Fraction(a)), float(Fraction(b))) for a, b in p["right_intervals"]],
        )
        for (m, s), p in by_pair.items()
    ]
    found = [
        Figure(
            "margins",
            "Smallest margin of each pair over the claim's range, for M = 1.",
            lambda: figures.margin_grid(margins, refuted, n),
        ),
        Figure(
            "intervals",
            "Ratios on which each pair is right (lines) and the claim's range (shaded).",
            lambda: figures.interval_chart(rows, ratio),
        ),
    ]
    if network is not None:
        pair = Pair(worst["max"], worst["second"])
        found += [
            Figure(
                "cells",
                f"Margins of the worst pair (m={pair.max}, s={pair.second}) along r; ticks are "
                "the exact break points between cells.",
                lambda: _cells(network, pair, ratio),
            ),
            Figure(
                "states",
                f"States of the worst pair (m={pair.max}, s={pair.second}) at S/M = 4/5, M = 1.",
                lambda: _states(network, pair),
            ),
        ]
    return tuple(found)


def _cells(network: Network, pair: Pair, ratio: tuple[float, float]) -> Any:
    breaks = sweep(network, pair).breaks
    logits = [network.logits(impulses(pair, r, network.seq_len)) for r in breaks]
    margins = {
        j: [float(row[pair.second] - row[j]) for row in logits]
        for j in range(network.seq_len)
        if j != pair.second
    }
    return figures.margin_curves([float(b) for b in breaks], margins, ratio)


def _states(network: Network, pair: Pair) -> Any:
    states = network.states(impulses(pair, Fraction(4, 5), network.seq_len))
    return figures.state_heatmap([[float(v) for v in state] for state in states])
