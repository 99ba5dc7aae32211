"""Estimates side by side with the certified values of what they predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from certify.estimate.base import Estimate


@dataclass(frozen=True)
class Certified:
    """A certified bracket ``lower <= value <= upper`` of a predicted quantity.

    ``source`` says what certified it, such as the command or the certificate's name. For "pairs
    right" lower is the number of proved pairs and upper that of pairs not refuted.
    """

    lower: float
    upper: float
    source: str

    def to_json(self) -> dict[str, Any]:
        """The bracket as JSON values."""
        return {"lower": self.lower, "upper": self.upper, "source": self.source}

    def __str__(self) -> str:
        if self.lower == self.upper:
            return f"{self.lower:.6g}"
        return f"[{self.lower:.6g}, {self.upper:.6g}]"


@dataclass(frozen=True)
class TableRow:
    """One line of the report, as text: what the note's table asks of every approach.

    ``status`` compares with the certified bracket: "inside", "too low", "too high", or "" where
    nothing is certified.
    """

    method: str
    reads: str
    predicts: str
    estimate: str
    certified: str
    status: str
    operations: str
    seconds: str


HEADINGS = TableRow(
    "method",
    "reads",
    "predicts",
    "estimate",
    "certified",
    "against it",
    "operations",
    "seconds",
)


def table(
    estimates: Sequence[Estimate], certified: Mapping[str, Certified] | None = None
) -> tuple[TableRow, ...]:
    """One row for each estimate; ``certified`` is keyed by what is predicted.

    The keys are "pairs right" and "accuracy", as in :attr:`Estimate.predicts`.
    """
    brackets = certified or {}
    return tuple(_row(estimate, brackets.get(estimate.predicts)) for estimate in estimates)


def render(rows: Sequence[TableRow]) -> str:
    """The rows as plain text in aligned columns, with headings."""
    cells = [tuple(vars(row).values()) for row in (HEADINGS, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def _row(estimate: Estimate, certified: Certified | None) -> TableRow:
    value = f"{estimate.value:.4f}" if estimate.predicts == "accuracy" else f"{estimate.value:g}"
    if estimate.interval:
        lo, hi = estimate.interval
        value += f" ({lo:.4f} to {hi:.4f})"
    status = ""
    if certified:
        status = "inside"
        if estimate.value < certified.lower:
            status = "too low"
        elif estimate.value > certified.upper:
            status = "too high"
    return TableRow(
        estimate.method,
        estimate.reads,
        estimate.predicts,
        value,
        str(certified or ""),
        status,
        f"{estimate.operations:,}",
        f"{estimate.seconds:.4f}",
    )
