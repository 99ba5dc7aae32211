"""How the functions of the integer rule are run: bare or compiled, on how many cores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from os import cpu_count
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")
Progress = Callable[[int, int], None]
More = Callable[[int], None]
ALONE = 500  #: Bytes of trees: for more than these, processes are worth starting.


@dataclass(frozen=True)
class Kernels:
    """How the functions of the rule are run: bare, or compiled by whoever hands that in.

    ``wide``, ``short``, ``octets`` make arrays of integers of 63, 31 and 8 bits, ``filled`` a wide
    one of so many equal values, ``function`` what stands for a function of the rule. Compiled
    functions share one process. ``progress`` hears how many of how many bytes of evidence are done.
    """

    name: str = "bare Python"
    wide: Callable[[Iterable[int]], Any] = list
    short: Callable[[Iterable[int]], Any] = list
    octets: Callable[[bytes], Any] = bytes
    filled: Callable[[int, int], Any] = lambda value, count: [value] * count
    function: Callable[[Callable[..., Any]], Callable[..., Any]] = lambda plain: plain
    compiled: bool = False
    progress: Progress = lambda done, total: None

    def spread(
        self,
        work: Callable[..., T],
        shared: Any,
        tasks: Sequence[Any],
        sizes: Sequence[int],
    ) -> list[T]:
        """``work(self, more, shared, task)`` for all tasks, on all cores where their sizes are
        worth it; ``more`` is to be called with what was done since the last call.
        """
        total, done, lock = max(sum(sizes), 1), 0, Lock()

        def more(size: int) -> None:
            nonlocal done
            with lock:
                done += size
                self.progress(done, total)

        if self.compiled:
            with ThreadPoolExecutor(cpu_count()) as threads:
                return list(threads.map(partial(work, self, more, shared), tasks))
        if total < ALONE:
            return [work(self, more, shared, task) for task in tasks]
        found = []
        with ProcessPoolExecutor(initializer=_start, initargs=(work, shared)) as processes:
            for size, result in zip(sizes, processes.map(_work, tasks), strict=True):
                found.append(result)
                more(size)
        return found


BARE = Kernels()
_shared: list[tuple[Callable[..., Any], Any]] = []


def _start(work: Callable[..., Any], shared: Any) -> None:
    _shared[:] = [(work, shared)]


def _work(task: Any) -> Any:
    work, shared = _shared[0]
    return work(BARE, lambda size: None, shared, task)
