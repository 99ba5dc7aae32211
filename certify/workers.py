"""Worker processes: started afresh, deaf to ctrl-C, and gone when the work is given up."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager


@contextmanager
def workers(count: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of so many processes; where the block ends by an exception they are killed.

    They start afresh (``spawn``), so a script that has none of ``if __name__ == "__main__"`` ends
    in ``BrokenProcessPool``: who asks for workers must be ready to do without.
    """
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        count, multiprocessing.get_context("spawn"), _leave_interrupts_to_the_parent
    )
    try:
        yield pool
    except BaseException:
        for worker in set(multiprocessing.active_children()) - others:
            worker.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
