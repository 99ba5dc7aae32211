"""The closed sweep of the last input, compiled: what makes the cubature's inner integral exact."""

from __future__ import annotations

import math

import numpy as np

from certify.compiled import kernel
from certify.estimate.kernels import LANES, rectify, track

_NEGLIGIBLE = 1e-4
"""Mass on either side that takes the verdict at the sweep's end: at most this is in error."""
_WIDTH = 8
_FAR = 1e300
_HALF = 512


@kernel(error_model="numpy")
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


@kernel(error_model="numpy")
def _table(nu):  # type: ignore[no-untyped-def]
    """:func:`ratio_cdf` at ``u = -1, .., 1`` in equal steps, where ``u = c / (1 + |c|)``."""
    values = np.empty(2 * _HALF + 1)
    values[0], values[-1] = 0.0, 1.0
    for k in range(1, 2 * _HALF):
        u = k / _HALF - 1.0
        values[k] = ratio_cdf(u / (1.0 - abs(u)), nu)
    return values


@kernel(error_model="numpy", inline="always")
def _look_up(table, c):  # type: ignore[no-untyped-def]
    """:func:`ratio_cdf` to within 1e-5, linear between the table's entries."""
    place = (c / (1.0 + abs(c)) + 1.0) * _HALF
    k = int(place)
    return table[k] + (place - k) * (table[k + 1] - table[k])


@kernel(error_model="numpy")
def _reach(nu):  # type: ignore[no-untyped-def]
    """A c beyond which :func:`ratio_cdf` has less than a negligible mass on either side."""
    c = 1.0
    while ratio_cdf(-c, nu) > _NEGLIGIBLE and c < 1e6:
        c *= 1.25
    return c


@kernel(error_model="numpy", inline="always")
def _rival(logits, pick, n):  # type: ignore[no-untyped-def]
    """The first position whose logit is not below the pick's, or -1 where the pick wins."""
    own = logits[pick]
    count = 0
    for j in range(logits.size):
        count += logits[j] >= own
    if count > 1:
        for j in range(n):
            if logits[j] >= own and j != pick:
                return j
    return -1


@kernel(error_model="numpy")
def _right_part(logits, slopes, pick, n, lo, hi):  # type: ignore[no-untyped-def]
    """The part of the segment from lo to hi where the pick wins; its ends cross if there is none.

    ``logits`` are those at hi.
    """
    end, width = hi, hi - lo
    own, own_slope = logits[pick], slopes[pick]
    for j in range(n):
        if j != pick:
            margin, slope = own - logits[j], own_slope - slopes[j]
            if margin <= 0.0:
                if margin <= slope * width:
                    return np.inf, hi
                hi = min(hi, end - margin / slope)
            elif margin <= slope * width:
                lo = max(lo, end - margin / slope)
    return lo, hi


@kernel(error_model="numpy")
def _sort_breaks(before, scale, inverse, breaks, network):  # type: ignore[no-untyped-def]
    """Each lane's breaks ``before inverse scale`` in order, the unit's number in the lowest bits.

    ``breaks`` (m, LANES), m a power of two and at least d, is filled; units without a break stand
    last. The number takes the place of the mantissa's lowest bits, a relative change below
    m 2^-52. All lanes go through one sorting network, so that no branch depends on the data.
    """
    d, size = len(before), len(breaks)
    bits = breaks.view(np.int64)
    for i in range(size):
        factor = inverse[i] if i < d else 0.0
        for b in range(LANES):
            if factor == 0.0:
                breaks[i, b] = _FAR
            else:
                point = before[min(i, d - 1), b] * scale[b] * factor
                breaks[i, b] = min(max(point, -_FAR), _FAR)
        for b in range(LANES):
            bits[i, b] = (bits[i, b] & ~(size - 1)) | i
    for k in range(len(network)):
        i, j = network[k]
        for b in range(LANES):
            x, y = breaks[i, b], breaks[j, b]
            breaks[i, b] = x if x < y else y
            breaks[j, b] = y if x < y else x
    return bits


