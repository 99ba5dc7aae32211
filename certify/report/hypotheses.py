"""What a file of hypotheses came to: lines for a terminal, a table for a writeup."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from certify.report.content import Report, Statement, Table, describe, short, tex_range, the_network
from certify.report.source import Source
from certify.report.typeset import formula
from certify.report.words import literal
from certify.statements.history import History
from certify.statements.prove import HypothesesResult, HypothesisResult

HEADER = ("", "statement", "formula", "verdict", "slack or counterexample", "certificate")
PAGE = 12
"""Statements that fit on a printed page."""


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


def history_text(history: History) -> str:
    """A line a sentence: a plus for each checkpoint where it holds, and since when it does."""
    width = max(len(s.name) for s in history.sentences)
    lines = []
    for s in history.sentences:
        marks = "".join("+" if held else "." for held in s.holds)
        if s.since is None:
            when = "not true at the end"
        else:
            when = f"since {s.since}, after {s.after}" if s.after else "always"
        lines.append(f"{s.name:{width}}  {marks}  {when}")
    return "\n".join(lines)


def _shown(r: HypothesisResult) -> list[str]:
    """By how much it holds, or the counterexample and what is true instead."""
    if r.measured is not None:
        m = r.measured
        words = {"yes": "agrees", "no": "disagrees", "open": "leaves it open"}[m.holds]
        shown = "; ".join(map(str, m.estimates))
        return [f"{shown} ({m.samples} {m.inputs} inputs, seed {m.seed}; 99 %: {words})"]
    if r.verdict == "unknown":
        return ["interrupted, or more work than is allowed for one claim"]
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
        lines = [
            f"(m={largest}, s={second}), S/M = {_ratio(example.ratio)}: {values}",
            f"fails on {len(r.failing)} of {r.pairs} pairs{_where(r)}",
        ]
    return lines + [f"true: {s}" for s in r.strongest]


def _ratio(ratio: Fraction) -> str:
    return str(ratio) if len(str(ratio)) < 20 else f"{short(ratio, 6)}.."


def _where(r: HypothesisResult) -> str:
    """The least and the greatest ratio at which a claim about several fails."""
    if r.entry.ratio[0] == r.entry.ratio[1]:
        return ""
    parts = [part for failing in r.failing for part in failing.parts]
    lo, hi = min(part[0] for part in parts), max(part[2] for part in parts)
    return f", at S/M = {_ratio(lo)}" if lo == hi else f", S/M from {_ratio(lo)} to {_ratio(hi)}"


def _is_number(text: str) -> bool:
    return not text.strip("-+.0123456789/() ")


def hypotheses_report(source: Source) -> Report:
    """A table of the sentences: formula, verdict, slack or counterexample."""
    document = source.document
    claim, model = document["claim"], document["model"]
    d, n = int(model["hidden_size"]), int(model["seq_len"])
    listed = claim["hypotheses"]
    proved = sum(h["verdict"] == "proved" for h in listed)
    sizes, library = describe(document)
    status = "not checked" if source.checked is None else "checked"
    said = (
        f"Of {len(listed)} statements about runs with $M = 1$ at $m$, $S = r$ at $s$ and 0 "
        f"elsewhere {proved} hold for every pair and ratio of their domains, and "
        f"{len(listed) - proved} fail as the table shows."
    )
    caption = (
        "Statements with their verdicts; for what holds by how much, else a counterexample. "
        "A prime is the run with M and S exchanged, a 0 above the run without changes."
    )
    rows = [
        (
            str(number),
            literal(h["says"] or h["name"]),
            f"${formula(h['claim'], claim['groups'], d, n)}$; {_domain(h)}",
            h["verdict"],
            _outcome(h),
            status,
        )
        for number, h in enumerate(listed, start=1)
    ]
    tables = tuple(
        Table(caption if at == 0 else "Statements, continued.", HEADER, tuple(rows[at : at + PAGE]))
        for at in range(0, len(rows), PAGE)
    )
    verdict = "proved" if proved == len(listed) else "refuted"
    return source.report(
        "statements about how it works",
        Statement(verdict, said, f"{the_network(model)} {said}"),
        (sizes, ("Statements", str(len(listed))), ("Proved", str(proved)), library),
        tables=tables,
        notes=tuple(
            f"${name}$ are the numbers {', '.join(map(str, members))}."
            for name, members in _named(claim["groups"])
        ),
    )


def _named(groups: dict[str, list[int]]) -> list[tuple[str, list[int]]]:
    return [(f"\\mathrm{{{name.replace('_', ' ')}}}", found) for name, found in groups.items()]


def _domain(h: dict[str, Any]) -> str:
    """Where a statement is about: ratios, pairs, changes."""
    parts = [f"${tex_range(h['ratio'], 'r')}$"]
    if h["pairs"] is not None:
        parts.append(f"pairs with {literal(h['pairs'])}")
    return ", ".join([*parts, *map(literal, h["change"])])


def _outcome(h: dict[str, Any]) -> str:
    if h["verdict"] == "proved":
        return "-" if h["slack"] is None else short(h["slack"])
    example = h["counterexample"]
    values = ", ".join(
        f"{literal(text)} = {short(value)}"
        for text, value in example["values"].items()
        if not _is_number(text)
    )
    if example["max"] is None:
        return values
    pair = f"$m = {int(example['max'])}$, $s = {int(example['second'])}$"
    return f"{pair}, $r = {short(example['ratio'])}$: {values}"
