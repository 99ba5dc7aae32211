"""What an expression of a hypothesis is worth: exactly, at one ratio or between two.

A :class:`Cell` is one ratio, or an open interval of ratios on which every run is affine. There a
quantity is a *form* ``(q, a, b)`` of integers: its value at the left end is ``a / (q A)`` and at
the right end ``b / (q B)``, with the scales A and B of the ends, and it is affine between them. So
the signs at the two ends decide the sign inside, and where they are strictly opposite the cell is
too large: :class:`Split` names the ratio at which it must be cut.

:mod:`certify.checker.expressions` holds the kinds of nodes, :mod:`certify.checker.grammar` builds
them from text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass
class Cell:
    """Where an expression is evaluated.

    ``names`` holds the integers that names stand for. ``left`` and ``right`` are the same point
    for one ratio. ``counts`` are the values of the counts of a claim about the domain.
    ``compared`` counts the comparisons looked at, conditions of generators apart; ``least`` is the
    least difference of sides so far, where the claim has a slack.
    """

    names: dict[str, int]
    left: Point
    right: Point
    work: Work
    counts: Sequence[int] = ()
    compared: int = 0
    least: Fraction | None = None
    condition: bool = False

    def lift(self, value: Value) -> Form:
        """A number, or a truth value as 0 or 1, as a form."""
        if isinstance(value, tuple):
            return value
        top = value.numerator
        return value.denominator, top * self.left.scale, top * self.right.scale

    def sign(self, form: Form) -> int:
        """The sign on the whole cell."""
        _, a, b = form
        if (a < 0 < b) or (b < 0 < a):
            left, right = abs(a) * self.right.scale, abs(b) * self.left.scale
            at = self.left.ratio * right + self.right.ratio * left
            raise Split(at / (left + right))
        return (a > 0 or b > 0) - (a < 0 or b < 0)

    def value(self, form: Form) -> Fraction:
        """The value at the left end: where the cell is one ratio, the value."""
        return Fraction(form[1], form[0] * self.left.scale)

    def note(self, form: Form) -> None:
        """Keep the least difference of sides, at either end."""
        ends = ((form[1], self.left), (form[2], self.right))
        for top, end in ends if self.left is not self.right else ends[:1]:
            best = self.least
            if best is None or top * best.denominator < best.numerator * form[0] * end.scale:
                self.least = Fraction(top, form[0] * end.scale)


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
        raise NotImplementedError  # pragma: no cover


def least(cell: Cell, values: Sequence[Value], sign: int) -> Value:
    """The least (sign -1) or the greatest (1) of some numbers, on the whole cell."""
    if not any(isinstance(v, tuple) for v in values):
        return min(values) if sign < 0 else max(values)
    best, *others = map(cell.lift, values)
    for form in others:
        if sign * cell.sign(add(form, best, -1)) > 0:
            best = form
    return best
