"""Claims about random inputs: measured on a sample, never called proved.

``share(C)`` is the share of inputs on which C holds, ``mean(X)`` the mean of a quantity,
``accuracy`` is ``share(right)``. There m and s are the positions of the largest and the second
largest input of a draw, M and S their values, ``choice`` the position of the largest logit (-1
where two are), and the swapped run has the two largest inputs exchanged. Runs are float64. Each
estimate has a 99 % interval: Clopper and Pearson's for a share, the normal one for a mean.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import nextafter, sqrt
from typing import Any, Literal

import numpy as np
from scipy.stats import norm

from certify.checker import expressions as ex
from certify.checker.changes import edits, read_change
from certify.checker.engine import located
from certify.checker.forms import Misread, Node, Work
from certify.checker.grammar import Reader
from certify.checker.runs import Edit, Model, bare_cell, changed
from certify.model import FloatArray, Network
from certify.probability.prove import prove_accuracy
from certify.probability.sampling import clopper_pearson, draw
from certify.statements.estimates import Average, Bounds, Estimate
from certify.statements.note import Entry

CONFIDENCE = 0.99
CLOSED_FORM = 3
"""Inputs up to which the accuracy is a closed form."""
MAX_WORK = 1 << 40
"""Steps that indices and constants may take."""
Holds = Literal["yes", "no", "open"]


@dataclass(frozen=True)
class Measured:
    """What a sample says of a claim about random inputs.

    ``holds`` is what the intervals say: ``yes`` where the claim is true whatever the values in
    them, ``no`` where it is false, else ``open``. Each interval alone has the confidence.
    """

    inputs: str
    samples: int
    seed: int
    confidence: float
    estimates: tuple[Estimate, ...]
    holds: Holds

    def to_dict(self) -> dict[str, Any]:
        """As JSON; the numbers are floats, for they are estimates."""
        return {
            "inputs": self.inputs,
            "samples": self.samples,
            "seed": self.seed,
            "confidence": self.confidence,
            "holds": self.holds,
            "estimates": [
                {
                    "text": e.text,
                    "value": e.value,
                    "interval": [e.lower, e.upper],
                    "proved": e.proved,
                }
                for e in self.estimates
            ],
        }


@dataclass
class _Sampled(Node):
    """``choice``."""


@dataclass
class _SampleReader(Reader):
    averages: list[Average] = field(default_factory=list)

    def _name(self, at: int, end: int, name: str) -> Node:
        if name == "accuracy":
            self.runs.add((False, False))
            right = ex.Quantity(at, end, "truth", False, 1, "right", (), (), (False, False))
            return self._average(at, end, right)
        if name == "choice":
            self.runs.add((False, False))
            self._of_pair(at, name)
            return _Sampled(at, end, "number", False, 1)
        if name in ("M", "S", "r"):
            self._of_pair(at, name)
            if name == "r":
                raise Misread("r is no affine quantity of random inputs: expected M or S", at)
            return ex.Name(at, end, "number", False, 1, name)
        return super()._name(at, end, name)

    def _call(self, node: ast.Call) -> Node:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in ("share", "mean"):
            if name == "count":
                raise Misread("count is about pairs: expected share or mean", self.span(node)[0])
            return super()._call(node)
        at, end = self.span(node)
        if self.in_count or self.scopes or len(node.args) != 1 or node.keywords:
            raise Misread(
                f"expected {name}(...) of one expression, in no other and no generator", at
            )
        self.in_count = True
        inner = (self.truth if name == "share" else self.number)(node.args[0])
        self.in_count = False
        return self._average(at, end, inner)

    def _average(self, at: int, end: int, inner: Node) -> Node:
        self.averages.append(Average(at, end, "number", False, 1, len(self.averages), inner))
        return self.averages[-1]


def measure(network: Network, entry: Entry, groups: Mapping[str, Sequence[int]]) -> Measured:
    """Measure one entry on its sample.

    Raises:
        Faulty: an expression that means nothing.
    """
    assert entry.over is not None
    d, n = network.hidden_size, network.seq_len
    with located(entry.name, "claim", entry.claim):
        reader = _SampleReader(entry.claim, groups, d, n)
        root = reader.truth(reader.parse())
        if not reader.averages:
            raise Misread("expected accuracy, share(...) or mean(...): nothing is measured", 0)
        if reader.pair_names:
            at, name = min(reader.pair_names)
            raise Misread(f"{name} stands only inside share(...) or mean(...)", at)
    sums = [_Sum() for _ in reader.averages]
    runs = _Runs(network, entry, groups, reader)
    for x in draw(entry.over, entry.samples, n, entry.seed):
        order = np.argsort(x, axis=1)
        both = order[:, -1] * n + order[:, -2]
        for code in np.unique(both):
            part = x[both == code]
            batch = runs.batch(int(code) // n, int(code) % n, part)
            with located(entry.name, "claim", entry.claim):
                for average, total in zip(reader.averages, sums, strict=True):
                    total.add(np.broadcast_to(batch.value(average.inner), len(part)))
    estimates = tuple(
        total.estimate(entry.claim[a.at : a.end], truth=a.inner.kind == "truth")
        for a, total in zip(reader.averages, sums, strict=True)
    )
    if n <= CLOSED_FORM and not entry.change:
        estimates = tuple(_proved(network, entry, e) for e in estimates)
    low = Bounds(bare_cell({"n": n, "d": d}, Work(MAX_WORK)), network, estimates)
    with located(entry.name, "claim", entry.claim):
        sure, possible = low.truth(root)
    holds: Holds = "yes" if sure else "open" if possible else "no"
    return Measured(entry.over, entry.samples, entry.seed, CONFIDENCE, estimates, holds)


def _proved(network: Network, entry: Entry, estimate: Estimate) -> Estimate:
    """The accuracy in its proved bracket; another estimate as it is."""
    if estimate.text not in ("accuracy", "share(right)"):
        return estimate
    bracket = prove_accuracy(network, entry.over, digits=20)  # type: ignore[arg-type]
    lower, upper = (float(end) for end in (bracket.lower, bracket.upper))
    ends = nextafter(lower, -1.0), nextafter(upper, 2.0)
    return Estimate(estimate.text, lower, *ends, proved=True)


@dataclass
class _Sum:
    count: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, values: FloatArray) -> None:
        self.count += len(values)
        self.total += float(values.sum())
        self.squares += float((values.astype(float) ** 2).sum())

    def estimate(self, text: str, *, truth: bool) -> Estimate:
        value = self.total / self.count
        tail = (1 - CONFIDENCE) / 2
        if truth:
            lower, upper = clopper_pearson(round(self.total), self.count, CONFIDENCE)
        else:
            spread = max(self.squares / self.count - value**2, 0.0) / (self.count - 1)
            width = float(norm.ppf(1 - tail)) * sqrt(spread)
            lower, upper = value - width, value + width
        return Estimate(text, value, lower, upper)


class _Runs:
    """Float64 runs of a sample, one pair of positions at a time."""

    def __init__(
        self, network: Network, entry: Entry, groups: Mapping[str, Sequence[int]], reader: Reader
    ) -> None:
        self.network, self.entry, self.runs = network, entry, reader.runs
        self.changes = []
        for index, text in enumerate(entry.change):
            with located(entry.name, f"change {index + 1}", text):
                sizes = network.hidden_size, network.seq_len
                self.changes.append(read_change(text, groups, *sizes))
        self.models: dict[tuple[Edit, ...], Model] = {}

    def batch(self, m: int, s: int, x: FloatArray) -> _Batch:
        """The runs that the claim looks at, on inputs with the maximum at m, the second at s."""
        n, d = self.network.seq_len, self.network.hidden_size
        names = {"m": m, "s": s, "first": min(m, s), "last": max(m, s), "n": n, "d": d}
        listed: tuple[Edit, ...] = ()
        for index, (change, text) in enumerate(zip(self.changes, self.entry.change, strict=True)):
            with located(self.entry.name, f"change {index + 1}, pair (m={m}, s={s})", text):
                listed += edits([change], names, Work(MAX_WORK))
        for key in ((), listed):
            if key not in self.models:
                self.models[key] = changed(self.network, key)
        models = self.models[listed], self.models[()]
        other = x.copy()
        other[:, [m, s]] = x[:, [s, m]]
        inputs = {False: x, True: other}
        plain = {swapped: _run(models[1], v, None) for swapped, v in inputs.items()}
        runs = {}
        for base, swapped in self.runs:
            patched = None if base else plain[not swapped][1]
            runs[base, swapped] = (
                plain[swapped] if base or not listed else _run(models[0], inputs[swapped], patched)
            )
        return _Batch(names, x, models, runs)


def _run(
    model: Model, x: FloatArray, other: FloatArray | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Pre-activations (N, n, d), states (N, n, d) and logits (N, n)."""
    w_ih, w_hh, w_out = (
        np.array([[v / model.unit for v in row] for row in rows])
        for rows in ([model.w_ih], model.w_hh, model.w_out)
    )
    z = np.empty((*x.shape, w_ih.shape[1]))
    h = np.empty_like(z)
    state = np.zeros((len(x), w_ih.shape[1]))
    for t in range(x.shape[1]):
        z[:, t] = state @ w_hh.T + x[:, t : t + 1] * w_ih
        state = np.maximum(z[:, t], 0.0)
        for edit in model.after.get(t, ()):
            unit = edit.place[1]
            if edit.value is None:
                assert other is not None
                state[:, unit] = other[:, t, unit]
            else:
                old = state[:, unit] if edit.scales else 1.0
                state[:, unit] = float(edit.value) * old
        h[:, t] = state
    return z, h, state @ w_out.T


