"""Compiled kernels: blocks of inputs through the recurrence, and the closed sweep of the last.

Plain sampling and the cubature go through the recurrence in the same way, products by BLAS on
(d, LANES) blocks with one column for each input, so that their times compare methods and not
implementations.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from certify.model import FloatArray

LANES = 256
_NEGLIGIBLE = 1e-6
_WIDTH = 8

# error_model="numpy" below: no exception on a division by zero, whose check would keep loops from
# being vectorised.


@njit(cache=True, nogil=True, error_model="numpy")
def _rectify(before, w_ih, x, h):  # type: ignore[no-untyped-def]
    """``h = relu(before + w_ih x)`` for before, h (d, LANES), x (LANES)."""
    for i in range(w_ih.size):
        v = w_ih[i]
        for b in range(LANES):
            h[i, b] = max(before[i, b] + v * x[b], 0.0)


@njit(cache=True, nogil=True, error_model="numpy")
def _track(x, t, top, second, top_at, second_at):  # type: ignore[no-untyped-def]
    """Update each lane's two largest inputs and their positions with the input x at step t."""
    for b in range(LANES):
        if x[b] > top[b]:
            second[b], second_at[b] = top[b], top_at[b]
            top[b], top_at[b] = x[b], t
        elif x[b] > second[b]:
            second[b], second_at[b] = x[b], t


@njit(cache=True, nogil=True, error_model="numpy")
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
            _track(x, t, top, second, top_at, second_at)
            _rectify(before, w_ih, x, h)
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


