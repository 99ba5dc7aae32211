"""Branch and bound for one pair under noise: depth first, compiled, leaving a tape.

Depth first, because a proof needs every leaf in the end, whatever the order, and this order needs
memory for one path only; refutations are looked for apart (:mod:`certify.noise.attack`) and at
every box. A box that is not proved is cut by the next choice of its history while there is one,
then halved: of the coordinates that contribute most to what its bounds lack, the one with the best
halves.

The tape is the tree in preorder, one byte a node: ``HISTORY`` (one subtree per choice follows),
the index of a coordinate to be halved (lower half first), or a leaf: ``PROVED``, ``OUTSIDE`` (no
input of the box lies in the noise box) or ``EXACT`` (closed by :mod:`certify.noise.exact_leaves`).

Beside it, for each node that is cut or proved, are the steps whose relaxations were made anew
there: a byte ``stop`` (left out for ``PROVED``, where it is n) and a byte ``begin``, meaning the
units that no ancestor has settled in the steps ``begin .. stop - 1``. Steps before ``begin`` read
no input that has changed since their last bounds; a proved leaf with ``begin = n`` needed nothing
new. At a node that is cut, what was found beyond the last step with a newly settled unit is
forgotten, because its parts will find better, and beyond the letters decided so far, because it
depends on the next. The relaxations follow from the bounds by a rule
(:mod:`certify.relaxation.linear`), so they are not stored, except where rounding might tip the
rule: then 128 is added to ``begin``, and a count and for each such unit ``step, unit, code``
follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from certify.claims import Pair, RatioRange
from certify.compiled import kernel
from certify.model import FloatArray, Network
from certify.noise.histories import GRID, LETTERS, ceil_grid, fill_family, floor_grid
from certify.relaxation.linear import bound_box, margin_rows, rounding_slack, settled

HISTORY, EXACT, OUTSIDE, PROVED = 251, 252, 254, 255
#: Why a run of the search came back.
DONE, PAUSED, CANDIDATE, THIN = 0, 1, 2, 3
_HISTORY, _OUTSIDE, _PROVED = HISTORY, OUTSIDE, PROVED
_DONE, _PAUSED, _CANDIDATE, _THIN = DONE, PAUSED, CANDIDATE, THIN
_UNIT = 2.0**-GRID
_MAX_DEPTH = 200
#: Bounds of the prover and of the checker differ by at most so many slacks.
_DOUBT = 256.0
#: How many coordinates are tried before one is halved. More take longer and leave fewer boxes,
#: and boxes are what a certificate costs its checker.
_CANDIDATES = 3


@kernel
def tighten(A, b, x_lo, x_hi, lo, hi):  # type: ignore[no-untyped-def]
    """Shrink the box to what the bounds of the inputs leave of it; False where that is nothing.

    One pass over the rows of ``A``; all arithmetic is exact on the grid.
    """
    n, k = A.shape
    for t in range(n):
        least = b[t]
        most = b[t]
        for j in range(k):
            if A[t, j] > 0.0:
                least += lo[j]
                most += hi[j]
            elif A[t, j] < 0.0:
                least -= hi[j]
                most -= lo[j]
        if least > x_hi[t] or most < x_lo[t]:
            return False
        over, under = x_hi[t] - least, most - x_lo[t]
        for j in range(k):
            if A[t, j] > 0.0:
                old = lo[j]
                lo[j] = max(lo[j], hi[j] - under)
                hi[j] = min(hi[j], old + over)
            elif A[t, j] < 0.0:
                old = lo[j]
                lo[j] = max(lo[j], hi[j] - over)
                hi[j] = min(hi[j], old + under)
    return True


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
def _first(A, column):  # type: ignore[no-untyped-def]
    """The first input that a coordinate moves."""
    row = 0
    while A[row, column] == 0.0:
        row += 1
    return row


@kernel
def _look_ahead(  # type: ignore[no-untyped-def]
    w_ih, w_hh, rows, A, b, x_lo, x_hi, lo, hi, unit_slack, row_slack, reach,
    lower, upper, codes, score,
):  # fmt: skip
    """The coordinate, of the few with the best score, whose halves have the best bounds; -1 where
    no coordinate can be halved. ``score`` is used up.
    """
    k = len(lo)
    values = np.empty(len(rows))
    unused = np.empty(k)
    best, most = -1, -np.inf
    for _ in range(_CANDIDATES):
        pick = -1
        for j in range(k):
            wide = hi[j] - lo[j] >= 2.0 * _UNIT
            if wide and score[j] >= 0.0 and (pick < 0 or score[j] > score[pick]):
                pick = j
        if pick < 0:
            break
        score[pick] = -1.0
        middle = np.floor((lo[pick] + hi[pick]) * 0.5 / _UNIT) * _UNIT
        total = 0.0
        for side in range(2):
            new_lo, new_hi = lo.copy(), hi.copy()
            if side == 0:
                new_hi[pick] = middle
            else:
                new_lo[pick] = middle
            if tighten(A, b, x_lo, x_hi, new_lo, new_hi):
                bound_box(
                    w_ih, w_hh, rows, A, b, new_lo, new_hi, unit_slack, row_slack,
                    unit_slack, reach,
                    False, _first(A, pick), lower.copy(), upper.copy(), codes.copy(),
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
def _write(lower, upper, slack, low, up, codes, start, stop, out, written):  # type: ignore[no-untyped-def]
    """Append the steps bounded anew, and the codes of units where rounding might tip the rule."""
    head = written
    out[written] = start
    written += 1
    count = 0
    for t in range(start, stop):
        for i in range(lower.shape[1]):
            if settled(lower[t, i], upper[t, i], slack[t, i]):
                continue
            if codes[t, i] == 0 or codes[t, i] == 255:
                continue
            wide = up[t, i] - low[t, i]
            steps = up[t, i] / wide * 256.0
            if abs(steps - np.floor(steps) - 0.5) < 1e-9 + 256.0 * _DOUBT * slack[t, i] / wide:
                if count == 0:
                    written += 1
                out[written] = t
                out[written + 1] = i
                out[written + 2] = codes[t, i]
                written += 3
                count += 1
                if count == 255:
                    break
    if count > 0:
        out[head] += 128
        out[head + 1] = count
    return written


@kernel
def _run(  # type: ignore[no-untyped-def]
    w_ih, w_hh, rows, m, s, first, x_lo, x_hi, unit_slack, row_slack, reach, trigger, max_nodes,
    top, lo, hi, lower, upper, codes, A, b, letters, length, depth, weight, start,
    tape, steps_out, candidate, totals,
):  # fmt: skip
    """Work on the stack from frame ``top`` down.

    ``totals``: least value, closed share, nodes on the tape, bytes of steps.
    """
    n, d = reach.shape
    k = n - 1
    thin = 1e3 * trigger
    values = np.empty(len(rows))
    score = np.empty(k)
    old_lo = np.empty(k)
    old_hi = np.empty(k)
    x = np.empty(n)
    nodes = 0
    written = 0
    why = _DONE
    while top >= 0:
        if nodes >= max_nodes:
            why = _PAUSED
            break
        old_lo[:] = lo[top]
        old_hi[:] = hi[top]
        if not tighten(A[top], b[top], x_lo, x_hi, lo[top], hi[top]):
            tape[nodes] = _OUTSIDE
            nodes += 1
            totals[1] += weight[top]
            top -= 1
            continue
        for j in range(k):  # what a shrunk coordinate moves is to be bounded anew
            if lo[top, j] > old_lo[j] or hi[top, j] < old_hi[j]:
                start[top] = min(start[top], _first(A[top], j))
        low, up, code = lower[top + 1], upper[top + 1], codes[top + 1]
        low[:] = lower[top]  # the frame above is free: work there
        up[:] = upper[top]
        code[:] = codes[top]
        fresh = start[top] < 0
        # First with new bounds for the steps from the first impulse on, then for all that need it.
        for attempt in range(2):
            begin = max(start[top], first if attempt == 0 and not fresh else 0)
            renewed = bound_box(
                w_ih, w_hh, rows, A[top], b[top], lo[top], hi[top], unit_slack, row_slack,
                unit_slack, reach,
                fresh, begin, low, up, code, values, score,
            )  # fmt: skip
            worst = values.min()
            if worst > 0.0 or begin <= max(start[top], 0):
                break
            low[:] = lower[top]
            up[:] = upper[top]
            code[:] = codes[top]
        if renewed == 0 and not fresh and worst > 0.0:
            begin = n
        undecided = 0
        for t in range(n):
            for i in range(d):
                undecided += not settled(low[t, i], up[t, i], unit_slack[t, i])
        if worst > 0.0:
            totals[0] = min(totals[0], worst)
            totals[1] += weight[top]
            tape[nodes] = _PROVED
            nodes += 1
            written = _write(
                lower[top], upper[top], unit_slack, low, up, code, begin, n, steps_out, written
            )
            top -= 1
            continue
        for t in range(n):
            x[t] = b[top, t]
            for j in range(k):
                x[t] += A[top, t, j] * 0.5 * (lo[top, j] + hi[top, j])
            x[t] = min(max(x[t], x_lo[t]), x_hi[t])
        if _least_margin(w_ih, w_hh, rows, x) < trigger:
            candidate[:] = x
            why = _CANDIDATE
            break
        best = -1
        if length[top] >= first:
            if (undecided > 0 or worst < thin) and depth[top] < _MAX_DEPTH:
                best = _look_ahead(
                    w_ih, w_hh, rows, A[top], b[top], x_lo, x_hi, lo[top], hi[top],
                    unit_slack, row_slack, reach, low, up, code, score,
                )  # fmt: skip
            if best < 0:
                why = _THIN
                break
        stop = n
        if best < 0:  # later steps depend on the next letter
            stop = length[top]
        if fresh:
            stop = n
        elif best >= 0:
            stop = _last_settled(lower[top], upper[top], low, up, unit_slack)
        stop = max(stop, begin)
        steps_out[written] = stop
        written = _write(
            lower[top], upper[top], unit_slack, low, up, code, begin, stop, steps_out, written + 1
        )
        for t in range(begin, stop):
            lower[top, t] = low[t]
            upper[top, t] = up[t]
            codes[top, t] = code[t]
        if best < 0:
            tape[nodes] = _HISTORY
            some = 0
            for t in range(length[top]):
                if letters[top, t] == 0:
                    some = 1
            parts = 2 + some
            weight[top] /= parts
            place = length[top]
            length[top] += 1
            start[top : top + parts] = min(place, stop)
            for part in range(parts):  # popped in the order n, (b,) d
                to = top + part
                if part > 0:
                    lower[to] = lower[top]
                    upper[to] = upper[top]
                    codes[to] = codes[top]
                    letters[to] = letters[top]
                    length[to] = length[top]
                    depth[to] = depth[top]
                    weight[to] = weight[top]
                letters[to, place] = 2 if part == 0 else (0 if part == parts - 1 else 1)
                fill_family(
                    m, s, letters[to], length[to], x_lo[s], x_hi[s], x_hi[n],
                    A[to], b[to], lo[to], hi[to],
                )  # fmt: skip
            top += parts - 1
        else:
            tape[nodes] = best
            weight[top] *= 0.5
            depth[top] += 1
            to = top + 1
            lower[to] = lower[top]
            upper[to] = upper[top]
            codes[to] = codes[top]
            letters[to] = letters[top]
            length[to] = length[top]
            depth[to] = depth[top]
            weight[to] = weight[top]
            A[to] = A[top]
            b[to] = b[top]
            lo[to] = lo[top]
            hi[to] = hi[top]
            middle = np.floor((lo[top, best] + hi[top, best]) * 0.5 / _UNIT) * _UNIT
            lo[top, best] = middle
            hi[to, best] = middle
            start[top] = start[to] = min(_first(A[top], best), stop)
            top = to
        nodes += 1
    totals[2] = nodes
    totals[3] = written
    return top, why


@dataclass
class Search:
    """The search for one pair, which can stop at any box and go on later."""

    network: Network
    pair: Pair
    ratio: RatioRange
    eps: Fraction

    def __post_init__(self) -> None:
        net, n, d = self.network, self.network.seq_len, self.network.hidden_size
        frames = _MAX_DEPTH + 2 * n + 4
        m, s = self.pair
        noise = ceil_grid(self.eps)
        #: Histories are this long at most: without noise there is nothing to tell apart.
        self.first = min(m, s) if self.eps else 0
        self.x_lo, self.x_hi = np.full(n + 1, -noise), np.full(n + 1, noise)
        self.x_lo[m] = self.x_hi[m] = 1.0
        self.x_lo[s], self.x_hi[s] = floor_grid(self.ratio.lo), ceil_grid(self.ratio.hi)
        self.rows = margin_rows(net, s)
        true_sizes = np.maximum(np.abs(self.x_lo), np.abs(self.x_hi))[:n]
        sizes = true_sizes.copy()
        sizes[: min(m, s)] *= n + 2  # a sum of increments and a gap, each at most 2 eps
        self.slack = rounding_slack(net, self.rows, sizes, n - 1)
        self.reach = rounding_slack(net, self.rows, true_sizes, n - 1).reach
        self.trigger = -float(self.slack.row.max())
        self.lo: FloatArray = np.empty((frames, n - 1))
        self.hi: FloatArray = np.empty((frames, n - 1))
        self.lower: FloatArray = np.empty((frames, n, d))
        self.upper: FloatArray = np.empty((frames, n, d))
        self.code: NDArray[np.uint8] = np.zeros((frames, n, d), dtype=np.uint8)
        self.start: NDArray[np.int64] = np.full(frames, -1, dtype=np.int64)
        self.A: FloatArray = np.empty((frames, n, n - 1))
        self.b: FloatArray = np.empty((frames, n))
        self.letters: NDArray[np.int8] = np.full((frames, n), 2, dtype=np.int8)
        self.length: NDArray[np.int64] = np.zeros(frames, dtype=np.int64)
        self.depth: NDArray[np.int64] = np.zeros(frames, dtype=np.int64)
        self.weight: FloatArray = np.ones(frames)
        self.top = 0
        self.lower[0], self.upper[0] = -self.reach, self.reach
        fill_family(
            m, s, self.letters[0], 0, self.x_lo[s], self.x_hi[s], noise,
            self.A[0], self.b[0], self.lo[0], self.hi[0],
        )  # fmt: skip
        self.tape = bytearray()
        self.steps = bytearray()
        self.totals: FloatArray = np.array([np.inf, 0.0, 0.0, 0.0])
        self.candidate: FloatArray = np.empty(n)

    @property
    def least(self) -> float:
        """A proved lower bound of the margins over all proved leaves so far."""
        return float(self.totals[0])

    @property
    def share(self) -> float:
        """The share of the tree that is closed: a split gives each part the same share."""
        return float(self.totals[1])

    def run(self, max_nodes: int) -> int:
        """Bound up to ``max_nodes`` more boxes.

        Returns ``DONE``; ``PAUSED``; ``CANDIDATE`` where floats say that ``self.candidate`` is
        wrong; or ``THIN`` where the box on top of the stack needs exact arithmetic. In the last
        two cases that box stays on the stack.
        """
        net = self.network.floats
        n, d = self.reach.shape
        tape: Any = np.empty(max_nodes + 1, dtype=np.uint8)
        steps: Any = np.empty((max_nodes + 1) * (3 + min(3 * n * d, 765)), dtype=np.uint8)
        self.top, why = _run(
            net.w_ih, net.w_hh, self.rows, *self.pair, self.first, self.x_lo, self.x_hi,
            self.slack.unit, self.slack.row, self.reach, self.trigger, max_nodes, self.top,
            self.lo, self.hi, self.lower, self.upper, self.code, self.A, self.b, self.letters,
            self.length, self.depth, self.weight, self.start, tape, steps, self.candidate,
            self.totals,
        )  # fmt: skip
        self.tape += tape[: int(self.totals[2])].tobytes()
        self.steps += steps[: int(self.totals[3])].tobytes()
        return int(why)

    def close_thin(self) -> None:
        """Record that exact arithmetic has closed the box on top of the stack."""
        self.tape.append(EXACT)
        self.totals[1] += self.weight[self.top]
        self.top -= 1

    @property
    def frame(self) -> tuple[str, FloatArray, FloatArray, FloatArray, FloatArray]:
        """The box on top of the stack: its history, ``A``, ``b``, ``lo`` and ``hi``."""
        letters = self.letters[self.top, : self.length[self.top]]
        top = self.top
        history = "".join(LETTERS[i] for i in letters)
        return history, self.A[top], self.b[top], self.lo[top], self.hi[top]
