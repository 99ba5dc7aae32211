"""A second evaluator of claims, for tests: Python itself, on Fractions, at one ratio.

It shares nothing with the checker: runs are computed by the definition, and Python evaluates the
expression. In the text of a claim a constant is written ``C(p, q)``; :func:`as_claim` turns that
into a quotient.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from certify.model import Network

Setting = tuple[str, tuple[int, ...], str, Fraction]
"""Target, place, one of ``=``, ``*=``, ``swapped``, and the value."""


def as_claim(text: str) -> str:
    return re.sub(r"C\((-?\d+), (\d+)\)", r"(\1 / \2)", text)


@dataclass
class Trajectory:
    z: list[list[Fraction]]
    h: list[list[Fraction]]
    logits: list[Fraction]


class Table:
    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def __getitem__(self, place: Any) -> Any:
        found = self.rows
        for i in place if isinstance(place, tuple) else (place,):
            assert i >= 0
            found = found[i]
        return found


class Margins(Fraction):
    """The least margin, and each of them by its index."""

    each: list[Fraction]

    def __getitem__(self, j: int) -> Fraction:
        assert j >= 0
        return self.each[j]


def unscaled(network: Network) -> dict[str, list[list[Fraction]]]:
    def rows(found: Any) -> list[list[Fraction]]:
        return [[Fraction(w, 1 << network.shift) for w in row] for row in found]

    return {"W_ih": rows([network.w_ih]), "W_hh": rows(network.w_hh), "W_out": rows(network.w_out)}


def trajectory(
    weights: dict[str, list[list[Fraction]]],
    x: Sequence[Fraction],
    settings: Sequence[Setting],
    other: Trajectory | None,
) -> Trajectory:
    d = len(weights["W_hh"])
    state, z, h = [Fraction(0)] * d, [], []
    for t, value in enumerate(x):
        before = [
            weights["W_ih"][0][i] * value
            + sum((weights["W_hh"][i][j] * state[j] for j in range(d)), Fraction(0))
            for i in range(d)
        ]
        state = [max(v, Fraction(0)) for v in before]
        for target, place, how, amount in settings:
            if target == "h" and place[0] == t:
                i = place[1]
                if how == "swapped":
                    assert other is not None
                    state[i] = other.h[t][i]
                else:
                    state[i] = amount if how == "=" else state[i] * amount
        z.append(before)
        h.append(list(state))
    logits = [sum((row[i] * state[i] for i in range(d)), Fraction(0)) for row in weights["W_out"]]
    return Trajectory(z, h, logits)


class View:
    """One run as an expression sees it."""

    def __init__(self, run: Trajectory, own: int, weights: dict[str, list[list[Fraction]]]) -> None:
        self.h, self.z = Table(run.h), Table(run.z)
        self.on = Table([[v > 0 for v in row] for row in run.z])
        self.logit = Table(run.logits)
        each = [run.logits[own] - v for v in run.logits]
        self.margin = Margins(min(v for j, v in enumerate(each) if j != own))
        self.margin.each = each
        self.right = self.margin > 0
        self.W_ih = Table(weights["W_ih"][0])
        self.W_hh, self.W_out = Table(weights["W_hh"]), Table(weights["W_out"])
        self._last = run.h[-1]

    def of(self, group: Sequence[int], j: int) -> Fraction:
        return sum((self.W_out[j, i] * self._last[i] for i in group), Fraction(0))


def names(
    network: Network,
    pair: tuple[int, int],
    ratio: Fraction,
    settings: Sequence[Setting],
    largest: Fraction = Fraction(1),
) -> dict[str, Any]:
    """What every name of the expression language stands for."""
    m, s = pair
    n = network.seq_len
    weights, base = unscaled(network), unscaled(network)
    for target, place, how, amount in settings:
        if target != "h":
            row = weights[target][place[0] if len(place) > 1 else 0]
            row[place[-1]] = amount if how == "=" else row[place[-1]] * amount
    x, y = [Fraction(0)] * n, [Fraction(0)] * n
    x[m], x[s] = largest, ratio
    y[s], y[m] = largest, ratio
    plain, plain_swapped = (trajectory(base, v, (), None) for v in (x, y))
    direct = View(trajectory(weights, x, settings, plain_swapped), s, weights)
    direct_swapped = View(trajectory(weights, y, settings, plain), m, weights)
    direct.swapped = direct_swapped  # type: ignore[attr-defined]
    unchanged = View(plain, s, base)
    unchanged.swapped = View(plain_swapped, m, base)  # type: ignore[attr-defined]
    found = {name: getattr(direct, name) for name in vars(direct) if not name.startswith("_")}
    return {
        **found,
        "of": direct.of,
        "swapped": direct_swapped,
        "base": unchanged,
        "m": m,
        "s": s,
        "first": min(pair),
        "last": max(pair),
        "n": n,
        "d": network.hidden_size,
        "M": largest,
        "S": ratio,
        "r": ratio,
        "C": Fraction,
        "G": (0, 1),
    }


def holds(
    network: Network,
    text: str,
    pair: tuple[int, int],
    ratio: Fraction,
    settings: Sequence[Setting] = (),
) -> bool:
    """Whether a claim is true for a pair at one ratio."""
    return bool(eval(text, names(network, pair, ratio, settings)))
