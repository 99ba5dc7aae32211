"""Plain text tables, and how numbers are shown in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns aligned to the right under their headers, the first one to the left."""
    cells = [list(headers), *([str(value) for value in row] for row in rows)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(headers))]
    lines = []
    for row in cells:
        first, *others = (
            value.rjust(width) if k else value.ljust(width)
            for k, (value, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  " + "  ".join([first, *others]).rstrip())
    lines.insert(1, "  " + "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def heading(text: str) -> str:
    """A title over a line of the same length."""
    return f"{text}\n{'=' * len(text)}"


def decimal(value: Fraction | float, digits: int = 4) -> str:
    """A decimal for reading; the exact value stands in the JSON."""
    return f"{float(value):.{digits}f}"


def units(numbers: Iterable[int]) -> str:
    """``1, 6, 7`` or ``none``."""
    return ", ".join(map(str, numbers)) or "none"