@dataclass
class _Batch:
    """Evaluates an expression on many inputs at once: (N,) or one value for all."""

    names: dict[str, int]
    x: FloatArray
    models: tuple[Model, Model]
    runs: dict[tuple[bool, bool], tuple[FloatArray, FloatArray, FloatArray]]

    def value(self, node: Node) -> Any:
        """The value of a node: floats, bools, or Fractions where nothing is sampled."""
        cell = bare_cell(self.names, Work(MAX_WORK))
        match node:
            case _Sampled():
                logits = self.runs[False, False][2]
                best = logits.max(axis=1)
                tied = (logits == best[:, None]).sum(axis=1) > 1
                return np.where(tied, -1, logits.argmax(axis=1))
            case ex.Name(name="M" | "S"):
                return self.x[:, self.names["m" if node.name == "M" else "s"]]
            case ex.Weight():
                return float(self.models[node.base].weight(node.name, node.place(cell)))
            case ex.Quantity():
                return self._quantity(node, node.place(cell))
            case ex.Contribution():
                group, (j,) = list(node.group(cell)), node.place(cell)
                for unit in group:
                    ex.inside(unit, "unit", node.units, node.group.at, "of")
                model = self.models[node.run[0]]
                row = np.array([model.w_out[j][i] / model.unit for i in group])
                return self.runs[node.run][1][:, -1, group] @ row
            case ex.Arithmetic() | ex.Compare() | ex.Logic() | ex.Extreme():
                return self._combined(node)
            case ex.Choice():
                return self.value(node.yes if np.all(self.value(node.condition)) else node.no)
            case ex.Fold():
                return self._fold(node)
        return node(cell)

    def _quantity(self, node: ex.Quantity, place: list[int]) -> Any:
        z, h, logits = self.runs[node.run]
        if node.name in ("h", "z", "on"):
            found = (h if node.name == "h" else z)[:, place[0], place[1]]
            return found > 0 if node.name == "on" else found
        if node.name == "logit":
            return logits[:, place[0]]
        own = self.names["m" if node.run[1] else "s"]
        margins = logits[:, own : own + 1] - logits
        if place:
            return margins[:, place[0]]
        least = np.delete(margins, own, axis=1).min(axis=1)
        return least > 0 if node.name == "right" else least

    def _combined(self, node: Node) -> Any:
        if isinstance(node, ex.Compare):
            terms = [_plain(self.value(t)) for t in node.terms]
            links = [
                ex.RELATIONS[op](a * 1.0 - b * 1.0)
                for op, a, b in zip(node.operators, terms, terms[1:], strict=False)
            ]
            return np.logical_and.reduce(np.broadcast_arrays(*links))
        if isinstance(node, ex.Logic):
            parts = np.broadcast_arrays(*map(self.value, node.operands))
            if node.operator == "not":
                return ~parts[0]
            return (np.logical_and if node.operator == "and" else np.logical_or).reduce(parts)
        if isinstance(node, ex.Extreme):
            return _reduced(node.name, [_plain(self.value(o)) for o in node.operands])
        assert isinstance(node, ex.Arithmetic)
        if node.kind == "integer":
            return node(bare_cell(self.names, Work(MAX_WORK)))
        x = _plain(self.value(node.left))
        if node.right is None:
            return -x
        y = _plain(self.value(node.right))
        if node.operator == "/" and np.any(y == 0):
            raise Misread("division by zero", node.right.at)
        return {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}[node.operator](
            x * 1.0, y * 1.0
        )

    def _fold(self, node: ex.Fold) -> Any:
        cell = bare_cell(self.names, Work(MAX_WORK))
        values = [self.value(node.element) for _ in node.each(cell)]
        if node.name == "sum":
            return sum((_plain(v) * 1.0 for v in values), 0.0)
        if node.name in ("all", "any"):
            if not values:
                return node.name == "all"
            operation = np.logical_and if node.name == "all" else np.logical_or
            return operation.reduce(np.broadcast_arrays(*values))
        if not values:
            raise Misread(f"{node.name} of nothing", node.at)
        return _reduced(node.name, [_plain(v) for v in values])


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Fraction) else value


def _reduced(name: str, values: list[Any]) -> Any:
    if name == "abs":
        return np.abs(values[0])
    return (np.minimum if name == "min" else np.maximum).reduce(np.broadcast_arrays(*values))
