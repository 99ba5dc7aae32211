"""From a tape of the search to that of a certificate: leaves that the checker's own rule proves.

Floats look for cases, and the rule (:func:`certify.checker.cases.leaf`, compiled) decides, so what
is written is accepted. Open leaves are all ``OPEN``, and a leaf that needs cases says which: after
``RIGHT_BY_CASES`` comes the tree of each row (:mod:`certify.relaxation.cases`), after
``WRONG_BY_CASES`` the index of a rival, a byte, and the tree of its lead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from certify.checker import cases
from certify.compiled import kernel
from certify.probability.boxes.branch_and_bound import (
    LEAF,
    MAX_DEPTH,
    OPEN,
    RIGHT,
    RIGHT_BY_CASES,
    TAIL,
    WRONG,
    WRONG_BY_CASES,
    reaching,
)
from certify.probability.boxes.cuts import cut_box
from certify.probability.boxes.quantiles import GRID, OK, W_ONE, WORK_ROWS, box_of
from certify.relaxation.cases import CASES, PROVED, prove_by_cases
from certify.relaxation.compiled import function
from certify.relaxation.linear import bound_box

_leaf = function(cases.leaf)
_CELLS = 2.0**GRID


@kernel
def _evidence(  # type: ignore[no-untyped-def]
    w_ih, w_hh, columns, margins, unit_slack, row_slack, reach, A, b, lo, hi,
    lower, upper, codes, values, score, tree, right, out, at,
):  # fmt: skip
    """Write at ``out[at]`` a leaf for a box, as floats prove it by twice the slack; returns where
    it ends, or -1.
    """
    share = reaching(A, hi)
    rows = margins if right else -margins
    bound_box(
        w_ih, w_hh, rows, A, b, lo, hi, share * unit_slack, 2.0 * share * row_slack,
        share * unit_slack, reach, True, 0, lower, upper, codes, values, score,
    )  # fmt: skip
    rival = int(np.argmax(values))
    if (right and values.min() > 0.0) or (not right and values[rival] > 0.0):
        out[at] = RIGHT if right else WRONG
        return at + 1
    out[at] = RIGHT_BY_CASES if right else WRONG_BY_CASES
    at += 1
    if not right:
        out[at] = rival
        at += 1
    for r in range(len(rows)):
        if not right and r != rival:
            continue
        if values[r] > 0.0:
            out[at] = PROVED
            at += 1
            continue
        size = prove_by_cases(
            w_ih, w_hh, columns, rows[r], A, b, lo, hi, 2.0 * share * row_slack[r],
            lower, upper, codes, CASES, tree,
        )  # fmt: skip
        if size < 0:
            return -1
        out[at : at + size] = tree[:size]
        at += size
    return at


@kernel
def confirm(  # type: ignore[no-untyped-def]
    w_ih, w_hh, margins, unit_slack, row_slack, reach,
    kind, uniform, chain, parent, levels, A, table, rule, space, trail, tape, out,
):  # fmt: skip
    """Prove each leaf of a tape, or of a certificate's, without what was known above it.

    The arguments are those of :func:`certify.probability.boxes.branch_and_bound.search`, and
    those of the checker's rule. A leaf stays proved if that rule proves it with bounds of its own
    box alone, by cases where need be. The others become open.

    Written: ``out``, the tape as a certificate has it.

    Returns:
        The length of that, or -1 where ``out`` is too short (call again with a longer one).
    """
    n, d = reach.shape
    R = len(margins)
    w_lo = np.zeros((MAX_DEPTH + 2, n), dtype=np.int64)
    w_hi = np.full((MAX_DEPTH + 2, n), W_ONE)
    lower = np.empty((n, d))
    upper = np.empty((n, d))
    codes = np.empty((n, d), dtype=np.uint8)
    lo = np.empty(n)
    hi = np.empty(n)
    work = np.empty((WORK_ROWS, n))
    values = np.empty(R)
    score = np.empty(n)
    tree = np.empty(2 * CASES, dtype=np.uint8)
    columns = np.ascontiguousarray(w_hh.T)
    b = np.zeros(n)
    top, at, length = 0, 0, 0
    while at < len(tape):
        if length + 2 + 2 * CASES * R > len(out):
            return -1
        node = tape[at]
        at += 1
        if node < LEAF:
            cut_box(w_lo, w_hi, top, node & (TAIL - 1), node & TAIL)
            top += 1
            out[length] = node
            length += 1
            continue
        right = node in (RIGHT, RIGHT_BY_CASES)
        if node == RIGHT_BY_CASES:
            at = _after(tape, at, R)
        elif node == WRONG_BY_CASES:
            at = _after(tape, at + 1, 1)
        good = right or node in (WRONG, WRONG_BY_CASES)
        if good:
            status = box_of(
                kind, uniform, chain, parent, levels, w_lo[top], w_hi[top], table, work, lo, hi
            )
            good = status == OK
        start = length
        out[length] = OPEN
        length += 1
        if good:
            lower[:] = -reach
            upper[:] = reach
            length = _evidence(
                w_ih, w_hh, columns, margins, unit_slack, row_slack, reach, A, b, lo, hi,
                lower, upper, codes, values, score, tree, right, out, start,
            )  # fmt: skip
            for j in range(n):
                space.lo[j] = int(lo[j] * _CELLS)
                space.hi[j] = int(hi[j] * _CELLS)
            if length < 0 or _leaf(rule, space, out, start + 1, out[start], trail) != length:
                out[start] = OPEN
                length = start + 1
        top -= 1
    return length


@kernel
def _after(tape, at, trees):  # type: ignore[no-untyped-def]
    """Where a tape goes on after so many trees of cases; past its end if they are cut off."""
    while trees > 0 and at < len(tape):
        if tape[at] == PROVED:
            trees -= 1
            at += 1
        else:
            trees += 1
            at += 2
    return at if trees == 0 else len(tape) + 1


_skip: Callable[..., int] = _after.py_func


def nodes(tape: bytes, rows: int) -> Iterator[bytes]:
    """The nodes of a certificate's tape in preorder, each leaf with its trees of cases.

    Raises:
        ValueError: the trees of a leaf are cut off.
    """
    at = 0
    while at < len(tape):
        end = at + 1
        if tape[at] == RIGHT_BY_CASES:
            end = _skip(tape, end, rows)
        elif tape[at] == WRONG_BY_CASES:
            end = _skip(tape, end + 1, 1)
        if end > len(tape):
            raise ValueError("the cases of a leaf are cut off")
        yield tape[at:end]
        at = end
