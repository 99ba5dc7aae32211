"""An intervention and a track of checkpoints as text for a terminal."""

from __future__ import annotations

from math import floor, log10

from certify.claims import NOMINAL_RATIO, Pair
from certify.mechanism.interventions import PatchResult, RangeVerdict
from certify.mechanism.patched import Trace
from certify.mechanism.training import SIGNIFICANT, Step, TrackResult
from certify.report.tables import decimal, heading, stacked, table, units


def patch_text(found: PatchResult) -> str:
    """Baseline and patched run as plain text."""
    m, s = found.pair
    logits = [
        (
            f"{j}{' m' if j == m else ' s' if j == s else ''}",
            decimal(a),
            decimal(b),
            decimal(b - a),
        )
        for j, (a, b) in enumerate(zip(found.baseline.logits, found.patched.logits, strict=True))
    ]
    rows = []
    for step in range(len(found.baseline.states)):
        here = [c for c in found.changes if c.step == step]
        if here:
            largest = max(here, key=lambda c: abs(c.patched - c.baseline))
            rows.append(
                (
                    step,
                    len(here),
                    units(c.unit for c in here if c.toggled),
                    largest.unit,
                    decimal(largest.baseline),
                    decimal(largest.patched),
                )
            )
    lo, hi = found.ratios
    scope = "every M > 0" if found.homogeneous else "M = 1 alone: a constant was set"
    return stacked(
        [
            heading(f"Pair (m={m}, s={s}) at S/M = {found.ratio}, exact"),
            *(str(i) for i in found.interventions),
            table(("logit", "baseline", "patched", "change"), logits),
            f"chosen: baseline {_word(found.baseline, s)}, patched {_word(found.patched, s)}",
            "units that change, by step:",
            table(("step", "units", "turned on or off", "largest", "baseline", "patched"), rows),
            f"S/M in [{lo}, {hi}] ({scope}):",
            f"  baseline {_range_word(found.baseline_range)}",
            f"  patched  {_range_word(found.patched_range)}",
            f"pairs at S/M = {found.ratio} that the intervention breaks: {len(found.broken)}"
            f"{_listed(found.broken)}; repairs: {len(found.repaired)}{_listed(found.repaired)}",
        ]
    )


def _word(trace: Trace, second: int) -> str:
    if trace.chosen is None:
        return "a tie (wrong)"
    return f"{trace.chosen} ({'right' if trace.chosen == second else 'wrong'})"


def _range_word(verdict: RangeVerdict) -> str:
    margin = f"smallest margin {decimal(verdict.min_margin)} at S/M = {decimal(verdict.at, 6)}"
    if not verdict.proved or verdict.interval is None:
        return f"REFUTED, {margin}"
    lo, hi = verdict.interval
    return f"PROVED, {margin}; right on ({decimal(lo, 6)}, {decimal(hi, 6)})"


def _listed(pairs: tuple[Pair, ...]) -> str:
    shown = " ".join(f"({m}, {s})" for m, s in pairs[:8])
    return f" {shown}{' ...' if len(pairs) > 8 else ''}" if pairs else ""


def track_text(found: TrackResult) -> str:
    """The table, the steps, and the answer, as plain text."""
    rows = [
        (
            c.name,
            f"{c.certified}/{c.pairs}",
            decimal(c.min_margin),
            "-" if c.common is None else f"({float(c.common[0]):.4f}, {float(c.common[1]):.4f})",
            c.cells,
            c.final_cells,
            decimal(c.impulse_dimension),
            c.accuracy,
            c.dimension,
        )
        for c in found.checkpoints
    ]
    moves = [
        (
            f"{s.before} -> {s.after}",
            f"{s.certified:+d}",
            f"{float(s.min_margin):+.4g}",
            f"{float(s.impulse_dimension):+.4g}",
            _difference(s, "accuracy"),
            _difference(s, "dimension"),
        )
        for s in found.steps
        if s is not None
    ]
    lines = [
        heading(
            f"{len(found.checkpoints)} checkpoints (exact at S/M = {NOMINAL_RATIO}; "
            f"sampled: {found.samples} {found.inputs} inputs, value +- s.e.)"
        ),
        table(
            (
                *("model", "pairs", "margin", "common interval", "cells", "final"),
                *("dim impulses", "accuracy", "dimension"),
            ),
            rows,
        ),
    ]
    lines += [
        f"{c.name}: {c.ties} of the inputs tie (two logits are largest), which is never right"
        for c in found.checkpoints
        if c.ties.value
    ]
    if moves:
        lines += [
            f"differences; * where a sampled one exceeds {SIGNIFICANT:g} standard errors:",
            table(("step", "pairs", "margin", "dim impulses", "accuracy", "dimension"), moves),
        ]
    lines += _answer(found)
    return stacked(lines)


def _answer(found: TrackResult) -> list[str]:
    """When the model becomes right, and what the dimension does there and elsewhere."""
    first, stays = found.first_right, found.right_from
    if first is None:
        lines = ["all pairs are right at no checkpoint"]
    elif stays is None:
        lines = [f"all pairs are right first at {first}, but not at the end"]
    elif stays == first:
        lines = [f"all pairs are right from {first} on"]
    else:
        lines = [f"all pairs are right first at {first}, and from {stays} on"]
    for step in found.steps:
        if step is not None and step.after in (first, stays):
            word = "changes" if step.is_change("dimension") else "stays within its error"
            lines.append(
                f"the dimension {word} in the step to {step.after}: "
                f"{_difference(step, 'dimension').rstrip(' *')}"
            )
    largest = found.largest_dimension_step
    lines.append(
        "the dimension changes nowhere by more than its error"
        if largest is None
        else f"largest change of the dimension: {largest.before} -> {largest.after}, "
        f"{_difference(largest, 'dimension').rstrip(' *')}"
    )
    return lines


def _difference(step: Step, name: str) -> str:
    value, error = getattr(step, name)
    digits = max(4, 1 - floor(log10(error))) if error > 0 else 4
    return f"{value:+.{digits}f} +- {error:.{digits}f} {'*' if step.is_change(name) else ' '}"
