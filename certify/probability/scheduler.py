"""The long run: which word is worked on next, in which pieces, and what is kept of it.

The work is a fixed sequence. Round r cuts, in every order word of at least that probability, all
boxes whose probability times merit (see :func:`certify.probability.boxes.branch_and_bound.search`)
is at least ``theta_r = theta_0 / 8^r``; within a round those words come first that gained most per
box in the round before. No core waits for the largest words: one that needs more than a turn of
boxes comes again when ``LATER`` others have had theirs, and when no more than that are left the
others begin with the next round. The bracket after N boxes is that of the first N boxes of the
sequence, however many threads or machines worked on it, and whatever was interrupted. Later boxes
only add proved volume, so the brackets are nested.
"""

from __future__ import annotations

import json
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from certify.errors import MissingExtraError, UsageError
from certify.files import atomic_write
from certify.model import FloatArray, Network
from certify.probability.boxes.branch_and_bound import (
    LEAF,
    OPEN,
    RIGHT,
    RIGHT_BY_CASES,
    TAIL,
    VOLUME_BITS,
    WRONG,
    WRONG_BY_CASES,
    confirm,
    cut_at,
    nodes,
    search,
)
from certify.probability.boxes.order_words import forest, words
from certify.probability.boxes.quantiles import LARGEST_COORDINATE, W_ONE, as_arrays, quantile_table
from certify.relaxation.linear import Slack, margin_rows, rounding_slack

#: Boxes between two looks at the clock; for long tapes, a 16th of their nodes, which are all
#: passed each time.
CHUNK = 1 << 14
STEP = 8
LATER = 64  #: words that may be under way at once
STATE_VERSION = 4
STATE_SECONDS = 30.0
ROOT = bytes([OPEN])
cut_of: Callable[[int, int, int], int] = cut_at.py_func


@dataclass(frozen=True)
class Done:
    """A word's tape after some work: ``boxes`` bounded in it, all told in this call, and the
    volumes proved right and wrong, in units of ``2**-VOLUME_BITS`` of the word.
    """

    tape: bytes
    boxes: int
    right: int
    wrong: int
    complete: bool


@lru_cache(maxsize=64)
def margins_of(network: Network, second: int) -> tuple[FloatArray, Slack]:
    """The rows of the margins of ``second``, with the slack for all boxes of a search."""
    n = network.seq_len
    rows = margin_rows(network, second)
    sizes = np.full(n, n * (LARGEST_COORDINATE + 1.0))
    return rows, rounding_slack(network, rows, sizes, n)


def cut_boxes(
    network: Network, inputs: str, word: str, tape: bytes, smallest: int, allowed: int
) -> tuple[bytes, int, int, int]:
    """A word's tape with at most ``allowed`` more boxes bounded, those of at least ``smallest``;
    how many there were (fewer than allowed: no more are left), and the volumes right and wrong.
    """
    tree = forest(word, inputs)
    arrays = as_arrays([tree])
    k = int(arrays.length[0])
    rows, slack = margins_of(network, tree.second)
    net = network.floats
    totals = np.zeros(5, dtype=np.int64)
    old = np.frombuffer(tape, dtype=np.uint8)
    out = np.empty(2 * len(old) + 8 * allowed + 1000, dtype=np.uint8)
    while not search(
        net.w_ih, net.w_hh, rows, slack.unit, slack.row, slack.reach,
        arrays.kind[0], inputs == "uniform", arrays.chain[0, :k], arrays.parent[0],
        arrays.levels[0], tree.A, quantile_table(), old, smallest, allowed, out, totals,
    ):  # fmt: skip
        out = np.empty(2 * len(out), dtype=np.uint8)
    length, used, right, wrong, _ = (int(v) for v in totals)
    return out[:length].tobytes(), used, right, wrong


def extend(
    network: Network,
    inputs: str,
    word: str,
    tape: bytes,
    smallest: int,
    limit: int | None = None,
    stop: Callable[[], bool] = lambda: False,
    cut: Callable[..., tuple[bytes, int, int, int]] = cut_boxes,
) -> Done:
    """Work on one word until all boxes of at least ``smallest`` are cut, or ``limit`` or ``stop``.

    A pure function but for ``stop``, which is asked between chunks.
    """
    boxes = 0
    while True:
        allowed = max(CHUNK, len(tape) >> 4)
        if limit is not None:
            allowed = min(allowed, limit - boxes)
        tape, used, right, wrong = cut(network, inputs, word, tape, smallest, allowed)
        boxes += used
        complete = used < allowed
        if complete or boxes == limit or stop():
            return Done(tape, boxes, right, wrong, complete)


