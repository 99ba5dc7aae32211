"""What a file of hypotheses came to: lines for a terminal, a table for a writeup."""

from __future__ import annotations

from certify.report.content import short
from certify.statements.prove import HypothesesResult, HypothesisResult


def hypotheses_text(result: HypothesesResult) -> str:
    """A line for each claim, with what shows it below, and a summary."""
    width = max(len(r.name) for r in result.results)
    lines = [result.note.title] if result.note.title else []
    for r in result.results:
        said = r.entry.says or r.entry.claim
        lines.append(f"{r.verdict.upper():8}  {r.name:{width}}  {said}")
        lines += [f"{'':10}{'':{width}}  {line}" for line in _shown(r)]
    count = {
        v: sum(r.verdict == v for r in result.results)
        for v in ("proved", "refuted", "unknown", "measured")
    }
    listed = ", ".join(f"{number} {verdict}" for verdict, number in count.items() if number)
    return "\n".join([*lines, "", f"{len(result.results)} hypotheses: {listed}"])


def _shown(r: HypothesisResult) -> list[str]:
    """By how much it holds, or the counterexample and what is true instead."""
    if r.measured is not None:
        m = r.measured
        words = {"yes": "agrees", "no": "disagrees", "open": "leaves it open"}[m.holds]
        shown = "; ".join(map(str, m.estimates))
        return [f"{shown} ({m.samples} {m.inputs} inputs, seed {m.seed}; 99 %: {words})"]
    if r.verdict == "unknown":
        return ["more work than is allowed for one claim"]
    if r.verdict == "proved":
        return [] if r.slack is None else [f"by {short(r.slack)}"]
    example = r.counterexample
    assert example is not None
    values = ", ".join(
        text if _is_number(text) else f"{text} = {short(value)}"
        for text, value in example.values.items()
    )
    if example.pair is None:
        lines = [f"S/M = {example.ratio}: {values}"]
    else:
        largest, second = example.pair
        at = str(example.ratio)
        at = at if len(at) < 20 else f"{short(example.ratio, 6)}.."
        lines = [
            f"(m={largest}, s={second}), S/M = {at}: {values}",
            f"fails on {len(r.failing)} of {r.pairs} pairs",
        ]
    return lines + [f"true: {s}" for s in r.strongest]


def _is_number(text: str) -> bool:
    return not text.strip("-+.0123456789/() ")
