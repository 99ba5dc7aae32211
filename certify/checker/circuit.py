"""The rule for ``circuit`` certificates: statements about groups of units and kept weights.

All of them are about the pairs and the closed range of ratios that the claim names, for M = 1:

* ``contribution``: the part of a logit that a group of units adds, bounded over pairs and range;
* ``failure``: an input on which the model with some units removed is wrong;
* ``circuit``: the kept weights alone are right everywhere; a minimal one holds, for each kept
  unit or weight, an input on which the circuit without it is wrong;
* ``intervention``: a pair's verdict with units changed (:mod:`certify.checker.patched`).

Removed means that the weight, or every weight of the unit, is 0. The evidence for what holds over
the range is, per pair, the nodes that cut the range into linear pieces
(:mod:`certify.checker.network`): between nodes everything is linear, so the nodes decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from certify.checker.document import equal, fields, integer, items, rational, rationals
from certify.checker.errors import Rejected
from certify.checker.network import Run, Weights, impulses, pattern_between, run
from certify.checker.patched import check_intervention

PLACES = ("max", "second", "elsewhere")
RELATIONS = ("at most", "at least")
Bits = list[list[bool]]
Pair = tuple[int, int]


@dataclass(frozen=True)
class Masked:
    """Weights of which some are set to 0; it has the hash of the model that it comes from."""

    shift: int
    w_ih: Sequence[int]
    w_hh: Sequence[Sequence[int]]
    w_out: Sequence[Sequence[int]]
    sha256: str


@dataclass(frozen=True)
class Scope:
    """What all statements speak of."""

    lo: Fraction
    hi: Fraction
    pairs: list[Pair]

    def demand(self, pair: Pair, ratio: Fraction, place: str) -> None:
        """Refuse an input outside of the scope."""
        if pair not in self.pairs or not self.lo <= ratio <= self.hi:
            raise Rejected(f"{place}: pair {pair} at {ratio} is not what the claim speaks of")


def check_circuit(weights: Weights, body: dict[str, Any], _: bytes) -> list[str]:
    """Check a certificate of kind ``circuit``; returns what it establishes, line by line."""
    equal(body["settings"], {}, "settings")
    claim, evidence = body["claim"], body["evidence"]
    ratio, pairs, statements = fields(claim, "claim", ("ratio", "pairs", "statements"))
    scope = _scope(weights, ratio, pairs)
    nodes, listed_proofs = fields(evidence, "evidence", ("nodes", "proofs"))
    whole = _follow(weights, scope, nodes, "evidence.nodes")
    proofs = iter(items(listed_proofs, "evidence.proofs"))
    said = [
        f"for {len(scope.pairs)} pairs (m, s), M = 1, every S/M in [{scope.lo}, {scope.hi}] "
        "and zeros elsewhere:"
    ]
    listed = items(statements, "claim.statements")
    if not listed:
        raise Rejected("claim.statements: claims nothing")
    for index, statement in enumerate(listed):
        if statement in listed[:index]:
            raise Rejected(f"claim.statements[{index}]: stands twice")
        place = f"claim.statements[{index}]"
        kind = statement.get("type") if isinstance(statement, dict) else None
        if kind == "contribution":
            said.append(_contribution(weights, scope, whole, statement, place))
        elif kind == "failure":
            said.append(_failure(weights, scope, statement, place))
        elif kind == "circuit":
            said.append(_circuit(weights, scope, statement, next(proofs, None), place))
        elif kind == "intervention":
            pair = [integer(statement.get(key), f"{place}.{key}") for key in ("max", "second")]
            scope.demand((pair[0], pair[1]), scope.lo, place)
            proof = next(proofs, None)
            said.append(check_intervention(weights, scope.lo, scope.hi, statement, proof, place))
        else:
            raise Rejected(f"{place}.type: unknown")
    if next(proofs, None) is not None:
        raise Rejected("evidence.proofs: more than the statements need")
    return said


def _scope(weights: Weights, ratio: Any, pairs: Any) -> Scope:
    lo, hi = rationals(ratio, "claim.ratio", 2)
    if not 0 < lo <= hi < 1:
        raise Rejected("claim.ratio: expected 0 < lo <= hi < 1")
    return Scope(lo, hi, _pairs(weights, pairs, "claim.pairs"))


def _pairs(weights: Weights, value: Any, place: str) -> list[Pair]:
    """A list of pairs of positions, not empty and in order."""
    n = len(weights.w_out)
    found: list[Pair] = []
    for index, entry in enumerate(items(value, place)):
        at = f"{place}[{index}]"
        m, s = (integer(v, at) for v in items(entry, at, 2))
        if not (0 <= m < n and 0 <= s < n and m != s):
            raise Rejected(f"{at}: not two of {n} positions")
        if found and (m, s) <= found[-1]:
            raise Rejected(f"{at}: not in order, or twice")
        found.append((m, s))
    if not found:
        raise Rejected(f"{place}: claims nothing")
    return found


def _follow(weights: Weights, scope: Scope, nodes: Any, place: str) -> list[tuple[Pair, list[Run]]]:
    """The exact runs at the nodes of each pair, after establishing that they cut the range."""
    n = len(weights.w_out)
    found = []
    rows = items(nodes, place, len(scope.pairs))
    for index, (row, pair) in enumerate(zip(rows, scope.pairs, strict=True)):
        points = rationals(row, f"{place}[{index}]")
        if not points or points[0] != scope.lo or points[-1] != scope.hi:
            raise Rejected(f"{place}[{index}]: expected to run from {scope.lo} to {scope.hi}")
        if any(a >= b for a, b in pairwise(points)):
            raise Rejected(f"{place}[{index}]: expected to increase")
        runs = [run(weights, impulses(n, *pair, r)) for r in points]
        for i, (a, b) in enumerate(pairwise(runs)):
            pattern_between(a, b, f"{place}[{index}][{i}]")
        found.append((pair, runs))
    return found


def _contribution(
    weights: Weights,
    scope: Scope,
    whole: list[tuple[Pair, list[Run]]],
    statement: dict[str, Any],
    place: str,
) -> str:
    keys = ("type", "units", "pairs", "at", "relation", "bound")
    _, group, pairs, at, relation, bound = fields(statement, place, keys)
    group = _units(weights, group, f"{place}.units")
    if at not in PLACES:
        raise Rejected(f"{place}.at: expected one of {', '.join(PLACES)}")
    if relation not in RELATIONS:
        raise Rejected(f"{place}.relation: expected one of {', '.join(RELATIONS)}")
    listed = _pairs(weights, pairs, f"{place}.pairs")
    for pair in listed:
        scope.demand(pair, scope.lo, f"{place}.pairs")
    claimed = rational(bound, f"{place}.bound")
    n = len(weights.w_out)
    values = []
    for (m, s), runs in whole:
        if (m, s) not in listed:
            continue
        rest = [j for j in range(n) if j not in (m, s)]
        for j in {"max": [m], "second": [s], "elsewhere": rest}[at]:
            row = weights.w_out[j]
            values += [
                Fraction(sum(row[i] * r.state[i] for i in group), r.denominator) for r in runs
            ]
    if not values:
        raise Rejected(f"{place}: there is no such position")
    extreme = max(values) if relation == "at most" else min(values)
    equal(str(claimed), str(extreme / (1 << (weights.shift * (n + 1)))), f"{place}.bound")
    shown = _decimal(claimed, up=relation == "at most")
    said = f"units {group} add {relation} {shown} to the logit at {at}"
    return f"{said}, for {len(listed)} pairs"


def _failure(weights: Weights, scope: Scope, statement: dict[str, Any], place: str) -> str:
    keys = ("type", "removed", "max", "second", "ratio")
    _, removed, m, s, ratio = fields(statement, place, keys)
    removed = _units(weights, removed, f"{place}.removed")
    masks = _full(weights)
    for k in removed:
        _remove(masks, ["unit", k])
    pair, at = _wrong(_masked(weights, masks), scope, (m, s, ratio), place)
    return f"without units {removed} the model is wrong on {pair} at S/M = {at}"


def _circuit(
    weights: Weights, scope: Scope, statement: dict[str, Any], proof: Any, place: str
) -> str:
    _, kept, minimal = fields(statement, place, ("type", "kept", "minimal"))
    if minimal not in (None, "units", "weights"):
        raise Rejected(f"{place}.minimal: expected units, weights or null")
    masks = _masks(weights, kept, f"{place}.kept")
    nodes, removals = fields(proof, f"{place} (evidence)", ("nodes", "removals"))
    circuit = _masked(weights, masks)
    for (m, s), runs in _follow(circuit, scope, nodes, f"{place} (evidence).nodes"):
        for r in runs:
            if any(r.margin(s, j) <= 0 for j in range(len(weights.w_out)) if j != s):
                raise Rejected(f"{place}: the circuit is wrong on the pair {(m, s)}")

    elements = [] if minimal is None else list(_elements(masks, by_unit=minimal == "units"))
    listed = items(removals, f"{place} (evidence).removals", len(elements))
    for index, (entry, element) in enumerate(zip(listed, elements, strict=True)):
        where = f"{place} (evidence).removals[{index}]"
        named, *at = fields(entry, where, ("element", "max", "second", "ratio"))
        equal(named, element, f"{where}.element")
        less = {name: [list(row) for row in rows] for name, rows in masks.items()}
        _remove(less, element)
        _wrong(_masked(weights, less), scope, at, where)
    count = sum(bit for rows in masks.values() for row in rows for bit in row)
    said = f"{count} weights are enough: with all others 0 the largest logit stands at s alone"
    if minimal is None:
        return said
    if minimal == "units":
        return f"{said}; each of the units {[k for _, k in elements]} is necessary"
    return f"{said}; each of them is necessary"


def _wrong(
    network: Masked, scope: Scope, claimed: Sequence[Any], place: str
) -> tuple[Pair, Fraction]:
    """Demand that the network is wrong on the pair at the ratio: ``claimed`` is (m, s, ratio)."""
    pair = integer(claimed[0], f"{place}.max"), integer(claimed[1], f"{place}.second")
    ratio = rational(claimed[2], f"{place}.ratio")
    scope.demand(pair, ratio, place)
    n = len(network.w_out)
    replay = run(network, impulses(n, *pair, ratio))
    if all(replay.margin(pair[1], j) > 0 for j in range(n) if j != pair[1]):
        raise Rejected(f"{place}: it is right on {pair} at {ratio}")
    return pair, ratio


def _units(weights: Weights, value: Any, place: str) -> list[int]:
    """A list of units, not empty and increasing."""
    found = [integer(v, place) for v in items(value, place)]
    if not found or any(a >= b for a, b in pairwise(found)):
        raise Rejected(f"{place}: expected units in order, at least one")
    if not 0 <= found[0] <= found[-1] < len(weights.w_ih):
        raise Rejected(f"{place}: expected units from 0 to {len(weights.w_ih) - 1}")
    return found


def _full(weights: Weights) -> dict[str, Bits]:
    d, n = len(weights.w_ih), len(weights.w_out)
    return {
        "w_ih": [[True] * d],
        "w_hh": [[True] * d for _ in range(d)],
        "w_out": [[True] * d for _ in range(n)],
    }


def _masks(weights: Weights, value: Any, place: str) -> dict[str, Bits]:
    """Strings of 0 and 1, one a row, as lists of bools."""
    d, n = len(weights.w_ih), len(weights.w_out)
    w_ih, w_hh, w_out = fields(value, place, ("w_ih", "w_hh", "w_out"))
    rows = {
        "w_ih": [w_ih],
        "w_hh": items(w_hh, f"{place}.w_hh", d),
        "w_out": items(w_out, f"{place}.w_out", n),
    }
    for name, found in rows.items():
        for row in found:
            if not isinstance(row, str) or len(row) != d or row.strip("01"):
                raise Rejected(f"{place}.{name}: expected {d} characters 0 or 1 a row")
    return {name: [[bit == "1" for bit in row] for row in found] for name, found in rows.items()}


def _remove(masks: dict[str, Bits], element: Sequence[Any]) -> None:
    """Clear one weight, or all weights of a unit."""
    name, *index = element
    if name == "unit":
        (k,) = index
        masks["w_ih"][0][k] = False
        masks["w_hh"][k] = [False] * len(masks["w_hh"])
        for row in (*masks["w_hh"], *masks["w_out"]):
            row[k] = False
    elif name == "w_ih":
        masks["w_ih"][0][index[0]] = False
    else:
        masks[name][index[0]][index[1]] = False


def _masked(weights: Weights, masks: dict[str, Bits]) -> Masked:
    def keep(row: Sequence[int], bits: Sequence[bool]) -> list[int]:
        return [w if bit else 0 for w, bit in zip(row, bits, strict=True)]

    return Masked(
        weights.shift,
        keep(weights.w_ih, masks["w_ih"][0]),
        [keep(row, bits) for row, bits in zip(weights.w_hh, masks["w_hh"], strict=True)],
        [keep(row, bits) for row, bits in zip(weights.w_out, masks["w_out"], strict=True)],
        weights.sha256,
    )


def _elements(masks: dict[str, Bits], *, by_unit: bool) -> Iterator[list[Any]]:
    """The kept units (those with any kept weight), or the kept weights, in order."""
    if by_unit:
        for k in range(len(masks["w_hh"])):
            column = any(row[k] for row in (*masks["w_hh"], *masks["w_out"]))
            if masks["w_ih"][0][k] or any(masks["w_hh"][k]) or column:
                yield ["unit", k]
        return
    for i, bit in enumerate(masks["w_ih"][0]):
        if bit:
            yield ["w_ih", i]
    for name in ("w_hh", "w_out"):
        for i, row in enumerate(masks[name]):
            for j, bit in enumerate(row):
                if bit:
                    yield [name, i, j]


def _decimal(value: Fraction, *, up: bool) -> str:
    """Six digits after the point, rounded so that the bound said is still true."""
    millionths = value.numerator * 10**6 // value.denominator
    if up and millionths * value.denominator < value.numerator * 10**6:
        millionths += 1
    digits = str(abs(millionths)).rjust(7, "0")
    return f"{'-' if millionths < 0 else ''}{digits[:-6]}.{digits[-6:]}"
