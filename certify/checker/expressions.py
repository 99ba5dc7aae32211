# ruff: noqa: D102  (the value of a node is what its class says)
"""The nodes of an expression: what each kind is worth on a cell.

:mod:`certify.checker.grammar` builds them, and sees to it that kinds fit together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from certify.checker.forms import Cell, Form, Misread, Node, Number, Run, add, least, short, times

if TYPE_CHECKING:
    from certify.checker.runs import States


@dataclass
class Literal(Node):
    """A number."""

    number: Number

    def __call__(self, cell: Cell) -> Number:
        return self.number


@dataclass
class Name(Node):
    """A position, a length, or a name that a generator binds."""

    name: str

    def __call__(self, cell: Cell) -> int:
        return cell.names[self.name]


@dataclass
class Ratio(Node):
    """``r``, and S for M = 1."""

    def __call__(self, cell: Cell) -> Form:
        return 1, cell.left.top, cell.right.top


@dataclass
class Indexed(Node):
    """What is looked up by indices; ``sizes`` are their limits, ``words`` what they count."""

    name: str
    indices: tuple[Node, ...]
    limits: tuple[tuple[str, int], ...]

    def place(self, cell: Cell) -> list[int]:
        """The indices, each in its range."""
        found = []
        for node, (word, limit) in zip(self.indices, self.limits, strict=True):
            index = node(cell)
            if not 0 <= index < limit:
                inside(index, word, limit, node.at, self.name)
            found.append(index)
        return found


def inside(index: int, word: str, limit: int, at: int, name: str) -> None:
    """Demand that an index is in its range."""
    if not 0 <= index < limit:
        raise Misread(f"{name}: there is no {word} {index}, only 0 .. {limit - 1}", at)


@dataclass
class Weight(Indexed):
    """An entry of W_ih, W_hh or W_out."""

    base: bool

    def __call__(self, cell: Cell) -> Fraction:
        return cell.left.weight(self.name, self.place(cell), self.base)


@dataclass
class Quantity(Indexed):
    """``h``, ``z``, ``on``, ``logit``, ``margin``, ``right`` of a run."""

    run: Run

    def __call__(self, cell: Cell) -> Form | bool:
        left, right = cell.left.runs[self.run], cell.right.runs[self.run]
        if self.name == "h":
            t, i = self.place(cell)
            return 1, left.h[t][i], right.h[t][i]
        if self.name in ("z", "on"):
            t, i = self.place(cell)
            form = 1, left.z[t][i], right.z[t][i]
            return form if self.name == "z" else self._compared(cell, [form])
        if self.name == "logit":
            (j,) = self.place(cell)
            return 1, left.logits[j], right.logits[j]
        own = cell.names["m" if self.run[1] else "s"]

        def margin(j: int) -> Form:
            a, b = left.logits, right.logits
            return 1, a[own] - a[j], b[own] - b[j]

        if self.indices:
            return margin(self.place(cell)[0])
        margins = [margin(j) for j in range(len(left.logits)) if j != own]
        if self.name == "right":
            return self._compared(cell, margins)
        return cell.lift(least(cell, margins, -1))

    def _compared(self, cell: Cell, forms: list[Form]) -> bool:
        cell.compared += not cell.condition
        return all(cell.sign(form) > 0 for form in forms)


@dataclass
class Contribution(Indexed):
    """``of(GROUP, j)``: what the units of a group add to a logit."""

    run: Run
    group: Node
    units: int

    def __call__(self, cell: Cell) -> Form:
        (j,) = self.place(cell)
        group = self.group(cell)
        for unit in group:
            inside(unit, "unit", self.units, self.group.at, "of")
        cell.work.look(len(group))
        a, b = cell.left.runs[self.run], cell.right.runs[self.run]
        return 1, _part(a, group, j), _part(b, group, j)


def _part(run: States, group: Sequence[int], j: int) -> int:
    row, last = run.trace.model.w_out[j], run.final
    return sum([row[i] * last[i] for i in group])


@dataclass
class Arithmetic(Node):
    """``+ - * / // %`` of two, or the negative of one (``right`` None)."""

    operator: str
    left: Node
    right: Node | None

    def __call__(self, cell: Cell) -> Number | Form:
        x = self.left(cell)
        if self.right is None:
            return times(x, -1) if isinstance(x, tuple) else -x
        y = self.right(cell)
        moving = isinstance(x, tuple), isinstance(y, tuple)
        if self.operator in "+-":
            sign = 1 if self.operator == "+" else -1
            return add(cell.lift(x), cell.lift(y), sign) if any(moving) else x + sign * y
        if self.operator == "*":
            if moving[1]:
                x, y = y, x
            return times(x, y) if any(moving) else x * y
        if y == 0:
            raise Misread("division by zero", self.right.at)
        if self.operator == "/":
            y = Fraction(1) / y
            return times(x, y) if moving[0] else x * y
        return int(x) // int(y) if self.operator == "//" else int(x) % int(y)


RELATIONS: dict[str, Callable[[int], bool]] = {
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
    "==": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
}


