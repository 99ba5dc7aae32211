"""Worker processes: started afresh, deaf to ctrl-C, and gone when the work is given up or the
process that gave it is.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any, TypeVar

A = TypeVar("A")
B = TypeVar("B")


@contextmanager
def workers(
    count: int, *, initializer: Callable[..., object] | None = None, initargs: tuple[Any, ...] = ()
) -> Iterator[ProcessPoolExecutor]:
    """A pool of so many processes; where the block ends by an exception they are killed.

    They start afresh (``spawn``) and without the calling script, which need not be a file nor have
    ``if __name__ == "__main__"``: nothing of it is needed, so it isn't run again.
    """
    others = set(multiprocessing.active_children())
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, spawn, _begin, (initializer, initargs))
    try:
        with without_script():
            yield pool
    except BaseException:
        for worker in set(multiprocessing.active_children()) - others:
            worker.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def each(work: Callable[[A], B], items: Sequence[A], jobs: int) -> Iterator[B]:
    """What the work finds for each item, in order, in so many processes.

    A script without a main module can have no workers: then this process does what is left.
    """
    done = 0
    if jobs > 1 and len(items) > 1:
        with suppress(BrokenProcessPool), workers(min(jobs, len(items))) as pool:
            for found in pool.map(work, items, chunksize=max(1, len(items) // (8 * jobs))):
                yield found
                done += 1
    yield from map(work, items[done:])


@contextmanager
def without_script() -> Iterator[None]:
    """Within, processes that start afresh know nothing of the calling script."""
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


def _begin(then: Callable[..., object] | None, arguments: tuple[Any, ...]) -> None:
    follow_the_parent()
    if then:
        then(*arguments)


def follow_the_parent() -> None:
    """In a worker: leave interrupts to the parent, and end with it, even if that was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)
