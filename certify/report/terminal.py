"""The terminal reports of the impulse and noise claims: verdict first, then the grid of pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from certify.claims import Pair, RatioRange, all_pairs

if TYPE_CHECKING:  # an engine takes longer to import than a report to lay out
    from certify.certificate import Certificate
    from certify.impulse.prove import ImpulseResult, PairResult
    from certify.noise.answers import NoiseResult, PairNoise
from certify.report.content import cell, short

WIDEST_GRID = 12
"""Longer inputs than this do not fit a terminal as a grid; then the thinnest pairs are listed."""

_SMT = {
    "unsat": "unsat (no input is wrong)",
    "sat": "sat (an input is wrong)",
    "unknown": "unknown",
}


def impulse_report(
    model: Path, result: ImpulseResult, path: Path | None, certificate: Certificate
) -> RenderableType:
    """Everything that a run of ``certify MODEL`` found, for a console."""
    network = result.model
    title = Text.assemble(
        verdict_text(result.verdict),
        f"  {model.name}: {_counted(result)} proved right for "
        f"every M > 0 and {describe_range(result.ratios)}",
    )
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column()
    facts.add_row(
        "model",
        f"{network.hidden_size} units, {network.seq_len} inputs, {network.parameters} weights, "
        f"sha256 {network.sha256[:16]}…",
    )
    facts.add_row("worst pair", _worst(result.worst))
    if result.common_interval:
        lo, hi = result.common_interval
        facts.add_row(
            "holds for",
            f"every S/M in ({short(lo)}, {short(hi)}): rounded here, exact in the certificate",
        )
    for row in _refutations(result):
        facts.add_row(*row)
    facts.add_row("cells", f"{result.cells} linear pieces on 0 < S/M < 1, all pairs together")
    facts.add_row(
        "witnesses",
        f"exact sweep, in integers: {_tally(p.verdict for p in result.pairs)}\n"
        + _second_witness(result),
    )
    if result.offsets:
        facts.add_row("offset", _offset(result))
    facts.add_row(
        "float32",
        "the float32 program picks s too, whatever order it sums in: "
        + _tally(v.verdict for v in result.float32),
    )
    reasons = Counter(p.smt_reason for p in result.pairs if p.smt_reason)
    for reason, count in reasons.items():
        facts.add_row("", f"z3 left {count} unknown ({reason}); the sweep decides")
    place = str(path) if path else "could not be written"
    facts.add_row("certificate", f"{place}  (sha256 {certificate.sha256[:16]}…)")
    return Group(title, "", _margins(result), "", facts)


def _counted(result: ImpulseResult | NoiseResult) -> str:
    of = f"{result.certified_pairs} of"
    if not result.subset:
        return f"{of} {len(result.pairs)} pairs"
    everything = len(all_pairs(result.model.seq_len))
    return f"{of} the {len(result.pairs)} pairs asked for (of {everything})"


def verdict_text(verdict: str) -> Text:
    """The verdict in capitals, coloured; the words alone carry the meaning."""
    styles = {"proved": "bold green", "refuted": "bold red", "unknown": "bold yellow"}
    return Text(verdict.upper(), style=styles[verdict])


def describe_range(ratios: RatioRange) -> str:
    """``S/M = 4/5`` or ``S/M in [277/1000, 24/25]``."""
    lo, hi = ratios
    return f"S/M = {lo}" if lo == hi else f"S/M in [{lo}, {hi}]"


def shown_input(x: Sequence[Fraction], holds: Callable[[Sequence[Fraction]], bool]) -> str:
    """An input as exact text: a shorter one near to it that shows the same, or itself.

    ``holds`` decides, exactly, whether an input shows it.
    """
    for digits in (3, 6, 12):
        near = [v if len(str(v)) <= 12 else Fraction(f"{float(v):.{digits}g}") for v in x]
        if holds(near):
            return ", ".join(map(str, near))
    return ", ".join(map(str, x))


def short_below(value: Fraction, digits: int = 4) -> str:
    """Significant digits of a proved lower bound, rounded down, so that they too are one."""
    context = Context(prec=digits, rounding=ROUND_FLOOR)
    return (
        f"{float(context.divide(Decimal(value.numerator), Decimal(value.denominator))):.{digits}g}"
    )


def _margins(result: ImpulseResult) -> RenderableType:
    n = result.model.seq_len
    caption = (
        f"Smallest margin logit[s] - logit[rival] for M = 1 and {describe_range(result.ratios)}"
    )
    if n > WIDEST_GRID:
        table = Table("m", "s", "margin", "rival", "verdict", box=None)
        for p in sorted(result.pairs, key=lambda p: p.min_margin.value)[:WIDEST_GRID]:
            table.add_row(
                str(p.pair.max),
                str(p.pair.second),
                short(p.min_margin.value),
                str(p.min_margin.rival),
                p.verdict,
            )
        return Group(caption, table, f"(the {WIDEST_GRID} thinnest of {len(result.pairs)} pairs)")
    cells = {p.pair: _cell(p) for p in result.pairs}
    return Group(caption, _grid(n, cells))


def _cell(found: PairResult) -> Text:
    style = "red" if found.verdict == "refuted" else ""
    return Text(cell(found.min_margin.value), style=style)


def _worst(found: PairResult) -> str:
    margin = found.min_margin
    return (
        f"m={found.pair.max}, s={found.pair.second}: margin {short(margin.value)} over rival "
        f"{margin.rival}, at S/M = {short(margin.ratio)}"
    )


def _refutations(result: ImpulseResult) -> list[tuple[str, str]]:
    wrong = [p for p in result.pairs if p.counterexample]
    rows: list[tuple[str, str]] = []
    for found in wrong[:3]:
        x = shown_input(found.counterexample or (), partial(_refutes, result, found))
        right = "; ".join(f"({short(a)}, {short(b)})" for a, b in found.right_intervals)
        where = f"S/M in {right}" if right else "no S/M at all"
        rows.append(
            (
                "wrong" if not rows else "",
                f"m={found.pair.max}, s={found.pair.second} on x = ({x}): position "
                f"{found.min_margin.rival} is not beaten; right for {where}",
            )
        )
    if len(wrong) > len(rows):
        rows.append(("", f"and {len(wrong) - len(rows)} more pairs, listed in the certificate"))
    return rows


def _refutes(result: ImpulseResult, found: PairResult, x: Sequence[Fraction]) -> bool:
    """Whether an input of the pair, within the range, is one on which the model is wrong."""
    return result.ratios.lo <= x[found.pair.second] <= result.ratios.hi and (
        result.model.choice(x) != found.pair.second
    )


def _breaks(result: NoiseResult, found: PairNoise, x: Sequence[Fraction]) -> bool:
    """The same with noise up to what is said to break the pair."""
    noise, pair = found.broken or Fraction(0), found.pair
    others = (v for t, v in enumerate(x) if t not in pair)
    return (
        all(abs(v) <= noise for v in others)
        and result.ratios.lo <= x[pair.second] <= result.ratios.hi
        and result.model.choice(x) != pair.second
    )


def _second_witness(result: ImpulseResult) -> str:
    asked = [_SMT[p.smt] for p in result.pairs if p.smt]
    if not asked:
        return "z3: left out (--no-smt)"
    return f"z3, unrolled network with every ReLU encoded: {_tally(asked)}"


def _offset(result: ImpulseResult) -> str:
    proved = sum(b.proved for b in result.offsets)
    balls = sum(b.proved and b.witness == "enclosure" for b in result.offsets)
    left = sum(b.margin_left > 0 for b in result.offsets)
    smallest = min(b.min_product for b in result.offsets)
    return (
        f"(W_out[s] - W_out[m]) . offset > 0 for {proved} of {len(result.offsets)} pairs "
        f"(smallest {short(smallest)}; {balls} by ball arithmetic alone)\n"
        f"the separable form f(m) - f(s) alone proves {left} of them"
    )


def noise_report(model: Path, result: NoiseResult, path: Path | None) -> RenderableType:
    """Everything that a run of ``certify MODEL --noise`` found, for a console."""
    eps = result.noise
    others = "up to what the grid says" if eps is None else within(eps)
    title = Text.assemble(
        verdict_text(result.verdict),
        f"  {model.name}: {_counted(result)} proved right for "
        f"M = 1, {describe_range(result.ratios)} and every other input {others}",
    )
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column()
    leaves = sum(p.proof.leaves for p in result.pairs if p.proof)
    facts.add_row("proof", f"{leaves:,} leaves, bounded in the checker's integers")
    if eps is None:
        facts.add_row("reach", _reached(result))
    bounds = [(p.proof.bound, p.pair) for p in result.pairs if p.proof]
    if bounds:
        bound, pair = min(bounds)
        facts.add_row(
            "least bound", f"m={pair.max}, s={pair.second}: every margin above {short_below(bound)}"
        )
    broken = [p for p in result.pairs if p.counterexample]
    if broken:
        worst = min(broken, key=lambda p: p.broken or 0)
        x = shown_input(worst.counterexample or (), partial(_breaks, result, worst))
        facts.add_row(
            "worst input",
            f"m={worst.pair.max}, s={worst.pair.second} is wrong at noise {worst.broken} on "
            f"x = ({x})",
        )
    undecided = [p for p in result.pairs if p.verdict == "unknown"]
    for p in undecided[:3]:
        facts.add_row("unknown", f"m={p.pair.max}, s={p.pair.second}: {p.reason}")
    if len(undecided) > 3:
        facts.add_row("", f"and {len(undecided) - 3} more pairs")
    facts.add_row("certificate", str(path) if path else "none: nothing was decided")
    return Group(title, "", _noise_grid(result), "", facts)


def _noise_grid(result: NoiseResult) -> RenderableType:
    n = result.model.seq_len
    if n > WIDEST_GRID:
        counts = Counter(p.verdict for p in result.pairs)
        return Text(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    if result.noise is not None:
        caption = "Proved lower bound of every margin, for M = 1 (x: refuted, ?: unknown)"
        return Group(caption, _grid(n, {p.pair: _noise_cell(p) for p in result.pairs}))
    return Group(
        "Noise of each pair. Above: certified, rounded down (?: none so far). Below: found to",
        f"break it, rounded up (-: none below {result.ratios.lo}).",
        _grid(n, {p.pair: _climbed(p) for p in result.pairs}),
    )


def _climbed(found: PairNoise) -> Text:
    return Text(_rounded(found.certified, ROUND_FLOOR, "?")).append(
        f"\n{_rounded(found.broken, ROUND_CEILING, '-')}", style="dim"
    )


def _reached(result: NoiseResult) -> str:
    """How far certified and broken noise are apart."""
    parts = {p.pair: p.reached(result.ratios) for p in result.pairs}
    near = sum(part >= Fraction(9, 10) for part in parts.values())
    least = min(parts, key=lambda pair: parts[pair])
    return (
        f"certified is at least .9 of broken for {near} of {len(parts)} pairs; "
        f"least {short_below(parts[least], 2)}, m={least.max}, s={least.second}"
    )


def _grid(n: int, cells: Mapping[Pair, Text | str]) -> Table:
    """Pairs with m down and s across; twelve positions fit 80 columns."""
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("", style="bold", no_wrap=True)
    for s in range(n):
        table.add_column(f"s={s}", justify="right", no_wrap=True)
    for m in range(n):
        table.add_row(f"m={m}", *(cells.get(Pair(m, s), "·") for s in range(n)))
    return table


def _rounded(noise: Fraction | None, rounding: str, none: str) -> str:
    """Three digits of a bound, on its safe side."""
    if noise is None:
        return none
    context = Context(prec=3, rounding=rounding)
    value = context.divide(Decimal(noise.numerator), Decimal(noise.denominator))
    return f"{float(value):.3g}".removeprefix("0") or "0"


def _noise_cell(found: PairNoise) -> str:
    return {"refuted": "x", "unknown": "?"}.get(
        found.verdict, short_below(found.proof.bound, 2) if found.proof else "?"
    )


def within(noise: Fraction) -> str:
    """``in [-1/50, 1/50]``, or what that means for no noise at all."""
    return f"in [-{noise}, {noise}]" if noise else "equal to 0"


def _tally(verdicts: Iterable[str]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in Counter(verdicts).items())
