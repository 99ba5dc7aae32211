"""The report of a noise certificate."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from certify.model import Network
from certify.report import impulse_figures as figures
from certify.report.content import Figure, Report, Statement, Table, pair_grid, short

Pairs = dict[tuple[int, int], dict[str, Any]]


def noise_report(
    path: Path,
    sha256: str,
    document: dict[str, Any],
    _: Network | None,
    checked: tuple[str, ...] | None,
) -> Report:
    """Lay out what a noise certificate holds: certified against broken noise, pair by pair."""
    claim, evidence = document["claim"], document["evidence"]["pairs"]
    n = document["model"]["seq_len"]
    by_pair: Pairs = {(p["max"], p["second"]): p for p in claim["pairs"]}
    return Report(
        title=f"{path.name}: how much noise does each pair stand?",
        statement=_statement(claim, by_pair, n),
        certificate=path,
        certificate_sha256=sha256,
        model_sha256=document["model"]["sha256"],
        facts=_facts(document, evidence),
        checked=checked,
        tables=(
            pair_grid(
                n,
                lambda m, s: _range(by_pair.get((m, s))),
                "Certified noise : broken noise of each pair (?: nothing certified, -: nothing "
                "broken).",
            ),
            *_wrong(claim["pairs"], evidence),
        ),
        figures=(
            Figure(
                "noise",
                "Certified noise (dots) and broken noise (crosses) of each pair.",
                lambda: _draw(by_pair),
            ),
        ),
    )


def _statement(claim: dict[str, Any], by_pair: Pairs, n: int) -> Statement:
    lo, hi = claim["ratio"]
    where = f"S/M = {lo}" if lo == hi else f"S/M in [{lo}, {hi}]"
    proved = [Fraction(p["certified"]) for p in by_pair.values() if p["certified"]]
    every = len(proved) == n * (n - 1)
    refuted = claim["noise"] != "max" and any(p["broken"] for p in by_pair.values())
    status = "refuted" if refuted else "proved" if every else "unknown"
    if refuted:
        broken = sum(p["broken"] is not None for p in by_pair.values())
        plain = f"With noise {claim['noise']}, {broken} of {n * (n - 1)} pairs are wrong somewhere."
        return Statement(status, plain, plain)
    if not proved:
        plain = "Nothing is proved."
        return Statement(status, plain, plain)
    noise = min(proved)
    who = "every pair" if every else f"{len(proved)} of {n * (n - 1)} pairs"
    plain = (
        f"For {who} (m, s), with M = 1, {where} and every other input anywhere in "
        f"[-{noise}, {noise}], the logit at s is strictly larger than every other logit."
    )
    latex = (
        f"For {who} $(m, s)$, with $M = 1$, ${lo} \\le S/M \\le {hi}$ and every other input "
        f"anywhere in $[-{noise}, {noise}]$, $\\mathrm{{logit}}_s > \\mathrm{{logit}}_j$ for all "
        "$j \\neq s$."
    )
    return Statement(status, plain, latex)


def _facts(document: dict[str, Any], evidence: list[dict[str, Any]]) -> tuple[tuple[str, str], ...]:
    trees = [p["tree"] for p in evidence if p["tree"]]
    return (
        ("Noise", str(document["claim"]["noise"])),
        ("Ratio S/M", " to ".join(dict.fromkeys(document["claim"]["ratio"]))),
        ("Pairs", f"{len(trees)} of {len(evidence)} proved"),
        ("Boxes", f"{sum(t['leaves'] for t in trees)} proved boxes"),
        ("Library", f"certify {document['library']['version']}"),
    )


def _range(pair: dict[str, Any] | None) -> str | None:
    if pair is None:
        return None
    low = short(pair["certified"], 3) if pair["certified"] else "?"
    return f"{low}:{short(pair['broken'], 3) if pair['broken'] else '-'}"


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
    return (Table(caption, ("m", "s", "noise", "input"), rows),) if rows else ()


def _draw(by_pair: Pairs) -> Any:
    return figures.noise_chart(
        [f"{m},{s}" for m, s in by_pair],
        [float(Fraction(p["certified"])) if p["certified"] else None for p in by_pair.values()],
        [float(Fraction(p["broken"])) if p["broken"] else None for p in by_pair.values()],
    )
