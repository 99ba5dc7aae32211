"""What an expression of a hypothesis is worth: exactly, at one ratio or between two.

Between two neighbouring nodes every run is affine. There a quantity is a *form* ``(q, a, b)`` of
integers: its value at the left node is ``a / (q A)`` and at the right node ``b / (q B)``, with the
scales A and B of the nodes, and it is affine between them. A :class:`Cell` is one ratio, or an open
interval between two nodes. The signs at its two ends decide the sign inside, and where they are
strictly opposite the cell is too large: :class:`Split` names the ratio at which it must be cut.

:mod:`certify.checker.expressions` holds the kinds of nodes, :mod:`certify.checker.grammar` builds
them from text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from certify.checker.runs import Point

Form = tuple[int, int, int]
Number = int | Fraction
Value = int | Fraction | Form
MAX_BITS = 1 << 14
Run = tuple[bool, bool]
"""Whether it is the base run (without changes), and whether M and S are exchanged."""


class Misread(ValueError):
    """An expression that cannot mean anything; ``at`` is the place in its text, from 0."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


class Split(Exception):
    """A quantity changes sign inside a cell, at ``ratio``."""

    def __init__(self, ratio: Fraction) -> None:
        super().__init__(ratio)
        self.ratio = ratio


class Exhausted(Exception):
    """More work than was allowed."""


@dataclass
class Work:
    """Steps (:mod:`certify.checker.work`) that may still be taken.

    ``price`` is what one look at a quantity costs.
    """

    left: int
    price: int = 1000

    def spend(self, steps: int) -> None:
        """Take steps.

        Raises:
            Exhausted: there are not so many left.
        """
        self.left -= steps
        if self.left < 0:
            raise Exhausted

    def look(self, quantities: int) -> None:
        """Look at some quantities.

        Raises:
            Exhausted: there are not enough steps left.
        """
        self.spend(quantities * self.price)


@dataclass(frozen=True)
class End:
    """A ratio between two nodes: a form is worth ``(p a + r b) / (q scale)`` there."""

    ratio: Fraction
    p: int
    r: int
    scale: int

    def top(self, form: Form) -> int:
        """The value there, times q and the scale."""
        return self.p * form[1] + self.r * form[2]


def between(left: Point, right: Point, ratio: Fraction) -> End:
    """An end inside of the interval between two nodes."""
    part = (ratio - left.ratio) / (right.ratio - left.ratio)
    rest = part.denominator - part.numerator
    scale = left.scale * right.scale * part.denominator
    return End(ratio, rest * right.scale, part.numerator * left.scale, scale)


@dataclass
class Cell:
    """Where an expression is evaluated.

    ``names`` holds the integers that names stand for. ``left`` and ``right`` are nodes, ``start``
    and ``end`` the ends of the cell; for one ratio both are the same. ``counts`` are the values of
    the counts of a claim about the domain. ``compared`` counts the comparisons looked at,
    conditions of generators apart. ``as_left`` and ``as_right`` say that every sign that was asked
    for is at the start (the end) what it is inside, so that what was found holds there too.
    """

    names: dict[str, int]
    left: Point
    right: Point
    start: End
    end: End
    work: Work
    counts: Sequence[int] = ()
    compared: int = 0
    condition: bool = False
    as_left: bool = True
    as_right: bool = True
    _noted: list[Form] = field(default_factory=list)

    def lift(self, value: Value) -> Form:
        """A number, or a truth value as 0 or 1, as a form."""
        if isinstance(value, tuple):
            return value
        top = value.numerator
        return value.denominator, top * self.left.scale, top * self.right.scale

    def sign(self, form: Form) -> int:
        """The sign on the whole cell."""
        _, a, b = form
        if (a > 0 and b > 0) or (a < 0 and b < 0):
            return 1 if a > 0 else -1
        x, y = self.start.top(form), self.end.top(form)
        if (x < 0 < y) or (y < 0 < x):
            left, right = self.left, self.right
            raise Split(root(left.ratio, a * right.scale, right.ratio, b * left.scale))
        self.as_left = self.as_left and bool(x or not y)
        self.as_right = self.as_right and bool(y or not x)
        return (x > 0 or y > 0) - (x < 0 or y < 0)

    def value(self, form: Form) -> Fraction:
        """The value at the start: where the cell is one ratio, the value."""
        return Fraction(self.start.top(form), form[0] * self.start.scale)

    def note(self, form: Form) -> None:
        """Note a difference of sides."""
        self._noted.append(form)

    def least(self, best: Fraction | None = None) -> Fraction | None:
        """The least difference of sides that was noted, or ``best`` where that is less."""
        for end in (self.start, self.end):
            tops: dict[int, int] = {}
            for form in self._noted:
                q, top = form[0], end.p * form[1] + end.r * form[2]
                if q not in tops or top < tops[q]:
                    tops[q] = top
            for q, top in tops.items():
                scale = q * end.scale
                if best is None or top * best.denominator < best.numerator * scale:
                    best = Fraction(top, scale)
        return best


def root(left: Fraction, a: int, right: Fraction, b: int) -> Fraction:
    """Where an affine function is 0 that has values in the ratio a to b, of strictly opposite
    signs, at ``left`` and ``right``.
    """
    p, q = abs(a) * left.denominator, abs(b) * right.denominator
    top = left.numerator * q + right.numerator * p
    return Fraction(top, left.denominator * q + right.denominator * p)


def add(x: Form, y: Form, sign: int = 1) -> Form:
    """The sum of two forms, or with sign -1 their difference."""
    if x[0] == y[0]:
        return x[0], x[1] + sign * y[1], x[2] + sign * y[2]
    common = short(lcm(x[0], y[0]))
    p, q = common // x[0], sign * (common // y[0])
    return common, p * x[1] + q * y[1], p * x[2] + q * y[2]


def short(number: int) -> int:
    """A number, unless a sum of many fractions has made it too long to be worth a step.

    Raises:
        Exhausted: it is too long.
    """
    if number.bit_length() > MAX_BITS:
        raise Exhausted
    return number


def times(x: Form, factor: Number) -> Form:
    """A form times a constant."""
    top = factor.numerator
    return x[0] * factor.denominator, x[1] * top, x[2] * top


@dataclass
class Node:
    """A part of an expression, from ``at`` to ``end`` in its text.

    ``kind`` is ``integer``, ``number``, ``truth`` or ``sequence``; ``fixed`` says that it depends
    on no run and not on the ratio; ``size`` is what it costs to look at it.
    """

    at: int
    end: int
    kind: str
    fixed: bool
    size: int

    def __call__(self, cell: Cell) -> Any:
        """An int or Fraction, a form, a bool, or a sequence of ints."""
        raise TypeError(f"{type(self).__name__} is estimated, and has no exact value")


def least(cell: Cell, values: Sequence[Value], sign: int) -> Value:
    """The least (sign -1) or the greatest (1) of some numbers, on the whole cell."""
    if not any(isinstance(v, tuple) for v in values):
        return min(values) if sign < 0 else max(values)
    best, *others = map(cell.lift, values)
    for form in others:
        if sign * cell.sign(add(form, best, -1)) > 0:
            best = form
    return best