@dataclass
class Compare(Node):
    """A comparison, chained or not: ``terms[0] operators[0] terms[1] ...``.

    ``has_slack`` says that the difference of the sides counts for the claim's slack.
    """

    terms: tuple[Node, ...]
    operators: tuple[str, ...]
    has_slack: bool = False

    def __call__(self, cell: Cell) -> bool:
        cell.compared += not cell.condition
        terms = iter(self.terms)
        before = next(terms)(cell)
        for operator, term in zip(self.operators, terms, strict=True):
            after = term(cell)
            # What is greater, as asked, minus what is less.
            x, y, sign = (after, before, -1) if operator[0] == "<" else (before, after, 1)
            if y == 0 and isinstance(x, tuple):
                difference = x
            else:
                difference = add(cell.lift(x), cell.lift(y), -1)
            if self.has_slack:
                cell.note(difference)
            if not RELATIONS[operator](sign * cell.sign(difference)):
                return False
            before = after
        return True


@dataclass
class Member(Node):
    """``in`` and ``not in``."""

    element: Node
    sequence: Node
    negated: bool

    def __call__(self, cell: Cell) -> bool:
        cell.compared += not cell.condition
        return (self.element(cell) in self.sequence(cell)) != self.negated


@dataclass
class Logic(Node):
    """``and``, ``or`` of several and ``not`` of one: only what decides is looked at."""

    operator: str
    operands: tuple[Node, ...]

    def __call__(self, cell: Cell) -> bool:
        if self.operator == "not":
            return not self.operands[0](cell)
        decides = self.operator == "or"
        return any(o(cell) == decides for o in self.operands) == decides


@dataclass
class Choice(Node):
    """``X if C else Y``."""

    condition: Node
    yes: Node
    no: Node

    def chosen(self, cell: Cell) -> Node:
        """The branch that counts."""
        return self.yes if condition_holds(self.condition, cell) else self.no

    def __call__(self, cell: Cell) -> Any:
        return self.chosen(cell)(cell)


def condition_holds(node: Node, cell: Cell) -> bool:
    """The value of a condition: what it compares is no part of the claim."""
    outer, cell.condition = cell.condition, True
    try:
        return bool(node(cell))
    finally:
        cell.condition = outer


@dataclass
class Extreme(Node):
    """``abs`` of one, ``min`` and ``max`` of several."""

    name: str
    operands: tuple[Node, ...]

    def __call__(self, cell: Cell) -> Any:
        values = [o(cell) for o in self.operands]
        if self.name == "abs":
            (x,) = values
            if isinstance(x, tuple):
                return times(x, -1) if cell.sign(x) < 0 else x
            return abs(x)
        return least(cell, values, -1 if self.name == "min" else 1)


@dataclass
class Clause:
    """``for name in sequence if conditions`` of a generator."""

    name: str
    sequence: Node
    conditions: tuple[Node, ...]


@dataclass
class Fold(Node):
    """``sum``, ``all``, ``any``, ``min``, ``max`` of a generator: every element is looked at."""

    name: str
    element: Node
    clauses: tuple[Clause, ...]

    def each(self, cell: Cell, depth: int = 0) -> Iterator[None]:
        """Bind the names to one choice after the other."""
        clause, names = self.clauses[depth], cell.names
        outer = names.get(clause.name)
        inner = depth + 1 < len(self.clauses)
        spend, cost = cell.work.spend, self.element.size * cell.work.price
        for value in clause.sequence(cell):
            spend(cost)
            names[clause.name] = value
            if all(condition_holds(c, cell) for c in clause.conditions):
                if inner:
                    yield from self.each(cell, depth + 1)
                else:
                    yield
        if outer is None:
            names.pop(clause.name, None)
        else:
            names[clause.name] = outer

    def __call__(self, cell: Cell) -> Any:
        values = [self.element(cell) for _ in self.each(cell)]
        if self.name == "all":
            return all(values)
        if self.name == "any":
            return any(values)
        if self.name == "sum":
            total: Any = 0
            for v in values:
                moving = isinstance(v, tuple) or isinstance(total, tuple)
                total = add(cell.lift(total), cell.lift(v)) if moving else total + v
                short(0 if isinstance(total, tuple) else total.denominator)
            return total
        if not values:
            raise Misread(f"{self.name} of nothing", self.at)
        return least(cell, values, -1 if self.name == "min" else 1)


@dataclass
class Count(Node):
    """``count(C)``: its value is found before the claim is looked at."""

    index: int
    condition: Node = field(repr=False)

    def __call__(self, cell: Cell) -> int:
        return cell.counts[self.index]


@dataclass
class Listed(Node):
    """A list of integers."""

    elements: tuple[Node, ...]

    def __call__(self, cell: Cell) -> tuple[int, ...]:
        return tuple(e(cell) for e in self.elements)


@dataclass
class Group(Node):
    """A group of the file."""

    members: tuple[int, ...]

    def __call__(self, cell: Cell) -> tuple[int, ...]:
        return self.members


@dataclass
class Range(Node):
    """``range(...)``."""

    arguments: tuple[Node, ...]

    def __call__(self, cell: Cell) -> range:
        ends = [a(cell) for a in self.arguments]
        if len(ends) == 3 and ends[2] == 0:
            raise Misread("a range with a step of 0", self.arguments[2].at)
        return range(*ends)
