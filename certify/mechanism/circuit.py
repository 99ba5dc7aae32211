"""Certified statements about the mechanism on the impulse family: kind ``circuit``.

All statements are about a set of pairs and a closed range of ratios, for ``M = 1`` (they scale
with M), other inputs zero, and are decided by exact sweeps:

*contribution*
    ``sum_i W_out[j, i] h_n[i]`` over a group of units is at most (or at least) a bound, at
    j = m ("max"), j = s ("second") or every other j ("elsewhere"), for all pairs or for those
    that the statement lists. The bound is attained.
*failure*
    with some units removed the model is wrong on a pair at a ratio of the range, shown by the
    input. *Removed* means zero-ablated: W_ih, row and column of W_hh and the column of W_out set
    to 0, so that the unit is off for ever.
*circuit*
    the kept weights alone, every other weight set to 0, are right for all pairs and the whole
    range; and, for a minimal one, each kept unit (or weight) is necessary: without it the circuit
    is wrong on an input that is given. Minimal means that no *single* removal is possible
    (1-minimal, as in delta debugging, Zeller and Hildebrandt 2002): sets of weights do not shrink
    monotonically, so a smaller circuit with other weights may exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from certify.certificate import Certificate, describe_model
from certify.claims import Pair, RatioRange, impulses
from certify.impulse.sweep import Sweep
from certify.model import IntMatrix, Network

KIND = "circuit"
Place = Literal["max", "second", "elsewhere"]
Relation = Literal["at most", "at least"]
Element = tuple[str, int] | tuple[str, int, int]
"""``("unit", k)``, ``("w_ih", i)``, ``("w_hh", i, j)`` or ``("w_out", j, i)``."""


@dataclass(frozen=True)
class Kept:
    """Which weights stay, as matrices of bools of the shapes of the weights."""

    w_ih: tuple[bool, ...]
    w_hh: tuple[tuple[bool, ...], ...]
    w_out: tuple[tuple[bool, ...], ...]

    @classmethod
    def of_units(cls, network: Network, kept: Sequence[int]) -> Kept:
        """All weights among the given units, and between them and the outside."""
        inside = tuple(i in set(kept) for i in range(network.hidden_size))
        off = tuple(False for _ in inside)
        return cls(inside, tuple(inside if i else off for i in inside), (inside,) * network.seq_len)

    def minus(self, element: Element) -> Kept:
        """Without one unit, or without one weight."""
        name, *index = element

        def stays(where: str, *place: int) -> bool:
            if name == "unit":
                return index[0] not in (place[1:] if where == "w_out" else place)
            return where != name or list(place) != index

        return Kept(
            tuple(kept and stays("w_ih", i) for i, kept in enumerate(self.w_ih)),
            _matrix(self.w_hh, lambda i, j: stays("w_hh", i, j)),
            _matrix(self.w_out, lambda i, j: stays("w_out", i, j)),
        )

    def applied(self, network: Network) -> Network:
        """The network with all other weights 0."""
        return Network(
            network.shift,
            tuple(w if kept else 0 for w, kept in zip(network.w_ih, self.w_ih, strict=True)),
            _masked(network.w_hh, self.w_hh),
            _masked(network.w_out, self.w_out),
        )

    @property
    def units(self) -> tuple[int, ...]:
        """The units that keep any weight."""
        d = len(self.w_ih)
        rows = [self.w_ih[i] or any(self.w_hh[i]) for i in range(d)]
        columns = [any(row[i] for row in (*self.w_hh, *self.w_out)) for i in range(d)]
        return tuple(i for i in range(d) if rows[i] or columns[i])

    @property
    def weights(self) -> tuple[Element, ...]:
        """The kept weights."""
        single: list[Element] = [("w_ih", i) for i, kept in enumerate(self.w_ih) if kept]
        for name, matrix in (("w_hh", self.w_hh), ("w_out", self.w_out)):
            single += [
                (name, i, j) for i, row in enumerate(matrix) for j, kept in enumerate(row) if kept
            ]
        return tuple(single)

    def to_json(self) -> dict[str, Any]:
        """One character a weight, ``1`` kept and ``0`` removed; a matrix is a list of its rows."""

        def bits(row: Sequence[bool]) -> str:
            return "".join("1" if kept else "0" for kept in row)

        return {
            "w_ih": bits(self.w_ih),
            "w_hh": [bits(row) for row in self.w_hh],
            "w_out": [bits(row) for row in self.w_out],
        }


@dataclass(frozen=True)
class Contribution:
    """What a group adds to a logit, over ``pairs`` and all ratios; ``bound`` is attained."""

    units: tuple[int, ...]
    pairs: tuple[Pair, ...]
    at: Place
    relation: Relation
    bound: Fraction

    def to_json(self) -> dict[str, Any]:
        """The statement as it stands in the certificate."""
        return {
            "type": "contribution",
            "units": list(self.units),
            "pairs": [list(pair) for pair in self.pairs],
            "at": self.at,
            "relation": self.relation,
            "bound": self.bound,
        }


@dataclass(frozen=True)
class Failure:
    """Without ``element`` the model (or a circuit) is wrong on this pair at this ratio."""

    element: Element
    pair: Pair
    ratio: Fraction

    def to_json(self) -> dict[str, Any]:
        """The element as a list, the pair and the ratio."""
        return {
            "element": list(self.element),
            "max": self.pair.max,
            "second": self.pair.second,
            "ratio": self.ratio,
        }

    def input(self, n: int) -> list[Fraction]:
        """The input on which it is wrong."""
        return impulses(self.pair, self.ratio, n)


@dataclass(frozen=True)
class Circuit:
    """Weights that are enough. ``nodes`` cut the range, pair by pair, into linear pieces.

    ``removals`` holds for a minimal circuit one failure for each kept unit or weight
    (``minimal`` says which), and is empty where ``minimal`` is None. ``min_margin`` is the
    smallest margin of the circuit over pairs and ratios, exact.
    """

    kept: Kept
    minimal: Literal["units", "weights"] | None
    nodes: tuple[tuple[Fraction, ...], ...]
    removals: tuple[Failure, ...]
    min_margin: Fraction

    def to_json(self) -> dict[str, Any]:
        """The statement as it stands in the certificate."""
        return {"type": "circuit", "kept": self.kept.to_json(), "minimal": self.minimal}

    def evidence(self) -> dict[str, Any]:
        """Nodes of each pair, and the removals."""
        return {"nodes": _nodes_json(self.nodes), "removals": [f.to_json() for f in self.removals]}


@dataclass(frozen=True)
class CircuitStudy:
    """The certified counterparts for one model.

    ``pairs`` are those that the model gets right over the whole range, the only ones that the
    statements speak of. For each unit the model without it is either wrong somewhere
    (``failures``) or proved right everywhere (``dispensable``: the circuit without it).
    """

    network: Network
    pairs: tuple[Pair, ...]
    ratios: RatioRange
    nodes: tuple[tuple[Fraction, ...], ...]
    groups: Mapping[str, tuple[int, ...]]
    contributions: tuple[Contribution, ...]
    failures: tuple[Failure, ...]
    dispensable: Mapping[int, Circuit]
    unit_circuit: Circuit
    weight_circuit: Circuit

    def to_json(self) -> dict[str, Any]:
        """The statements in plain form; exact numbers as strings."""
        return {
            "ratio": list(self.ratios),
            "pairs": [list(pair) for pair in self.pairs],
            "groups": {name: list(found) for name, found in self.groups.items()},
            "contributions": [c.to_json() for c in self.contributions],
            "necessary_units": [f.to_json() for f in self.failures],
            "dispensable_units": sorted(self.dispensable),
            "unit_circuit": {
                "units": list(self.unit_circuit.kept.units),
                "min_margin": self.unit_circuit.min_margin,
                "removals": [f.to_json() for f in self.unit_circuit.removals],
            },
            "weight_circuit": {
                "weights": len(self.weight_circuit.kept.weights),
                "kept": self.weight_circuit.kept.to_json(),
                "min_margin": self.weight_circuit.min_margin,
            },
        }


def bound_contribution(
    sweep: Sweep, ratios: RatioRange, group: tuple[int, ...], at: Place
) -> tuple[Fraction, Fraction] | None:
    """Smallest and largest contribution of the group for one pair over the range.

    Contributions are linear between break points, so both stand at nodes. None where there is
    no such position (elsewhere, for n = 2).
    """
    network, pair = sweep.network, sweep.pair
    places: Sequence[int] = {"max": [pair.max], "second": [pair.second]}.get(
        at, [j for j in range(network.seq_len) if j not in pair]
    )
    scale = 1 << network.shift * (network.seq_len + 1)
    values = []
    for ratio in sweep.nodes(ratios):
        p, q = ratio.numerator, ratio.denominator
        state = sweep.piece_at(ratio).state
        own = [(i, state[i][0] * q + state[i][1] * p) for i in group]
        values += [
            Fraction(sum(network.w_out[j][i] * h for i, h in own), q * scale) for j in places
        ]
    return (min(values), max(values)) if values else None


def circuit_certificate(study: CircuitStudy) -> Certificate:
    """The certificate of kind ``circuit`` for all statements of a study."""
    circuits = [*study.dispensable.values(), study.unit_circuit, study.weight_circuit]
    failures = [
        {
            "type": "failure",
            "removed": [f.element[1]],
            "max": f.pair.max,
            "second": f.pair.second,
            "ratio": str(f.ratio),
        }
        for f in study.failures
    ]
    statements = [c.to_json() for c in study.contributions] + failures
    return Certificate(
        KIND,
        describe_model(study.network),
        {
            "claim": {
                "ratio": [str(v) for v in study.ratios],
                "pairs": [list(pair) for pair in study.pairs],
                "statements": [*statements, *(c.to_json() for c in circuits)],
            },
            "evidence": {
                "nodes": _nodes_json(study.nodes),
                "proofs": [c.evidence() for c in circuits],
            },
        },
        {},
    )


def _nodes_json(nodes: Sequence[Sequence[Fraction]]) -> list[list[str]]:
    return [[str(v) for v in row] for row in nodes]


def _matrix(
    kept: tuple[tuple[bool, ...], ...], stays: Callable[[int, int], bool]
) -> tuple[tuple[bool, ...], ...]:
    return tuple(
        tuple(value and stays(i, j) for j, value in enumerate(row)) for i, row in enumerate(kept)
    )


def _masked(matrix: IntMatrix, kept: tuple[tuple[bool, ...], ...]) -> IntMatrix:
    return tuple(
        tuple(w if keep else 0 for w, keep in zip(row, flags, strict=True))
        for row, flags in zip(matrix, kept, strict=True)
    )
