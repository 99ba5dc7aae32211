"""How the logits come about: groups of units, accuracy, errors and clipping, from samples.

Inputs are i.i.d. standard normal or uniform on [0, 1]; every number is an
:class:`certify.mechanism.samples.Estimate` with its standard error and sample size. What is right
is decided exactly, a tie is never; contributions are float64: these are measurements.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from certify.claims import Inputs
from certify.mechanism.samples import Estimate, Progress, demand_some, mean
from certify.model import FloatArray, Network
from certify.probability.sampling import (
    BoolArray,
    IntArray,
    choices,
    draw,
    judge,
    last_states,
)


@dataclass(frozen=True)
class Group:
    """The units of one role, or of a union of roles, and what they do to the logits.

    ``at_max``, ``at_second`` and ``elsewhere`` are the mean contributions
    ``sum_i W_out[j, i] h_n[i]`` over the group's units i to the logit at j = m, at j = s and, mean
    over the others, at the rest (NaN shown as ``-`` for n = 2). ``without`` is the accuracy with
    the group's columns of W_out zeroed. ``eigenvalues`` are those of the group's block of W_hh,
    largest modulus first.
    """

    name: str
    units: tuple[int, ...]
    at_max: Estimate
    at_second: Estimate
    elsewhere: Estimate
    without: Estimate
    eigenvalues: tuple[complex, ...]

    def to_json(self) -> dict[str, Any]:
        """Eigenvalues as [real, imaginary]."""
        return {
            "name": self.name,
            "units": list(self.units),
            "logit_at_max": self.at_max.to_json(),
            "logit_at_second": self.at_second.to_json(),
            "logit_elsewhere": self.elsewhere.to_json(),
            "accuracy_without_readout": self.without.to_json(),
            "eigenvalues": [[z.real, z.imag] for z in self.eigenvalues],
        }


@dataclass(frozen=True)
class Readout:
    """The readout under one kind of inputs.

    ``by_max``, ``by_second`` and ``by_distance`` hold the accuracy for each position of the
    maximum, of the second largest and for each distance ``|m - s|`` from 1 on. ``errors`` are
    shares of the wrong answers: ``maximum`` (chose m), ``mirror`` (chose ``2 m - s``, the
    reflection of s about m, where that is a position), ``tie`` (two logits are largest), ``other``;
    and, of all wrong answers again, ``third`` (chose the third largest, whichever of mirror and
    other it counts under). ``ties`` is the share of all inputs that tie.
    ``clip`` (n, d) is the share of runs in which a unit is 0 after each step.
    """

    inputs: Inputs
    samples: int
    seed: int
    groups: tuple[Group, ...]
    accuracy: Estimate
    ties: Estimate
    forward: Estimate
    reverse: Estimate
    by_max: tuple[Estimate, ...]
    by_second: tuple[Estimate, ...]
    by_distance: tuple[Estimate, ...]
    errors: dict[str, Estimate]
    clip: tuple[tuple[float, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """Every estimate with its standard error and sample size."""
        return {
            "inputs": self.inputs,
            "samples": self.samples,
            "seed": self.seed,
            "groups": [group.to_json() for group in self.groups],
            "accuracy": self.accuracy.to_json(),
            "ties": self.ties.to_json(),
            "forward": self.forward.to_json(),
            "reverse": self.reverse.to_json(),
            "by_max": [e.to_json() for e in self.by_max],
            "by_second": [e.to_json() for e in self.by_second],
            "by_distance": [e.to_json() for e in self.by_distance],
            "errors": {name: e.to_json() for name, e in self.errors.items()},
            "clip_rates": [list(row) for row in self.clip],
        }


def study_readout(
    network: Network,
    inputs: Inputs,
    groups: Mapping[str, tuple[int, ...]],
    *,
    samples: int,
    seed: int,
    progress: Progress | None = None,
) -> Readout:
    """Measure the readout on ``samples`` inputs, for groups of units by name (not empty).

    Raises:
        UsageError: fewer than 2 samples, or unknown inputs.
    """
    demand_some(samples)
    floats = network.floats
    n = network.seq_len
    clipped = np.zeros((n, network.hidden_size))
    parts: list[_Part] = []
    done = 0
    for x in draw(inputs, samples, n, seed):
        states = floats.states(x)
        clipped += (states == 0).sum(axis=0)
        parts.append(_measure(network, x, states[:, -1], groups))
        done += len(x)
        if progress is not None:
            progress(f"readout ({inputs})", done, samples)
    whole = _Part(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    right, m, s = whole.right, whole.m, whole.s
    distance = np.abs(m - s)
    return Readout(
        inputs,
        samples,
        seed,
        tuple(
            Group(
                name,
                members,
                mean(whole.at_max[:, k]),
                mean(whole.at_second[:, k]),
                mean(whole.elsewhere[:, k] if n > 2 else whole.elsewhere[:0, k]),
                mean(whole.without[:, k]),
                block_eigenvalues(floats.w_hh, members),
            )
            for k, (name, members) in enumerate(groups.items())
        ),
        mean(right),
        mean(whole.tied),
        mean(right[m < s]),
        mean(right[m > s]),
        tuple(mean(right[m == p]) for p in range(n)),
        tuple(mean(right[s == p]) for p in range(n)),
        tuple(mean(right[distance == p]) for p in range(1, n)),
        _errors(whole),
        tuple(tuple(float(v) for v in row) for row in clipped / samples),
    )


def accuracy_without(
    network: Network, silenced: Sequence[int], inputs: Inputs, *, samples: int, seed: int
) -> Estimate:
    """The accuracy with the columns of W_out of these units zeroed."""
    demand_some(samples)
    without = _silenced(network, silenced)
    right = [judge(without, x).right for x in draw(inputs, samples, network.seq_len, seed)]
    return mean(np.concatenate(right))


def _silenced(network: Network, units: Sequence[int]) -> Network:
    rows = (tuple(0 if i in units else v for i, v in enumerate(row)) for row in network.w_out)
    return replace(network, w_out=tuple(rows))


def block_eigenvalues(w_hh: FloatArray, members: Sequence[int]) -> tuple[complex, ...]:
    """Eigenvalues of the block of W_hh of these units (float64), largest modulus first."""
    values = np.linalg.eigvals(w_hh[np.ix_(members, members)])
    return tuple(sorted((complex(z) for z in values), key=lambda z: (-abs(z), -z.imag)))


class _Part(NamedTuple):
    """What one chunk of N runs gives; group columns in the order of the groups."""

    m: IntArray
    s: IntArray
    third: IntArray
    chosen: IntArray
    right: BoolArray
    tied: BoolArray
    at_max: FloatArray
    at_second: FloatArray
    elsewhere: FloatArray
    without: BoolArray


def _measure(
    network: Network, x: FloatArray, final: FloatArray, groups: Mapping[str, tuple[int, ...]]
) -> _Part:
    """Measure the runs of inputs ``x`` (N, n) with final states (N, d)."""
    size, n = x.shape
    w_out = network.floats.w_out
    every = np.arange(size)
    last = last_states(network, x)
    judged = judge(network, x, last)
    m, s = judged.largest, judged.second
    third = m
    if n > 2:
        rest = x.copy()
        rest[every, m] = rest[every, s] = -np.inf
        third = rest.argmax(axis=1)
    columns = []
    for members in groups.values():
        units_of = list(members)
        own = final[:, units_of] @ w_out[:, units_of].T
        at_m, at_s = own[every, m], own[every, s]
        rest_mean = (own.sum(axis=1) - at_m - at_s) / max(n - 2, 1)
        chosen, _ = choices(_silenced(network, units_of), x, last)
        columns.append((at_m, at_s, rest_mean, chosen == s))
    at_max, at_second, elsewhere, without = (
        np.column_stack(column) for column in zip(*columns, strict=True)
    )
    return _Part(
        m, s, third, judged.choice, judged.right, judged.tied, at_max, at_second, elsewhere, without
    )


def _errors(runs: _Part) -> dict[str, Estimate]:
    wrong = ~runs.right
    chosen, m, tied = runs.chosen[wrong], runs.m[wrong], runs.tied[wrong]
    maximum = chosen == m
    mirror = (chosen == 2 * m - runs.s[wrong]) & ~tied
    third = (chosen == runs.third[wrong]) & ~maximum
    return {
        "maximum": mean(maximum),
        "mirror": mean(mirror),
        "tie": mean(tied),
        "other": mean(~maximum & ~mirror & ~tied),
        "third": mean(third),
    }
