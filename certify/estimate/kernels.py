"""Compiled kernels: blocks of inputs through the recurrence.

Plain sampling and the cubature go through the recurrence in the same way, products by BLAS on
(d, LANES) blocks with one column for each input, so that their times compare methods and not
implementations.
"""

from __future__ import annotations

import numpy as np

from certify.compiled import kernel
from certify.model import FloatArray

LANES = 120
"""Inputs in a block: not a power of two, so that a column does not crowd one set of the cache."""

# error_model="numpy" below: no exception on a division by zero, whose check would keep loops from
# being vectorised.


@kernel(error_model="numpy")
def rectify(before, w_ih, x, h):  # type: ignore[no-untyped-def]
    """``h = relu(before + w_ih x)`` for before, h (d, LANES), x (LANES)."""
    for i in range(w_ih.size):
        v = w_ih[i]
        for b in range(LANES):
            h[i, b] = max(before[i, b] + v * x[b], 0.0)


@kernel(error_model="numpy")
def track(x, t, top, second, top_at, second_at):  # type: ignore[no-untyped-def]
    """Update each lane's two largest inputs and their positions with the input x at step t."""
    for b in range(LANES):
        if x[b] > top[b]:
            second[b], second_at[b] = top[b], top_at[b]
            top[b], top_at[b] = x[b], t
        elif x[b] > second[b]:
            second[b], second_at[b] = x[b], t


@kernel(error_model="numpy")
def count_right(w_ih, w_hh, w_out, inputs):  # type: ignore[no-untyped-def]
    """How many of the inputs (N, n) the network gets right."""
    d, n = w_ih.size, w_out.shape[0]
    samples = len(inputs)
    x, top, second = np.zeros(LANES), np.empty(LANES), np.empty(LANES)
    top_at, second_at = np.zeros(LANES, np.int64), np.zeros(LANES, np.int64)
    before, h, logits = np.empty((d, LANES)), np.empty((d, LANES)), np.empty((n, LANES))
    right = 0
    for start in range(0, samples, LANES):
        before[:] = 0.0
        top[:] = second[:] = -np.inf
        here = min(LANES, samples - start)
        for t in range(n):
            for b in range(here):
                x[b] = inputs[start + b, t]
            track(x, t, top, second, top_at, second_at)
            rectify(before, w_ih, x, h)
            if t < n - 1:
                np.dot(w_hh, h, before)
        np.dot(w_out, h, logits)
        for b in range(here):
            s = second_at[b]
            beaten = 0
            for j in range(n):
                beaten += logits[s, b] > logits[j, b]
            right += beaten == n - 1
    return right


@kernel(error_model="numpy")
def count_right_tree(w_ih, w_hh, w_out, prefixes, branches, leaves):  # type: ignore[no-untyped-def]
    """How many leaves of a tree of inputs the network gets right.

    ``prefixes`` (N, n-2) are the first inputs, ``branches`` (N, k) the values of the next and
    ``leaves`` (N, k, m) those of the last one.
    """
    d, n = w_ih.size, w_out.shape[0]
    count, first = len(prefixes), n - 2
    x, top, second = np.zeros(LANES), np.empty(LANES), np.empty(LANES)
    top_at, second_at = np.zeros(LANES, np.int64), np.zeros(LANES, np.int64)
    top_2, second_2, top_at_2, second_at_2 = top.copy(), top.copy(), top_at.copy(), top_at.copy()
    shared, before, h = np.empty((d, LANES)), np.empty((d, LANES)), np.empty((d, LANES))
    logits, last = np.empty((n, LANES)), n - 1
    right = 0
    for block in range(0, count, LANES):
        lanes = min(LANES, count - block)
        shared[:] = 0.0
        top[:] = second[:] = -np.inf
        for t in range(first):
            for b in range(lanes):
                x[b] = prefixes[block + b, t]
            track(x, t, top, second, top_at, second_at)
            rectify(shared, w_ih, x, h)
            np.dot(w_hh, h, shared)
        for branch in range(branches.shape[1]):
            for b in range(lanes):
                x[b] = branches[block + b, branch]
            top_2[:], second_2[:] = top, second
            top_at_2[:], second_at_2[:] = top_at, second_at
            track(x, first, top_2, second_2, top_at_2, second_at_2)
            rectify(shared, w_ih, x, h)
            np.dot(w_hh, h, before)
            for leaf in range(leaves.shape[2]):
                for b in range(lanes):
                    x[b] = leaves[block + b, branch, leaf]
                rectify(before, w_ih, x, h)
                np.dot(w_out, h, logits)
                for b in range(lanes):
                    s = second_at_2[b]
                    if x[b] > top_2[b]:
                        s = top_at_2[b]
                    elif x[b] > second_2[b]:
                        s = last
                    beaten = 0
                    for j in range(n):
                        beaten += logits[s, b] > logits[j, b]
                    right += beaten == n - 1
    return right


def contiguous(*arrays: FloatArray) -> tuple[FloatArray, ...]:
    """The same arrays, C-contiguous float64, as the kernels are compiled for."""
    return tuple(np.ascontiguousarray(a, dtype=np.float64) for a in arrays)
