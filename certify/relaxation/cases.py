"""Proof by cases: undecided units are on, or off.

Between the zero and the identity an undecided unit is bounded from above by a chord, and where a
margin falls with it that chord is most of what the bound lacks: over the boxes that a search for
the accuracy leaves open, one unit makes 42 % of the gap at the worst corner, three make 70 %. In
the two cases ``z >= 0`` and ``z <= 0`` the unit is linear. Both must prove the same row, so no
measure of either is needed, and the bounds of all other units stay as they are: a case costs one
substitution. For units that the row falls with, the lesser of the two cases is the exact minimum
for linear z, so their half-spaces need not be used; where the row rises with a unit, cases without
half-spaces bring nothing, and none are made. Bunel et al. 2018 branch like this where the
half-spaces matter as well.

The tree of a row is kept in preorder: ``PROVED`` is a leaf; a step and a unit, a byte each, come
before the tree where that unit is on and the tree where it is off.
"""

from __future__ import annotations

import numpy as np

from certify.compiled import kernel
from certify.relaxation.linear import relax
from certify.relaxation.substitution import substitute

PROVED = 255
#: Substitutions before a row is given up.
CASES = 64


@kernel
def last_state(w_ih, columns, A, y, h, new):  # type: ignore[no-untyped-def]
    """Leave in ``h`` (d,) the last state for the input ``A y``, roughly; ``new`` (d,) is scratch.

    ``columns`` (d, d) is the transpose of ``w_hh``: so the inner loop is a sum of vectors.
    """
    n, k = A.shape
    d = len(w_ih)
    h[:] = 0.0
    for t in range(n):
        x = 0.0
        for j in range(k):
            x += A[t, j] * y[j]
        for i in range(d):
            new[i] = w_ih[i] * x
        for j in range(d):
            c = h[j]
            if c > 0.0:
                for i in range(d):
                    new[i] += columns[j, i] * c
        for i in range(d):
            h[i] = max(new[i], 0.0)


@kernel
def prove_by_cases(  # type: ignore[no-untyped-def]
    w_ih, w_hh, columns, target, A, b, lo, hi, chain, slack, lower, upper, codes, most, tree
):
    """Prove that a row is positive on a box; returns the length of its tree, or -1.

    Read: float weights ``w_ih`` (d,), ``w_hh`` (d, d) and its transpose ``columns``; ``target``
    (d,), the row, a functional of the last state, and ``slack``, what rounding may cost it; ``A``
    (n, k) and ``b`` (n,); the box ``lo``, ``hi`` (k,) and ``chain`` (k + 2,), a sum of
    its coordinates, its least and its most; ``lower``, ``upper`` and ``codes`` (n, d) as
    :func:`certify.relaxation.linear.bound_box` left them; ``most``, the number of substitutions.

    Written: ``tree``, at least ``2 * most`` bytes.
    """
    n, d = lower.shape
    k = len(lo)
    a = np.empty((n, d))
    slope = np.empty((n, d))
    intercept = np.empty((n, d))
    for t in range(n):
        for i in range(d):
            a[t, i], slope[t, i], intercept[t, i] = relax(codes[t, i], lower[t, i], upper[t, i])
    row = np.empty(d)
    other = np.empty(d)
    new = np.empty(d)
    g = np.empty(n)
    q = np.empty(k)
    corner = np.empty(k)
    keep = np.empty((n, d))
    steps = np.empty(most, dtype=np.int64)  # the cases on the way to where we are
    units = np.empty(most, dtype=np.int64)
    off = np.zeros(most, dtype=np.bool_)
    depth, length = 0, 0
    for _ in range(most):
        row[:] = target
        value = substitute(
            n, row, 0.0, w_ih, w_hh, a, slope, intercept, A, b, lo, hi, chain, other, g, q, corner,
            keep,
        )  # fmt: skip
        if value - slack > 0.0:
            tree[length] = PROVED
            length += 1
            while depth > 0:
                t, i = steps[depth - 1], units[depth - 1]
                if not off[depth - 1]:
                    off[depth - 1] = True
                    a[t, i], slope[t, i], intercept[t, i] = 0.0, 0.0, 0.0
                    break
                depth -= 1
                a[t, i], slope[t, i], intercept[t, i] = relax(codes[t, i], lower[t, i], upper[t, i])
            if depth == 0:
                return length
            continue
        last_state(w_ih, columns, A, corner, row, new)
        least = 0.0
        for i in range(d):
            least += target[i] * row[i]
        if least <= 0.0:
            return -1  # not for want of cases
        cost, step, unit = 0.0, -1, -1
        for t in range(n):
            for i in range(min(d, PROVED)):
                gap = -keep[t, i] * intercept[t, i]
                if gap > cost and 0 < codes[t, i] < 255:
                    cost, step, unit = gap, t, i
        if step < 0:
            return -1
        tree[length], tree[length + 1] = step, unit
        length += 2
        steps[depth], units[depth], off[depth] = step, unit, False
        a[step, unit], slope[step, unit], intercept[step, unit] = 1.0, 1.0, 0.0
        depth += 1
    return -1
