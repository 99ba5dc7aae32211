"""Branch and bound for one pair under noise: depth first, compiled, leaving a tape.

Depth first, because a proof needs every leaf in the end, whatever the order, and this order needs
memory for one path only; refutations are looked for apart (:mod:`certify.attack`) and at every
box. A box that is not proved is cut by the next choice of its history while there is one, then
halved along the coordinate that contributes most to what its bounds lack.

The tape is the tree in preorder, one byte a node: ``HISTORY`` (one subtree per choice follows),
the index of a coordinate to be halved (lower half first), or a leaf: ``PROVED``, ``OUTSIDE`` (no
input of the box lies in the noise box), ``EXACT`` (left to exact arithmetic) or ``OPEN``. Beside
it, for each node but ``OUTSIDE``, ``EXACT`` and ``OPEN``, are the codes of the units (see
:mod:`certify.bounds`) that no ancestor has decided: for ``PROVED`` all of them; for an inner node
a byte L, then those of the first L steps, L being the last step with a new decision. An inner
node's bounds beyond that are forgotten: whoever replays the tape need not compute them.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from certify.bounds import bound_box, margin_rows, rounding_slack
from certify.claims import Pair, RatioRange
from certify.model import FloatArray, Network
from certify.patterns import GRID, ceil_grid, fill_family, floor_grid

HISTORY, EXACT, OPEN, OUTSIDE, PROVED = 251, 252, 253, 254, 255
#: Why a run of the search came back.
DONE, PAUSED, CANDIDATE = 0, 1, 2
_HISTORY, _EXACT, _OPEN, _OUTSIDE, _PROVED = HISTORY, EXACT, OPEN, OUTSIDE, PROVED
_DONE, _PAUSED, _CANDIDATE = DONE, PAUSED, CANDIDATE
_UNIT = 2.0**-GRID
_MAX_DEPTH = 200


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def _run(  # type: ignore[no-untyped-def]
    w_ih, w_hh, rows, m, s, x_lo, x_hi, unit_slack, row_slack, reach, trigger, max_nodes,
    top, lo, hi, lower, upper, A, b, letters, length, depth, weight,
    tape, codes_out, candidate, totals,
):  # fmt: skip
    """Work on the stack from frame ``top`` down.

    ``totals``: least value, closed share, nodes on the tape, bytes of codes.
    """
    n, d = reach.shape
    k = n - 1
    first = min(m, s)
    values = np.empty(len(rows))
    score = np.empty(k)
    x = np.empty(n)
    codes = np.empty((n, d), dtype=np.uint8)
    nodes = 0
    written = 0
    why = _DONE
    while top >= 0:
        if nodes >= max_nodes:
            why = _PAUSED
            break
        if not tighten(A[top], b[top], x_lo, x_hi, lo[top], hi[top]):
            tape[nodes] = _OUTSIDE
            nodes += 1
            totals[1] += weight[top]
            top -= 1
            continue
        low, up = lower[top + 1], upper[top + 1]  # the frame above is free: work there
        low[:] = lower[top]
        up[:] = upper[top]
        undecided = bound_box(
            w_ih, w_hh, rows, A[top], b[top], lo[top], hi[top], unit_slack, row_slack, reach,
            low, up, values, score, codes,
        )  # fmt: skip
        worst = values.min()
        if worst > 0.0:
            totals[0] = min(totals[0], worst)
            totals[1] += weight[top]
            tape[nodes] = _PROVED
            nodes += 1
            for t in range(n):
                for i in range(d):
                    if lower[top, t, i] < 0.0 and upper[top, t, i] > 0.0:
                        codes_out[written] = codes[t, i]
                        written += 1
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
            if undecided > 0 and depth[top] < _MAX_DEPTH:
                for j in range(k):
                    wide = hi[top, j] - lo[top, j] >= 2.0 * _UNIT
                    if wide and (best < 0 or score[j] > score[best]):
                        best = j
            if best < 0:
                tape[nodes] = _EXACT
                nodes += 1
                totals[1] += weight[top]
                top -= 1
                continue
        kept = 0
        for t in range(n):
            for i in range(d):
                if (
                    lower[top, t, i] < 0.0
                    and upper[top, t, i] > 0.0
                    and not (low[t, i] < 0.0 and up[t, i] > 0.0)
                ):
                    kept = t + 1
        codes_out[written] = kept
        written += 1
        for t in range(kept):
            for i in range(d):
                if lower[top, t, i] < 0.0 and upper[top, t, i] > 0.0:
                    codes_out[written] = codes[t, i]
                    written += 1
            lower[top, t] = low[t]
            upper[top, t] = up[t]
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
            for part in range(parts):  # popped in the order n, (b,) d
                to = top + part
                if part > 0:
                    lower[to] = lower[top]
                    upper[to] = upper[top]
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
        self.x_lo, self.x_hi = np.full(n + 1, -noise), np.full(n + 1, noise)
        self.x_lo[m] = self.x_hi[m] = 1.0
        self.x_lo[s], self.x_hi[s] = floor_grid(self.ratio.lo), ceil_grid(self.ratio.hi)
        self.rows = margin_rows(net, s)
        sizes = np.maximum(np.abs(self.x_lo), np.abs(self.x_hi))[:n]
        sizes[: min(m, s)] *= n + 2  # a sum of increments and a gap, each at most 2 eps
        self.slack = rounding_slack(net, self.rows, sizes, n - 1)
        self.trigger = -float(self.slack.row.max())
        self.lo: FloatArray = np.empty((frames, n - 1))
        self.hi: FloatArray = np.empty((frames, n - 1))
        self.lower: FloatArray = np.empty((frames, n, d))
        self.upper: FloatArray = np.empty((frames, n, d))
        self.A: FloatArray = np.empty((frames, n, n - 1))
        self.b: FloatArray = np.empty((frames, n))
        self.letters: NDArray[np.int8] = np.full((frames, n), 2, dtype=np.int8)
        self.length: NDArray[np.int64] = np.zeros(frames, dtype=np.int64)
        self.depth: NDArray[np.int64] = np.zeros(frames, dtype=np.int64)
        self.weight: FloatArray = np.ones(frames)
        self.top = 0
        self.lower[0], self.upper[0] = -self.slack.reach, self.slack.reach
        fill_family(
            m, s, self.letters[0], 0, self.x_lo[s], self.x_hi[s], noise,
            self.A[0], self.b[0], self.lo[0], self.hi[0],
        )  # fmt: skip
        self.tape = bytearray()
        self.codes = bytearray()
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
        """Bound up to ``max_nodes`` more boxes: ``DONE``, ``PAUSED``, or ``CANDIDATE`` where
        floats say that ``self.candidate`` is wrong (the box stays on the stack).
        """
        net = self.network.floats
        n, d = self.slack.reach.shape
        tape: Any = np.empty(max_nodes + 1, dtype=np.uint8)
        codes: Any = np.empty(max_nodes * (n * d + 1), dtype=np.uint8)
        self.top, why = _run(
            net.w_ih, net.w_hh, self.rows, self.pair.max, self.pair.second, self.x_lo, self.x_hi,
            self.slack.unit, self.slack.row, self.slack.reach, self.trigger, max_nodes,
            self.top, self.lo, self.hi, self.lower, self.upper, self.A, self.b, self.letters,
            self.length, self.depth, self.weight, tape, codes, self.candidate, self.totals,
        )  # fmt: skip
        self.tape += tape[: int(self.totals[2])].tobytes()
        self.codes += codes[: int(self.totals[3])].tobytes()
        return int(why)
