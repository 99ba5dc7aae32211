"""What the commands share: the files they leave, JSON answers and a progress line."""

from __future__ import annotations

import argparse
import errno
import json
import math
import shlex
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from certify.errors import CertificateFormatError, CertifyError, ExitCode, UsageError
from certify.files import atomic_write, demand_writable, place_beside

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

    from certify.certificate import Certificate


class Outputs:
    """The files that a command leaves: looked at before work begins, and told of at the end.

    Made from a command's arguments ``out``, ``json``, ``figures`` and ``force``, as far as it has
    them. What cannot be written costs neither the answer nor the other files: it is printed by
    :meth:`finish`, and the exit code is then no success.

    Raises:
        UsageError: a place cannot be written, or the answer would replace what is none.
    """

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.force: bool = getattr(arguments, "force", False)
        self._target: str | None = getattr(arguments, "json", None)
        self._words: list[str] = getattr(arguments, "words", [])
        self._started: float = getattr(arguments, "started", time.monotonic())
        self._notes: dict[str, str] = {}
        self._lost: set[Path] = set()
        self.assumed: list[str] = []
        self._places: dict[Path, Path] = {}
        out: Path | None = getattr(arguments, "out", None)
        if out is not None:
            demand_folder("--out", out)
        if self._target is not None and self.text:
            demand_place("--json", Path(self._target))
            self._demand_answer(Path(self._target))
        self._figures: Path | None = getattr(arguments, "figures", None)
        if self._figures is not None:
            with naming("--figures", self._figures):
                self._figures.mkdir(parents=True, exist_ok=True)
            demand_folder("--figures", self._figures)

    @property
    def text(self) -> bool:
        """Whether the answer is to be printed for people."""
        return self._target != "-"

    def certificate(self, path: Path, certificate: Certificate) -> Path | None:
        """Write a certificate to ``path``, or beside it where another one says what it doesn't.

        Returns where it is; None where it could not be written.
        """
        from certify.certificate import read_document
        from certify.kinds import covers

        new = json.loads(certificate.to_bytes())

        def may_replace(found: Path) -> bool:
            try:
                return found.stat().st_size == 0 or covers(new, read_document(found))
            except (CertificateFormatError, OSError):
                return False

        place = path if self.force else place_beside(path, may_replace)
        if self.write(place, lambda: certificate.write(place)) is None:
            return None
        before = self._places.get(path, place)
        if before != place:  # an earlier state of this run
            before.unlink(missing_ok=True)
        self._places[path] = place
        self._notes.pop(str(path), None)
        if place != path:
            self.note(
                f"{path} says what this run does not, and was kept (--force replaces it)", path
            )
        return place

    def write(self, path: Path, write: Callable[[], object]) -> Path | None:
        """Call ``write``, which writes ``path``; None where that fails."""
        try:
            write()
        except OSError as error:
            where = error.filename or path
            self.note(f"{where} could not be written: {error.strerror or error}", path)
            self._lost.add(path)
            return None
        self._notes.pop(str(path), None)
        self._lost.discard(path)
        return path

    def figures(self, draw: Callable[[], Mapping[str, Figure]]) -> None:
        """Draw figures, and write them where ``--figures`` asks for them."""
        from certify.report.style import write_figures

        if (folder := self._figures) is not None:
            self.write(folder, lambda: write_figures(draw(), folder))

    def json(self, answer: Mapping[str, Any] | list[dict[str, Any]]) -> None:
        """Write an answer (or those about several models) where ``--json`` asks for it: to a
        file, or to standard output. What it says was assumed of a model, :meth:`finish` prints.
        """
        for one in answer if isinstance(answer, list) else [answer]:
            model = one.get("model")
            self.assumed += model.get("assumed", ()) if isinstance(model, Mapping) else ()
        if self._target is None:
            return
        text = json.dumps(answer, indent=2) + "\n"
        if self._target == "-":
            sys.stdout.write(text)
            return
        target = Path(self._target)
        try:
            self._demand_answer(target)
        except UsageError as error:
            self.note(str(error))
            self._lost.add(target)
            return
        self.write(target, lambda: atomic_write(target, text.encode()))

    def left(self, budget: float) -> float:
        """The seconds of a budget that are left: it counts from the start of the command."""
        return max(0.1, self._started + budget - time.monotonic())

    @property
    def command(self) -> str:
        """The command line that was given."""
        return command(*self._words)

    def say_what_is_there(self, path: Path, count: Callable[[], tuple[int, int]]) -> None:
        """Tell of a certificate that an earlier run left unfinished, however that ended; ``count``
        says how many pairs it decides, and of how many.
        """
        if not path.exists():
            return
        try:
            decided, total = count()
        except CertifyError:
            return
        if decided < total:
            say(
                f"{path} holds {decided} of {total} pairs already; "
                f"to take them up: {self.again(path)}"
            )

    def again(self, resume: Path, **larger: int) -> str:
        """The command line that goes on from a file, with other values for these options."""
        options = {"--resume": resume, **{f"--{name}": value for name, value in larger.items()}}
        words = list(self._words)
        for i in reversed(range(len(words))):
            name, equals, _ = words[i].partition("=")
            if len(name) > 4 and any(option.startswith(name) for option in options):
                del words[i : i + (1 if equals else 2)]
        return command(*words, *(word for option in options.items() for word in option))

    def without(self, paths: Collection[Path]) -> str:
        """The command for the files that are not among these."""
        return command(*(word for word in self._words if Path(word) not in paths))

    def note(self, text: str, about: Path | None = None) -> None:
        """Something that the user must know, said on standard error after the answer."""
        self._notes[str(about or text)] = text

    def finish(self, code: ExitCode) -> ExitCode:
        """Say what was assumed, and what could not be kept; the exit code is then USAGE instead
        of OK.
        """
        if self.text:
            print_assumed(self.assumed)
        sys.stdout.flush()
        for text in self._notes.values():
            say(text)
        return ExitCode.USAGE if self._lost and code is ExitCode.OK else code

    def _demand_answer(self, target: Path) -> None:
        """Refuse to replace a file by an answer, unless it is one, or empty."""
        if self.force or not target.is_file():
            return
        data = target.read_bytes()
        try:
            answer = not data or "format" not in json.loads(data)
        except ValueError:
            answer = False
        if not answer:
            raise UsageError(f"--json {target}: there is a file that is no answer; name another")


