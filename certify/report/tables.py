"""The one table: for a terminal with rich, for print with the numbers aligned by siunitx."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from textwrap import wrap

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from certify.report.content import Table, scientific
from certify.report.words import latex, plain

WIDTH = 80
WORDS = 40
"""Characters from which on a column of words wraps in print."""


def rich_table(
    header: Sequence[str], rows: Iterable[Sequence[object]], words: int = 1
) -> RichTable:
    """A table for a terminal: the first ``words`` columns to the left, the others to the right."""
    texts = [[cell if isinstance(cell, Text) else Text(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *texts, strict=True)]
    padding = (0, 1) if sum(widths) + 2 * len(widths) <= WIDTH else (0, 1, 0, 0)
    made = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, padding=padding, show_edge=False)
    for at, head in enumerate(header):
        justify = "left" if at < words else "right"
        made.add_column(head, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for cells in texts:
        made.add_row(*cells)
    return made


def of_content(table: Table) -> RichTable:
    """A report's table for a terminal; what is no number stands at the left."""
    padding = (0, 1, 0, 0) if table.grid else (0, 1)
    made = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, padding=padding, show_edge=False)
    for at, head in enumerate(table.header):
        justify = "right" if table.numeric(at) or table.grid else "left"
        made.add_column(plain(head), justify=justify, overflow="fold")  # type: ignore[arg-type]
    for row in table.rows:
        made.add_row(*(Text(plain(cell)) for cell in row))
    return made


def as_text(renderable: object, width: int = WIDTH) -> str:
    """What rich prints, as plain text of at most ``width`` columns."""
    console = Console(width=width, no_color=True, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        console.print(renderable)
    return "\n".join(line.rstrip() for line in captured.get().rstrip("\n").splitlines())


def text_table(table: Table) -> str:
    """A report's table as plain text."""
    return as_text(
        of_content(table), width=WIDTH if len(table.header) <= 14 else 9 * len(table.header)
    )


def column_format(table: Table) -> str:
    """The columns of a LaTeX tabular: S of siunitx for numbers, the widest words may wrap."""
    found = []
    wide = [
        not table.numeric(at)
        and max((len(plain(row[at])) for row in table.rows), default=0) > WORDS
        for at in range(len(table.header))
    ]
    for at in range(len(table.header)):
        if table.numeric(at):
            found.append(_aligned([row[at] for row in table.rows]))
        elif wide[at]:
            found.append(f"p{{{min(0.4, 0.78 / sum(wide)):.2g}\\linewidth}}")
        else:
            found.append("l")
    return "".join(found)


def print_table(table: Table) -> list[list[str]]:
    """Header and rows in LaTeX; in a column of numbers, what is none is in braces."""
    numeric = [table.numeric(at) for at in range(len(table.header))]
    rows = [[f"{{{latex(head)}}}" for head in table.header]]
    for row in table.rows:
        rows.append(
            [
                _number(cell) if number else latex(cell)
                for cell, number in zip(row, numeric, strict=True)
            ]
        )
    return rows


def _number(cell: str) -> str:
    bare = cell.replace(",", "").replace("−", "-")
    if re.fullmatch(r"[-+]?\d.*", bare):
        return bare
    return {"": "", "-": "{--}"}.get(cell, f"{{{latex(cell)}}}")


def _aligned(cells: Sequence[str]) -> str:
    numbers = [_number(cell) for cell in cells if re.match(r"[-−+]?\d", cell)]
    mantissas = [number.lower().split("e")[0] for number in numbers]
    before = max(len(m.split(".")[0].lstrip("+-")) for m in mantissas)
    after = max(len(m.partition(".")[2]) for m in mantissas)
    sign = "-" if any(m.startswith("-") for m in mantissas) else ""
    exponents = [n.lower().split("e")[1] for n in numbers if "e" in n.lower()]
    power = f"e{'-' if any('-' in e for e in exponents) else ''}2" if exponents else ""
    return f"S[table-format={sign}{before}{'.' + str(after) if after else ''}{power}]"


# -- text of studies -----------------------------------------------------------------------------


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns aligned to the right under their headers, the first one to the left."""
    return as_text(rich_table(headers, rows))


def heading(text: str) -> str:
    """A title over a line of the same length."""
    return f"{text}\n{'=' * len(text)}"


def stacked(parts: Iterable[str]) -> str:
    """Parts under each other: sentences are wrapped, tables and headings stay as they are."""
    return "\n".join(
        part if "\n" in part else "\n".join(wrap(part, WIDTH, subsequent_indent="  ")) or part
        for part in parts
    )


def decimal(value: Fraction | float, digits: int = 4) -> str:
    """A decimal for reading; the exact value stands in the JSON."""
    try:
        return f"{float(value):.{digits}f}"
    except OverflowError:
        return scientific(Fraction(value), digits + 1)


def units(numbers: Iterable[int]) -> str:
    """``1, 6, 7`` or ``none``."""
    return ", ".join(map(str, numbers)) or "none"
