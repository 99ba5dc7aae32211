"""What floats say of one box of the search under noise: bounds, cases, where to halve it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from certify.checker.noise import GRID
from certify.compiled import kernel
from certify.model import FloatArray
from certify.relaxation.cases import CASES, PROVED, prove_by_cases
from certify.relaxation.linear import renew_bounds, settled

UNIT = 2.0**-GRID
_UNIT, _CASES, _PROVED = UNIT, CASES, PROVED


class Floats(NamedTuple):
    """What bounds in float64 need: weights, ``columns`` the transpose of ``w_hh``, ``rows`` (R, d),
    and the slack of rounding.
    """

    w_ih: FloatArray
    w_hh: FloatArray
    columns: FloatArray
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
    """The box at hand in floats: ``A`` (n, n), ``b`` (n,) of zeros, ``lo`` and ``hi`` (n,);
    ``chain`` (n + 2,), a sum of coordinates, its least and its most.
    """

    A: FloatArray
    b: FloatArray
    lo: FloatArray
    hi: FloatArray
    chain: FloatArray


@kernel
def first_moved(maps, n, column):  # type: ignore[no-untyped-def]
    """The first input that a coordinate moves."""
    row = 0
    while maps[row * n + column] == 0:
        row += 1
    return row


@kernel
def least_margin(w_ih, w_hh, rows, x):  # type: ignore[no-untyped-def]
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
def widest(space, score):  # type: ignore[no-untyped-def]
    """The coordinate that contributes most to what the bounds lack, of those that can be halved;
    -1 where none can.
    """
    best = -1
    for j in range(len(score)):
        if space.hi[j] - space.lo[j] >= 2 and (best < 0 or score[j] > score[best]):
            best = j
    return best


@kernel
def last_settled(lower, upper, low, up, slack):  # type: ignore[no-untyped-def]
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
def bound(floats, frames, top, box, low, up, code, values, score):  # type: ignore[no-untyped-def]
    """Bounds in floats of the branch at ``top``, from the first step on that needs them anew."""
    start = frames.start[top]
    low[:] = frames.lower[top]
    up[:] = frames.upper[top]
    code[:] = frames.codes[top]
    score[:] = box.hi - box.lo
    renew_bounds(
        floats.w_ih, floats.w_hh, floats.rows, box.A, box.b, box.lo, box.hi, box.chain,
        floats.unit_slack, floats.row_slack, floats.unit_slack, start < 0, start,
        low, up, code, values, score,
    )  # fmt: skip
    return values.min()


@kernel
def cases(floats, box, lower, upper, codes, values, tape, at):  # type: ignore[no-untyped-def]
    """Write trees of cases for all rows to the tape, from ``at`` on; where they end, or -1."""
    for r in range(len(floats.rows)):
        if values[r] > 0.0:
            tape[at] = _PROVED
            at += 1
            continue
        length = prove_by_cases(
            floats.w_ih, floats.w_hh, floats.columns, floats.rows[r], box.A, box.b, box.lo, box.hi,
            box.chain, floats.row_slack[r], lower, upper, codes, _CASES, tape[at:],
        )  # fmt: skip
        if length < 0:
            return -1
        at += length
    return at


@kernel
def centre(space, claim, box, x):  # type: ignore[no-untyped-def]
    """The input in the middle of the box, moved to what the claim speaks of."""
    n = len(x)
    for t in range(n):
        x[t] = 0.0
        for j in range(n):
            x[t] += box.A[t, j] * 0.5 * (box.lo[j] + box.hi[j])
        x[t] = min(max(x[t], claim.least[t] * _UNIT), claim.most[t] * _UNIT)