@kernel(error_model="numpy")
def _sorting_network(size):  # type: ignore[no-untyped-def]
    """The comparators (count, 2) of Batcher's odd-even merge sort, for a power of two."""
    pairs = [(0, 0)]
    p = 1
    while p < size:
        k = p
        while k >= 1:
            for j in range(k % p, size - k, 2 * k):
                for i in range(min(k, size - j - k)):
                    if (i + j) // (2 * p) == (i + j + k) // (2 * p):
                        pairs.append((i + j, i + j + k))
            k //= 2
        p *= 2
    return np.array(pairs[1:] if size > 1 else pairs)


# In one piece: with the first loop in a function of its own cubature takes 8 % longer.
@kernel(error_model="numpy")
def right_mass(  # type: ignore[no-untyped-def]
    breaks, bits, lane, w_ih, out_t, on, top, second, top_at, second_at, reach, n, logits, slopes,
    table,
):  # fmt: skip
    """The probability that the last input makes the network right, and the operations.

    Over z, the last input over the norm R of the prefix, the logits are piecewise linear and the
    position to pick is ``second_at`` below ``second``, the last one up to ``top`` and ``top_at``
    above (the prefix's two largest inputs over R, and where they stand). R is chi with n - 1
    degrees and independent of the prefix's direction, so a range of z has the mass that
    :func:`ratio_cdf` says. Beyond ``reach`` the verdict at the end is taken.

    ``logits`` and ``slopes``, padded, are those at -reach as if no unit had its break before, and
    ``on`` counts the units that are on there. At a unit's break its slope enters with ``|w_ih|``:
    it switches on, or one that leans the other way switches off.
    """
    size, padded, operations = len(breaks), len(logits), n
    e = 0
    while e < size and breaks[e, lane] <= -reach:
        i = bits[e, lane] & (size - 1)
        change, gap = abs(w_ih[i]), -reach - breaks[e, lane]
        on += 1 if w_ih[i] > 0.0 else -1
        for j in range(n):
            slopes[j] += out_t[i, j] * change
            logits[j] += out_t[i, j] * change * gap
        operations += 2 * n
        e += 1
    if not on:
        logits[:n] = slopes[:n] = 0.0

    z, total, opened, is_open, pick = -reach, 0.0, 0.0, False, second_at
    row, change, zone, cut = 0, 0.0, 0, max(second, -reach)
    rival = _rival(logits, pick, n)
    while zone < 3:
        at_cut = e >= size or breaks[e, lane] >= cut
        end = hi = cut if at_cut else breaks[e, lane]
        width = hi - z
        for j in range(padded):
            slopes[j] += out_t[row, j] * change
            logits[j] += slopes[j] * width
        operations += n
        if rival < 0 or logits[rival] < logits[pick]:
            after = _rival(logits, pick, n)
            lo = z
            if rival >= 0 or after >= 0:
                lo, hi = _right_part(logits, slopes, pick, n, z, hi)
                operations += n
            if is_open and lo > z:
                total += _look_up(table, z) - opened
                is_open = False
            if lo < hi:
                if not is_open:
                    opened = _look_up(table, lo) if lo > -reach else 0.0
                    is_open = True
                if after >= 0:
                    total += _look_up(table, hi) - opened
                    is_open = False
            rival = after
        elif is_open:
            total += _look_up(table, z) - opened
            is_open = False
        z, change = end, 0.0
        if at_cut:
            zone += 1
            pick, cut = (n - 1, top) if zone == 1 else (top_at, reach)
            rival = _rival(logits, pick, n)
        else:
            row = bits[e, lane] & (size - 1)
            change = abs(w_ih[row])
            on += 1 if w_ih[row] > 0.0 else -1
            operations += n
            e += 1
            if not on:
                # All logits are zero now, a tie that rounding must not decide.
                change = 0.0
                logits[:n] = slopes[:n] = 0.0
                rival = 0 if pick else 1
    if is_open:
        total += 1.0 - opened
    return total, operations


