"""The one table: for a terminal with rich, for print with the numbers aligned by siunitx."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from certify.report.content import Table
from certify.report.words import latex, plain

WIDTH = 80


def rich_table(
    header: Sequence[str], rows: Iterable[Sequence[object]], words: int = 1
) -> RichTable:
    """A table for a terminal: the first ``words`` columns to the left, the others to the right."""
    table = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
    for at, head in enumerate(header):
        justify = "left" if at < words else "right"
        table.add_column(head, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    return table


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
    for at in range(len(table.header)):
        if table.numeric(at):
            found.append(_aligned([row[at] for row in table.rows]))
        elif max((len(plain(row[at])) for row in table.rows), default=0) > 40:
            found.append(r"p{0.4\linewidth}")
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
