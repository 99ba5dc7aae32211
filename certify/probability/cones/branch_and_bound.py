"""Branch and bound inside one chamber, compiled: simplicial cones, cut where that decides most.

A tape is the tree of one chamber in preorder. An inner node is two bytes: ``i n + j``, which rays
are cut between, and the weight w in 256ths: the new ray is ``w x_i + (1 - w) x_j``; its subtrees
follow, first that with the new ray in place of ``x_j``, then that with it in place of ``x_i``. So
the determinants of the parts are ``1 - w`` and ``w`` times that of the whole.

A leaf is one byte: ``LEVEL + k`` where the measure that its bounds leave open is at least ``2^k``
in units of ``2**-UNIT_BITS`` of the chamber, ``CLOSED`` where it is less than one unit or the tree
too deep, ``NEW`` where nothing has been bounded.

Cuts. Candidates are the zeros of the undecided units that cost most, between the rays where their
pre-activations are largest and least, and the middle of the longest edge. All are tried, and that
is taken which leaves least open. For a trial units keep the status, and margins the proof, that
they have in the whole, and where much of the cone is open that share is estimated at some points.
What becomes of the parts is then found anew, so that the bounds of a cone are those of it alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from certify.compiled import kernel
from certify.probability.cones.cuts import candidates
from certify.probability.cones.measure import LOSS, PARTS, decided, measure, open_share
from certify.probability.cones.relaxation import (
    MAX_DEPTH,
    UNKNOWN,
    bound_simplex,
    run_at,
)

LEVEL, NEW, CLOSED = 128, 254, 255
LEAF, SKIPPED = 255, 254  #: in the tape of a certificate: bounded, or not to be looked at
UNIT_BITS = 48
CANDIDATES = 8
#: Below this share that is open in a cone, it is measured for each candidate, not estimated.
THIN = 0.25


class Setting(NamedTuple):
    """What :func:`search` reads of the network and of the chamber, as it says there."""

    w_ih: Any
    w_hh: Any
    rows: Any
    unit_allowance: Any
    row_allowance: Any
    scale: Any
    uniform: Any
    points: Any


class Cones(NamedTuple):
    """Cones, one an index: rays ``x`` (n, n), their determinant ``volume``, and what was found.

    ``before``, ``doubt`` (n, n, d), ``margins`` and ``row_doubt`` (n, R) are those of
    :func:`certify.probability.cones.relaxation.run_at` at the rays, ``score`` and ``status`` (n, d)
    and ``lower``, ``upper`` (n, R) those of
    :func:`certify.probability.cones.relaxation.bound_simplex`; ``result`` is the measure right,
    wrong, and an estimate of what is open, all in units.
    """

    x: Any
    volume: Any
    before: Any
    margins: Any
    doubt: Any
    row_doubt: Any
    status: Any
    lower: Any
    upper: Any
    score: Any
    result: Any


class Room(NamedTuple):
    """Room to work in: for parts of a cone, for points in it, for cuts, and for a new ray; and
    what :func:`certify.probability.cones.relaxation.bound_simplex` reads where nothing is known.
    """

    parts: Any
    values: Any
    volumes: Any
    least: Any
    most: Any
    tried: Any
    cuts: Any
    ray: Any
    before: Any
    margins: Any
    doubt: Any
    row_doubt: Any
    unknown: Any
    unproved: Any
    proved: Any


@kernel
def _cones(size, n, d, R):  # type: ignore[no-untyped-def]
    return Cones(
        np.empty((size, n, n)), np.empty(size), np.empty((size, n, n, d)), np.empty((size, n, R)),
        np.empty((size, n, n, d)), np.empty((size, n, R)), np.empty((size, n, d), np.int8),
        np.empty((size, n, R)), np.empty((size, n, R)), np.empty((size, n, d)),
        np.empty((size, 3)),
    )  # fmt: skip


@kernel
def _room(n, d, R, points):  # type: ignore[no-untyped-def]
    return Room(
        np.empty((PARTS, n, n)), np.empty((PARTS, n, R)), np.empty(PARTS),
        np.empty(points), np.empty(points),
        np.empty((n, d), np.bool_), np.empty((CANDIDATES + 1, 3), np.int64),
        np.empty(n), np.empty((n, d)), np.empty(R), np.empty((n, d)), np.empty(R),
        np.full((n, d), UNKNOWN, np.int8), np.zeros(R, np.bool_), np.zeros(R, np.bool_),
    )  # fmt: skip


@kernel
def _copy(source, at, target, to):  # type: ignore[no-untyped-def]
    """Copy a cone with all that is known of it."""
    target.x[to], target.volume[to] = source.x[at], source.volume[at]
    target.before[to], target.margins[to] = source.before[at], source.margins[at]
    target.doubt[to], target.row_doubt[to] = source.doubt[at], source.row_doubt[at]
    target.status[to] = source.status[at]
    target.lower[to], target.upper[to] = source.lower[at], source.upper[at]
    target.score[to], target.result[to] = source.score[at], source.result[at]


@kernel
def _cut(x, volume, top, i, j, w):  # type: ignore[no-untyped-def]
    """Put both parts in place of the cone at ``top``, that with a new ray for ``x_j`` above."""
    x[top + 1] = x[top]
    x[top + 1, j] = w * x[top, i] + (1.0 - w) * x[top, j]
    x[top, i] = x[top + 1, j]
    volume[top + 1], volume[top] = volume[top] * (1.0 - w), volume[top] * w


@kernel
def _run(setting, cones, at):  # type: ignore[no-untyped-def]
    """Run the network at all rays of a cone."""
    for k in range(len(cones.x[at])):
        run_at(
            setting.w_ih, setting.w_hh, setting.rows, cones.x[at, k],
            cones.before[at, k], cones.margins[at, k], cones.doubt[at, k], cones.row_doubt[at, k],
        )  # fmt: skip


@kernel
def _bound(setting, cones, at, known, proved):  # type: ignore[no-untyped-def]
    """Bound one cone, with what is known of it."""
    bound_simplex(
        setting.w_ih, setting.w_hh, setting.rows, setting.unit_allowance, setting.row_allowance,
        cones.x[at], cones.before[at], cones.margins[at], cones.doubt[at], cones.row_doubt[at],
        known, proved, cones.status[at], cones.lower[at], cones.upper[at], cones.score[at],
    )  # fmt: skip


@kernel
def _weigh(setting, cones, at, room):  # type: ignore[no-untyped-def]
    """Bound one cone from scratch: all of it becomes known."""
    _bound(setting, cones, at, room.unknown, room.unproved)
    _measure(setting, cones, at, room)


@kernel
def _measure(setting, cones, at, room):  # type: ignore[no-untyped-def]
    """Find the ``result`` of the bounds of a cone."""
    x, volume, result = cones.x[at], cones.volume[at], cones.result[at]
    scale, uniform = setting.scale, setting.uniform
    parts, values, volumes = room.parts, room.values, room.volumes
    whole = scale * measure(x, volume, uniform, True)
    right = decided(x, cones.lower[at], volume, uniform, False, parts, values, volumes)
    wrong = decided(x, -cones.upper[at], volume, uniform, True, parts, values, volumes)
    result[0] = np.floor(scale * right * (1.0 - LOSS))
    result[1] = np.floor(scale * wrong * (1.0 - LOSS))
    result[2] = max(whole - scale * (right + wrong), 0.0)


@kernel
def _run_between(setting, cones, at, cut, room):  # type: ignore[no-untyped-def]
    """Run the network at the new ray of a cut."""
    i, j, w = cut[0], cut[1], cut[2] / 256.0
    for k in range(len(room.ray)):
        room.ray[k] = w * cones.x[at, i, k] + (1.0 - w) * cones.x[at, j, k]
    run_at(
        setting.w_ih, setting.w_hh, setting.rows, room.ray,
        room.before, room.margins, room.doubt, room.row_doubt,
    )  # fmt: skip


@kernel
def _put_ray(room, cones, at, k):  # type: ignore[no-untyped-def]
    """Put the new ray in place of ray k."""
    cones.x[at, k] = room.ray
    cones.before[at, k], cones.margins[at, k] = room.before, room.margins
    cones.doubt[at, k], cones.row_doubt[at, k] = room.doubt, room.row_doubt


@kernel
def _restore_ray(source, at, target, to, k):  # type: ignore[no-untyped-def]
    target.x[to, k] = source.x[at, k]
    target.before[to, k], target.margins[to, k] = source.before[at, k], source.margins[at, k]
    target.doubt[to, k], target.row_doubt[to, k] = source.doubt[at, k], source.row_doubt[at, k]


@kernel
def _left_open(setting, cones, at, cut, enough, exact, halves, room):  # type: ignore[no-untyped-def]
    """The measure that both parts of a cone leave open, or the first alone where that is
    ``enough``; ``exact`` or an estimate. The first of the ``halves`` has the rays of the cone, and
    gets them back.
    """
    _run_between(setting, cones, at, cut, room)
    left = 0.0
    for side in range(2):
        k, share = (cut[0], cut[2] / 256.0) if side else (cut[1], 1.0 - cut[2] / 256.0)
        _put_ray(room, halves, 0, k)
        halves.volume[0] = cones.volume[at] * share
        _bound(setting, halves, 0, cones.status[at], room.proved)
        if exact:
            _measure(setting, halves, 0, room)
            left += halves.result[0, 2]
        else:
            lower, upper = halves.lower[0], halves.upper[0]
            part = open_share(lower, upper, setting.points, room.least, room.most)
            left += part * measure(halves.x[0], halves.volume[0], setting.uniform, True)
        _restore_ray(cones, at, halves, 0, k)
        if left >= enough:
            break
    return left


@kernel
def _best_cut(setting, cones, at, halves, room):  # type: ignore[no-untyped-def]
    """The candidate that leaves least open; the ``halves`` become its parts. In the first of them
    x_j is replaced.
    """
    count = candidates(cones.x[at], cones.before[at], cones.score[at], room.tried, room.cuts)
    for r in range(len(room.proved)):
        room.proved[r] = cones.lower[at, :, r].min() > 0.0
    _copy(cones, at, halves, 0)
    found = cones.result[at, 0] + cones.result[at, 1]
    exact = cones.result[at, 2] < THIN * (found + cones.result[at, 2])
    least, chosen = np.inf, 0
    for c in range(count):
        left = _left_open(setting, cones, at, room.cuts[c], least, exact, halves, room)
        if left < least:
            least, chosen = left, c
    cut = room.cuts[chosen]
    i, j, w = cut[0], cut[1], cut[2] / 256.0
    _run_between(setting, cones, at, cut, room)
    _copy(cones, at, halves, 1)
    for side in range(2):
        _put_ray(room, halves, side, i if side else j)
        halves.volume[side] = cones.volume[at] * (w if side else 1.0 - w)
        _weigh(setting, halves, side, room)
    return cut


@kernel
def _count(more, totals):  # type: ignore[no-untyped-def]
    """Add to the units right and wrong, and to the most that they have been."""
    for column in range(2):
        totals[2 + column] += int(more[column])
        totals[4 + column] = max(totals[4 + column], totals[2 + column])


@kernel
def _level(left, depth):  # type: ignore[no-untyped-def]
    """The byte of a leaf with so many units open."""
    if left < 1.0 or depth >= MAX_DEPTH:
        return CLOSED
    return LEVEL + min(int(np.log2(left)), UNIT_BITS)


@kernel
def search(  # type: ignore[no-untyped-def]
    w_ih, w_hh, rows, unit_allowance, row_allowance, roots, scale, uniform, points,
    old, need, limit, out, totals,
):  # fmt: skip
    """Extend a tape: cut every leaf of at least level ``need``.

    Read: float weights ``w_ih``, ``w_hh``; ``rows`` (n - 1, d), the margins, with their
    :func:`certify.probability.cones.relaxation.allowances`; ``roots`` (n, n), the rays of the
    chamber, of determinant 1; ``scale``, units per
    :func:`certify.probability.cones.measure.measure`; ``points`` (n, S) of the simplex
    (:func:`certify.probability.cones.measure.spread_points`); the tape ``old``; ``limit``, the
    number of cones that may be cut (what is left then stays a leaf).

    Written: ``out``, the new tape (at least 4 ``limit`` longer), and ``totals``: its length, the
    number of cones cut, units right and wrong, the most that they have been, whether a leaf is
    left to be cut. Units right and wrong are read as well: they are those of ``old``.
    """
    n, d, R = len(roots), len(w_ih), len(rows)
    size = MAX_DEPTH + 3
    setting = Setting(w_ih, w_hh, rows, unit_allowance, row_allowance, scale, uniform, points)
    cones, halves = _cones(size, n, d, R), _cones(2, n, d, R)
    room = _room(n, d, R, points.shape[1])
    depth = np.empty(size, np.int64)
    fresh = np.zeros(size, np.bool_)  # bounded in this call
    cones.x[0], cones.volume[0], depth[0] = roots, 1.0, 0
    length, used, at, remaining, top = 0, 0, 0, 0, 1
    while top:
        top -= 1
        if not fresh[top]:
            node = old[at]
            at += 1
            if node < LEVEL:
                out[length], out[length + 1] = node, old[at]
                _cut(cones.x, cones.volume, top, node // n, node % n, old[at] / 256.0)
                at += 1
                length += 2
                depth[top] += 1
                depth[top + 1] = depth[top]
                fresh[top + 1] = False
                top += 2
                continue
            if used == limit or node == CLOSED or (node != NEW and node < LEVEL + need):
                if node != CLOSED and node >= LEVEL + need:
                    remaining = 1
                out[length] = node
                length += 1
                continue
            _run(setting, cones, top)
            _weigh(setting, cones, top, room)
            if node == NEW:
                used += 1
                _count(cones.result[top], totals)
            fresh[top] = True
        node = _level(cones.result[top, 2], depth[top])
        if used == limit or node == CLOSED or node < LEVEL + need:
            remaining = max(remaining, node != CLOSED and node >= LEVEL + need)
            out[length] = node
            length += 1
            fresh[top] = False
            continue
        used += 1
        cut = _best_cut(setting, cones, top, halves, room)
        out[length], out[length + 1] = cut[0] * n + cut[1], cut[2]
        length += 2
        _count(halves.result[0] + halves.result[1] - cones.result[top], totals)
        for side in range(2):  # that in which x_j is replaced comes first
            _copy(halves, side, cones, top + 1 - side)
        depth[top] += 1
        depth[top + 1] = depth[top]
        fresh[top + 1] = True
        top += 2
    totals[0], totals[1], totals[6] = length, used, remaining


def nodes(tape: bytes) -> Iterator[bytes]:
    """The nodes of a tape in preorder: cuts of two bytes, leaves of one.

    Raises:
        ValueError: the last one is cut off.
    """
    at = 0
    while at < len(tape):
        end = at + (2 if tape[at] < LEVEL else 1)
        if end > len(tape):
            raise ValueError("the tree is cut off")
        yield tape[at:end]
        at = end
