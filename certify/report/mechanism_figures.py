"""The figures of an explanation, of an intervention and of a track.

:mod:`certify.report.style` has their colours, tints and ticks, and writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from certify.mechanism.census import Census
from certify.mechanism.circuit import CircuitStudy
from certify.mechanism.explain import Explanation
from certify.mechanism.interventions import PatchResult
from certify.mechanism.offsets import OffsetStudy
from certify.mechanism.readout import Readout
from certify.mechanism.roles import UNIONS, UnitRole, impulse_responses
from certify.mechanism.samples import Estimate
from certify.mechanism.training import TrackResult
from certify.model import Network
from certify.report.style import (
    OKABE_ITO,
    STYLES,
    cells,
    legend_under,
    new_figure,
    style,
    whole,
)

BLUE, RED, GREEN, PURPLE, ORANGE, _, GREY = OKABE_ITO
_WIDTH = 7.2


def explanation_figures(found: Explanation) -> dict[str, Figure]:
    """One figure for each study, by the name of its file."""
    figures = {
        "offsets": offsets_figure(found.offsets),
        "cells": cells_figure(found.census),
        "waves": waves_figure(found.model, found.units["gaussian"]),
    }
    for readout in found.readouts:
        figures[f"readout-{readout.inputs}"] = readout_figure(readout)
    if found.circuit is not None:
        figures["circuit"] = circuit_figure(found.circuit)
    return figures


@style()
def offsets_figure(found: OffsetStudy) -> Figure:
    """f(p) along the two leading components, the shares of all, and the growth."""
    figure, (left, middle, right) = _row(3)
    scores = found.form @ found.components[:2].T
    if scores.shape[1] == 2:
        left.plot(*scores.T, "-", color=GREY, lw=1)
        left.scatter(*scores.T, color=BLUE, s=18, zorder=2)
        for p, point in enumerate(scores):
            left.annotate(str(p), point, textcoords="offset points", xytext=(4, 3), fontsize=8)
    left.set(title="f(p)", xlabel="component 1", ylabel="component 2")
    middle.bar(range(1, len(found.shares) + 1), found.shares, color=BLUE)
    middle.set(title="share of the variance", xlabel="principal component")
    whole(middle.xaxis)
    whole(right.xaxis)
    right.plot([norm for norm, _, _ in found.growth], "o-", color=BLUE, ms=4)
    right.set(title="mean |offset|", xlabel="steps since the 2nd impulse", ylim=(0, None))
    return figure


@style()
def cells_figure(census: Census) -> Figure:
    """How many runs share a final cell, and how far each pair's cells reach."""
    figure, (left, right) = _row(2)
    counts = [count for _, count in census.final_cells]
    left.bar(range(1, len(counts) + 1), counts, color=BLUE)
    whole(left.xaxis)
    whole(left.yaxis)
    left.set(title="runs by final cell", xlabel="final cell, most frequent first", ylabel="runs")
    for k, s in enumerate(sorted(census.stability, key=lambda s: float(s.sequence[0]))):
        right.hlines(k, *map(float, s.final), color=ORANGE, lw=1)
        right.hlines(k, *map(float, s.sequence), color=BLUE, lw=1)
    right.axvline(float(census.ratio), color="black", lw=0.8, ls=":")
    right.plot([], [], color=BLUE, label="no cell changes")
    right.plot([], [], color=ORANGE, label="last cell stays")
    right.set(title="cells around the ratio", xlabel="S/M", ylabel="pair", xlim=(0, 1))
    legend_under(right)
    return figure


