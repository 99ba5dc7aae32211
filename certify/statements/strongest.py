"""The strongest true version of a refuted claim, where it is one number away.

Where a claim compares one quantity with a number, ``X <= c``, the exact least difference of its
sides says which number would have made it true: over all pairs, and, where that has lost its sign,
over the pairs on which X keeps the sign of c. The number is shown rounded to the safe side.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from certify.checker import expressions as ex
from certify.checker.engine import Hypothesis, Outcome
from certify.checker.forms import Node

DIGITS = 4
FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True)
class Strongest:
    """A true claim: ``bound`` is exact, ``claim`` shows it rounded to the safe side.

    It holds on ``pairs`` of the ``of`` pairs of the domain.
    """

    claim: str
    bound: Fraction
    pairs: int
    of: int

    def __str__(self) -> str:
        return f"{self.claim} on {self.pairs} of {self.of} pairs"

    def to_dict(self) -> dict[str, Any]:
        """The exact bound, and the claim in which it is rounded."""
        return {
            "claim": self.claim,
            "bound": self.bound,
            "pairs": self.pairs,
            "of": self.of,
        }


def strongest(read: Hypothesis, outcome: Outcome) -> tuple[Strongest, ...]:
    """True claims that differ from a refuted one by a number, the one about most pairs first."""
    found = _threshold(read.claim.root)
    if found is None or not outcome.slacks:
        return ()
    operator, side, number = found
    upper = operator in ("<", "<=")
    # Of each pair the largest X for an upper bound, the smallest for a lower one.
    extremes = {p: number - v if upper else number + v for p, v in outcome.slacks.items()}
    pick = max if upper else min
    total = len(outcome.pairs)
    bounds = [(pick(extremes.values()), total)]
    kept = [v for v in extremes.values() if v * number > 0]
    if number and kept and bounds[0][0] * number <= 0:
        bounds.append((pick(kept), len(kept)))
    text = read.claim.text
    made = []
    for bound, pairs in bounds:
        shown = outward(bound, up=upper, strict="=" not in operator)
        claim = f"{text[: side.at]}{shown}{text[side.end :]}"
        made.append(Strongest(claim, bound, pairs, total))
    return tuple(made)


def _threshold(root: Node) -> tuple[str, Node, Fraction] | None:
    """The operator (as if the number stood on the right), the side that is a number, its value."""
    while isinstance(root, ex.Fold) and root.name == "all":
        root = root.element
    if not isinstance(root, ex.Compare) or len(root.operators) > 1:
        return None
    (operator,), (left, right) = root.operators, root.terms
    if operator not in FLIPPED:
        return None
    for side, shown in ((right, operator), (left, FLIPPED[operator])):
        number = _number(side)
        if number is not None:
            return shown, side, number
    return None


def _number(node: Node) -> Fraction | None:
    """The value of an expression of literals alone."""
    if isinstance(node, ex.Literal):
        return Fraction(node.number)
    if isinstance(node, ex.Arithmetic):
        x = _number(node.left)
        if node.right is None:
            return None if x is None else -x
        y = _number(node.right)
        if node.operator == "/" and x is not None and y:
            return x / y
    return None


def outward(value: Fraction, *, up: bool, strict: bool = False, digits: int = DIGITS) -> str:
    """A decimal of some significant digits at or above ``value`` (below, if not ``up``); strictly
    so if ``strict``.
    """
    size, exponent = abs(value), 0
    while size and size < 10 ** (digits - 1):
        size, exponent = size * 10, exponent + 1
    scaled = value * 10**exponent
    whole = (
        -(-scaled.numerator // scaled.denominator)
        if up
        else scaled.numerator // (scaled.denominator)
    )
    if strict and whole == scaled:
        whole += 1 if up else -1
    text = str(abs(whole)).rjust(exponent + 1, "0")
    point = len(text) - exponent
    fraction = text[point:].rstrip("0")
    return f"{'-' if whole < 0 else ''}{text[:point]}{'.' + fraction if fraction else ''}"
