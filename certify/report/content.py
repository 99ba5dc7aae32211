"""What a report says, before it is laid out: one structure for all formats.

A report is built from the JSON of a certificate, and from the model where it is at hand. Without
the model nothing can be checked and what needs the weights is left out; the report says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

MEASURED = "measured"
"""The status of what is no claim but a record of a run."""


@dataclass(frozen=True)
class Table:
    """A table of short texts; ``rows`` all have as many cells as ``header``."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Figure:
    """A figure that is drawn when a format wants it; ``name`` is a file stem."""

    name: str
    caption: str
    draw: Callable[[], Drawing]


@dataclass(frozen=True)
class Statement:
    """What the certificate claims, in words and as LaTeX (text mode, with formulas)."""

    status: str
    plain: str
    latex: str


@dataclass(frozen=True)
class Report:
    """A report about one certificate.

    ``checked`` is what the checker established, line by line, or None where the model was not
    given and nothing was checked.
    """

    title: str
    statement: Statement
    certificate: Path
    certificate_sha256: str
    model_sha256: str
    facts: tuple[tuple[str, str], ...]
    checked: tuple[str, ...] | None
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def provenance(self) -> str:
        """What every caption ends with: the claim's status and the certificate's hash."""
        if self.statement.status == MEASURED:
            return f"measured; file {self.certificate_sha256[:16]}"
        checked = "checked" if self.checked is not None else "not checked"
        return f"{self.statement.status}, {checked}; certificate {self.certificate_sha256[:16]}"

    @property
    def check_line(self) -> str:
        """Whether this report has checked the certificate."""
        if self.statement.status == MEASURED:
            return "A record of a run, not a certificate: there is nothing in it to check."
        if self.checked is None:
            return "Not checked: the model was not given, so this report only repeats the file."
        return "Checked against the model's weights: the checker accepted the certificate."

    @property
    def check_command(self) -> str:
        """How a reader checks it; empty where there is nothing to check."""
        if self.statement.status == MEASURED:
            return ""
        return f"certify check {self.certificate.name} MODEL"


def short(value: Fraction | str, digits: int = 4) -> str:
    """A few significant digits, for reading only."""
    return f"{float(Fraction(value)):.{digits}g}"


def pair_grid(
    n: int, value: Callable[[int, int], str | None], caption: str, corner: str = "m \\ s"
) -> Table:
    """A table with the position m down and s across; None leaves a cell empty."""
    return Table(
        caption,
        (corner, *map(str, range(n))),
        tuple(
            (str(m), *((value(m, s) or "-") if m != s else "" for s in range(n))) for m in range(n)
        ),
    )


def joined(words: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
