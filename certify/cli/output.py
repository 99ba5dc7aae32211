"""What the commands share: JSON answers and a progress line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from certify.errors import UsageError
from certify.files import atomic_write

if TYPE_CHECKING:
    from rich.console import RenderableType


def write_json(answer: Mapping[str, Any], target: str) -> None:
    """Write an answer as JSON to a file, or to standard output for ``-``.

    Raises:
        UsageError: the file cannot be written.
    """
    text = json.dumps(answer, indent=2) + "\n"
    if target == "-":
        sys.stdout.write(text)
        return
    try:
        atomic_write(Path(target), text.encode())
    except OSError as error:
        raise UsageError(f"--json {target}: {error.strerror}") from None


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error; silent where that is no terminal.

    Yields a function that takes (done, total).
    """
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def show(report: RenderableType) -> None:
    """Print a report; where standard output is no terminal, as plain text 100 columns wide."""
    from rich.console import Console

    # Reports hold W_out[s] and the like, which is no markup.
    if sys.stdout.isatty():
        Console(highlight=False, markup=False).print(report, soft_wrap=False)
        return
    plain = Console(width=100, highlight=False, markup=False, no_color=True)
    with plain.capture() as captured:
        plain.print(report)
    print("\n".join(line.rstrip() for line in captured.get().rstrip().splitlines()))
