"""What the commands share: JSON answers and a progress line."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

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


class Progress(Protocol):
    """Says where long work stands; ``title`` names what is being done now."""

    def __call__(self, done: int, total: int, title: str | None = None) -> None: ...  # noqa: D102


@dataclass
class Stopwatch:
    """Wall seconds of each stage."""

    seconds: dict[str, float] = field(default_factory=dict)
    _last: float = field(default_factory=time.perf_counter)

    def lap(self, stage: str) -> None:
        """End a stage."""
        now = time.perf_counter()
        self.seconds[stage] = round(now - self._last, 3)
        self._last = now

    def to_json(self) -> dict[str, float]:
        """The stages and their total."""
        return self.seconds | {"total": round(sum(self.seconds.values()), 3)}

    def __str__(self) -> str:
        stages = "  ".join(f"{stage} {taken:.1f}" for stage, taken in self.seconds.items())
        return f"seconds      {stages}"


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """A progress bar on standard error; silent where that is no terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=None)

        def update(done: int, total: int, title: str | None = None) -> None:
            bar.update(task, completed=done, total=total, description=title)

        yield update


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


def json_argument(parser: argparse.ArgumentParser) -> None:
    """Declare ``--json``, the same for every command."""
    parser.add_argument("--json", metavar="FILE", help="write the answer as JSON ('-': stdout)")