@dataclass
class Shard:
    """What is known of one word: its tape so far and the round that it has completed."""

    tape: bytes = ROOT
    right: int = 0
    wrong: int = 0
    base: int = 0  # right + wrong at the start of the round
    spent: int = 0  # boxes in the round so far
    rate: float = 0.0  # probability proved per box in the last whole round


class Run:
    """The state of a run: which words are how far, and the exact bracket.

    What a shard is, and how it is worked on, is up to :meth:`split` and :attr:`extend`; those
    here are order words and boxes.
    """

    method = "boxes"
    root = ROOT
    turn = 1 << 16  #: boxes that a word is given at a time
    early = LATER  #: the next round begins when no more words of one are left
    extend: Callable[..., Done] = staticmethod(extend)

    def __init__(self, network: Network, inputs: str) -> None:
        self.network, self.inputs = network, inputs
        self.words, self.probabilities = self.split()
        self._largest: Fraction = max(self.probabilities)
        self._least: Fraction = min(self.probabilities)
        self.shards: dict[int, Shard] = {}
        self.lower, self.wrong = Fraction(0), Fraction(0)
        self.boxes = 0
        self.round = 0
        self.queue: list[int] = self._order()
        self.behind: set[int] = set()  # words of the queue that are still in the round before

    def split(self) -> tuple[list[str], list[Fraction]]:
        """The names of the shards, and their probabilities."""
        names = list(words(self.network.seq_len, self.inputs))
        return names, [_probability(word, self.inputs) for word in names]

    @property
    def upper(self) -> Fraction:
        """The upper end of the bracket."""
        return 1 - self.wrong

    def theta(self, number: int) -> Fraction:
        """The smallest probability, times merit, of a box that a round cuts."""
        return Fraction(self._largest, 4 * STEP**number)

    def smallest(self, index: int) -> int:
        """The same for a word's round, as a volume in it in units of ``2**-VOLUME_BITS``."""
        theta = self.theta(self.round - (index in self.behind))
        return max(1, int((theta / self.probabilities[index]) * 2**VOLUME_BITS))

    def _order(self) -> list[int]:
        """The words of this round, the most rewarding first."""
        theta = self.theta(self.round)
        candidates = [i for i, p in enumerate(self.probabilities) if p >= theta]

        def key(i: int) -> tuple[float, Fraction, int]:
            shard = self.shards.get(i)
            return (-shard.rate if shard else 0.0, -self.probabilities[i], i)

        return sorted(candidates, key=key)

    def merge(self, index: int, done: Done) -> None:
        """Take over what was done for the first word of the queue."""
        shard = self.shards.setdefault(index, Shard())
        share = self.probabilities[index] / 2**VOLUME_BITS
        self.lower += share * (done.right - shard.right)
        self.wrong += share * (done.wrong - shard.wrong)
        self.boxes += done.boxes
        shard.tape, shard.right, shard.wrong = done.tape, done.right, done.wrong
        shard.spent += done.boxes
        if done.complete:
            shard.rate = float(share * (done.right + done.wrong - shard.base)) / max(shard.spent, 1)
            shard.base, shard.spent = done.right + done.wrong, 0
            self.queue.remove(index)
            if index in self.behind:
                self.behind.remove(index)
                self.queue.append(index)
            if len(self.queue) <= self.early and not self.behind:
                self.round += 1
                self.behind = set(self.queue)
                self.queue += [i for i in self._order() if i not in self.behind]
        elif shard.spent % self.turn == 0:
            self.queue.remove(index)
            self.queue.insert(LATER - 1, index)  # behind all that are under way

    def left(self, index: int) -> int:
        """What a word's turn has left."""
        return self.turn - (self.shards[index].spent if index in self.shards else 0) % self.turn

    @property
    def finished(self) -> bool:
        """Whether no box is left that could be cut."""
        return bool(self.theta(self.round) * 2**VOLUME_BITS < self._least)

    @property
    def pieces(self) -> int:
        """The number of proved boxes."""
        tapes = (s.tape for s in self.shards.values())
        return sum(tape.count(RIGHT) + tape.count(WRONG) for tape in tapes)

    def to_bytes(self) -> bytes:
        """All of the state, compressed."""
        entries = sorted(self.shards.items())
        header = {
            "version": STATE_VERSION,
            "model": self.network.sha256,
            "inputs": self.inputs,
            "method": self.method,
            "boxes": self.boxes,
            "round": self.round,
            "queue": self.queue,
            "behind": sorted(self.behind),
            "shards": [
                [i, len(s.tape), s.right, s.wrong, s.base, s.spent, s.rate.hex()]
                for i, s in entries
            ],
        }
        text = json.dumps(header).encode()
        parts = [struct.pack("<Q", len(text)), text, *(s.tape for _, s in entries)]
        return zlib.compress(b"".join(parts), 1)

    def restore(self, data: bytes) -> None:
        """Take over a state that :meth:`to_bytes` wrote.

        Raises:
            UsageError: it is none, or that of another model or of other inputs.
        """
        try:
            raw = zlib.decompress(data)
            (size,) = struct.unpack_from("<Q", raw)
            header = json.loads(raw[8 : 8 + size])
            version, model, inputs = header["version"], header["model"], header["inputs"]
            if (version, header.get("method")) != (STATE_VERSION, self.method):
                raise UsageError("the state of another version of certify; remove it")
            at = 8 + size
            shards = {}
            for index, length, right, wrong, base, spent, rate in header["shards"]:
                tape = raw[at : at + length]
                shards[index] = Shard(tape, right, wrong, base, spent, float.fromhex(rate))
                at += length
            queue, behind = header["queue"], set(header["behind"])
            boxes, number = header["boxes"], header["round"]
        except (zlib.error, struct.error, ValueError, KeyError, TypeError) as error:
            raise UsageError(f"not the state of an accuracy run ({error})") from error
        if at != len(raw):
            raise UsageError(f"not the state of an accuracy run ({len(raw)} bytes, not {at})")
        if (model, inputs) != (self.network.sha256, self.inputs):
            raise UsageError(
                f"the state of another run (model {model[:12]}.., {inputs} inputs); "
                "remove it or name another file"
            )
        self.shards, self.queue, self.behind = shards, queue, behind
        self.boxes, self.round = boxes, number
        for index, shard in shards.items():
            share = self.probabilities[index] / 2**VOLUME_BITS
            self.lower += share * shard.right
            self.wrong += share * shard.wrong


