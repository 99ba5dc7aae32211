"""How the functions of the integer rule are run: bare or compiled, on how many cores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from os import cpu_count
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")
Progress = Callable[[int, int], None]
More = Callable[[int], None]
ALONE = 500  #: Bytes of trees: for more than these, processes are worth starting.
ALONE_COMPILED = 1 << 17  #: The same where each process has to load what is compiled.


def _filled(value: int, count: int) -> Any:
    return [value] * count


def _as_it_is(plain: Callable[..., Any]) -> Callable[..., Any]:
    return plain


def silent(done: int, total: int) -> None:
    """Nobody hears of the progress."""


@dataclass(frozen=True)
class Kernels:
    """How the functions of the rule are run: bare, or compiled by whoever hands that in.

    ``wide``, ``short``, ``octets`` make arrays of integers of 63, 31 and 8 bits, ``filled`` a wide
    one of so many equal values, ``function`` what stands for a function of the rule. ``progress``
    hears how many of how many bytes of evidence are done. ``pool`` makes processes, as
    ``ProcessPoolExecutor`` does; all else goes there with the work.
    """

    name: str = "bare Python"
    wide: Callable[[Iterable[int]], Any] = list
    short: Callable[[Iterable[int]], Any] = list
    octets: Callable[[bytes], Any] = bytes
    filled: Callable[[int, int], Any] = _filled
    function: Callable[[Callable[..., Any]], Callable[..., Any]] = _as_it_is
    compiled: bool = False
    progress: Progress = silent
    pool: Callable[..., AbstractContextManager[Executor]] = ProcessPoolExecutor

    def spread(
        self,
        work: Callable[..., T],
        shared: Any,
        tasks: Sequence[Any],
        sizes: Sequence[int],
        *,
        plain: bool = False,
    ) -> list[T]:
        """``work(self, more, shared, task)`` for all tasks, on all cores where their sizes are
        worth it; ``more`` is to be called with what was done since the last call.

        Compiled functions let threads run side by side; ``plain`` says that most of the work is
        done between them, where threads would wait for each other.

        Raises:
            MemoryError: a process died.
        """
        total, done, lock = max(sum(sizes), 1), 0, Lock()

        def more(size: int) -> None:
            nonlocal done
            with lock:
                done += size
                self.progress(done, total)

        alone = ALONE if not self.compiled else ALONE_COMPILED if plain else inf
        if total < alone and self.compiled:
            with ThreadPoolExecutor(cpu_count()) as threads:
                return list(threads.map(partial(work, self, more, shared), tasks))
        if total < alone:
            return [work(self, more, shared, task) for task in tasks]
        there = replace(self, progress=silent, pool=ProcessPoolExecutor)
        found: list[T] = []
        try:
            with self.pool(cpu_count(), initializer=_start, initargs=(there, work, shared)) as pool:
                for size, result in zip(sizes, pool.map(_work, tasks), strict=True):
                    found.append(result)
                    more(size)
        except BrokenProcessPool:
            raise MemoryError("a process of the check died") from None
        return found


BARE = Kernels()
_given: list[Any] = []


def _start(*given: Any) -> None:
    _given[:] = given


def _work(task: Any) -> Any:
    kernels, work, shared = _given
    return work(kernels, lambda size: None, shared, task)
