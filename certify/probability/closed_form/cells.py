"""Full tropical enumeration: the cells of a network with a short input, as simplicial cones.

R^n is cut by the order of the inputs and 0 into ``(n+1)!`` simplicial chambers, and each chamber
by the network: a simplicial cone on which a pre-activation (or, once all units are decided, a
margin) takes both signs is cut in two by a ray on an edge where it vanishes. So the pieces form
a binary tree under each chamber and cover it by construction; on a leaf the activation pattern
is constant and the model either right everywhere inside or wrong everywhere.

All numbers are integers: rays are primitive integer vectors, and a state at a ray times
``2**(shift t)`` is an integer vector. The number of cells of a network with n d units is
``O((n d)^(n-1))``, so this is for n = 2 and 3, and for small n = 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from math import gcd
from typing import NamedTuple

from certify.claims import Pair, rivals
from certify.model import IntVector, Network

Rays = tuple[IntVector, ...]


class Split(NamedTuple):
    """Cut by the ray ``a * rays[i] + b * rays[j]``, ``a, b > 0``.

    The first child has it in place of ``rays[j]``, the second in place of ``rays[i]``.
    """

    i: int
    j: int
    a: int
    b: int


class Chamber(NamedTuple):
    """All inputs with ``x[order[0]] > x[order[1]] > ...``, of which the first ``above`` are
    positive and the others negative; ``rays`` spans it.
    """

    order: tuple[int, ...]
    above: int
    rays: Rays


@dataclass(frozen=True)
class Leaf:
    """A simplicial cone on which nothing changes: its integer ``rays`` (n vectors of length n),
    the activation ``pattern`` (a bit mask for each step, bit i is unit i) and the verdict.
    """

    rays: Rays
    pattern: tuple[int, ...]
    right: bool


@dataclass(frozen=True)
class ChamberTree:
    """A chamber cut up: ``nodes`` in pre-order, a :class:`Split` or the verdict of a leaf."""

    chamber: Chamber
    nodes: tuple[Split | bool, ...]
    leaves: tuple[Leaf, ...]


def chambers(n: int, *, positive: bool = False) -> Iterator[Chamber]:
    """The chambers of R^n, or with ``positive`` of the positive orthant, in lexicographic order."""
    for order in permutations(range(n)):
        for above in (n,) if positive else range(n + 1):
            up = [[int(i in order[:k]) for i in range(n)] for k in range(1, above + 1)]
            down = [[-int(i in order[k:]) for i in range(n)] for k in range(above, n)]
            yield Chamber(order, above, tuple(tuple(ray) for ray in [*up, *down]))


def enumerate_cells(network: Network, *, positive: bool = False) -> Iterator[ChamberTree]:
    """Cut every chamber (see :func:`chambers`) into cones of one pattern and one verdict."""
    for chamber in chambers(network.seq_len, positive=positive):
        yield _cut(network, chamber)


class _Part(NamedTuple):
    """A cone under work: all units before ``unit`` of step ``step`` are decided on it.

    ``states`` holds, ray by ray, the state that the step reads, ``before`` its pre-activations;
    at ``step == n`` the margins, in the order of the rivals.
    """

    rays: list[IntVector]
    states: list[list[int]]
    before: list[list[int]]
    step: int
    unit: int
    pattern: tuple[int, ...]


def _cut(network: Network, chamber: Chamber) -> ChamberTree:
    n, d = network.seq_len, network.hidden_size
    pair = Pair(chamber.order[0], chamber.order[1])
    margins = [
        [a - b for a, b in zip(network.w_out[pair.second], network.w_out[j], strict=True)]
        for j in rivals(pair, n)
    ]

    def forward(ray: IntVector, state: list[int], step: int) -> list[int]:
        if step == n:
            return [sum(map(int.__mul__, row, state)) for row in margins]
        drive = ray[step] << (network.shift * step)
        return [
            w * drive + sum(map(int.__mul__, row, state))
            for w, row in zip(network.w_ih, network.w_hh, strict=True)
        ]

    nodes: list[Split | bool] = []
    leaves: list[Leaf] = []
    states = [[0] * d for _ in chamber.rays]
    before = [forward(ray, state, 0) for ray, state in zip(chamber.rays, states, strict=True)]
    stack = [_Part(list(chamber.rays), states, before, 0, 0, ())]
    while stack:
        rays, states, before, step, unit, pattern = stack.pop()
        verdict = None
        while verdict is None:
            if step == n and unit == len(margins):
                verdict = True
            elif unit == d and step < n:
                mask = sum(1 << i for i in range(d) if any(v[i] > 0 for v in before))
                pattern = (*pattern, mask)
                states = [[v if v > 0 else 0 for v in values] for values in before]
                step, unit = step + 1, 0
                before = [forward(r, h, step) for r, h in zip(rays, states, strict=True)]
            else:
                i = max(range(n), key=lambda k: before[k][unit])
                j = min(range(n), key=lambda k: before[k][unit])
                high, low = before[i][unit], before[j][unit]
                if low < 0 < high:
                    break
                if step == n and high <= 0:
                    verdict = False
                unit += 1
        if verdict is not None:
            nodes.append(verdict)
            leaves.append(Leaf(tuple(rays), pattern, verdict))
            continue
        common = gcd(high, low)
        a, b = -low // common, high // common
        new = [a * p + b * q for p, q in zip(rays[i], rays[j], strict=True)]
        content = gcd(*new)
        ray = tuple(v // content for v in new)
        # All decided units keep their sign on the cone, so the state is linear along the edge.
        state = [(a * p + b * q) // content for p, q in zip(states[i], states[j], strict=True)]
        values = forward(ray, state, step)
        nodes.append(Split(i, j, a, b))
        for k in (i, j):  # the part that lost i is pushed first, so that it comes second
            stack.append(
                _Part(
                    [ray if at == k else v for at, v in enumerate(rays)],
                    [state if at == k else v for at, v in enumerate(states)],
                    [values if at == k else v for at, v in enumerate(before)],
                    step,
                    unit,
                    pattern,
                )
            )
    return ChamberTree(chamber, tuple(nodes), tuple(leaves))