def print_assumed(assumed: Iterable[str]) -> None:
    """Say, once each, what was assumed of the models that an answer is about."""
    for text in dict.fromkeys(assumed):
        print(f"assumed: {text}")


def demand_place(option: str, path: Path) -> None:
    """Look whether a file can be written, before work that would be lost.

    Raises:
        UsageError: it cannot; it names the option and the folder or file.
    """
    with naming(option, path):
        demand_writable(path)


def demand_folder(option: str, folder: Path) -> None:
    """Look whether files can be written into a folder.

    Raises:
        UsageError: they cannot; it names the option and the folder.
    """
    with naming(option, folder):
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "not a folder")
        demand_writable(folder / ".certify")


@contextmanager
def naming(option: str, path: Path) -> Iterator[None]:
    """Turn an OSError into a usage error that names the option and the place."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{option} {path}: {error.strerror or error}") from None


def say(text: str) -> None:
    """Tell the user something on standard error, beside the answer."""
    print(f"certify: {text}", file=sys.stderr)


def command(*words: object) -> str:
    """A command line that a shell reads as these words: ``certify check 'my file.json' m.pt``."""
    return shlex.join(["certify", *map(str, words)])


def seconds_argument(text: str) -> float:
    """Read a positive number of seconds, for argparse."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"expected a positive number of seconds, got {text!r}")
    return value


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
    if not sys.stderr.isatty():
        yield lambda done, total, title=None: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
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


def out_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare ``--out`` and ``--force``, the same for every command that writes certificates."""
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=Path(),
        help="folder for the certificate (default: this one)",
    )
    force_argument(parser)


def force_argument(parser: argparse.ArgumentParser) -> None:
    """Declare ``--force``."""
    parser.add_argument(
        "--force",
        action="store_true",
        help="replace even a file that says what this run does not",
    )
