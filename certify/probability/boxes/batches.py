"""Boxes of an order word bounded in batches on an accelerator, with torch.

Boxes of inputs, cases and cuts are found by the compiled code of
:mod:`certify.probability.boxes.branch_and_bound`, on all cores; the bounds of a batch on the
device, in float64 with the relaxations of :mod:`certify.relaxation.linear`. The account of
``docs/rounding.md`` covers sums in any order, so the slack is the same. Boxes are taken up batch by
batch instead of depth first, so the bracket after N boxes is not quite that of the processors, but
it is proved and resumed in the same way, and what goes into a certificate is bounded once more
without the device (:func:`certify.probability.boxes.confirming.confirm`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from threading import Lock
from typing import Any

import numpy as np
from numba import get_num_threads, prange, set_num_threads

from certify.compiled import kernel
from certify.errors import MissingExtraError, UsageError
from certify.model import FloatArray, Network
from certify.probability.boxes.branch_and_bound import (
    MAX_DEPTH,
    MERITS,
    NEAR,
    OPEN,
    POWER,
    RIGHT,
    TAIL,
    WRONG,
    reaching,
    rival_of,
    total_of,
    weigh,
)
from certify.probability.boxes.cuts import best_cut, volume_of
from certify.probability.boxes.grafts import graft, halve, volumes, walk
from certify.probability.boxes.order_words import forest
from certify.probability.boxes.quantiles import (
    OK,
    WORK_ROWS,
    as_arrays,
    box_of,
    quantile_table,
)
from certify.probability.boxes.tapes import margins_of
from certify.relaxation.cases import CASES
from certify.relaxation.linear import SETTLED, Slack

BATCH = 1 << 12  #: boxes bounded at once
Bounds = Callable[..., tuple[Any, ...]]


class Device:
    """Cuts boxes as :func:`certify.probability.boxes.tapes.cut_boxes` does, with the bounds from a
    torch device, and all else on ``jobs`` threads.

    Raises:
        MissingExtraError: torch is not installed.
        UsageError: torch has no such device, or it has no float64.
    """

    chunk = 1 << 14  #: boxes at a time: a device wants many

    def __init__(self, name: str, jobs: int) -> None:
        try:
            import torch
        except ImportError as error:
            raise MissingExtraError("--device needs torch: pip install torch") from error
        try:
            torch.ones(1, dtype=torch.float64, device=name).sum().item()
        except (RuntimeError, AssertionError, TypeError) as error:
            reason = str(error).partition("\n")[0]
            raise UsageError(f"--device {name}: torch cannot use it ({reason})") from error
        self.name, self._torch = name, torch
        self._jobs = min(jobs, get_num_threads())
        self._alone = Lock()  # numba's simplest thread pool serves one thread at a time

    def __call__(
        self, network: Network, inputs: str, word: str, tape: bytes, smallest: int, allowed: int
    ) -> tuple[bytes, int, int, int]:
        """Like :func:`certify.probability.boxes.tapes.cut_boxes`."""
        with self._alone:
            return self._cut(network, inputs, word, tape, smallest, allowed)

    def _cut(
        self, network: Network, inputs: str, word: str, tape: bytes, smallest: int, allowed: int
    ) -> tuple[bytes, int, int, int]:
        set_num_threads(self._jobs)  # of this thread
        tree = forest(word, inputs)
        arrays = as_arrays([tree])
        k = int(arrays.length[0])
        rows, slack = margins_of(network, tree.second)
        net, n, R = network.floats, network.seq_len, len(rows)
        columns = np.ascontiguousarray(net.w_hh.T)
        place = (
            arrays.kind[0], inputs == "uniform", arrays.chain[0, :k], arrays.parent[0],
            arrays.levels[0], quantile_table(),
        )  # fmt: skip
        total = total_of(arrays.kind[0], arrays.chain[0, :k], n)
        bounds = self._bounds(network, tree.A, total, rows, slack)
        old = np.frombuffer(tape, dtype=np.uint8)
        leaves = _leaf_arrays(walk(old, smallest, *_leaf_arrays(0, n)), n)
        count = walk(old, smallest, *leaves)
        # The trees that grow from these leaves; the parts of node i are child[i] and the next one.
        code, child = np.full(count, OPEN - MERITS, dtype=np.uint8), np.zeros(count, dtype=np.int64)
        stack: list[tuple[Any, ...]] = []
        if count:
            stack.append((np.arange(count), *leaves, *_unknown(count, slack, R)))
        used = 0
        while stack and used < allowed:
            group = stack.pop()
            most = min(BATCH, allowed - used)
            if len(group[0]) > most:
                stack.append(tuple(part[most:] for part in group))
            ids, w_lo, w_hi, depth, lower, upper, proved = (
                np.ascontiguousarray(part[:most]) for part in group
            )
            status, lo, hi, work, share, centre, rival = _find(
                *place, tree.A, net.w_ih, columns, rows, w_lo, w_hi
            )
            used += int((status == OK).sum())
            right = centre > 0.0
            sign = np.where(right, 1.0, -1.0)
            skip = np.where(right[:, None], proved, np.arange(R) != rival[:, None])
            lower, upper, relaxed, values, score = bounds(lo, hi, share, lower, upper, sign, skip)
            code[ids], position = _decide(
                *place, tree.A, total, net.w_ih, net.w_hh, columns, rows, slack.row, w_lo, w_hi,
                depth, status, work, lo, hi, share, centre, sign, lower, upper, relaxed, values,
                score, skip, proved, smallest,
            )  # fmt: skip
            cut = np.flatnonzero(position >= 0)
            parts = np.repeat(cut, 2)
            new = len(code) + np.arange(len(parts))
            child[ids[cut]] = new[::2]
            code = np.append(code, np.full(len(parts), OPEN - MERITS, dtype=np.uint8))
            child = np.append(child, np.zeros(len(parts), dtype=np.int64))
            w_lo, w_hi = w_lo[parts], w_hi[parts]
            volume = halve(w_lo, w_hi, position[parts])
            known = [part[parts] for part in (lower, upper, proved)]
            fresh = status[parts] != OK
            for old_part, new_part in zip(known, _unknown(1, slack, R), strict=True):
                old_part[fresh] = new_part
            due = ~fresh | (volume >= smallest)
            code[new[~due]] = OPEN
            if due.any():
                stack.append(tuple(v[due] for v in (new, w_lo, w_hi, depth[parts] + 1, *known)))
        out = np.empty(len(old) + len(code), dtype=np.uint8)
        length = graft(old, smallest, n, code, child, out)
        extended = out[:length]
        right_volume, wrong_volume = volumes(extended, n)
        return extended.tobytes(), used, right_volume, wrong_volume

    def _bounds(
        self, network: Network, A: FloatArray, total: FloatArray, rows: FloatArray, slack: Slack
    ) -> Bounds:
        """What :func:`certify.relaxation.linear.bound_box` does, for B boxes: a function of ``lo``
        and ``hi`` (B, k), ``share`` (B,) of the slack, ``lower`` and ``upper`` (B, n, d), ``sign``
        (B,) of the rows and ``skip`` (B, R), which are not asked for. It returns the tightened
        bounds, the codes of the relaxations, values (B, R), infinite where skipped, and score (B,
        k).
        """
        torch = self._torch

        def load(array: Any) -> Any:
            return torch.tensor(np.ascontiguousarray(array), device=self.name)

        w_ih, w_hh, maps = load(network.floats.w_ih), load(network.floats.w_hh), load(A)
        unit_slack, row_slack, functionals = load(slack.unit), load(slack.row), load(rows)
        n, d = network.seq_len, network.hidden_size
        chain = load(total[:n])
        targets = torch.cat([w_hh, -w_hh])
        drives = torch.cat([w_ih, -w_ih])

        def substitute(step: int, row: Any, drive: Any, relaxed: Any, lo: Any, hi: Any) -> Any:
            """Lower bounds (B, m), coefficients of y, and of the states on the way."""
            constant = torch.zeros(row.shape[:2], dtype=row.dtype, device=row.device)
            q = constant[..., None] * 0.0 + (drive[:, None] * maps[step] if step < n else 0.0)
            q = q.expand(*constant.shape, len(A[0]))
            kept = [row] * step
            for t in range(step - 1, -1, -1):
                a, slope, intercept = (part[:, None] for part in relaxed[t])
                kept[t] = row
                negative = row.clamp(max=0.0)
                constant = constant + (negative * intercept).sum(-1)
                row = (row - negative) * a + negative * slope
                q = q + (row @ w_ih)[..., None] * maps[t]
                row = row @ w_hh
            value, best = _least(q, lo[:, None], hi[:, None], chain)
            return constant + value, best, kept

        def bounds(
            lo: Any, hi: Any, share: Any, lower: Any, upper: Any, sign: Any, skip: Any
        ) -> tuple[Any, ...]:
            lo, hi, share, lower, upper, sign, skip = map(
                load, (lo, hi, share, lower, upper, sign, skip)
            )
            relaxed: list[tuple[Any, ...]] = []
            codes, moves = [], []
            for t in range(n):
                loss = share[:, None] * unit_slack[t]
                low, up = lower[:, t], upper[:, t]
                settled = (low >= -SETTLED * loss) | (up <= SETTLED * loss)
                row = targets.expand(len(lo), 2 * d, d)
                value, q, _ = substitute(t, row, drives, relaxed, lo, hi)
                low = torch.where(settled, low, torch.maximum(low, value[:, :d] - loss))
                up = torch.where(settled, up, torch.minimum(up, loss - value[:, d:]))
                lower[:, t], upper[:, t] = low, up
                code, *how = _relax(low, up, loss)
                relaxed.append(tuple(how))
                codes.append(code)
                moves.append((q[:, :d] - q[:, d:]).abs() * (hi - lo)[:, None])
            asked = sign[:, None, None] * functionals
            value, _, _ = substitute(n, asked, None, relaxed, lo, hi)
            value = value - share[:, None] * row_slack
            value = torch.where(skip, torch.inf, value)
            worst = value.argmin(1)
            row = asked[torch.arange(len(lo)), worst][:, None]
            _, q, kept = substitute(n, row, None, relaxed, lo, hi)
            score = q[:, 0].abs() * (hi - lo)
            for (_, _, intercept), move, keep in zip(relaxed, moves, kept, strict=True):
                moved = move.sum(-1)
                gap = torch.where(moved > 0.0, keep[:, 0].abs() * intercept / moved, 0.0)
                score = score + (gap[..., None] * move).sum(1)
            found = (lower, upper, torch.stack(codes, 1), value, score)
            return tuple(part.cpu().numpy() for part in found)

        return bounds


def _least(q: Any, lo: Any, hi: Any, chain: Any) -> tuple[Any, Any]:
    """The least of ``q . y`` over a box in which the ``chain`` adds up to 1, and the coefficients
    that show it (``docs/rule.md``).
    """
    import torch

    value, best = torch.where(q > 0.0, q * lo, q * hi).sum(-1), q
    for j in chain.nonzero().flatten().tolist():
        moved = q - q[..., j : j + 1] * chain
        other = torch.where(moved > 0.0, moved * lo, moved * hi).sum(-1) + q[..., j]
        best = torch.where((other > value)[..., None], moved, best)
        value = torch.maximum(value, other)
    return value, best


def _relax(low: Any, up: Any, loss: Any) -> tuple[Any, Any, Any, Any]:
    """The code of each unit, then what it stands for: lower slope, slope and intercept."""
    import torch

    on, off = low >= -SETTLED * loss, up <= SETTLED * loss
    steps = (up / (up - low) * 256.0 + 0.5).clamp(0.0, 512.0).to(torch.int64)
    steps = torch.where(steps > 252, 253, steps)  # 253 stands for the slope 1
    code = torch.where(on, 255, torch.where(off, 0, steps + 1))
    slope = torch.where(steps == 253, 1.0, steps / 256.0)
    slope = torch.where(on, 1.0, torch.where(off, 0.0, slope)).to(low.dtype)
    a = (slope >= 0.5).to(low.dtype)
    intercept = torch.maximum(-slope * low, (1.0 - slope) * up).clamp(min=0.0)
    return code.to(torch.uint8), a, slope, intercept


def _unknown(count: int, slack: Slack, rows: int) -> tuple[Any, Any, Any]:
    """Lower and upper bounds that hold everywhere, and no row proved."""
    shape = (count, *slack.reach.shape)
    low, high = np.broadcast_to(-slack.reach, shape), np.broadcast_to(slack.reach, shape)
    return low, high, np.zeros((count, rows), dtype=np.bool_)


def _leaf_arrays(count: int, n: int) -> tuple[Any, Any, Any]:
    """Room for boxes of W and their depths."""
    shape = (count, n)
    return np.empty(shape, np.int64), np.empty(shape, np.int64), np.empty(count, np.int64)


@kernel(parallel=True)
def _find(  # type: ignore[no-untyped-def]
    kind, uniform, chain, parent, levels, table, A, w_ih, columns, margins, w_lo, w_hi
):
    """The boxes of inputs, and the worst margin in their middles."""
    count, n = w_lo.shape
    status = np.empty(count, dtype=np.int64)
    lo = np.zeros((count, n))
    hi = np.zeros((count, n))
    work = np.zeros((count, WORK_ROWS, n))
    share = np.zeros(count)
    centre = np.zeros(count)
    rival = np.zeros(count, dtype=np.int64)
    for i in prange(count):
        status[i] = box_of(
            kind, uniform, chain, parent, levels, w_lo[i], w_hi[i], table, work[i], lo[i], hi[i]
        )
        if status[i] == OK:
            share[i] = reaching(A, hi[i])
            state = np.empty(len(w_ih))
            new = np.empty(len(w_ih))
            middle = np.empty(n)
            centre[i], rival[i] = rival_of(
                w_ih, columns, margins, A, lo[i], hi[i], middle, state, new
            )
        else:
            lo[i] = 0.0
            hi[i] = 0.0
    return status, lo, hi, work, share, centre, rival


@kernel(parallel=True)
def _decide(  # type: ignore[no-untyped-def]
    kind, uniform, chain, parent, levels, table, A, total, w_ih, w_hh, columns, margins, row_slack,
    w_lo, w_hi, depth, status, work, lo, hi, share, centre, sign, lower, upper, codes, values,
    score, skip, proved, smallest,
):  # fmt: skip
    """The byte of each box's node, and the same again where it is cut, else -1; updates
    ``proved``.
    """
    count, n = w_lo.shape
    d = margins.shape[1]
    code = np.empty(count, dtype=np.uint8)
    cut = np.full(count, -1)
    scale = MERITS / (-POWER * math.log(NEAR))
    for i in prange(count):
        volume = volume_of(w_lo[i], w_hi[i])
        merit = 1.0
        position, tail = -1, 0
        code[i] = OPEN
        if status[i] >= 0:
            position, tail = status[i], TAIL
        elif status[i] != OK:
            position = int(np.argmax(w_hi[i] - w_lo[i]))
        else:
            asked = np.flatnonzero(~skip[i])
            rows = np.empty((len(asked), d))
            slack = np.empty(len(asked))
            found = np.empty(len(asked))
            for m in range(len(asked)):
                rows[m] = sign[i] * margins[asked[m]]
                slack[m] = share[i] * row_slack[asked[m]]
                found[m] = values[i, asked[m]]
            tree = np.empty(2 * CASES, dtype=np.uint8)
            merit = weigh(
                w_ih, w_hh, columns, rows, slack, A, np.zeros(n), lo[i], hi[i], total,
                lower[i], upper[i], codes[i], centre[i], found, tree,
            )  # fmt: skip
            if centre[i] > 0.0:
                for m in range(len(asked)):
                    proved[i, asked[m]] = found[m] > 0.0
            if found.min() > 0.0:
                code[i] = RIGHT if centre[i] > 0.0 else WRONG
            elif volume * merit >= smallest:
                position = best_cut(
                    kind, uniform, chain, parent, levels, w_lo[i], w_hi[i], table, work[i],
                    np.empty((WORK_ROWS, n)), lo[i], hi[i], np.empty(n), np.empty(n), score[i],
                )  # fmt: skip
        if (
            position >= 0
            and depth[i] < MAX_DEPTH
            and volume * merit >= smallest
            and w_hi[i, position] - w_lo[i, position] >= 2
        ):
            code[i] = position | tail
            cut[i] = code[i]
        elif status[i] == OK and code[i] == OPEN:
            code[i] = OPEN - min(int(math.log(merit) * scale), MERITS)
    return code, cut
