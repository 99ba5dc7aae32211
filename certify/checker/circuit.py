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

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from certify.checker.document import equal, fields, integer, items, rational, rationals
from certify.checker.errors import Rejected
from certify.checker.network import Run, Weights, impulses, pattern_between, run
from certify.checker.patched import check_intervention
from certify.checker.work import ALL, count, demand, products, run_steps, weight_bits

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
    pairs: dict[Pair, None]  # in order

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
    proofs = iter(items(listed_proofs, "evidence.proofs"))
    listed = items(statements, "claim.statements")
    if not listed:
        raise Rejected("claim.statements: claims nothing")
    _demand(weights, claim, evidence, listed)
    said: list[str | _Contribution] = []
    seen = set[str]()
    for index, statement in enumerate(listed):
        place = f"claim.statements[{index}]"
        if (text := json.dumps(statement, sort_keys=True)) in seen:
            raise Rejected(f"{place}: stands twice")
        seen.add(text)
        kind = statement.get("type") if isinstance(statement, dict) else None
        if kind == "contribution":
            said.append(_contribution(weights, scope, statement, place))
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
    contributions = [entry for entry in said if isinstance(entry, _Contribution)]
    for at, found in _follow(weights, scope, nodes, "evidence.nodes"):
        for contribution in contributions:
            contribution.see(weights, at, found)
    return [
        f"for {len(scope.pairs)} pairs (m, s), M = 1, every S/M in [{scope.lo}, {scope.hi}] "
        "and zeros elsewhere:",
        *(entry if isinstance(entry, str) else entry.established(weights) for entry in said),
    ]


def _demand(weights: Weights, claim: Any, evidence: Any, statements: list[Any]) -> None:
    """Refuse a certificate that would take too long.

    Every rational costs at most one exact run; at each node every contribution is a product of
    readout rows with the state. A changed run becomes finer with each change of each step.
    """
    d, n = len(weights.w_ih), len(weights.w_out)
    entries, bits = (a + b for a, b in zip(count(claim), count(evidence), strict=True))
    changed = [s for s in statements if isinstance(s, dict) and s.get("type") == "intervention"]
    finer = max((_changed_bits(s) for s in changed), default=0) * n
    run = run_steps(weights, bits + finer)
    state = bits + (n + 1) * (weights.shift + weight_bits(weights) + d.bit_length() + 1)
    readout = n * d * products(weight_bits(weights), state) + n * products(state, state)
    demand(entries * (run + len(statements) * readout), ALL, "this certificate")


def _changed_bits(statement: dict[str, Any]) -> int:
    """The bits of all numbers that a statement changes units to, together."""
    entries, longest = count(statement.get("changes"))
    return entries * longest


def _scope(weights: Weights, ratio: Any, pairs: Any) -> Scope:
    lo, hi = rationals(ratio, "claim.ratio", 2)
    if not 0 < lo <= hi < 1:
        raise Rejected("claim.ratio: expected 0 < lo <= hi < 1")
    return Scope(lo, hi, _pairs(weights, pairs, "claim.pairs"))


def _pairs(weights: Weights, value: Any, place: str) -> dict[Pair, None]:
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
    return dict.fromkeys(found)


def _follow(weights: Weights, scope: Scope, nodes: Any, place: str) -> Iterator[tuple[Pair, Run]]:
    """The exact runs at the nodes of each pair; establishes that they cut the range."""
    n = len(weights.w_out)
    rows = items(nodes, place, len(scope.pairs))
    for index, (row, pair) in enumerate(zip(rows, scope.pairs, strict=True)):
        points = rationals(row, f"{place}[{index}]")
        if not points or points[0] != scope.lo or points[-1] != scope.hi:
            raise Rejected(f"{place}[{index}]: expected to run from {scope.lo} to {scope.hi}")
        if any(a >= b for a, b in pairwise(points)):
            raise Rejected(f"{place}[{index}]: expected to increase")
        left = None
        for i, r in enumerate(points):
            right = run(weights, impulses(n, *pair, r))
            if left is not None:
                pattern_between(left, right, f"{place}[{index}][{i - 1}]")
            yield pair, right
            left = right


@dataclass
class _Contribution:
    """A statement about a group of units: read, and then compared with the runs one by one."""

    place: str
    units: list[int]
    pairs: dict[Pair, None]
    at: str
    relation: str
    bound: Fraction
    extreme: Fraction | None = None

    def see(self, weights: Weights, pair: Pair, found: Run) -> None:
        """Take a run of a pair into account."""
        if pair not in self.pairs:
            return
        m, s = pair
        rest = [j for j in range(len(weights.w_out)) if j not in pair]
        most = max if self.relation == "at most" else min
        for j in {"max": [m], "second": [s], "elsewhere": rest}[self.at]:
            row = weights.w_out[j]
            value = Fraction(sum(row[i] * found.state[i] for i in self.units), found.denominator)
            self.extreme = value if self.extreme is None else most(self.extreme, value)

    def established(self, weights: Weights) -> str:
        """Demand that the bound is what the runs attain; what that establishes."""
        if self.extreme is None:
            raise Rejected(f"{self.place}: there is no such position")
        attained = self.extreme / (1 << (weights.shift * (len(weights.w_out) + 1)))
        equal(str(self.bound), str(attained), f"{self.place}.bound")
        shown = _decimal(self.bound, up=self.relation == "at most")
        said = f"units {self.units} add {self.relation} {shown} to the logit at {self.at}"
        return f"{said}, for {len(self.pairs)} pairs"


def _contribution(
    weights: Weights, scope: Scope, statement: dict[str, Any], place: str
) -> _Contribution:
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
    return _Contribution(place, group, listed, at, relation, claimed)


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
    for (m, s), r in _follow(circuit, scope, nodes, f"{place} (evidence).nodes"):
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
    size = sum(bit for rows in masks.values() for row in rows for bit in row)
    said = f"{size} weights are enough: with all others 0 the largest logit stands at s alone"
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
