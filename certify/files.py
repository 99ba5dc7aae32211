"""Writing files so that a reader never meets half of one, and nobody loses one that says more."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path


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