@style()
def waves_figure(network: Network, roles: Sequence[UnitRole]) -> Figure:
    """Responses to a single impulse by age, and the readout columns of the same units."""
    figure, (left, right) = _row(2)
    responses = impulse_responses(network.floats)
    ages = np.arange(1, network.seq_len)
    waves = [u for u in roles if u.role in UNIONS["position-coding"]]
    shown = waves or list(roles)
    for k, unit in enumerate(shown[:10]):
        look = {"color": OKABE_ITO[k % 7], "ls": STYLES[k // 7], "label": f"unit {unit.unit}"}
        left.plot(ages, responses[:, unit.unit], marker="o", ms=3, lw=1, **look)
        right.plot(network.floats.w_out[:, unit.unit], marker="o", ms=3, lw=1, **look)
    what = "position-coding units" if waves else "units"
    left.set(title=f"{what}: response to an impulse", xlabel="steps since the impulse")
    right.set(title=f"{what}: column of W_out", xlabel="position")
    whole(left.xaxis)
    whole(right.xaxis)
    legend_under(left, 3)
    return figure


@style()
def readout_figure(readout: Readout) -> Figure:
    """Contribution of the groups, accuracy by position and distance, clip rates."""
    figure = new_figure(_WIDTH, 5.2)
    axes = figure.subplots(2, 2)
    groups, contributions, clip = readout.groups, axes[0, 0], axes[1, 1]
    place = np.arange(len(groups))
    parts = (("at m", RED), ("at s", BLUE), ("elsewhere", GREY))
    for k, (label, colour) in enumerate(parts):
        values = [(g.at_max, g.at_second, g.elsewhere)[k] for g in groups]
        contributions.bar(
            place + 0.27 * (k - 1),
            [v.value for v in values],
            0.27,
            yerr=[v.error for v in values],
            color=colour,
            label=label,
        )
    contributions.axhline(0, color="black", lw=0.6)
    contributions.set_xticks(place, [g.name for g in groups], fontsize=7, rotation=20)
    contributions.set_title("mean contribution to the logit")
    legend_under(contributions, 3, below=0.34)
    _errorbars(axes[0, 1], readout.by_max, 0, "o", BLUE, "maximum at p")
    _errorbars(axes[0, 1], readout.by_second, 0, "s", ORANGE, "second at p")
    axes[0, 1].set_title("accuracy by position (+- s.e.)")
    legend_under(axes[0, 1])
    _errorbars(axes[1, 0], readout.by_distance, 1, "o", GREEN, "")
    axes[1, 0].set_title("accuracy by distance |m - s| (+- s.e.)")
    cells(clip, readout.clip, numbers=False)
    clip.set_title("share of runs with the unit off (strong: all)")
    clip.set(xlabel="unit", ylabel="step")
    for axis in (axes[0, 1], axes[1, 0]):
        whole(axis.xaxis)
    figure.suptitle(f"{readout.inputs} inputs, {readout.samples} samples")
    return figure


@style()
def circuit_figure(study: CircuitStudy) -> Figure:
    """The weights of the minimal circuit: kept ones in colour, removed ones blank."""
    figure = new_figure(_WIDTH, 3.6)
    kept, floats = study.weight_circuit.kept, study.network.floats
    blocks = (
        ("W_ih", floats.w_ih[:, None], np.array(kept.w_ih)[:, None]),
        ("W_hh", floats.w_hh, np.array(kept.w_hh)),
        ("W_out", floats.w_out, np.array(kept.w_out)),
    )
    axes = figure.subplots(1, 3, width_ratios=[1, 6, 6])
    for axis, (name, weights, mask) in zip(axes, blocks, strict=True):
        shown = np.where(mask, weights, np.nan).tolist()
        cells(axis, shown, numbers=False)
        axis.set_title(f"{name}: {mask.sum()} of {mask.size}")
    axes[0].set_xticks([])
    lo, hi = study.ratios
    figure.suptitle(f"weights that are enough for every S/M in [{lo}, {hi}]")
    return figure


@style()
def patch_figure(found: PatchResult) -> Figure:
    """Logits with and without the interventions, and where the states differ."""
    figure, (left, right) = _row(2)
    place = np.arange(len(found.baseline.logits))
    for k, (name, trace, colour) in enumerate(
        (("baseline", found.baseline, BLUE), ("patched", found.patched, ORANGE))
    ):
        heights = [float(v) for v in trace.logits]
        left.bar(place + 0.4 * k - 0.2, heights, 0.4, color=colour, label=name)
    left.axhline(0, color="black", lw=0.6)
    m, s = found.pair
    left.set(title=f"logits, m = {m}, s = {s}, S/M = {found.ratio}", xlabel="position")
    whole(left.xaxis)
    legend_under(left)
    before, after = (
        np.array([[float(v) for v in state] for state in trace.states])
        for trace in (found.baseline, found.patched)
    )
    cells(right, (after - before).tolist(), numbers=False)
    right.set(title="patched - baseline (blue: raised, orange: lowered)")
    right.set(xlabel="unit", ylabel="step")
    return figure


@style()
def track_figure(found: TrackResult) -> Figure:
    """Certified pairs, accuracy, smallest margin and dimension over the checkpoints."""
    figure = new_figure(_WIDTH, 5.2)
    axes = figure.subplots(2, 2, sharex=True)
    points = found.checkpoints
    place = np.arange(len(points))
    axes[0, 0].plot(place, [c.certified / c.pairs for c in points], "o-", color=BLUE, ms=4)
    axes[0, 0].set_title("share of the pairs certified at 4/5")
    axes[0, 1].errorbar(
        place,
        [c.accuracy.value for c in points],
        [c.accuracy.error for c in points],
        fmt="o-",
        color=GREEN,
        ms=4,
    )
    axes[0, 1].set_title(f"accuracy, {found.inputs} inputs (+- s.e.)")
    axes[1, 0].plot(place, [float(c.min_margin) for c in points], "o-", color=RED, ms=4)
    axes[1, 0].axhline(0, color="black", lw=0.6)
    axes[1, 0].set_title("smallest margin at 4/5 (exact)")
    axes[1, 1].errorbar(
        place,
        [c.dimension.value for c in points],
        [c.dimension.error for c in points],
        fmt="o-",
        color=BLUE,
        ms=4,
        label="sampled states (+- s.e.)",
    )
    axes[1, 1].plot(
        place,
        [float(c.impulse_dimension) for c in points],
        "s--",
        color=ORANGE,
        ms=4,
        label="impulse states (exact)",
    )
    axes[1, 1].set_title("participation ratio")
    axes[0, 0].figure.legend(loc="outside lower center", ncols=2)
    for axis in axes[1]:
        axis.set_xticks(place, [c.name for c in points], fontsize=6, rotation=60, ha="right")
    return figure


def _row(columns: int) -> tuple[Figure, Any]:
    figure = new_figure(_WIDTH, 2.7)
    return figure, figure.subplots(1, columns)


def _errorbars(
    axis: Any, values: tuple[Estimate, ...], start: int, marker: str, colour: str, label: str
) -> None:
    known = [(p, v) for p, v in enumerate(values, start) if v.samples]
    axis.errorbar(
        [p for p, _ in known],
        [v.value for _, v in known],
        [v.error for _, v in known],
        fmt=f"{marker}-",
        color=colour,
        ms=4,
        lw=1,
        label=label or None,
    )
