"""What a report says, before it is laid out: one structure for all formats.

A report is built from the JSON of a certificate, and from the model where it is at hand. Without
the model nothing can be checked and what needs the weights is left out; the report says so. Texts
are prose (:mod:`certify.report.words`): formulas stand between dollars.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from certify.report.length import ProofLength
from certify.report.words import literal
from certify.task import SECOND_ARGMAX

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

MEASURED = "measured"
"""The status of what is no claim but a record of a run."""

NUMBER = re.compile(r"[-−+]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?")


@dataclass(frozen=True)
class Table:
    """A table of short texts; ``rows`` all have as many cells as ``header``.

    ``grid`` is a table of pairs, whose rows and columns have an order of their own; ``detail`` is
    for pages one can search, and left out of print.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    grid: bool = False
    detail: bool = False

    def numeric(self, column: int) -> bool:
        """Whether the cells of a column are numbers, but for dashes, questions and blanks."""
        cells = [row[column] for row in self.rows if row[column] not in ("", "-", "?")]
        return bool(cells) and all(NUMBER.fullmatch(cell) for cell in cells)


@dataclass(frozen=True)
class Figure:
    """A figure that is drawn when a format wants it; ``name`` is a file stem."""

    name: str
    caption: str
    draw: Callable[[], Drawing]


@dataclass(frozen=True)
class Statement:
    """What the certificate claims, as prose; ``theorem`` says all of it in LaTeX, by itself."""

    status: str
    prose: str
    theorem: str = ""


@dataclass(frozen=True)
class Report:
    """A report about one certificate.

    ``checked`` is what the checker established, line by line, or None where the model was not
    given and nothing was checked. ``panel`` is the one figure, a column wide, for print. ``bound``
    is what the proof establishes as a name and a number, for comparisons with other proofs.
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
    panel: Figure | None = None
    notes: tuple[str, ...] = ()
    length: ProofLength | None = None
    bound: tuple[str, tuple[float, ...]] | None = None
    model: Path | None = field(default=None, kw_only=True)

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
        model = self.model.name if self.model else "MODEL"
        return shlex.join(["certify", "check", self.certificate.name, model])

    @property
    def identity(self) -> tuple[tuple[str, str], ...]:
        """The facts, the length of the proof, and which files this is about."""
        length = (("Proof length", str(self.length)),) if self.length else ()
        name = literal(self.certificate.name)
        return (
            *self.facts,
            *length,
            ("Model SHA-256", literal(self.model_sha256)),
            ("Certificate", f"{name}, SHA-256 {self.certificate_sha256}"),
        )


def describe(document: dict[str, Any]) -> tuple[tuple[str, str], tuple[str, str]]:
    """The facts that every certificate has: the model's sizes, and which library wrote it."""
    model = document["model"]
    sizes = (
        f"{model['hidden_size']} units, {model['seq_len']} inputs, {model['parameters']} weights; "
        f"judged as {SECOND_ARGMAX.name}"
    )
    return ("Model", sizes), ("Library", literal(f"certify {document['library']['version']}"))


def the_network(model: dict[str, Any]) -> str:
    """The sentences of a theorem, in LaTeX, that define the network."""
    d, n = int(model["hidden_size"]), int(model["seq_len"])
    weights = r"\allowbreak ".join(re.findall("[0-9a-f]{1,16}", str(model["sha256"])))
    return (
        f"Let $h_0 = 0 \\in \\mathbb{{R}}^{{{d}}}$, "
        "$h_{t+1} = \\max(0,\\, W_{\\mathrm{hh}} h_t + W_{\\mathrm{ih}} x_t)$ for "
        f"$0 \\le t < {n}$, and $\\ell(x) = W_{{\\mathrm{{out}}}} h_{{{n}}} \\in "
        f"\\mathbb{{R}}^{{{n}}}$, for inputs $x \\in \\mathbb{{R}}^{{{n}}}$ and the "
        f"{int(model['parameters'])} weights whose SHA-256 is \\textup{{\\texttt{{{weights}}}}}."
    )


THE_PAIR = (
    "For positions $m \\ne s$ let $M$ stand at $m$, $S$ at $s$, $r = S/M$, and call "
    "$\\ell_s(x) - \\ell_j(x)$ the margin over the rival $j \\ne s$."
)


def short(value: Fraction | str, digits: int = 4) -> str:
    """A few significant digits, for reading only."""
    number = Fraction(value)
    try:
        return f"{float(number):.{digits}g}"
    except OverflowError:
        return scientific(number, digits)


def cell(value: Fraction | str) -> str:
    """A number of about five characters, for a cell of a grid."""
    number = Fraction(value)
    size = abs(number)
    if number == 0:
        return "0"
    if not Fraction(1, 2000) <= size < 1000:
        return short(number, 2)
    return f"{float(number):.{3 if size < 10 else 2 if size < 100 else 1}f}"


def scientific(value: Fraction, digits: int = 4) -> str:
    """Digits and a power of ten, for numbers that no float holds."""
    from decimal import Context, Decimal

    context = Context(prec=digits, Emax=10**9, Emin=-(10**9))
    return f"{context.divide(Decimal(value.numerator), Decimal(value.denominator)):.{digits - 1}e}"


def tex_range(ends: Sequence[str], variable: str = "S/M") -> str:
    """A formula, ``S/M = 4/5`` or one of two inequalities, from strings that are numbers."""
    lo, hi = (Fraction(end) for end in ends)
    return f"{variable} = {lo}" if lo == hi else f"{lo} \\le {variable} \\le {hi}"


def pair_grid(n: int, value: Callable[[int, int], str | None], caption: str) -> Table:
    """A table with the position m down and s across; None leaves a cell empty."""
    return Table(
        caption,
        (r"$m$, $s$", *map(str, range(n))),
        tuple(
            (str(m), *((value(m, s) or "-") if m != s else "" for s in range(n))) for m in range(n)
        ),
        grid=True,
    )


def joined(words: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
