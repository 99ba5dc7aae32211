"""Branch and bound for one pair under noise: depth first, compiled, leaving a tape.

Depth first, because a proof needs every leaf in the end, whatever the order, and this order needs
memory for one path only; refutations are looked for apart (:mod:`certify.noise.attack`) and at
every box. A box that is not proved is cut by the next choice of its history while there is one,
then halved: of the coordinates that contribute most to what its bounds lack, the one with the best
halves.

Floats guide: what they call proved becomes a leaf only where the checker's own rule
(:mod:`certify.checker.kernel`, compiled) proves it too, and the tree is grown by the functions that
the checker walks it with (:mod:`certify.checker.tree`, which says what the tape holds). So what is
written is accepted. Where the rule does not agree, the box is cut further.

Steps before ``begin`` read no input that has changed since their last bounds; a proved leaf with
``begin = n`` needed nothing new. At a node that is cut, what was found beyond the last step with a
newly settled unit is forgotten, because its parts will find better, and beyond the letters decided
so far, because it depends on the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from certify.checker import kernel as integers
from certify.checker import tree
from certify.checker.noise import GRID, start
from certify.checker.tree import EXACT, HISTORY, OUTSIDE, PROVED
from certify.claims import Pair, RatioRange
from certify.compiled import kernel
from certify.model import FloatArray, Network
from certify.relaxation.compiled import COMPILED, function
from certify.relaxation.linear import bound_box, margin_rows, rounding_slack, settled

#: Why a run of the search came back.
DONE, PAUSED, CANDIDATE, THIN = 0, 1, 2, 3
_DONE, _PAUSED, _CANDIDATE, _THIN = DONE, PAUSED, CANDIDATE, THIN
_UNIT = 2.0**-GRID
#: How many coordinates are tried before one is halved. More take longer and leave fewer boxes,
#: and boxes are what a certificate costs its checker.
_CANDIDATES = 3

_load, _tighten, _cut = function(tree.load), function(tree.tighten), function(tree.cut)
_place, _bound_units = function(integers.place), function(integers.bound_units)
_bound_row = function(integers.bound_row)


class Floats(NamedTuple):
    """What bounds in float64 need: weights, ``rows`` (R, d), and the slack of rounding."""

    w_ih: FloatArray
    w_hh: FloatArray
    rows: FloatArray
    unit_slack: FloatArray
    row_slack: FloatArray
    reach: FloatArray


class Frames(NamedTuple):
    """What floats know at each open branch: bounds and codes (frames, n, d) of the units; the
    step from which on units are to be bounded anew, -1 for all; the share of the tree.
    """

    lower: FloatArray
    upper: FloatArray
    codes: NDArray[np.uint8]
    start: NDArray[np.int64]
    weight: FloatArray


class Box(NamedTuple):
    """The box at hand in floats: ``A`` (n, n), ``b`` (n,) of zeros, ``lo`` and ``hi`` (n,)."""

    A: FloatArray
    b: FloatArray
    lo: FloatArray
    hi: FloatArray


@kernel
def _take(rule, space, claim, stack, top):  # type: ignore[no-untyped-def]
    """Put a branch into ``space``, shrunk; False where nothing is left of it."""
    _load(rule, space, stack, top)
    return _tighten(space.maps, claim.least, claim.most, space.lo, space.hi, rule.n)


@kernel
def _first(maps, n, column):  # type: ignore[no-untyped-def]
    """The first input that a coordinate moves."""
    row = 0
    while maps[row * n + column] == 0:
        row += 1
    return row


@kernel
def _least_margin(w_ih, w_hh, rows, x):  # type: ignore[no-untyped-def]
    """The least row value at the input x, in plain floats."""
    d = len(w_ih)
    state = np.zeros(d)
    new = np.empty(d)
    for t in range(len(x)):
        for i in range(d):
            z = w_ih[i] * x[t]
            for j in range(d):
                z += w_hh[i, j] * state[j]
            new[i] = max(z, 0.0)
        state[:] = new
    least = np.inf
    for r in range(len(rows)):
        value = 0.0
        for j in range(d):
            value += rows[r, j] * state[j]
        least = min(least, value)
    return least


@kernel
def _look_ahead(floats, claim, space, box, lower, upper, codes, score):  # type: ignore[no-untyped-def]
    """The coordinate, of the few with the best score, whose halves have the best bounds; -1 where
    no coordinate can be halved. ``score`` is used up.
    """
    n = len(score)
    values = np.empty(len(floats.rows))
    unused = np.empty(n)
    best, most = -1, -np.inf
    for _ in range(_CANDIDATES):
        pick = -1
        for j in range(n):
            wide = space.hi[j] - space.lo[j] >= 2
            if wide and score[j] >= 0.0 and (pick < 0 or score[j] > score[pick]):
                pick = j
        if pick < 0:
            break
        score[pick] = -1.0
        middle = (space.lo[pick] + space.hi[pick]) >> 1
        total = 0.0
        for side in range(2):
            lo, hi = space.lo.copy(), space.hi.copy()
            if side == 0:
                hi[pick] = middle
            else:
                lo[pick] = middle
            if _tighten(space.maps, claim.least, claim.most, lo, hi, n):
                bound_box(
                    floats.w_ih, floats.w_hh, floats.rows, box.A, box.b, lo * _UNIT, hi * _UNIT,
                    floats.unit_slack, floats.row_slack, floats.unit_slack, floats.reach, False,
                    _first(space.maps, n, pick), lower.copy(), upper.copy(), codes.copy(),
                    values, unused,
                )  # fmt: skip
                total += min(values.min(), 0.0)
        if total > most:
            best, most = pick, total
    return best


@kernel
def _last_settled(lower, upper, low, up, slack):  # type: ignore[no-untyped-def]
    """The number of steps up to the last one where a unit became settled."""
    n, d = slack.shape
    for t in range(n - 1, -1, -1):
        for i in range(d):
            if settled(low[t, i], up[t, i], slack[t, i]) and not settled(
                lower[t, i], upper[t, i], slack[t, i]
            ):
                return t + 1
    return 0


@kernel
def _bound(floats, first, frames, top, box, low, up, code, values, score):  # type: ignore[no-untyped-def]
    """Bounds in floats of the branch at ``top``: first with the relaxations that are known, then
    with new ones for the steps from the first impulse on, then for all that need it. Returns the
    worst value, and from which step on bounds are new.
    """
    start = frames.start[top]
    fresh = start < 0
    worst, begin = -np.inf, 0
    for attempt in range(2):
        begin = max(start, first if attempt == 0 and not fresh else 0)
        low[:] = frames.lower[top]
        up[:] = frames.upper[top]
        code[:] = frames.codes[top]
        score[:] = box.hi - box.lo
        renewed = bound_box(
            floats.w_ih, floats.w_hh, floats.rows, box.A, box.b, box.lo, box.hi,
            floats.unit_slack, floats.row_slack, floats.unit_slack, floats.reach,
            fresh, begin, low, up, code, values, score,
        )  # fmt: skip
        worst = values.min()
        if renewed == 0 and not fresh and worst > 0.0:
            begin = len(low)
        if worst > 0.0 or begin <= max(start, 0):
            break
    return worst, begin


@kernel
def _confirm(rule, space, begin):  # type: ignore[no-untyped-def]
    """The least bound of a row by the checker's rule."""
    least = 0
    if _place(rule, space):
        _bound_units(rule, space, begin, rule.n)
        least = -integers.NOTHING
        for r in range(len(rule.rows) // rule.d):
            least = min(least, _bound_row(rule, space, r))
            if least <= 0:
                break
    return least


@kernel
def _leaf(rule, space, claim, stack, top, begin, start):  # type: ignore[no-untyped-def]
    """The least bound of a row by the checker's rule, and from which step on bounds are new."""
    least = _confirm(rule, space, begin)
    if least <= 0 and begin > max(start, 0):
        begin = max(start, 0)
        _take(rule, space, claim, stack, top)
        least = _confirm(rule, space, begin)
    return least, begin


@kernel
def _centre(space, claim, box, x):  # type: ignore[no-untyped-def]
    """The input in the middle of the box, moved to what the claim speaks of."""
    n = len(x)
    for t in range(n):
        x[t] = 0.0
        for j in range(n):
            x[t] += box.A[t, j] * 0.5 * (box.lo[j] + box.hi[j])
        x[t] = min(max(x[t], claim.least[t] * _UNIT), claim.most[t] * _UNIT)


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
def _run(  # type: ignore[no-untyped-def]
    floats, rule, space, claim, stack, frames, box, trigger, most, tape, candidate, totals
):
    """Work on the stack for ``most`` nodes; ``totals``: closed share, bytes of the tape, leaves and
    the least bound of a row among them.
    """
    n, d = floats.reach.shape
    values = np.empty(len(floats.rows))
    score = np.empty(n)
    top, nodes, written = stack.cursor[0], 0, 0
    why = _DONE
    while top >= 0 and why == _DONE:
        if nodes >= most:
            why = _PAUSED
            break
        nodes += 1
        inside = _take(rule, space, claim, stack, top)
        if not inside:
            tape[written] = OUTSIDE
            written += 1
            totals[0] += frames.weight[top]
            top -= 1
            continue
        for j in range(n):
            for t in range(n):
                box.A[t, j] = space.maps[t * n + j]
            if space.lo[j] > stack.lo[top * n + j] or space.hi[j] < stack.hi[top * n + j]:
                # What a shrunk coordinate moves is to be bounded anew.
                frames.start[top] = min(frames.start[top], _first(space.maps, n, j))
            box.lo[j] = space.lo[j] * _UNIT
            box.hi[j] = space.hi[j] * _UNIT
        low, up, code = frames.lower[top + 1], frames.upper[top + 1], frames.codes[top + 1]
        start, length = frames.start[top], stack.length[top]
        worst, begin = _bound(floats, claim.first, frames, top, box, low, up, code, values, score)
        if worst > 0.0:
            least, begin = _leaf(rule, space, claim, stack, top, begin, start)
            if least > 0:
                tape[written], tape[written + 1] = PROVED, begin
                written += 2
                totals[0] += frames.weight[top]
                totals[2] += 1.0
                totals[3] = min(totals[3], least)
                top -= 1
                continue
        _centre(space, claim, box, candidate)
        if _least_margin(floats.w_ih, floats.w_hh, floats.rows, candidate) < trigger:
            why = _CANDIDATE
            break
        op = HISTORY
        if length >= claim.first:
            op = -1
            undecided = False
            for t in range(n):
                for i in range(d):
                    if not settled(low[t, i], up[t, i], floats.unit_slack[t, i]):
                        undecided = True
            if (undecided or worst < 1e3 * trigger) and top + 3 < stack.size:
                op = _look_ahead(floats, claim, space, box, low, up, code, score)
            if op < 0:
                why = _THIN
                break
        stop = n
        if start >= 0:
            stop = length  # later steps depend on the next letter
            if op != HISTORY:
                stop = _last_settled(
                    frames.lower[top], frames.upper[top], low, up, floats.unit_slack
                )
        begin = min(begin, max(start, 0))
        stop = max(stop, begin)
        tape[written], tape[written + 1], tape[written + 2] = op, begin, stop
        written += 3
        _take(rule, space, claim, stack, top)
        _place(rule, space)
        _bound_units(rule, space, begin, stop)
        changed = length if op == HISTORY else _first(space.maps, n, op)
        last, _ = _cut(rule, space, claim, stack, top, op)
        frames.start[top] = min(changed, stop)
        _inherit(frames, top, last, begin, stop, low, up, code)
        top = last
    stack.cursor[0] = top
    totals[1] = written
    return why


@dataclass
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
        true_sizes = np.maximum(np.abs(self.claim.least), np.abs(self.claim.most)) * _UNIT
        sizes = true_sizes.copy()
        sizes[: self.claim.first] *= n + 2  # a sum of increments and a gap, each at most 2 eps
        slack = rounding_slack(net, rows, sizes, n)
        reach = rounding_slack(net, rows, true_sizes, n).reach
        floats = net.floats
        self.floats = Floats(floats.w_ih, floats.w_hh, rows, slack.unit, slack.row, reach)
        self.trigger = -float(slack.row.max())
        frames = self.stack.size + 1
        self.frames = Frames(
            np.empty((frames, n, d)), np.empty((frames, n, d)),
            np.zeros((frames, n, d), dtype=np.uint8), np.full(frames, -1), np.ones(frames),
        )  # fmt: skip
        self.frames.lower[0], self.frames.upper[0] = -reach, reach
        self.box = Box(np.zeros((n, n)), np.zeros(n), np.empty(n), np.empty(n))
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

    def run(self, most: int) -> int:
        """Bound up to ``most`` more boxes.

        Returns ``DONE``; ``PAUSED``; ``CANDIDATE`` where floats say that ``self.candidate`` is
        wrong; or ``THIN`` where the box on top of the stack needs exact arithmetic. In the last
        two cases that box stays on the stack.
        """
        tape: Any = np.empty(3 * most, dtype=np.uint8)
        why = _run(
            self.floats, self.rule, self.space, self.claim, self.stack, self.frames, self.box,
            self.trigger, most, tape, self.candidate, self.totals,
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
        rows = np.reshape(self.space.maps, (n, n)).tolist()
        lo, hi = ([Fraction(int(v), 2**GRID) for v in e] for e in (self.space.lo, self.space.hi))
        return rows, lo, hi
