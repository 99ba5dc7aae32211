"""The terminal report of one exact run."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from certify.model import Run

WIDEST = 10
"""Steps whose states fit side by side; of longer inputs the units that are on are shown alone."""


def run_report(model: Path, found: Run) -> RenderableType:
    """The verdict, the states step by step (rounded), and every logit with its margin."""
    tie = "tied inputs: no position is right"
    asked = tie if found.target is None else f"position {found.target} is asked for"
    chosen = "a tie" if found.choice is None else f"position {found.choice}"
    head = Text.assemble(
        ("RIGHT", "bold green") if found.is_right else ("WRONG", "bold red"),
        f"  {model.name}: the largest logit stands at {chosen}, {asked}",
    )
    return Group(head, "", _states(found), "", _logits(found))


def _states(found: Run) -> RenderableType:
    steps = range(len(found.x))
    if len(found.x) > WIDEST:
        table = Table("step", "input", "units that are on", box=None)
        for t in steps:
            table.add_row(str(t), _short(found.x[t]), " ".join(map(str, found.cells[t])) or "-")
        return table
    table = Table(box=None, padding=(0, 1))
    table.add_column("after step", style="bold", no_wrap=True)
    for t in steps:
        table.add_column(str(t), justify="right", no_wrap=True)
    table.add_row("input", *map(_short, found.x))
    for i in range(found.model.hidden_size):
        table.add_row(f"unit {i}", *(_short(found.states[t][i]) for t in steps))
    return Group("States (rounded; 0: off)", table)


def _logits(found: Run) -> RenderableType:
    table = Table(box=None, padding=(0, 2))
    for name in ("position", "input", "logit", "margin over it"):
        table.add_column(name, justify="right", no_wrap=True)
    for j, (x, logit) in enumerate(zip(found.x, found.logits, strict=True)):
        margin = "" if found.margins is None or j == found.target else _short(found.margins[j])
        table.add_row(str(j), str(x) if len(str(x)) < 24 else _short(x), _short(logit), margin)
    return table


def _short(value: Fraction) -> str:
    try:
        return f"{float(value):.4g}"
    except OverflowError:
        return f"{'-' if value < 0 else ''}1e{len(str(abs(int(value)))) - 1}"
