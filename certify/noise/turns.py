"""Sharing pairs among threads: all get a little time first, those that need more get it later.

How hard a pair is shows only once it is tried. So every pair gets a short turn, the easy ones
first, and one that is not done comes again with a turn ``GROWTH`` times as long, after all that
have had less. A budget that ends somewhere then leaves as many pairs decided as it can.
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
from typing import Literal

from certify.claims import Pair
from certify.interrupts import interruptible

GROWTH = 4
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


def in_turns(
    work: Callable[[Pair, Clock], bool],
    pairs: Sequence[Pair],
    clock: Clock,
    *,
    first: float,
    jobs: int | None = None,
    now_and_then: Callable[[], None] = lambda: None,
) -> Ended:
    """Call ``work`` for all pairs in ``jobs`` threads until each has answered True or time is up.

    ``work`` gets a clock for its turn; ``first`` is the length of the first one, in seconds.
    ``now_and_then`` is called from this thread, several times a second and at the end. Returns
    why it ended; no turn is left under way then.
    """
    waiting = [(first, place, pair) for place, pair in enumerate(pairs)]
    heapq.heapify(waiting)
    lock, exhausted = threading.Lock(), threading.Event()

    def take_turns() -> None:
        while not clock.over:
            with lock:
                if not waiting:
                    return
                length, place, pair = heapq.heappop(waiting)
            try:
                done = work(pair, Clock(length, stopped=clock.stopped))
            except MemoryError:
                exhausted.set()
                clock.stopped.set()
                return
            if not done:
                with lock:
                    heapq.heappush(waiting, (length * GROWTH, place, pair))

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
