"""Memory: asked for before work that is known to need it, and a lack of it known in every guise.

Native libraries don't raise where memory ends: OpenBLAS and LLVM end the process, z3 and the
interpreter's own end may go round for ever. So what loading them takes is looked at before.
"""

from __future__ import annotations

import errno
import mmap
import os
from collections.abc import Iterator
from pathlib import Path

from certify.errors import OutOfMemoryError

NUMBERS = 300
"""MiB of address space that a command needs at least: numpy, FLINT and z3, one process."""
KERNELS = 900
"""MiB with compiled kernels, two threads: of these about 250 are used, 740 were reserved at most
on (16, 10).
"""
OUT_OF_MEMORY = (
    "out of memory; what was written before is kept, and the next start says how to go on with it"
)
_SHOWN = (
    "out of memory",
    "failed to map segment",
    "cannot allocate memory",
    "can't start new thread",
)


def demand_memory(megabytes: int) -> None:
    """Look whether this process may grow to so many MiB of address space.

    Raises:
        OutOfMemoryError: it may not; the message has the figures.
    """
    lacking = (megabytes << 20) - _size()
    if lacking <= 0:
        return
    private = {} if os.name == "nt" else {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS}
    try:
        mmap.mmap(-1, lacking, **private).close()
    except (OSError, MemoryError):
        raise OutOfMemoryError(
            f"this needs {megabytes} MiB of memory (address space), and the system gives less"
            f"{_limit()}; nothing was begun"
        ) from None


def lacks_memory(error: BaseException) -> bool:
    """Whether an exception, or what it came from, says that memory ran out."""
    return any(
        isinstance(one, MemoryError)
        or (isinstance(one, OSError) and one.errno == errno.ENOMEM)
        or any(text in str(one).lower() for text in _SHOWN)
        for one in _chain(error)
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _size() -> int:
    """Bytes of address space that this process has; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * mmap.PAGESIZE
    except OSError:
        return 0


def _limit() -> str:
    try:
        import resource
    except ImportError:  # no such limits on this system
        return ""
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return "" if soft == resource.RLIM_INFINITY else f" (ulimit -v: {soft >> 20} MiB)"
