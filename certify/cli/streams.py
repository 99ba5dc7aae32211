"""Standard output and error that never cost an answer: closed pipes, full disks, narrow encodings.

What cannot be written is dropped and remembered; the command goes on, keeps its files and ends
with the exit code of its verdict.
"""

from __future__ import annotations

import codecs
import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PLAIN = {"·": ".", "…": "...", "−": "-", "–": "-", "×": "x", "±": "+-", "≤": "<=", "≥": ">="}


class _Raw(io.RawIOBase):
    """A file descriptor that swallows what it cannot write."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.lost: OSError | None = None

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = memoryview(data)  # type: ignore[arg-type]
        while self.lost is None:
            try:
                return os.write(self._descriptor, view)
            except BlockingIOError:
                select.select([], [self._descriptor], [])
            except OSError as error:
                self.lost = error
        return view.nbytes


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """Write what an encoding lacks in its own characters; what was no text, as its bytes."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    shown = [_PLAIN.get(c) or ("?" if c.isprintable() else ascii(c)[1:-1]) for c in text]
    return "".join(shown), error.end


codecs.register_error("certify-plainly", _plainly)


@contextmanager
def lasting_streams() -> Iterator[list[OSError]]:
    """Replace both streams; afterwards the list holds why standard output lost something.

    A reader that has gone away (``| head -1``) is no loss.
    """
    lost: list[OSError] = []
    before = sys.stdout, sys.stderr
    raw = {}
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed before we began
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - as long as the command
        elif stream is getattr(sys, f"__{name}__") and isinstance(stream, io.TextIOWrapper):
            stream.flush()
            raw[name] = _Raw(stream.fileno())
            setattr(sys, name, _wrap(raw[name], stream))
    try:
        yield lost
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        if "stdout" in raw:
            error = raw["stdout"].lost
            if error is not None and not isinstance(error, BrokenPipeError):
                lost.append(error)
        sys.stdout, sys.stderr = before


def _wrap(raw: _Raw, stream: io.TextIOWrapper) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors="certify-plainly",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
