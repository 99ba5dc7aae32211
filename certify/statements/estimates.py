"""What estimates from a sample say of a claim: its value with an interval in place of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from certify.checker import expressions as ex
from certify.checker.forms import Misread, Node
from certify.checker.runs import changed
from certify.model import Network


@dataclass(frozen=True)
class Estimate:
    """An estimate from a sample, with the ends of its interval.

    ``proved`` says that the interval is no statement of statistics but the bracket that
    :func:`certify.probability.prove.prove_accuracy` proves: the accuracy of a short model.
    """

    text: str
    value: float
    lower: float
    upper: float
    proved: bool = False

    def __str__(self) -> str:
        within = f"in [{self.lower:.4g}, {self.upper:.4g}]"
        return f"{self.text} = {self.value:.4g} {within}{' (proved)' if self.proved else ''}"


@dataclass
class Average(Node):
    """``share(C)`` or ``mean(X)``: its place among the estimates."""

    index: int
    inner: Node = field(repr=False)


@dataclass
class Bounds:
    """Evaluates the claim itself, with an interval in the place of each estimate."""

    cell: Any
    network: Network
    estimates: tuple[Estimate, ...]

    def truth(self, node: Node) -> tuple[bool, bool]:
        """Whether it surely holds, and whether it may."""
        if isinstance(node, ex.Logic):
            parts = [self.truth(o) for o in node.operands]
            if node.operator == "not":
                return not parts[0][1], not parts[0][0]
            join = all if node.operator == "and" else any
            return join(p[0] for p in parts), join(p[1] for p in parts)
        if isinstance(node, ex.Compare):
            terms = [self.number(t) for t in node.terms]
            links = [
                _compared(op, a, b)
                for op, a, b in zip(node.operators, terms, terms[1:], strict=False)
            ]
            return all(x[0] for x in links), all(x[1] for x in links)
        raise Misread("expected a comparison of estimates", node.at)

    def number(self, node: Node) -> tuple[float, float]:
        """The ends between which it lies."""
        if isinstance(node, Average):
            found = self.estimates[node.index]
            return found.lower, found.upper
        if isinstance(node, ex.Arithmetic):
            a, b = self.number(node.left)
            if node.right is None:
                return -b, -a
            c, d = self.number(node.right)
            if node.operator == "+":
                return a + c, b + d
            if node.operator == "-":
                return a - d, b - c
            if node.operator == "/":
                if c == 0:
                    raise Misread("division by zero", node.right.at)
                c, d = 1 / c, 1 / d
            if node.operator in "*/":
                ends = (a * c, a * d, b * c, b * d)
                return min(ends), max(ends)
        if isinstance(node, ex.Extreme):
            parts = [self.number(o) for o in node.operands]
            if node.name == "abs":
                a, b = parts[0]
                return (0.0 if a < 0 < b else min(abs(a), abs(b))), max(abs(a), abs(b))
            pick = min if node.name == "min" else max
            return pick(p[0] for p in parts), pick(p[1] for p in parts)
        if isinstance(node, ex.Weight):
            model = changed(self.network, ())
            value = float(model.weight(node.name, node.place(self.cell)))
            return value, value
        if not node.fixed:
            raise Misread("expected accuracy, share(...), mean(...) and numbers", node.at)
        value = float(node(self.cell))
        return value, value


def _compared(operator: str, x: tuple[float, float], y: tuple[float, float]) -> tuple[bool, bool]:
    low, high = x[0] - y[1], x[1] - y[0]
    if operator in ("<", "<="):
        test = ex.RELATIONS[operator]
        return test(high), test(low)  # type: ignore[arg-type]
    if operator in (">", ">="):
        test = ex.RELATIONS[operator]
        return test(low), test(high)  # type: ignore[arg-type]
    equal = (low == high == 0, low <= 0 <= high)
    return equal if operator == "==" else (not equal[1], not equal[0])
