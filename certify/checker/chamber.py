"""The walk through the tree of one chamber of simplicial cones, in integers of 62 bits.

A part of Python that numba compiles as it stands, like :mod:`certify.checker.kernel`.
"""

from __future__ import annotations

from typing import NamedTuple

from certify.checker.conic import COORDINATE, Cone, bound_cone
from certify.checker.kernel import Ints, Rule
from certify.checker.portions import MEASURE, MOST_PORTIONS, RAY, Portions, decided
from certify.checker.running import Kernels

SKIPPED, LEAF = 254, 255
MAX_DEPTH = 200
FINEST = 52  # Rays are multiples of 2**-FINEST, rounded down by less than one for each cut.
VOLUME = 49  # Determinants are m 2**-(VOLUME + e), rounded down, 2**VOLUME <= m < 2**(VOLUME + 1).
SHARE = 29  # bits of one that are used
SUM = SHARE + MEASURE  # Measures are summed in units of 2**-SUM.


class Walk(NamedTuple):
    """Branches that wait, ``MAX_DEPTH + 2`` at most: ``rays`` (n n each), ``mantissa`` and
    ``exponent`` of their determinants, ``depth``. ``state``: the next byte of the tape, how many
    branches wait, leaves, and the measures right and wrong. ``verdict`` (one a byte, or none):
    whether a leaf decides anything.
    """

    rays: Ints
    mantissa: Ints
    exponent: Ints
    depth: Ints
    state: Ints
    verdict: Ints


def weigh_leaf(rule: Rule, cone: Cone, portions: Portions, walk: Walk, uniform: bool) -> bool:
    """Bound the branch above the last that waits, and add to the measures; False if by nothing."""
    n, rivals = rule.n, len(rule.rows) // rule.d // 2
    top, any_at_all = walk.state[1], False
    for k in range(n * n):
        cone.rays[k] = walk.rays[top * n * n + k] >> (FINEST - COORDINATE)
    if not bound_cone(rule, cone):
        return False
    share, exponent = walk.mantissa[top] >> (VOLUME - SHARE), walk.exponent[top]
    for some in (False, True):
        for k in range(n * n):
            portions.rays[k] = walk.rays[top * n * n + k] >> (FINEST - RAY)
        for k in range(rivals * n):
            portions.values[k] = -cone.upper[k] if some else cone.lower[k]
        found = decided(n, rivals, some, uniform, portions)
        walk.state[4 if some else 3] += (found * share) >> min(exponent, 62)
        any_at_all = any_at_all or found > 0
    return any_at_all


def walk_tape(
    rule: Rule, cone: Cone, portions: Portions, walk: Walk, tape: Ints, until: int, uniform: bool
) -> int:
    """Go on with a tape up to the byte ``until``; -1, or what is wrong with it."""
    n, rays = rule.n, walk.rays
    while walk.state[0] < until:
        at, top = walk.state[0], walk.state[1] - 1
        node = tape[at]
        walk.state[0] = at + 1
        walk.state[1] = top
        if top < 0:
            return 0
        if node >= SKIPPED:
            if node == LEAF:
                walk.state[2] += 1
                if weigh_leaf(rule, cone, portions, walk, uniform) and len(walk.verdict) > 0:
                    walk.verdict[at] = 1
            continue
        i, j, w = node // n, node % n, 0
        if at + 1 < len(tape):
            w = tape[at + 1]
        if i >= n or i == j or w == 0 or walk.depth[top] == MAX_DEPTH:
            return 1
        walk.state[0] = at + 2
        to = top + 1
        for k in range(n * n):
            rays[to * n * n + k] = rays[top * n * n + k]
        for c in range(n):
            new = (w * rays[(top * n + i) * n + c] + (256 - w) * rays[(top * n + j) * n + c]) >> 8
            rays[(to * n + j) * n + c] = new
            rays[(top * n + i) * n + c] = new
        whole, exponent = walk.mantissa[top], walk.exponent[top]
        walk.depth[top] += 1
        walk.depth[to] = walk.depth[top]
        for part, weight in ((top, w), (to, 256 - w)):
            m, e = whole * weight, exponent + 8
            while m >= 2 << VOLUME:
                m >>= 1
                e -= 1
            walk.mantissa[part] = m
            walk.exponent[part] = e
        walk.state[1] = to + 1
    return -1


def rooms(rule: Rule, kernels: Kernels, noted: int) -> tuple[Cone, Portions, Walk]:
    """Room to work in, with the root of a tree whose rays are still missing."""
    n, d, rivals = rule.n, rule.d, len(rule.rows) // rule.d // 2
    filled = kernels.filled
    cone = Cone(
        filled(0, n * n), filled(0, n * d * n), filled(0, n * d * n), filled(0, n * d),
        filled(0, n * d), filled(0, rivals * n), filled(0, rivals * n), filled(0, n), filled(0, n),
        kernels.short([0] * d), filled(0, d), filled(0, n), filled(0, n), filled(0, d),
        filled(0, d),
    )  # fmt: skip
    size = MOST_PORTIONS
    portions = Portions(
        filled(0, size * n * n), filled(0, size * rivals * n), filled(0, size), filled(0, size),
        filled(0, n * n), filled(0, n),
    )  # fmt: skip
    size = MAX_DEPTH + 2
    walk = Walk(
        filled(0, size * n * n), filled(0, size), filled(0, size), filled(0, size),
        filled(0, 5), filled(0, noted),
    )  # fmt: skip
    walk.mantissa[0], walk.state[1] = 1 << VOLUME, 1
    return cone, portions, walk
