"""The max-plus spectrum of W_hh: the largest cycle mean and a cycle that attains it, exactly.

The graph of a (d, d) matrix ``A`` has an edge ``j -> i`` of weight ``A[i][j]`` for each entry.
Two readings of W_hh as a tropical matrix are both useful, and both are reported:

*sum*
    max-plus algebra with the entries themselves as weights: the eigenvalue is the maximum over
    cycles of the arithmetic mean of their weights (Cuninghame-Green, "Minimax algebra", 1979;
    Baccelli, Cohen, Olsder and Quadrat, "Synchronization and linearity", 1992, theorem 3.23).
*product*
    max-times algebra with the moduli ``|A[i][j]|``, isomorphic to max-plus by the logarithm: the
    eigenvalue is the maximum geometric mean of a cycle. It is the one that speaks of dynamics:
    ``mu <= rho(|A|) <= d mu`` for the spectral radius of the entrywise modulus (Friedland,
    "Limit eigenvalues of nonnegative matrices", 1986), and without inhibition, so on the
    positive entries alone, a cycle of mean above 1 amplifies itself.

Karp's theorem (1978) gives both: with ``D_k(v)`` the best weight of a walk of k edges that ends in
v (from any start), ``mu = max_v min_k mean(D_d(v) - D_k(v), d - k)``. All comparisons are of
integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cmp_to_key
from math import prod

from certify.errors import InternalError
from certify.model import Network

_Mean = tuple[Fraction, int, int]  # total of a walk, its length, the vertex where it ends


@dataclass(frozen=True)
class CriticalCycle:
    """A cycle that attains the eigenvalue: unit ``cycle[k]`` feeds unit ``cycle[k + 1]``, the
    last one feeds the first.

    ``total`` is the sum or the product of its weights, exactly; the eigenvalue ``mean`` is
    ``total / len(cycle)`` or ``total ** (1 / len(cycle))``.
    """

    total: Fraction
    cycle: tuple[int, ...]
    multiply: bool

    @property
    def mean(self) -> float:
        """The eigenvalue, rounded."""
        length = len(self.cycle)
        return float(self.total) ** (1 / length) if self.multiply else float(self.total / length)

    def to_json(self) -> dict[str, object]:
        """The eigenvalue as a float, the exact total of the weights, and the cycle."""
        name = "product" if self.multiply else "sum"
        return {"mean": self.mean, name: self.total, "cycle": list(self.cycle)}


def sum_eigenvalue(network: Network) -> CriticalCycle:
    """The max-plus eigenvalue of W_hh, whose graph is complete: the maximum cycle mean."""
    cycle = critical_cycle(network.w_hh, multiply=False)
    total = Fraction(sum(_weights(network.w_hh, cycle)), 1 << network.shift)
    return CriticalCycle(total, cycle, multiply=False)


def product_eigenvalue(network: Network, *, excitatory: bool = False) -> CriticalCycle | None:
    """The max-times eigenvalue of ``|W_hh|``, or of its positive entries where ``excitatory``.

    None where the graph (an edge for each entry that isn't zero) has no cycle.
    """
    moduli = [[v if excitatory else abs(v) for v in row] for row in network.w_hh]
    cycle = critical_cycle([[v if v > 0 else None for v in row] for row in moduli], multiply=True)
    if not cycle:
        return None
    scale = 1 << (network.shift * len(cycle))
    return CriticalCycle(Fraction(prod(_weights(moduli, cycle)), scale), cycle, multiply=True)


def critical_cycle(matrix: Sequence[Sequence[int | None]], *, multiply: bool) -> tuple[int, ...]:
    """Karp's algorithm on integer weights ``matrix[i][j]`` of the edges ``j -> i``.

    None is an absent edge; weights are positive where ``multiply``. Returns the units of a cycle
    of maximum mean in order, or () where the graph has no cycle. Cost: d^3 comparisons and a
    walk of d edges, whose every cycle is critical (Chaturvedi and McConnell, "A note on finding
    minimum mean cycle", 2017).
    """
    d = len(matrix)
    best: list[list[int | None]] = [[1 if multiply else 0] * d]
    came: list[list[int]] = []
    for _ in range(d):
        steps = [
            max(
                (
                    (before * weight if multiply else before + weight, j)
                    for j, (weight, before) in enumerate(zip(row, best[-1], strict=True))
                    if weight is not None and before is not None
                ),
                default=None,
            )
            for row in matrix
        ]
        best.append([step[0] if step else None for step in steps])
        came.append([step[1] if step else -1 for step in steps])

    def compare(one: _Mean, other: _Mean) -> int:
        """The sign of the difference of two means, each the total of a walk and its length."""
        (a, p, _), (b, q, _) = one, other
        left, right = (a**q, b**p) if multiply else (a * q, b * p)
        return (left > right) - (left < right)

    key = cmp_to_key(compare)
    candidates: list[_Mean] = []
    for v, last in enumerate(best[d]):
        if last is None:
            continue
        means: list[_Mean] = [
            (Fraction(last, before) if multiply else Fraction(last - before), d - k, v)
            for k, row in enumerate(best[:d])
            if (before := row[v]) is not None
        ]
        candidates.append(min(means, key=key))
    if not candidates:
        return ()
    walk = [max(candidates, key=key)[2]]
    for origins in reversed(came):
        walk.append(origins[walk[-1]])
    walk.reverse()
    seen: dict[int, int] = {}
    for place, unit in enumerate(walk):
        if unit in seen:
            return tuple(walk[seen[unit] : place])
        seen[unit] = place
    raise InternalError("a walk of d edges over d units repeats none")


def _weights(matrix: Sequence[Sequence[int]], cycle: Sequence[int]) -> list[int]:
    """The weights along a cycle, from ``cycle[0]`` on."""
    following = [*cycle[1:], cycle[0]]
    return [matrix[i][j] for j, i in zip(cycle, following, strict=True)]
