"""The network with interventions: one exact run, and the exact sweep of a pair.

An intervention acts on the state after step t (``h_{t+1}``, steps count from 0): it *sets* a unit
to a value or *scales* it by a factor, both non-negative as what leaves a rectifier is. Everything
after it is computed anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import Any, Literal

from flint import fmpz_mat

from certify.claims import Pair
from certify.impulse.sweep import Piece, Sweep
from certify.model import Network

Vector = list[Fraction]
_Part = tuple[Fraction, Fraction, tuple[int, ...], list[list[int]]]


@dataclass(frozen=True)
class Intervention:
    """Set a unit to ``value``, or scale it by ``value``, after step ``step`` (None: every step)."""

    unit: int
    step: int | None
    action: Literal["set", "scale"]
    value: Fraction

    def at(self, step: int) -> bool:
        """Whether it acts after this step."""
        return self.step in (None, step)

    def __str__(self) -> str:
        when = "every step" if self.step is None else f"step {self.step}"
        if self.value == 0:
            return f"unit {self.unit} zeroed after {when}"
        done = "set to" if self.action == "set" else "scaled by"
        return f"unit {self.unit} {done} {self.value} after {when}"

    def to_json(self) -> dict[str, Any]:
        """``step`` is null for every step."""
        return {
            "unit": self.unit,
            "step": self.step,
            "action": self.action,
            "value": self.value,
        }


@dataclass(frozen=True)
class Trace:
    """One exact run: the states after each step (n, d), the logits (n), and the choice.

    ``chosen`` is the position of the largest logit, None where two are largest.
    """

    states: tuple[Vector, ...]
    logits: Vector
    chosen: int | None


def replay(network: Network, x: Sequence[Fraction], interventions: Sequence[Intervention]) -> Trace:
    """The exact run on the input ``x`` (n) with interventions."""
    # After step t the true state is state / (scale * 2**(shift * (t + 1))).
    scale = lcm(*(v.denominator for v in x))
    state = [0] * network.hidden_size
    states: list[Vector] = []
    for t, value in enumerate(x):
        drive = int(value * scale) << (network.shift * t)
        state = [
            max(0, w * drive + sum(a * h for a, h in zip(row, state, strict=True)))
            for w, row in zip(network.w_ih, network.w_hh, strict=True)
        ]
        acting = [i for i in interventions if i.at(t)]
        finer = lcm(*(i.value.denominator for i in acting))
        scale *= finer
        state = [v * finer for v in state]
        unit = scale << (network.shift * (t + 1))
        for i in acting:
            changed = i.value * (unit if i.action == "set" else state[i.unit])
            state[i.unit] = int(changed)
        states.append([Fraction(v, unit) for v in state])
    unit = scale << (network.shift * (network.seq_len + 1))
    logits = [
        Fraction(sum(a * h for a, h in zip(row, state, strict=True)), unit) for row in network.w_out
    ]
    best = max(logits)
    return Trace(tuple(states), logits, logits.index(best) if logits.count(best) == 1 else None)


def sweep_patched(
    network: Network, pair: Pair, interventions: Sequence[Intervention]
) -> tuple[Sweep, int]:
    """The exact sweep of a pair with interventions, and the factor by which it is scaled.

    As :func:`certify.impulse.sweep.sweep`, but the columns of the maps stand for (1, r) instead of
    (M, S): a constant joins the first column. States and logits are multiplied by the returned
    positive integer, so that they stay integers whatever the values' denominators; signs, and
    with them pieces and right intervals, don't depend on it. Neighbouring pieces may be equal,
    where the unit that would tell them apart is set.
    """
    d, n = network.hidden_size, network.seq_len
    w_hh = fmpz_mat([list(row) for row in network.w_hh])
    w_out = fmpz_mat([list(row) for row in network.w_out])
    parts: list[_Part] = [(Fraction(0), Fraction(1), (), [[0, 0]] * d)]
    scale = 1
    for t in range(n):
        column = {pair.max: 0, pair.second: 1}.get(t)
        acting = [i for i in interventions if i.at(t)]
        finer = lcm(*(i.value.denominator for i in acting))
        advanced: list[_Part] = []
        for lo, hi, pattern, state in parts:
            rows = [[int(v) for v in row] for row in (w_hh * fmpz_mat(state)).tolist()]
            if column is not None:
                for row, weight in zip(rows, network.w_ih, strict=True):
                    row[column] += weight * scale << (network.shift * t)
            roots = {Fraction(-a, b) for a, b in rows if b and lo < Fraction(-a, b) < hi}
            ends = [lo, *sorted(roots), hi]
            for left, right in pairwise(ends):
                middle = (left + right) / 2
                kept = [[a * finer, b * finer] if a + b * middle > 0 else [0, 0] for a, b in rows]
                for i in acting:
                    unit = (scale * finer) << (network.shift * (t + 1))
                    old = kept[i.unit]
                    kept[i.unit] = (
                        [int(i.value * unit), 0]
                        if i.action == "set"
                        else [int(i.value * v) for v in old]
                    )
                mask = sum(any(row) << k for k, row in enumerate(kept))
                advanced.append((left, right, (*pattern, mask), kept))
        parts = advanced
        scale *= finer
    return (
        Sweep(
            network,
            pair,
            tuple(
                Piece(lo, hi, pattern, fmpz_mat(state), w_out) for lo, hi, pattern, state in parts
            ),
        ),
        scale,
    )
