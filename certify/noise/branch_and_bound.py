"""Branch and bound for one pair under noise: depth first, compiled, leaving a tape.

Depth first, because a proof needs every leaf in the end, whatever the order, and this order needs
memory for one path only; refutations are looked for apart (:mod:`certify.noise.attack`) and at
every box. A box that is not proved, by linear bounds or by cases, is cut by the next choice of its
history while there is one, then halved along the coordinate that contributes most to what its
bounds lack.

Floats guide (:mod:`certify.noise.bounding`): what they call proved becomes a leaf only where the
checker's own rule (:mod:`certify.checker.kernel`, compiled) proves it too, and the tree is grown by
the functions that the checker walks it with (:mod:`certify.checker.tree`, which says what the tape
holds). So what is written is accepted. Where the rule does not agree, the box is cut further.

Steps before ``begin`` read no input that has changed since their last bounds. At a node that is
cut, what was found beyond the last step with a newly settled unit is forgotten, because its parts
will find better, and beyond the letters decided so far, because it depends on the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from certify.checker import cases, tree
from certify.checker import kernel as integers
from certify.checker.noise import GRID, start
from certify.checker.tree import BY_CASES, EXACT, HISTORY, OUTSIDE, PROVED
from certify.claims import Pair, RatioRange
from certify.compiled import kernel
from certify.model import FloatArray, Network
from certify.noise import bounding
from certify.noise.bounding import UNIT, Box, Floats, Frames
from certify.relaxation.cases import CASES
from certify.relaxation.compiled import COMPILED, function
from certify.relaxation.linear import margin_rows, rounding_slack, settled

#: Why a run of the search came back.
DONE, PAUSED, CANDIDATE, THIN = 0, 1, 2, 3
_DONE, _PAUSED, _CANDIDATE, _THIN, _UNIT, _CASES = DONE, PAUSED, CANDIDATE, THIN, UNIT, CASES

_BRANCHES = ("lo", "hi", "letters", "length", "below", "above")  # of a stack, one a branch

_load, _tighten, _cut = function(tree.load), function(tree.tighten), function(tree.cut)
_place, _bound_units = function(integers.place), function(integers.bound_units)
_bound_row, _row_by_cases = function(integers.bound_row), function(cases.row_by_cases)
_bound, _cases, _centre = bounding.bound, bounding.cases, bounding.centre
_widest, _least_margin = bounding.widest, bounding.least_margin
_first_moved, _last_settled = bounding.first_moved, bounding.last_settled


@kernel
def _take(rule, space, claim, stack, top):  # type: ignore[no-untyped-def]
    """Put a branch into ``space``, shrunk; False where nothing is left of it."""
    _load(rule, space, claim, stack, top)
    return _tighten(space.maps, claim.least, claim.most, space.lo, space.hi, rule.n)


@kernel
def _enter(space, stack, frames, top, box):  # type: ignore[no-untyped-def]
    """Hand the box in ``space`` to the floats; what a shrunk coordinate moves is bounded anew."""
    n = len(box.lo)
    for j in range(n):
        for t in range(n):
            box.A[t, j] = space.maps[t * n + j]
        if space.lo[j] > stack.lo[top * n + j] or space.hi[j] < stack.hi[top * n + j]:
            frames.start[top] = min(frames.start[top], _first_moved(space.maps, n, j))
        box.lo[j] = space.lo[j] * _UNIT
        box.hi[j] = space.hi[j] * _UNIT
        box.chain[j] = space.chain[j]
    box.chain[n + 1] = space.chain[n + 1] * _UNIT


@kernel
def _prove(rule, space, trail, begin, by_cases, tape, at):  # type: ignore[no-untyped-def]
    """The least bound of a row by the checker's rule, with the trees of cases at ``tape[at]`` or
    without.
    """
    if not _place(rule, space):
        return 0
    _bound_units(rule, space, begin, rule.n)
    least = -integers.NOTHING
    for r in range(len(rule.rows) // rule.d):
        if by_cases:
            at, found = _row_by_cases(rule, space, tape, at, r, 1, trail)
        else:
            found = _bound_row(rule, space, r)
        least = min(least, found)
        if least <= 0:
            break
    return least


@kernel
def _leaf(  # type: ignore[no-untyped-def]
    floats, rule, space, stack, box, low, up, code, values, begin, tape, at
):
    """Try to write a leaf to ``tape[at]``; where it ends, or -1, and the least bound of a row."""
    by_cases = values.min() <= 0.0
    end = at + 2
    if by_cases:
        end = _cases(floats, box, low, up, code, values, tape, end)
        if end < 0:
            return -1, 0
    least = _prove(rule, space, stack.trail, begin, by_cases, tape, at + 2)
    tape[at], tape[at + 1] = BY_CASES if by_cases else PROVED, begin
    return end if least > 0 else -1, least


@kernel
def _halved(floats, space, low, up, score, worst, trigger):  # type: ignore[no-untyped-def]
    """The coordinate to be halved, or -1 where the box needs exact arithmetic."""
    n, d = low.shape
    undecided = worst < 1e3 * trigger
    for t in range(n):
        for i in range(d):
            if not settled(low[t, i], up[t, i], floats.unit_slack[t, i]):
                undecided = True
    return _widest(space, score) if undecided else -1


@kernel
def _inherit(frames, top, last, begin, stop, low, up, code):  # type: ignore[no-untyped-def]
    """Hand on what was found for the steps ``begin .. stop - 1`` to the branches up to ``last``."""
    for t in range(begin, stop):
        frames.lower[top, t] = low[t]
        frames.upper[top, t] = up[t]
        frames.codes[top, t] = code[t]
    frames.weight[top] /= last - top + 1
    for to in range(top + 1, last + 1):
        frames.lower[to] = frames.lower[top]
        frames.upper[to] = frames.upper[top]
        frames.codes[to] = frames.codes[top]
        frames.start[to] = frames.start[top]
        frames.weight[to] = frames.weight[top]


@kernel
def _branch(rule, space, claim, stack, frames, top, op, begin, stop, low, up, code):  # type: ignore[no-untyped-def]
    """Cut the branch at ``top`` as its node says; the new top."""
    _take(rule, space, claim, stack, top)
    _place(rule, space)
    _bound_units(rule, space, begin, stop)
    changed = stack.length[top] if op == HISTORY else _first_moved(space.maps, rule.n, op)
    last, _ = _cut(rule, space, claim, stack, top, op)
    frames.start[top] = min(changed, stop)
    _inherit(frames, top, last, begin, stop, low, up, code)
    return last


@kernel
def _run(  # type: ignore[no-untyped-def]
    floats, rule, space, claim, stack, frames, box, base, trigger, most, tape, candidate, totals
):
    """Work on the stack above ``base`` for ``most`` nodes, or as long as the tape has room;
    ``totals``: closed share, bytes of the tape, leaves and the least bound of a row among them.
    """
    n = rule.n
    room = len(tape) - 3 - 2 * _CASES * len(floats.rows)
    values = np.empty(len(floats.rows))
    score = np.empty(n)
    top, nodes, written = stack.cursor[0], 0, 0
    why = _DONE
    while top >= base:
        if nodes >= most or written >= room:
            why = _PAUSED
            break
        nodes += 1
        if not _take(rule, space, claim, stack, top):
            tape[written] = OUTSIDE
            written += 1
            totals[0] += frames.weight[top]
            top -= 1
            continue
        _enter(space, stack, frames, top, box)
        low, up, code = frames.lower[top + 1], frames.upper[top + 1], frames.codes[top + 1]
        start, length = frames.start[top], stack.length[top]
        worst = _bound(floats, frames, top, box, low, up, code, values, score)
        begin = max(start, 0)
        end, least = _leaf(
            floats, rule, space, stack, box, low, up, code, values, begin, tape, written
        )  # fmt: skip
        if end >= 0:
            written = end
            totals[0] += frames.weight[top]
            totals[2] += 1.0
            totals[3] = min(totals[3], least)
            top -= 1
            continue
        _centre(space, claim, box, candidate)
        if _least_margin(floats.w_ih, floats.w_hh, floats.rows, candidate) < trigger:
            why = _CANDIDATE
            break
        op, stop = HISTORY, n
        if length >= claim.first:
            op = -1
            if top + 3 < stack.size:
                op = _halved(floats, space, low, up, score, worst, trigger)
            if op < 0:
                why = _THIN
                break
        if start >= 0:
            stop = length  # later steps depend on the next letter
            if op != HISTORY:
                known = frames.lower[top], frames.upper[top]
                stop = _last_settled(known[0], known[1], low, up, floats.unit_slack)
        stop = max(stop, begin)
        tape[written], tape[written + 1], tape[written + 2] = op, begin, stop
        written += 3
        top = _branch(rule, space, claim, stack, frames, top, op, begin, stop, low, up, code)
    stack.cursor[0] = top
    totals[1] = written
    return why


@dataclass(eq=False)
class Search:
    """The search for one pair, which can stop at any box and go on later.

    Raises:
        Rejected: the weights are too large for the checker's rule.
    """

    network: Network
    pair: Pair
    ratio: RatioRange
    eps: Fraction

    def __post_init__(self) -> None:
        net, n, d = self.network, self.network.seq_len, self.network.hidden_size
        ends = [(-self.eps, self.eps)] * n
        ends[self.pair.max] = (Fraction(1), Fraction(1))
        ends[self.pair.second] = (self.ratio.lo, self.ratio.hi)
        self.rule, self.space, self.claim, self.stack, self.unit = start(
            net, self.pair.second, ends, Fraction(1), COMPILED
        )
        rows = margin_rows(net, self.pair.second)
        true_sizes = np.maximum(np.abs(self.claim.least), np.abs(self.claim.most)) * UNIT
        sizes = true_sizes.copy()
        # Increments, at most eps in sum, and a gap of 2 eps; thrice for the sum of the chain.
        sizes[: self.claim.first] *= 3 * (n + 2)
        slack = rounding_slack(net, rows, sizes, n)
        reach = rounding_slack(net, rows, true_sizes, n).reach
        w_ih, w_hh = net.floats.w_ih, net.floats.w_hh
        columns = np.ascontiguousarray(w_hh.T)
        self.floats = Floats(w_ih, w_hh, columns, rows, slack.unit, slack.row, reach)
        self.trigger = -float(slack.row.max())
        frames = self.stack.size + 1
        self.frames = Frames(
            np.empty((frames, n, d)), np.empty((frames, n, d)),
            np.zeros((frames, n, d), dtype=np.uint8), np.full(frames, -1), np.ones(frames),
        )  # fmt: skip
        self.frames.lower[0], self.frames.upper[0] = -reach, reach
        self.box = Box(np.zeros((n, n)), np.zeros(n), np.empty(n), np.empty(n), np.zeros(n + 2))
        self.base = 0
        self.tape = bytearray()
        self.totals: FloatArray = np.array([0.0, 0.0, 0.0, np.inf])
        self.candidate: FloatArray = np.empty(n)

    @property
    def least(self) -> Fraction | None:
        """A proved lower bound of the margins over all proved leaves so far, if there are any."""
        return int(self.totals[3]) * self.unit if self.totals[2] else None

    @property
    def nbytes(self) -> int:
        """What it holds in memory, without the tape."""
        parts = (self.floats, self.rule, self.space, self.claim, self.stack, self.frames)
        return sum(getattr(v, "nbytes", 0) for part in parts for v in part)

    @property
    def leaves(self) -> int:
        """The number of proved leaves so far."""
        return int(self.totals[2])

    @property
    def share(self) -> float:
        """The share of the tree that is closed: a split gives each part the same share."""
        return float(self.totals[0])

    @property
    def open(self) -> int:
        """The number of open branches."""
        return int(self.stack.cursor[0]) - self.base + 1

    def split(self) -> Search:
        """Give the largest open branch away, to a search of its own. Its tape is to follow this
        one's, and comes before those of the branches that were given away earlier.
        """
        other = Search(self.network, self.pair, self.ratio, self.eps)
        other._put(self._branches(self.base, self.base + 1))
        other.trigger = self.trigger
        self.base += 1
        return other

    def __reduce__(self) -> tuple[Any, ...]:
        """It travels as its claim, its open branches, and what is written and counted so far."""
        claim = (self.network, self.pair, self.ratio, self.eps)
        branches = self._branches(self.base, self.base + self.open)
        counted = bytes(self.tape), self.totals.copy(), self.candidate.copy()
        return _restore, (claim, branches, self.trigger, *counted)

    def _branches(self, first: int, end: int) -> list[Any]:
        """What is known of the branches ``first .. end - 1``."""
        found = []
        for array, size in self._arrays():
            found.append(array[first * size : end * size].copy())
        return found

    def _put(self, branches: list[Any]) -> None:
        """Make these the only branches."""
        for (array, _), found in zip(self._arrays(), branches, strict=True):
            array[: len(found)] = found
        self.stack.cursor[0] = len(branches[-1]) - 1

    def _arrays(self) -> Iterator[tuple[Any, int]]:
        """The arrays that hold the branches, and how many entries of theirs are of one."""
        for name in _BRANCHES:
            array = getattr(self.stack, name)
            yield array, len(array) // self.stack.size
        for array in self.frames:
            yield array, 1

    def forget(self) -> None:
        """Give the room of branches back, as none is open any more."""
        stack, frames = self.stack, self.frames
        self.stack = stack._replace(**{k: getattr(stack, k)[:0].copy() for k in _BRANCHES})
        self.frames = frames._replace(**{k: v[:0].copy() for k, v in frames._asdict().items()})

    def run(self, most: int) -> int:
        """Bound up to ``most`` more boxes.

        Returns ``DONE``; ``PAUSED``; ``CANDIDATE`` where floats say that ``self.candidate`` is
        wrong; or ``THIN`` where the box on top of the stack needs exact arithmetic. In the last
        two cases that box stays on the stack.
        """
        tape: Any = np.empty(3 * most + 2 * CASES * len(self.floats.rows) + 4, dtype=np.uint8)
        why = _run(
            self.floats, self.rule, self.space, self.claim, self.stack, self.frames, self.box,
            self.base, self.trigger, most, tape, self.candidate, self.totals,
        )  # fmt: skip
        self.tape += tape[: int(self.totals[1])].tobytes()
        return int(why)

    def close_thin(self) -> None:
        """Record that exact arithmetic has closed the box on top of the stack."""
        top = self.stack.cursor[0]
        self.tape.append(EXACT)
        self.totals[0] += self.frames.weight[top]
        self.stack.cursor[0] = top - 1

    @property
    def thin(self) -> tuple[list[list[int]], list[Fraction], list[Fraction]]:
        """The box on top of the stack: the rows of A, and its ends."""
        n = self.network.seq_len
        _take(self.rule, self.space, self.claim, self.stack, self.stack.cursor[0])
        rows = np.reshape(self.space.maps, (n, n)).tolist()
        lo, hi = ([Fraction(int(v), 2**GRID) for v in e] for e in (self.space.lo, self.space.hi))
        return rows, lo, hi


def _restore(
    claim: tuple[Network, Pair, RatioRange, Fraction],
    branches: list[Any],
    trigger: float,
    tape: bytes,
    totals: FloatArray,
    candidate: FloatArray,
) -> Search:
    search = Search(*claim)
    search._put(branches)
    search.trigger, search.tape = trigger, bytearray(tape)
    search.totals, search.candidate = totals, candidate
    return search


def go_on(search: Search, most: int) -> tuple[Search, int]:
    """:meth:`Search.run` for elsewhere: the search that it becomes, itself left as it was, and what
    that returns.
    """
    further = copy(search)
    return further, further.run(most)
