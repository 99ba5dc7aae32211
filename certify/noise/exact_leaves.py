"""Closing boxes that are too thin for accounted floats: exact cells, exact linear programming.

On a small box few units are undecided. Their signs are cut into cells; in a cell the margins are
affine, and z3's exact arithmetic finds either an input of the claim on which a margin is not
positive, or multipliers that prove there is none (:mod:`certify.checker.exact` says how).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import z3

from certify.checker.exact import Affine, Cells
from certify.claims import Pair, RatioRange
from certify.model import Network

MAX_CUTS = 10

_thread = threading.local()
"""Holds the z3 context of the call that a thread is in: contexts are not to be shared."""


@dataclass(frozen=True)
class Closed:
    """What came of a box: ``evidence`` that all margins are at least ``bound`` (None where the
    box holds no input), or a ``wrong`` input, or neither: too many cells.
    """

    evidence: Any = None
    bound: Fraction | None = None
    wrong: tuple[Fraction, ...] | None = None


class _TooMany(Exception):
    pass


class _Wrong(Exception):
    def __init__(self, y: list[Fraction]) -> None:
        self.y = y


def close(
    network: Network,
    pair: Pair,
    ratio: RatioRange,
    eps: Fraction,
    A: Sequence[Sequence[int]],
    lo: Sequence[Fraction],
    hi: Sequence[Fraction],
) -> Closed:
    """Decide the inputs ``A y`` of the claim with y in the box, exactly."""
    inputs = [(Fraction(0), *(Fraction(v) for v in row)) for row in A]
    ends = [(-eps, eps)] * network.seq_len
    ends[pair.max], ends[pair.second] = (Fraction(1), Fraction(1)), (ratio.lo, ratio.hi)
    cells = Cells(network, pair.second, inputs, ends, lo, hi)
    _thread.context = z3.Context()
    constraints: list[Affine] = []
    for x, (least, most) in zip(inputs, ends, strict=True):
        constraints += [(x[0] - least, *x[1:]), (most - x[0], *(-v for v in x[1:]))]
    try:
        evidence = _cells(cells, constraints, [], [], MAX_CUTS)
    except _TooMany:
        return Closed()
    except _Wrong as found:
        point = [Fraction(1), *found.y]
        x = tuple(
            sum((c * v for c, v in zip(row, point, strict=True)), Fraction(0)) for row in inputs
        )
        return Closed(wrong=x)
    return Closed(evidence, cells.check(evidence, "thin box"))


def _cells(
    cells: Cells,
    constraints: list[Affine],
    states: list[list[Affine | None]],
    partial: list[Affine | None],
    cuts: int,
) -> Any:
    states, partial = list(states), list(partial)
    n, d = len(cells.inputs), len(cells.weights.w_ih)
    while len(states) < n:
        t, i = len(states), len(partial)
        if i == d:
            states.append(partial)
            partial = []
            continue
        z = cells.pre_activation(states, t, i)
        low, high = cells.range(z)
        if low >= 0 or high <= 0:
            partial.append(z if low >= 0 else None)
            continue
        zero = (Fraction(0),) * len(z)
        if _point(cells, constraints, None) is None:
            return {"empty": _multipliers(cells, constraints, zero)}
        if not cuts:
            raise _TooMany
        minus = tuple(-v for v in z)
        return {
            "split": [t, i],
            "on": _cells(cells, [*constraints, z], states, [*partial, z], cuts - 1),
            "off": _cells(cells, [*constraints, minus], states, [*partial, None], cuts - 1),
        }
    if _point(cells, constraints, None) is None:
        return {"empty": _multipliers(cells, constraints, (Fraction(0),) * len(cells.inputs[0]))}
    margins = cells.margins(states)
    for margin in margins:
        if (y := _point(cells, constraints, margin)) is not None:
            raise _Wrong(y)
    return {"rows": [_multipliers(cells, constraints, margin) for margin in margins]}


def _number(value: Fraction) -> Any:
    return z3.RealVal(str(value), _thread.context)


def _dot(row: Sequence[Fraction], terms: Sequence[Any]) -> Any:
    return z3.Sum(
        [_number(c) * v for c, v in zip(row, terms, strict=True) if c] or [_number(Fraction(0))]
    )


def _fraction(model: Any, term: Any) -> Fraction:
    value = model.eval(term, model_completion=True)
    return Fraction(value.numerator_as_long(), value.denominator_as_long())


def _point(cells: Cells, constraints: list[Affine], margin: Affine | None) -> list[Fraction] | None:
    """A point of the cell, where the margin is not positive if one is given; None if there is none.

    Raises:
        _TooMany: z3 does not know.
    """
    y = [z3.Real(f"y{k}", _thread.context) for k in range(len(cells.lo))]
    solver = z3.SolverFor("QF_LRA", ctx=_thread.context)
    for v, lo, hi in zip(y, cells.lo, cells.hi, strict=True):
        solver.add(_number(lo) <= v, v <= _number(hi))
    terms = [_number(Fraction(1)), *y]
    solver.add([_dot(c, terms) >= 0 for c in constraints])
    if margin is not None:
        solver.add(_dot(margin, terms) <= 0)
    answer = solver.check()
    if answer == z3.unknown:
        raise _TooMany
    return None if answer == z3.unsat else [_fraction(solver.model(), v) for v in y]


def _multipliers(cells: Cells, constraints: list[Affine], row: Affine) -> list[list[Any]]:
    """Farkas: ``l >= 0`` with ``row - sum l_c c > 0`` on the box; it exists where no point does."""
    k = len(cells.lo)
    factors = [z3.Real(f"l{c}", _thread.context) for c in range(len(constraints))]
    below, above = (
        [z3.Real(f"a{j}", _thread.context) for j in range(k)],
        [z3.Real(f"b{j}", _thread.context) for j in range(k)],
    )
    solver = z3.SolverFor("QF_LRA", ctx=_thread.context)
    solver.add([v >= 0 for v in (*factors, *below, *above)])
    for j in range(k):
        column = [c[j + 1] for c in constraints]
        solver.add(_number(row[j + 1]) - _dot(column, factors) == below[j] - above[j])
    constant = _number(row[0]) - _dot([c[0] for c in constraints], factors)
    solver.add(constant + _dot(cells.lo, below) - _dot(cells.hi, above) > 0)
    if solver.check() != z3.sat:
        raise _TooMany
    model = solver.model()
    found = [(c, _fraction(model, v)) for c, v in enumerate(factors)]
    return [[c, str(v)] for c, v in found if v]
