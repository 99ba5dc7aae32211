"""The table that ends a run about several models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table

from certify.report.terminal import verdict_text


def several_report(answers: Sequence[dict[str, Any]]) -> RenderableType:
    """A line a model: verdict, pairs, interval, smallest margin, seconds; then what went wrong."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("model", ""):
        table.add_column(name)
    for name in ("pairs", "S/M", "smallest margin", "seconds"):
        table.add_column(name, justify="right", no_wrap=True)
    for answer in answers:
        seconds = f"{answer['seconds']['total']:.1f}" if "seconds" in answer else ""
        if answer["verdict"] is None:
            table.add_row(answer["file"], "failed", "", "", "", seconds)
            continue
        pairs = f"{answer['certified_pairs']} of {answer['total_pairs']}"
        if answer["subset"]:
            pairs += " chosen"
        table.add_row(
            answer["file"],
            verdict_text(answer["verdict"]),
            pairs,
            _interval(answer),
            _margin(answer),
            seconds,
        )
    errors = [f"{a['file']}: {a['error']}" for a in answers if a["verdict"] is None]
    return Group(table, *(["", *errors] if errors else []))


def _interval(answer: dict[str, Any]) -> str:
    lo, hi = answer["ratio"]
    return f"= {lo}" if lo == hi else f"[{lo}, {hi}]"


def _margin(answer: dict[str, Any]) -> str:
    """The least margin of all pairs, or for noise the least proved bound of one."""
    found = [p.get("min_margin_float", p.get("margin_bound_float")) for p in answer["pairs"]]
    known = [margin for margin in found if margin is not None]
    return f"{min(known):.4g}" if known else "-"
