"""Sharing pairs among threads: all get a little time first, those that need more get it later.

How hard a pair is shows only once it is tried. So every pair gets a short turn, the easy ones
first, and one that is not done comes again with a turn ``GROWTH`` times as long, after all that
have had less, or in any other order. A budget that ends somewhere then leaves as many pairs
decided as it can. Where fewer pairs than threads are left, who works on one can hand a share of its
work to the idle.
"""

from __future__ import annotations

import heapq
import math
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from certify.claims import Pair
from certify.interrupts import interruptible

GROWTH = 2
Ended = Literal["done", "out of time", "interrupted", "out of memory"]
"""Why no more turns were taken; ctrl-C and SIGTERM interrupt."""

_LOOK = 0.1  # seconds between two looks of the main thread


@dataclass
class Clock:
    """When to stop: after ``seconds``, or when ``stopped`` is set."""

    seconds: float | None = None
    started: float = field(default_factory=time.monotonic)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def over(self) -> bool:
        """Whether time is up."""
        return self.stopped.is_set() or self.left <= 0

    @property
    def elapsed(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.started

    @property
    def left(self) -> float:
        """Seconds that are left; infinite without a limit."""
        if self.seconds is None:
            return math.inf
        return max(0.0, self.seconds - self.elapsed)


@dataclass
class Turn(Clock):
    """The clock of a turn, and how to get help: ``share()`` has ``work`` called for the same pair
    once more, ``idle()`` says whether some thread waits for that.
    """

    idle: Callable[[], bool] = lambda: False
    share: Callable[[], None] = lambda: None


def in_turns(
    work: Callable[[Pair, Turn], bool],
    pairs: Sequence[Pair],
    clock: Clock,
    *,
    first: float,
    jobs: int | None = None,
    now_and_then: Callable[[], None] = lambda: None,
    rank: Callable[[Pair, float], float] = lambda pair, length: length,
) -> Ended:
    """Call ``work`` for all pairs in ``jobs`` threads until each has answered True or time is up.

    ``work`` gets a clock for its turn, and may share it; ``first`` is the length of the first one,
    in seconds; the pair comes next whose ``rank``, by the length of its turn, is the least.
    ``now_and_then`` is called from this thread, several times a second and at the end.
    Returns why it ended; no turn is left under way then.
    """
    waiting = [(rank(pair, first), place, first, pair) for place, pair in enumerate(pairs)]
    heapq.heapify(waiting)
    changed, exhausted = threading.Condition(), threading.Event()
    working = idle = 0

    def add(length: float, place: int, pair: Pair) -> None:
        with changed:
            heapq.heappush(waiting, (rank(pair, length), place, length, pair))
            changed.notify()

    def next_turn() -> tuple[float, int, float, Pair] | None:
        nonlocal working, idle
        with changed:
            while not waiting and working and not clock.over:
                idle += 1
                changed.wait(_LOOK)
                idle -= 1
            if not waiting or clock.over:
                return None
            working += 1
            return heapq.heappop(waiting)

    def take_turns() -> None:
        nonlocal working
        while (found := next_turn()) is not None:
            _, place, length, pair = found
            turn = Turn(
                length, stopped=clock.stopped, idle=lambda: idle > len(waiting),
                share=partial(add, length, place, pair),
            )  # fmt: skip
            try:
                if not work(pair, turn):
                    add(length * GROWTH, place, pair)
            except MemoryError:
                exhausted.set()
                clock.stopped.set()
            finally:
                with changed:
                    working -= 1
                    changed.notify_all()

    with interruptible() as asked, ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool:
        running = {pool.submit(take_turns) for _ in range(jobs or os.cpu_count() or 1)}
        try:
            while running:
                done, running = wait(running, timeout=_LOOK)
                if asked.is_set() or clock.over:
                    clock.stopped.set()
                for thread in done:
                    thread.result()
                now_and_then()
        except BaseException:
            clock.stopped.set()
            raise
        if exhausted.is_set():
            return "out of memory"
        if asked.is_set():
            return "interrupted"
        return "out of time" if clock.over else "done"