@njit(cache=True, nogil=True, error_model="numpy")
def ratio_cdf(c, nu):  # type: ignore[no-untyped-def]
    """``P(x / R <= c)`` for x standard normal and R independent, chi with nu >= 1 degrees.

    ``c sqrt(nu)`` is Student's t; for whole nu its distribution is a finite sum in
    ``atan c`` (Abramowitz and Stegun 26.7.3 and 26.7.4).
    """
    square = 1.0 / (1.0 + c * c)
    sine = c * math.sqrt(square)
    if nu % 2:
        term, total = math.sqrt(square), 0.0
        for k in range((nu - 1) // 2):
            if k:
                term *= square * (2 * k) / (2 * k + 1)
            total += term
        return 0.5 + (math.atan(c) + sine * total) / math.pi
    term = total = 1.0
    for k in range(1, nu // 2):
        term *= square * (2 * k - 1) / (2 * k)
        total += term
    return 0.5 + 0.5 * sine * total


@njit(cache=True, nogil=True, error_model="numpy")
def _reach(nu):  # type: ignore[no-untyped-def]
    """A c beyond which :func:`ratio_cdf` has less than a negligible mass on either side."""
    c = 1.0
    while ratio_cdf(-c, nu) > _NEGLIGIBLE and c < 1e6:
        c *= 1.25
    return c


@njit(cache=True, nogil=True, error_model="numpy")
def _insert(ends, what, count, end, name):  # type: ignore[no-untyped-def]
    """Insert an event into the sorted list; returns the new length."""
    p = count
    while p > 0 and ends[p - 1] > end:
        ends[p], what[p] = ends[p - 1], what[p - 1]
        p -= 1
    ends[p], what[p] = end, name
    return count + 1


@njit(cache=True, nogil=True, error_model="numpy")
def right_mass(  # type: ignore[no-untyped-def]
    before,
    w_ih,
    out_t,
    top,
    second,
    top_at,
    second_at,
    reach,
    logits,
    slopes,
    start_of,
    ends,
    what,
    n,
):
    """The probability that the last input makes the network right, and the operations.

    ``before`` (d) is ``W_hh h_(n-1) / R`` with R the norm of the prefix, ``top`` and ``second`` the
    prefix's two largest inputs over R. Over z = last input / R the logits are piecewise linear
    and the position to pick is ``second_at`` below ``second``, the last one up to ``top`` and
    ``top_at`` above. R is chi with n - 1 degrees and independent of the prefix's direction, so
    a range of z has the mass that :func:`ratio_cdf` says. Beyond ``reach`` the verdict at the end
    is taken.
    """
    d, padded = out_t.shape
    count = on = operations = 0
    for j in range(padded):
        logits[j], slopes[j] = 0.0 if j < n else -np.inf, 0.0
    for i in range(d):
        w = w_ih[i]
        start = before[i] - w * reach
        if start > 0.0:
            for j in range(padded):
                logits[j] += out_t[i, j] * start
                slopes[j] += out_t[i, j] * w
            operations += 2 * n
            on += 1
        if start * (before[i] + w * reach) < 0.0:
            count = _insert(ends, what, count, -before[i] / w, i)
    operations += 2 * d + count
    count = _insert(ends, what, count, max(second, -reach), d)
    count = _insert(ends, what, count, top, d + 1)
    ends[count], what[count] = reach, d + 2
    z, total, opened, is_open, pick = -reach, 0.0, 0.0, False, second_at
    for event in range(count + 1):
        width = ends[event] - z
        own = logits[pick]
        own_after = own + slopes[pick] * width
        lost = lost_after = lost_both = 0
        for j in range(padded):
            after = logits[j] + slopes[j] * width
            behind, behind_after = logits[j] >= own, after >= own_after
            lost += behind
            lost_after += behind_after
            lost_both += behind and behind_after
            start_of[j] = logits[j]
            logits[j] = after
        operations += n
        # The pick itself is never ahead of itself, so that 1 stands for a win.
        lo, hi = z, ends[event]
        if lost_both > 1:
            lo = np.inf
        elif lost > 1 or lost_after > 1:
            for j in range(n):
                if j != pick:
                    margin, after = own - start_of[j], own_after - logits[j]
                    if margin <= 0.0:
                        lo = max(lo, z + width * (margin / (margin - after)))
                    elif after <= 0.0:
                        hi = min(hi, z + width * (margin / (margin - after)))
            operations += lost + lost_after
        if is_open and not (lo == z and lo < hi):
            total += ratio_cdf(z, n - 1) - opened
            is_open = False
        if lo < hi:
            if not is_open:
                opened = ratio_cdf(lo, n - 1) if lo > -reach else 0.0
                is_open = True
            if lost_after > 1:
                total += ratio_cdf(hi, n - 1) - opened
                is_open = False
        name = what[event]
        if name < d:
            w = w_ih[name]
            on += 1 if w > 0.0 else -1
            if on:
                for j in range(padded):
                    slopes[j] += out_t[name, j] * abs(w)
            else:
                # With no unit on all logits are zero, a tie that rounding must not decide.
                for j in range(n):
                    logits[j] = slopes[j] = 0.0
            operations += n
        else:
            pick = n - 1 if name == d else top_at
        z = ends[event]
    if is_open:
        total += 1.0 - opened
    return total, operations


@njit(cache=True, nogil=True, error_model="numpy")
def mean_right_mass(w_ih, w_hh, w_out, prefixes, branches):  # type: ignore[no-untyped-def]
    """The mean of :func:`right_mass` over prefixes and branches, and the sweeps' operations.

    ``prefixes`` (N, n-2) are the first inputs, ``branches`` (N, k) the values of the next one;
    N is a multiple of LANES.
    """
    d, n = w_ih.size, w_out.shape[0]
    first, reach = n - 2, _reach(n - 1)
    padded = (n + _WIDTH - 1) // _WIDTH * _WIDTH
    out_t = np.zeros((d, padded))
    out_t[:, :n] = w_out.T
    x, top, second = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    top_at, second_at = np.zeros(LANES, np.int64), np.zeros(LANES, np.int64)
    shared, before, h = np.empty((d, LANES)), np.empty((d, LANES)), np.empty((d, LANES))
    squares, column = np.empty(LANES), np.empty(d)
    logits, slopes, start_of = np.empty(padded), np.empty(padded), np.empty(padded)
    ends, what = np.empty(d + 3), np.empty(d + 3, np.int64)
    total, operations = 0.0, 0
    for start in range(0, len(prefixes), LANES):
        shared[:] = squares[:] = 0.0
        top[:] = second[:] = -np.inf
        for t in range(first):
            for b in range(LANES):
                x[b] = prefixes[start + b, t]
                squares[b] += x[b] * x[b]
            _track(x, t, top, second, top_at, second_at)
            _rectify(shared, w_ih, x, h)
            np.dot(w_hh, h, shared)
        for branch in range(branches.shape[1]):
            for b in range(LANES):
                x[b] = branches[start + b, branch]
            _rectify(shared, w_ih, x, h)
            np.dot(w_hh, h, before)
            for b in range(LANES):
                a, at, c, other = top[b], top_at[b], second[b], second_at[b]
                if x[b] > a:
                    c, other = a, at
                    a, at = x[b], first
                elif x[b] > c:
                    c, other = x[b], first
                scale = 1.0 / math.sqrt(squares[b] + x[b] * x[b])
                for i in range(d):
                    column[i] = before[i, b] * scale
                mass, cost = right_mass(
                    column, w_ih, out_t, a * scale, c * scale, at, other, reach,
                    logits, slopes, start_of, ends, what, n,
                )  # fmt: skip
                total += mass
                operations += cost
    return total / branches.size, operations


def contiguous(*arrays: FloatArray) -> tuple[FloatArray, ...]:
    """The same arrays, C-contiguous float64, as the kernels are compiled for."""
    return tuple(np.ascontiguousarray(a, dtype=np.float64) for a in arrays)
