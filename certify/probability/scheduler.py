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
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from certify.checker import boxes
from certify.checker.orders import order_of
from certify.errors import MissingExtraError, UsageError
from certify.files import Keeper, atomic_write
from certify.interrupts import interruptible
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
    search,
)
from certify.probability.boxes.confirming import confirm, nodes
from certify.probability.boxes.cuts import cut_at
from certify.probability.boxes.order_words import forest, words_with_probabilities
from certify.probability.boxes.quantiles import LARGEST_COORDINATE, W_ONE, as_arrays, quantile_table
from certify.relaxation.compiled import COMPILED
from certify.relaxation.linear import Slack, margin_rows, rounding_slack

#: Boxes between two looks at the clock; for long tapes, a 16th of their nodes, which are all
#: passed each time.
CHUNK = 1 << 11
STEP = 8
LATER = 64  #: words that may be under way at once
STATE_VERSION = 4
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
    chunk: int = getattr(cut, "chunk", CHUNK)
    while True:
        allowed = max(chunk, len(tape) >> 4)
        if limit is not None:
            allowed = min(allowed, limit - boxes)
        tape, used, right, wrong = cut(network, inputs, word, tape, smallest, allowed)
        boxes += used
        complete = used < allowed
        if complete or boxes == limit or stop():
            return Done(tape, boxes, right, wrong, complete)


class Confirmed(NamedTuple):
    """The tape of a certificate, and the probabilities right and wrong that its leaves prove."""

    tape: bytes
    right: Fraction
    wrong: Fraction


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
        #: Few probabilities differ, and comparing fractions takes long.
        self._sizes = sorted(set(self.probabilities), reverse=True)
        places = {size: place for place, size in enumerate(self._sizes)}
        self._place = [places[size] for size in self.probabilities]
        self._largest, self._least = self._sizes[0], self._sizes[-1]
        self.shards: dict[int, Shard] = {}
        self.lower, self.wrong = Fraction(0), Fraction(0)
        self.boxes = 0
        self.nodes = 0  # of all tapes
        self.round = 0
        self.queue: list[int] = self._order()
        self.behind: set[int] = set()  # words of the queue that are still in the round before

    def split(self) -> tuple[Sequence[str], Sequence[Fraction]]:
        """The names of the shards, and their probabilities."""
        return words_with_probabilities(self.network.seq_len, self.inputs)

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
        enough = sum(size >= theta for size in self._sizes)
        candidates = [i for i, place in enumerate(self._place) if place < enough]

        def key(i: int) -> tuple[float, int, int]:
            shard = self.shards.get(i)
            return (-shard.rate if shard else 0.0, self._place[i], i)

        return sorted(candidates, key=key)

    def merge(self, index: int, done: Done) -> None:
        """Take over what was done for the first word of the queue."""
        shard = self.shards.setdefault(index, Shard())
        share = self.probabilities[index] / 2**VOLUME_BITS
        self.lower += share * (done.right - shard.right)
        self.wrong += share * (done.wrong - shard.wrong)
        self.boxes += done.boxes
        self.nodes += len(done.tape) - len(shard.tape)
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

    def confirm(self, index: int, tape: bytes) -> Confirmed:
        """A shard's tape as a certificate has it: each leaf proved by itself."""
        word = self.words[index]
        short = prune(confirm_tape(self.network, self.inputs, word, tape), len(word))
        right, wrong = volumes(short, len(word))
        share = self.probabilities[index]
        return Confirmed(short, right * share, wrong * share)

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
        if data[:1] in (b"{", b"P"):
            raise UsageError(
                "a certificate, which lacks what is still open; go on from the .state file"
            )
        try:
            header, raw, size = _header(data)
            model, inputs = header["model"], header["inputs"]
            if model != self.network.sha256:
                raise UsageError(f"the state of another model (sha256 {model[:16]}...)")
            if inputs != self.inputs:
                raise UsageError(f"the state of a run on {inputs} inputs, not on {self.inputs}")
            if (header["version"], header.get("method")) != (STATE_VERSION, self.method):
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
        self.shards, self.queue, self.behind = shards, queue, behind
        self.boxes, self.round = boxes, number
        self.nodes = sum(len(shard.tape) for shard in shards.values())
        for index, shard in shards.items():
            share = self.probabilities[index] / 2**VOLUME_BITS
            self.lower += share * shard.right
            self.wrong += share * shard.wrong


def _header(data: bytes) -> tuple[dict[str, Any], bytes, int]:
    raw = zlib.decompress(data)
    (size,) = struct.unpack_from("<Q", raw)
    return json.loads(raw[8 : 8 + size]), raw, size


def state_covers(new: bytes, old: bytes) -> bool:
    """Whether a state holds all that another one does: it is of the same run, and further on."""
    try:
        this, other = _header(new)[0], _header(old)[0]
        same = all(this[k] == other[k] for k in ("version", "model", "inputs", "method"))
        return bool(same and this["boxes"] >= other["boxes"])
    except (zlib.error, struct.error, ValueError, KeyError, TypeError):
        return False


def state_boxes(data: bytes, network: Network, inputs: str) -> int | None:
    """The boxes in a state; None where it is not of a run on this model and these inputs."""
    try:
        header = _header(data)[0]
        same = (header["model"], header["inputs"]) == (network.sha256, inputs)
        return int(header["boxes"]) if same else None
    except (zlib.error, struct.error, ValueError, KeyError, TypeError):
        return None


def confirm_tape(network: Network, inputs: str, word: str, tape: bytes) -> bytes:
    """The tape as a certificate has it: leaves that are not proved without what was known above
    them are open, those that need cases say which.
    """
    tree = forest(word, inputs)
    arrays = as_arrays([tree])
    k = int(arrays.length[0])
    rows, slack = margins_of(network, tree.second)
    net = network.floats
    rule = boxes.start(network, order_of(word, len(word), inputs == "uniform"), COMPILED)
    old = np.frombuffer(tape, dtype=np.uint8)
    out = np.empty(2 * len(old) + 10_000, dtype=np.uint8)
    while True:
        length: int = confirm(
            net.w_ih, net.w_hh, rows, slack.unit, slack.row, slack.reach,
            arrays.kind[0], inputs == "uniform", arrays.chain[0, :k], arrays.parent[0],
            arrays.levels[0], tree.A, quantile_table(), *rule, old, out,
        )  # fmt: skip
        if length >= 0:
            return out[:length].tobytes()
        out = np.empty(4 * len(out), dtype=np.uint8)


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


class Reserve:
    """How long it will take to confirm what a run has found, from trying it on some shards."""

    def __init__(self, run: Run, jobs: int) -> None:
        self._run, self._jobs, self._began = run, jobs, time.monotonic()
        self._spent = self._nodes = 0.0

    @property
    def seconds(self) -> float:
        """For all shards, in ``jobs`` threads, and a little for the rest."""
        rate = self._spent / self._nodes if self._nodes else 0.0
        return 0.2 + 1.2 * rate * self._run.nodes / self._jobs

    def learn(self, index: int) -> None:
        """Try it on a shard, unless that has taken too large a part of the time already."""
        started = time.monotonic()
        if self._spent < 0.04 * (started - self._began):
            tape = self._run.shards[index].tape
            self._run.confirm(index, tape)
            self._spent += time.monotonic() - started
            self._nodes += len(tape)


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
                atomic_write(state, run.to_bytes())

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