@lru_cache(maxsize=1 << 17)
def _probability(word: str, inputs: str) -> Fraction:
    return forest(word, inputs).probability


def warm_up(run: Run) -> None:
    """Compile what ``run.extend`` needs, before the clock starts."""
    run.extend(run.network, run.inputs, run.words[0], run.root, 1, 1)


def confirm_tape(network: Network, inputs: str, word: str, tape: bytes) -> bytes:
    """The tape as a certificate has it: leaves that are not proved without what was known above
    them are open, those that need cases say which.
    """
    tree = forest(word, inputs)
    arrays = as_arrays([tree])
    k = int(arrays.length[0])
    rows, slack = margins_of(network, tree.second)
    net = network.floats
    old = np.frombuffer(tape, dtype=np.uint8)
    out = np.empty(2 * len(old) + 10_000, dtype=np.uint8)
    while True:
        length: int = confirm(
            net.w_ih, net.w_hh, rows, slack.unit, slack.row, slack.reach,
            arrays.kind[0], inputs == "uniform", arrays.chain[0, :k], arrays.parent[0],
            arrays.levels[0], tree.A, quantile_table(), old, out,
        )  # fmt: skip
        if length >= 0:
            return out[:length].tobytes()
        out = np.empty(4 * len(out), dtype=np.uint8)


def confirmed(run: Run) -> Iterator[tuple[str, bytes, Fraction, Fraction]]:
    """Words in increasing order with a tape whose leaves are proved without their parents, and
    the probabilities right and wrong of that; words without a proved leaf are left out.
    """
    for word, shard in sorted((run.words[i], s) for i, s in run.shards.items()):
        short = prune(confirm_tape(run.network, run.inputs, word, shard.tape), len(word))
        right, wrong = volumes(short, len(word))
        if right or wrong:
            share = forest(word, run.inputs).probability
            yield word, short, right * share, wrong * share