@kernel(error_model="numpy")
def mean_right_mass(w_ih, w_hh, w_out, prefixes, branches):  # type: ignore[no-untyped-def]
    """The mean of :func:`right_mass` over prefixes and branches, and the sweeps' operations.

    ``prefixes`` (N, n-2) are the first inputs, ``branches`` (N, k) the values of the next one.
    """
    d, n = w_ih.size, w_out.shape[0]
    count, first, reach, table = len(prefixes), n - 2, _reach(n - 1), _table(n - 1)
    padded = (n + _WIDTH - 1) // _WIDTH * _WIDTH
    out_t = np.zeros((d, padded))
    out_t[:, :n] = w_out.T
    # Far on the left the units with a negative input weight are on.
    left_map, left_slopes, inverse = np.zeros((d, padded)), np.zeros(padded), np.zeros(d)
    for i in range(d):
        if w_ih[i] != 0.0:
            inverse[i] = -1.0 / w_ih[i]
        if w_ih[i] < 0.0:
            left_map[i] = out_t[i]
            left_slopes += out_t[i] * w_ih[i]
    left_on, zeros = np.sum(w_ih < 0.0), np.any(w_ih == 0.0)
    size = 1
    while size < d:
        size *= 2
    network = _sorting_network(size)
    x, top, second = np.zeros(LANES), np.empty(LANES), np.empty(LANES)
    top_at, second_at = np.zeros(LANES, np.int64), np.zeros(LANES, np.int64)
    shared, before, h = np.empty((d, LANES)), np.empty((d, LANES)), np.empty((d, LANES))
    squares, scale, start = np.empty(LANES), np.empty(LANES), np.empty((LANES, padded))
    breaks = np.empty((size, LANES))
    logits, slopes = np.empty(padded), np.empty(padded)
    total, operations = 0.0, 0
    for block in range(0, count, LANES):
        lanes = min(LANES, count - block)
        shared[:] = squares[:] = 0.0
        top[:] = second[:] = -np.inf
        for t in range(first):
            for b in range(lanes):
                x[b] = prefixes[block + b, t]
                squares[b] += x[b] * x[b]
            track(x, t, top, second, top_at, second_at)
            rectify(shared, w_ih, x, h)
            np.dot(w_hh, h, shared)
        for branch in range(branches.shape[1]):
            for b in range(lanes):
                x[b] = branches[block + b, branch]
            for b in range(LANES):
                scale[b] = 1.0 / math.sqrt(squares[b] + x[b] * x[b])
            rectify(shared, w_ih, x, h)
            np.dot(w_hh, h, before)
            np.dot(before.T, left_map, start)
            bits = _sort_breaks(before, scale, inverse, breaks, network)
            operations += lanes * (n * d + 3 * d)
            for b in range(lanes):
                a, at, c, other = top[b], top_at[b], second[b], second_at[b]
                if x[b] > a:
                    c, other = a, at
                    a, at = x[b], first
                elif x[b] > c:
                    c, other = x[b], first
                for j in range(padded):
                    slopes[j] = left_slopes[j]
                    logits[j] = start[b, j] * scale[b] - left_slopes[j] * reach
                for j in range(n, padded):
                    logits[j] = -np.inf
                on = left_on
                for i in range(d if zeros else 0):
                    if w_ih[i] == 0.0 and before[i, b] > 0.0:
                        on += 1
                        operations += n
                        for j in range(n):
                            logits[j] += out_t[i, j] * before[i, b] * scale[b]
                mass, cost = right_mass(
                    breaks, bits, b, w_ih, out_t, on, a * scale[b], c * scale[b], at, other,
                    reach, n, logits, slopes, table,
                )  # fmt: skip
                total += mass
                operations += cost
    return total / branches.size, operations
