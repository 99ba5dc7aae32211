"""The work on a long run: in threads or on a cluster, until its budget is spent, and kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from certify.cluster import Dask, Threads, Workers
from certify.files import Keeper, atomic_write
from certify.interrupts import interruptible
from certify.probability.run import LATER, Confirmed, Done, Run
from certify.probability.states import Shard


def confirm_all(
    run: Run, jobs: int = 1, progress: Callable[[int, int], None] | None = None
) -> dict[int, Confirmed]:
    """What :meth:`Run.confirm` says of every shard, the largest first, in ``jobs`` threads."""
    shards = sorted(run.shards.items(), key=lambda item: -len(item[1].tape))
    found, done = {}, 0
    with ThreadPoolExecutor(jobs) as pool:
        try:
            under_way = [(i, pool.submit(run.confirm, i, s.tape)) for i, s in shards]
            for (index, future), (_, shard) in zip(under_way, shards, strict=True):
                found[index] = future.result()
                done += len(shard.tape)
                if progress:
                    progress(done, run.nodes)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return found


class Reserve:
    """How long it will take to confirm what a run has found, from trying it on some shards.

    Tries are timed in seconds of their thread: they share the cores with the search, but confirming
    will have them to itself.
    """

    def __init__(self, run: Run, jobs: int) -> None:
        self._run, self._jobs, self._began = run, jobs, time.monotonic()
        self._spent = self._effort = 0.0

    @property
    def seconds(self) -> float:
        """For all shards, in ``jobs`` threads, and a little for the rest."""
        rate = self._spent / self._effort if self._effort else 0.0
        return 0.2 + 1.2 * rate * self._run.effort / self._jobs

    def learn(self, index: int) -> None:
        """Try it on a shard, unless that has taken too large a part of the time already."""
        if self._spent < 0.04 * (time.monotonic() - self._began):
            tape, started = self._run.shards[index].tape, time.thread_time()
            self._run.confirm(index, tape)
            self._spent += time.thread_time() - started
            self._effort += self._run.weigh(tape)


def work(
    run: Run,
    *,
    seconds: float | None,
    boxes: int | None,
    jobs: int,
    state: Path | None,
    dask: Any = None,
    report: Callable[[], None] = lambda: None,
) -> bool:
    """Go on with a run until the budget is spent, nothing is left, or ctrl-C; was it ctrl-C?

    With ``boxes`` the run ends after exactly the first so many boxes of the sequence (or where
    the sequence ends); what ``state`` keeps is always whole words' rounds or whole chunks. With
    ``seconds`` it ends so early that confirming what it found fits in too.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    reserve = Reserve(run, jobs)
    ended = threading.Event()

    with interruptible() as asked:

        def stop() -> bool:
            late = deadline is not None and time.monotonic() + reserve.seconds >= deadline
            return late or ended.is_set() or asked.is_set()

        def keep() -> None:
            if state is not None:
                atomic_write(state, run.state.to_bytes())

        keeper = Keeper(keep, lambda: run.boxes)
        workers: Workers = Threads(jobs, stop) if dask is None else Dask(dask)
        try:
            while not (run.finished or stop() or (boxes is not None and run.boxes >= boxes)):
                for index, done in _in_order(run, workers):
                    if boxes is not None and run.boxes + done.boxes > boxes:
                        keeper.now()  # what comes now is not at the end of a chunk
                        shard = run.shards.get(index, Shard(run.root))
                        left = boxes - run.boxes
                        arguments = (run.words[index], shard.tape, run.smallest(index), left)
                        run.merge(index, run.extend(run.network, run.inputs, *arguments))
                        report()
                        return asked.is_set()
                    run.merge(index, done)
                    report()
                    keeper.look()
                    if deadline is not None:
                        reserve.learn(index)
                    if stop():
                        break
            keeper.now()
        except Exception:
            keeper.now()
            raise
        finally:
            ended.set()
            workers.close()
        return asked.is_set()


def _in_order(run: Run, workers: Workers) -> Iterator[tuple[int, Done]]:
    """The words of the queue with what was done for them, in order."""
    pending: list[Any] = []  # for the first words of the queue
    while not run.finished:
        for index in run.queue[len(pending) : min(LATER, 8 * workers.width)]:
            tape = run.shards[index].tape if index in run.shards else run.root
            arguments = (run.network, run.inputs, run.words[index], tape, run.smallest(index))
            pending.append(workers.submit(run.extend, *arguments, run.left(index)))
        index = run.queue[0]
        done: Done = pending.pop(0).result()
        yield index, done
        if run.queue[0] == index:  # its turn isn't over, or there is no other word
            return