def prune(tape: bytes, n: int) -> bytes:
    """The same tape, of n positions, without inner nodes under which all is open."""
    stack: list[bytes] = []
    for node in reversed(list(nodes(tape, n - 1))):
        if node[0] >= LEAF:
            stack.append(node)
            continue
        first, second = stack.pop(), stack.pop()
        stack.append(ROOT if first == second == ROOT else node + first + second)
    return stack[0]


def volumes(tape: bytes, n: int) -> tuple[Fraction, Fraction]:
    """The exact volumes right and wrong of a tape of n positions, as shares of the word."""
    right = wrong = 0
    stack = [([0] * n, [W_ONE] * n)]
    for leaf in nodes(tape, n - 1):
        node = leaf[0]
        lo, hi = stack.pop()
        if node >= LEAF:
            volume = prod(b - a for a, b in zip(lo, hi, strict=True))
            right += volume * (node in (RIGHT, RIGHT_BY_CASES))
            wrong += volume * (node in (WRONG, WRONG_BY_CASES))
            continue
        j = node & (TAIL - 1)
        middle = cut_of(lo[j], hi[j], node & TAIL)
        above, below = list(lo), list(hi)
        above[j] = below[j] = middle
        stack += [(above, hi), (lo, below)]
    scale = W_ONE**n
    return Fraction(right, scale), Fraction(wrong, scale)


class Workers(Protocol):
    """Something that extends tapes elsewhere: ``submit`` gives an object with ``result``."""

    width: int

    def submit(self, extend: Callable[..., Done], *arguments: Any) -> Any: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


class Threads:
    """Threads of this process; the search releases the interpreter lock."""

    def __init__(self, jobs: int, stop: Callable[[], bool]) -> None:
        self.width = jobs
        self._stop = stop
        self._pool = ThreadPoolExecutor(jobs)

    def submit(self, extend: Callable[..., Done], *arguments: Any) -> Future[Done]:
        """Run it in a thread."""
        return self._pool.submit(extend, *arguments, stop=self._stop)

    def close(self) -> None:
        """Wait for the threads."""
        self._pool.shutdown(cancel_futures=True)


class Dask:
    """A dask.distributed cluster; it repeats what a lost worker had not delivered."""

    def __init__(self, scheduler: Any) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise MissingExtraError(
                "--dask needs dask.distributed: pip install 'dask[distributed]'"
            ) from error
        self._client: Any = scheduler
        if not isinstance(scheduler, Client):
            connect: Any = Client
            self._client = connect(scheduler)
        self._own = self._client is not scheduler
        self.width = max(1, sum(self._client.nthreads().values()))

    def submit(self, extend: Callable[..., Done], *arguments: Any) -> Any:
        """Run it on the cluster."""
        return self._client.submit(extend, *arguments, pure=False)

    def close(self) -> None:
        """Leave the cluster, if this object joined it."""
        if self._own:
            self._client.close()


def work(
    run: Run,
    *,
    seconds: float | None,
    boxes: int | None,
    jobs: int,
    state: Path | None,
    dask: Any = None,
    report: Callable[[], None] = lambda: None,
) -> None:
    """Go on with a run until the budget is spent or nothing is left.

    With ``boxes`` the run ends after exactly the first so many boxes of the sequence (or where
    the sequence ends); what ``state`` keeps is always whole words' rounds or whole chunks.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    interrupted = threading.Event()

    def stop() -> bool:
        return interrupted.is_set() or (deadline is not None and time.monotonic() >= deadline)

    workers: Workers = Threads(jobs, stop) if dask is None else Dask(dask)
    saved = time.monotonic()
    try:
        while not (run.finished or stop() or (boxes is not None and run.boxes >= boxes)):
            for index, done in _in_order(run, workers):
                if boxes is not None and run.boxes + done.boxes > boxes:
                    shard = run.shards.get(index, Shard(run.root))
                    if state is not None:
                        atomic_write(state, run.to_bytes())
                        state = None  # what comes now is not at the end of a chunk
                    left = boxes - run.boxes
                    arguments = (run.words[index], shard.tape, run.smallest(index), left)
                    run.merge(index, run.extend(run.network, run.inputs, *arguments))
                    report()
                    return
                run.merge(index, done)
                report()
                if state is not None and time.monotonic() - saved > STATE_SECONDS:
                    atomic_write(state, run.to_bytes())
                    saved = time.monotonic()
                if stop():
                    break
    finally:
        interrupted.set()
        workers.close()
        if state is not None:
            atomic_write(state, run.to_bytes())


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
