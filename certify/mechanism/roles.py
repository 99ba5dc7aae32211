"""What each unit does, found from the weights and from trajectories of any model.

The rules, in this order; the statistic that decides is kept with the role:

*dead*
    off at every step of every sampled run.
*input-driven*
    ``|W_ih[i]| >= DRIVEN`` times the largest: the unit sees the current input. Then
    *detector* where ``W_ih[i] > 0`` and the R^2 of a linear fit of h on ``relu(x_t)`` and
    ``relu(x_t - max_before)`` is at least ``FIT``; *comparator* where ``W_ih[i] < 0`` and the R^2
    of h on the running maximum and the current input is; ``max_before`` is the largest of 0 and
    the inputs before step t, the running maximum includes the input of step t.
*latch*
    the response to a single impulse stays: over the ages ``1 .. n-1`` (steps since the impulse)
    its coefficient of variation is at most ``STEADY``, and it is never 0.
*wave*
    the response over these ages is one sinusoid: the R^2 of the best ``a + b cos(w age + phase)``
    is at least ``WAVE`` (least squares for each frequency of a grid: the floating-mean
    periodogram of Zechmeister and Kuerster 2009), with at least ``MIN_AGES`` ages, since four
    parameters fit fewer of them whatever they are.
*position*
    the response tells ages apart without being one sinusoid (several frequencies, damping): over
    the ages it crosses its mean at least twice.
*other*
    none of these, for instance a pulse at one age.

Two unions have names too: *input-driven* (detectors and comparators) and *position-coding* (waves
and positions).

The thresholds were set on one published model and are no law; the statistics are reported for
every unit whatever its role. Fits use float64 and sampled inputs: they describe, they don't prove.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from certify.claims import Inputs
from certify.model import FloatArray, FloatNetwork
from certify.probability.sampling import draw

DRIVEN = 0.25
FIT = 0.7
STEADY = 0.3
WAVE = 0.9
MIN_AGES = 7

Role = Literal["detector", "comparator", "latch", "wave", "position", "other", "dead"]
ROLES: tuple[Role, ...] = get_args(Role)
UNIONS: dict[str, tuple[Role, ...]] = {
    "input-driven": ("detector", "comparator"),
    "position-coding": ("wave", "position"),
}


@dataclass(frozen=True)
class Sinusoid:
    """The best ``mean + amplitude cos(frequency age - phase)``; ``frequency`` in radians a step.

    ``r_squared`` is one minus the squared error over the squared deviation from the mean.
    """

    r_squared: float
    frequency: float
    phase: float
    amplitude: float
    mean: float

    @property
    def period(self) -> float:
        """Steps in a full turn."""
        return 2 * np.pi / self.frequency

    def to_json(self) -> dict[str, float]:
        """The fit, with the period in steps and the phase in radians."""
        return {
            "r_squared": self.r_squared,
            "period": self.period,
            "phase": self.phase,
            "amplitude": self.amplitude,
            "mean": self.mean,
        }


@dataclass(frozen=True)
class UnitRole:
    """One unit: its role and every statistic that a rule looks at.

    ``drive`` is ``|W_ih[i]|`` over the largest, ``on`` the share of steps at which it is on;
    ``comparator_fit`` the R^2 of h on the running maximum and the current input with their
    ``slopes``, ``detector_fit`` the R^2 of h on ``relu(x_t)`` and ``relu(x_t - max_before)``;
    ``variation`` the coefficient of variation of the response to a single impulse over the
    ages, None where the response is 0 throughout; ``response`` its sinusoid and ``readout`` that of
    the unit's column of W_out over positions, None with fewer than ``MIN_AGES`` points or where
    all are equal; ``response_energy`` and ``readout_energy`` the shares of the squared discrete
    Fourier coefficients at 1, 2, ... cycles (without the mean).
    """

    unit: int
    role: Role
    drive: float
    on: float
    comparator_fit: float
    slopes: tuple[float, float]
    detector_fit: float
    variation: float | None
    response: Sinusoid | None
    readout: Sinusoid | None
    response_energy: tuple[float, ...]
    readout_energy: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """All fields, plain."""
        return {
            "unit": self.unit,
            "role": self.role,
            "input_drive": self.drive,
            "on": self.on,
            "comparator_r_squared": self.comparator_fit,
            "comparator_slopes": {"running_max": self.slopes[0], "input": self.slopes[1]},
            "detector_r_squared": self.detector_fit,
            "impulse_response_variation": self.variation,
            "impulse_response": self.response and self.response.to_json(),
            "readout_column": self.readout and self.readout.to_json(),
            "impulse_response_energy": list(self.response_energy),
            "readout_column_energy": list(self.readout_energy),
        }


def find_roles(
    network: FloatNetwork, inputs: Inputs, samples: int, seed: int
) -> tuple[UnitRole, ...]:
    """The role of each unit, in order, from ``samples`` runs and from single impulses.

    The fits pool all steps but the first.

    Raises:
        UsageError: fewer than 2 samples.
    """
    n, d = network.w_out.shape
    current, before, states = [], [], []
    for x in draw(inputs, samples, n, seed):
        running = np.maximum.accumulate(np.maximum(x, 0.0), axis=1)
        states.append(network.states(x)[:, 1:].reshape(-1, d))
        current.append(x[:, 1:].ravel())
        before.append(running[:, :-1].ravel())
    h, x_t, past = np.concatenate(states), np.concatenate(current), np.concatenate(before)
    comparison = np.column_stack([np.maximum(past, x_t), x_t])
    detection = np.column_stack([np.maximum(x_t, 0.0), np.maximum(x_t - past, 0.0)])
    slopes, comparator_fits = _fit(comparison, h)
    _, detector_fits = _fit(detection, h)
    on = (h > 0).mean(axis=0)
    drive = np.abs(network.w_ih) / max(np.abs(network.w_ih).max(), np.finfo(float).tiny)
    responses = impulse_responses(network)
    found = []
    for i in range(d):
        response = responses[:, i]
        steady = response.mean() > 0
        variation = float(response.std() / response.mean()) if steady else None
        sine = fit_sinusoid(response)
        role: Role = "other"
        if not on[i]:
            role = "dead"
        elif drive[i] >= DRIVEN:
            if network.w_ih[i] > 0 and detector_fits[i] >= FIT:
                role = "detector"
            elif network.w_ih[i] < 0 and comparator_fits[i] >= FIT:
                role = "comparator"
        elif variation is not None and variation <= STEADY and response.all():
            role = "latch"
        elif sine is not None and sine.r_squared >= WAVE:
            role = "wave"
        elif mean_crossings(response) >= 2:
            role = "position"
        found.append(
            UnitRole(
                i,
                role,
                float(drive[i]),
                float(on[i]),
                float(comparator_fits[i]),
                (float(slopes[0, i]), float(slopes[1, i])),
                float(detector_fits[i]),
                variation,
                sine,
                fit_sinusoid(network.w_out[:, i]),
                fourier_energy(response),
                fourier_energy(network.w_out[:, i]),
            )
        )
    return tuple(found)


def unit_groups(roles: Sequence[UnitRole]) -> dict[str, tuple[int, ...]]:
    """The units of each role that has any, then the unions that join two of these groups."""
    groups: dict[str, tuple[int, ...]] = {}
    for role in ROLES:
        members = tuple(u.unit for u in roles if u.role == role)
        if members:
            groups[role] = members
    for name, parts in UNIONS.items():
        if all(part in groups for part in parts):
            groups[name] = tuple(sorted(unit for part in parts for unit in groups[part]))
    return groups


def mean_crossings(values: FloatArray) -> int:
    """How often a sequence goes from below its mean to above it or back."""
    above = values > values.mean()
    return int((above[1:] != above[:-1]).sum())


def impulse_responses(network: FloatNetwork) -> FloatArray:
    """The states (n-1, d) at ages 1 .. n-1 after a single impulse of 1, nothing before or after."""
    n = len(network.w_out)
    first = np.eye(1, n)
    return network.states(first)[0, 1:]


def fit_sinusoid(values: FloatArray) -> Sinusoid | None:
    """The best sinusoid through ``values`` at 0, 1, 2, ...; None where a fit would say nothing.

    Periods from just over two steps to twice the length, on a grid of 2000 frequencies.
    """
    size = len(values)
    deviation = float(((values - values.mean()) ** 2).sum())
    if size < MIN_AGES or deviation == 0:
        return None
    frequencies = np.linspace(np.pi / size, np.pi, 2000, endpoint=False)
    turns = frequencies[:, None] * np.arange(size)
    designs = np.stack([np.ones_like(turns), np.cos(turns), np.sin(turns)], axis=2)
    orthonormal = np.linalg.qr(designs)[0]
    explained = ((orthonormal.transpose(0, 2, 1) @ values) ** 2).sum(axis=1)
    best = int(np.argmax(explained))
    mean, a, b = (float(v) for v in np.linalg.lstsq(designs[best], values, rcond=None)[0])
    return Sinusoid(
        1 - (float((values**2).sum()) - float(explained[best])) / deviation,
        float(frequencies[best]),
        float(np.arctan2(b, a)),
        float(np.hypot(a, b)),
        mean,
    )


def fourier_energy(values: FloatArray) -> tuple[float, ...]:
    """Shares of the squared Fourier coefficients at 1, 2, ... cycles over the length.

    Both signs of a frequency together; all zero where the values are equal.
    """
    size = len(values)
    power = np.abs(np.fft.rfft(values - values.mean())[1:]) ** 2
    power[: (size - 1) // 2] *= 2
    total = power.sum()
    return tuple(float(v) for v in (power / total if total > 0 else power * 0))


def _fit(columns: FloatArray, h: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Slopes (columns, d) and R^2 (d,) of h (N, d) on columns and a constant; 0 where h is flat."""
    design = np.column_stack([columns, np.ones(len(columns))])
    slopes = np.linalg.lstsq(design, h, rcond=None)[0]
    deviation = ((h - h.mean(axis=0)) ** 2).sum(axis=0)
    error = ((h - design @ slopes) ** 2).sum(axis=0)
    flat = deviation == 0
    r_squared: FloatArray = np.where(flat, 0.0, 1 - error / np.where(flat, 1.0, deviation))
    return np.asarray(slopes[:-1], dtype=np.float64), r_squared
