"""Writing files so that a reader never meets half of one, and nobody loses one that says more."""

from __future__ import annotations

import errno
import logging
import os
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

_LOG = logging.getLogger("certify")
_FIRST_KEPT = 2.0  # seconds


def atomic_write(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path``: afterwards it holds all of it, or what it held before.

    A symbolic link is followed; a device or a pipe is written to as it is.

    Raises:
        OSError: the folder does not exist or cannot be written, or the disk is full; it names
            ``path``.
    """
    try:
        if _is_device(path):
            path.write_bytes(data)
            return
        place = Path(os.path.realpath(path))
        mode = place.stat().st_mode & 0o777 if place.exists() else 0o666 & ~_umask()
        temporary = _write_beside(place, data)
        try:
            temporary.chmod(mode)
            temporary.replace(place)
        except BaseException:
            temporary.unlink()
            raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def demand_writable(path: Path) -> None:
    """Look whether :func:`atomic_write` can write ``path``, before work that would be lost.

    Raises:
        OSError: it cannot; it names ``path``.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not _is_device(path):
            _write_beside(Path(os.path.realpath(path)), bytes(4096)).unlink()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


class Keeper:
    """Keeps unfinished work now and then: soon at first, later for a 20th of the time at most.

    A disk that is full does not end the work: it is said once, and tried again.

    Args:
        keep: writes what there is.
        state: changes whenever there is something new to be kept.
    """

    def __init__(self, keep: Callable[[], object], state: Callable[[], object]) -> None:
        self._keep, self._state = keep, state
        self._kept: object = None  # of what was kept last
        self._due = time.monotonic() + _FIRST_KEPT
        self._complained = False

    def look(self) -> None:
        """Keep it if it is time."""
        if time.monotonic() >= self._due:
            self.now()

    def now(self) -> None:
        """Keep it, unless nothing is new."""
        started, state = time.monotonic(), self._state()
        if state == self._kept:
            return
        try:
            self._keep()
            self._kept = state
        except OSError as error:
            if not self._complained:
                _LOG.warning("%s cannot be kept: %s", error.filename, error.strerror)
            self._complained = True
        ended = time.monotonic()
        self._due = ended + max(_FIRST_KEPT, 20 * (ended - started))


def place_beside(path: Path, may_replace: Callable[[Path], bool]) -> Path:
    """``path``, or else ``name.2.ending``, ``name.3.ending``, ...: the first that is free, or holds
    what may be replaced.
    """
    for number in count(1):
        place = path if number == 1 else path.with_name(f"{path.stem}.{number}{path.suffix}")
        if not place.exists() or may_replace(place):
            return place
    raise AssertionError


def _is_device(path: Path) -> bool:
    return path.exists() and not path.is_file() and not path.is_dir()


def _write_beside(place: Path, data: bytes) -> Path:
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name[:100]}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        Path(name).unlink()
        raise
    return Path(name)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
