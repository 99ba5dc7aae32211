"""A long run: which word is worked on next and for how long, and the exact bracket so far.

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

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from certify.model import Network
from certify.probability.boxes.branch_and_bound import RIGHT, VOLUME_BITS, WRONG
from certify.probability.boxes.order_words import words_with_probabilities
from certify.probability.boxes.tapes import ROOT, confirm_tape, cut_boxes
from certify.probability.states import Shard, State

#: Boxes between two looks at the clock; for long tapes, a 16th of their nodes, which are all
#: passed each time.
CHUNK = 1 << 11
STEP = 8
LATER = 64  #: words that may be under way at once


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
        self.effort = 0  # of all tapes, to confirm them
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
        known = self.shards.get(index)
        shard = known or Shard(self.root)
        self.shards[index] = shard
        share = self.probabilities[index] / 2**VOLUME_BITS
        self.lower += share * (done.right - shard.right)
        self.wrong += share * (done.wrong - shard.wrong)
        self.boxes += done.boxes
        before = shard.tape if known else b""
        self.nodes += len(done.tape) - len(before)
        self.effort += self.weigh(done.tape) - self.weigh(before)
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

    def weigh(self, tape: bytes) -> int:
        """What it takes to confirm a tape, in any unit: only proved boxes are bounded."""
        return tape.count(RIGHT) + tape.count(WRONG)

    def confirm(self, index: int, tape: bytes) -> Confirmed:
        """A shard's tape as a certificate has it: each leaf proved by the checker's rule."""
        found, right, wrong = confirm_tape(self.network, self.inputs, self.words[index], tape)
        share = self.probabilities[index]
        return Confirmed(found, right * share, wrong * share)

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
        return self.effort

    @property
    def state(self) -> State:
        """What a run that goes on from here has to know."""
        return State(
            self.network.sha256, self.inputs, self.method,
            self.boxes, self.round, self.queue, self.behind, self.shards,
        )  # fmt: skip

    def restore(self, data: bytes) -> None:
        """Take over a state that :meth:`State.to_bytes` wrote.

        Raises:
            UsageError: it is none, or that of another model or of other inputs.
        """
        state = State.from_bytes(data, self.network, self.inputs, self.method)
        self.shards, self.queue, self.behind = state.shards, state.queue, state.behind
        self.boxes, self.round = state.boxes, state.round
        tapes = [shard.tape for shard in self.shards.values()]
        self.nodes = sum(len(tape) for tape in tapes)
        self.effort = sum(self.weigh(tape) for tape in tapes)
        for index, shard in self.shards.items():
            share = self.probabilities[index] / 2**VOLUME_BITS
            self.lower += share * shard.right
            self.wrong += share * shard.wrong
