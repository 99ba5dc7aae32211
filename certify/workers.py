"""Worker processes: started afresh, deaf to ctrl-C, and gone when the work is given up."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def workers(count: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of so many processes; where the block ends by an exception they are killed.

    They start afresh (``spawn``) and without the calling script, which need not be a file nor have
    ``if __name__ == "__main__"``: nothing of it is needed, so it isn't run again.
    """
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        count, multiprocessing.get_context("spawn"), _leave_interrupts_to_the_parent
    )
    try:
        with without_script():
            yield pool
    except BaseException:
        for worker in set(multiprocessing.active_children()) - others:
            worker.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def without_script() -> Iterator[None]:
    """Within, processes that start afresh know nothing of the calling script."""
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
