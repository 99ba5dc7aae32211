"""The report of a noise certificate."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from certify.report import impulse_figures as draw
from certify.report.content import (
    THE_PAIR,
    Figure,
    Report,
    Statement,
    Table,
    describe,
    pair_grid,
    short,
    tex_range,
    the_network,
)
from certify.report.source import Source

Pairs = dict[tuple[int, int], dict[str, Any]]


def noise_report(source: Source) -> Report:
    """Lay out what a noise certificate holds: certified against broken noise, pair by pair."""
    document = source.document
    claim, evidence = document["claim"], document["evidence"]["pairs"]
    n = int(document["model"]["seq_len"])
    by_pair: Pairs = {(p["max"], p["second"]): p for p in claim["pairs"]}
    certified = [Fraction(p["certified"]) for p in by_pair.values() if p["certified"]]
    every = len(certified) == n * (n - 1)
    caption = "{} noise of each pair (-: none found)."
    return source.report(
        "how much noise does each pair stand?",
        _statement(claim, by_pair, document["model"]),
        _facts(document, evidence),
        tables=(
            *(
                pair_grid(
                    n,
                    lambda m, s, key=key: _number(by_pair.get((m, s)), key),  # type: ignore[misc]
                    caption.format(key.capitalize()),
                )
                for key in ("certified", "broken")
                if n <= draw.NUMBERED and len({p[key] for p in by_pair.values()}) > 1
            ),
            *_wrong(claim["pairs"], evidence),
            _all(claim["pairs"], evidence),
        ),
        figures=()
        if len({(p["certified"], p["broken"]) for p in by_pair.values()}) == 1
        else (
            Figure(
                "noise",
                "Certified noise (dots) and broken noise (crosses) of each pair, sorted; the worst "
                "pair is named.",
                lambda: _draw(by_pair, 3.6),
            ),
        ),
        bound=("noise certified for every pair", (float(min(certified)),)) if every else None,
    )


def _statement(claim: dict[str, Any], by_pair: Pairs, model: dict[str, Any]) -> Statement:
    where, count = tex_range(claim["ratio"]), len(by_pair)
    proved = [Fraction(p["certified"]) for p in by_pair.values() if p["certified"]]
    every = len(proved) == count
    refuted = claim["noise"] != "max" and any(p["broken"] for p in by_pair.values())
    status = "refuted" if refuted else "proved" if every else "unknown"
    if refuted:
        broken = sum(p["broken"] is not None for p in by_pair.values())
        return Statement(
            status,
            f"With noise {Fraction(claim['noise'])}, {broken} of {count} pairs are wrong "
            f"somewhere, for ${where}$.",
        )
    if not proved:
        return Statement(status, "Nothing is proved.")
    noise = min(proved)
    others = f"anywhere in [-{noise}, {noise}]" if noise else "equal to 0"
    who = "every pair $(m, s)$" if every else f"{len(proved)} of {count} pairs $(m, s)$"
    if "only" in claim:  # some of the pairs, and never worded as all
        listed = ", ".join(f"({m}, {s})" for (m, s), p in by_pair.items() if p["certified"])
        who = f"each pair $(m, s)$ among {listed}"
    return Statement(
        status,
        f"For {who}, with $M = 1$, ${where}$ and every other input {others}, "
        "the logit at $s$ is strictly larger than every other logit.",
        f"{the_network(model)} {THE_PAIR} Then for {who} and every input $x$ with "
        f"$x_m = 1$, ${tex_range(claim['ratio'], 'x_s')}$ and $|x_i| \\le {noise}$ for all other "
        "$i$,\n\\[ \\ell_s(x) > \\ell_j(x) \\qquad\\text{for all } j \\ne s. \\]",
    )


def _facts(document: dict[str, Any], evidence: list[dict[str, Any]]) -> tuple[tuple[str, str], ...]:
    claim = document["claim"]
    trees = [p["tree"] for p in evidence if p["tree"]]
    sizes, library = describe(document)
    noise = "max" if claim["noise"] == "max" else str(Fraction(claim["noise"]))
    return (
        sizes,
        ("Noise", "the largest of each pair" if noise == "max" else noise),
        ("Ratio", f"${tex_range(claim['ratio'])}$"),
        ("Pairs", f"{len(trees)} of {len(evidence)} proved"),
        *_reach(claim),
        library,
    )


def _reach(claim: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """With the largest noise of each pair: how far certified and broken are apart."""
    if claim["noise"] != "max":
        return ()
    parts = [
        Fraction(p["certified"] or 0) / (Fraction(p["broken"] or claim["ratio"][0]) or 1)
        for p in claim["pairs"]
    ]
    near = sum(part >= Fraction(9, 10) for part in parts)
    return (
        (
            "Reach",
            f"certified at least 0.9 of broken for {near} of {len(parts)} pairs, "
            f"at least {short(Fraction(int(100 * min(parts)), 100), 2)} for all",
        ),
    )


def _number(pair: dict[str, Any] | None, key: str) -> str | None:
    return short(pair[key], 3) if pair and pair[key] else None


def _all(pairs: list[dict[str, Any]], evidence: list[dict[str, Any]]) -> Table:
    return Table(
        "All pairs: certified and broken noise, the proved lower bound of every margin, leaves.",
        ("$m$", "$s$", "certified", "broken", "margin bound", "leaves"),
        tuple(
            (
                *(str(p["max"]), str(p["second"])),
                *(_number(p, key) or "-" for key in ("certified", "broken")),
                short(e["tree"]["margin_bound"]) if e["tree"] else "-",
                str(e["tree"]["leaves"]) if e["tree"] else "-",
            )
            for p, e in zip(pairs, evidence, strict=True)
        ),
        detail=True,
    )


def _wrong(pairs: list[dict[str, Any]], evidence: list[dict[str, Any]]) -> tuple[Table, ...]:
    rows = tuple(
        (
            str(p["max"]),
            str(p["second"]),
            short(p["broken"], 3),
            ", ".join(short(v, 3) for v in e["counterexample"]),
        )
        for p, e in zip(pairs, evidence, strict=True)
        if e["counterexample"]
    )
    caption = "Inputs on which a pair is wrong (rounded; exact in the certificate)."
    return (Table(caption, ("$m$", "$s$", "noise", "input"), rows, detail=len(rows) > 12),)


def _draw(by_pair: Pairs, height: float) -> Any:
    def values(key: str) -> dict[tuple[int, int], float | None]:
        return {p: float(Fraction(v[key])) if v[key] else None for p, v in by_pair.items()}

    return draw.alone(
        draw.noise_chart, values("certified"), values("broken"), height=height, legend=True
    )
