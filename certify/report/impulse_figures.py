"""Figures of impulse and noise certificates; each draws into axes, alone or as part of a panel.

Every function takes plain numbers. Where many lines are drawn, those that limit the claim are
named and stand out; the others are quiet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from certify.report.style import (
    COLUMN,
    HIGH,
    INK,
    LOW,
    OKABE_ITO,
    PAGE,
    QUIET,
    STYLES,
    cells,
    end_labels,
    legend_below,
    new_figure,
    style,
)

Pair = tuple[int, int]
Range = tuple[float, float]
NUMBERED = 12
"""Longer inputs leave no room for a number in each cell."""


def margin_grid(axes: Any, margins: Mapping[Pair, float], refuted: set[Pair], n: int) -> None:
    """The smallest margin of each pair: m down, s across; refuted pairs are framed, or crossed
    where there is no room for a frame.
    """
    values = [[margins.get((m, s), float("nan")) for s in range(n)] for m in range(n)]
    cells(axes, values, n <= NUMBERED)
    for m, s in refuted:
        if n <= NUMBERED:
            place = (s - 0.47, m - 0.47)
            axes.add_patch(Rectangle(place, 0.94, 0.94, fill=False, edgecolor=INK, lw=1))
        else:
            axes.plot([s], [m], "x", color=INK, ms=60 / n, mew=0.5)
    axes.set(xlabel="$s$, second largest", ylabel="$m$, maximum")


def interval_chart(axes: Any, intervals: Mapping[Pair, Sequence[Range]], ratio: Range) -> None:
    """The ratios on which each pair is right, sorted; the pairs that end the common interval are
    named.
    """
    nominal = sum(ratio) / 2

    def around(pair: Pair) -> Range:
        holding = [part for part in intervals[pair] if part[0] <= nominal <= part[1]]
        return holding[0] if holding else (1.0, 0.0)

    order = sorted(intervals, key=lambda pair: (around(pair)[0], around(pair)[1]))
    axes.axvspan(*ratio, color=HIGH, alpha=0.13, lw=0)
    right = [pair for pair in order if around(pair)[0] < around(pair)[1]]
    limits = {}
    if right:
        limits[max(right, key=lambda p: around(p)[0])] = "lower"
        limits[min(right, key=lambda p: around(p)[1])] = "upper"
    for row, pair in enumerate(order):
        for lo, hi in intervals[pair]:
            looks = (HIGH, 1.8) if pair in limits else (QUIET, min(1.2, 40 / len(order)))
            axes.plot([lo, hi], [row, row], color=looks[0], lw=looks[1], solid_capstyle="butt")
        if pair in limits:
            lower = limits[pair] == "lower"
            axes.annotate(
                f"({pair[0]}, {pair[1]})",
                (0 if lower else 1, row),
                xycoords=("axes fraction", "data"),
                xytext=(-3 if lower else 3, 0),
                textcoords="offset points",
                ha="right" if lower else "left",
                va="center",
                fontsize=6.5,
                annotation_clip=False,
            )
    axes.set(xlim=(0, 1), ylim=(-0.5, len(order) - 0.5), xlabel="$r = S/M$")
    axes.set_ylabel("pairs, sorted", labelpad=16)
    axes.set_yticks([])


def margin_curves(
    axes: Any, breaks: Sequence[float], margins: Mapping[int, Sequence[float]], ratio: Range
) -> None:
    """Margins over each rival along r, linear between the break points, which are ticked; the
    rival that is closest somewhere in the range is thick.
    """
    inside = [i for i, b in enumerate(breaks) if ratio[0] <= b <= ratio[1]] or list(
        range(len(breaks))
    )
    limiting = min(margins, key=lambda j: min(margins[j][i] for i in inside))
    axes.axvspan(*ratio, color=HIGH, alpha=0.13, lw=0)
    axes.axhline(0, color=INK, lw=0.6)
    for rival, values in margins.items():
        closest = rival == limiting
        axes.plot(breaks, values, color=HIGH if closest else QUIET, lw=1.8 if closest else 0.7)
    axes.plot(breaks, [0] * len(breaks), "|", color=INK, ms=5, mew=0.6)
    axes.set(xlim=(0, 1), xlabel="$r = S/M$", ylabel="margin, $M = 1$")
    heights = {str(rival): values[-1] for rival, values in margins.items()}
    end_labels(axes, heights, str(limiting))


def state_table(axes: Any, states: Sequence[Sequence[float]]) -> None:
    """The states after each step: units down, steps across."""
    table = [list(row) for row in zip(*states, strict=True)]
    cells(axes, table, numbers=False)
    axes.set(xlabel="step $t$", ylabel="unit")


def noise_chart(
    axes: Any,
    certified: Mapping[Pair, float | None],
    broken: Mapping[Pair, float | None],
) -> None:
    """From the certified noise (dot) to the broken one (cross) of each pair, sorted; the worst
    pair is named.
    """
    order = sorted(
        certified, key=lambda p: (certified[p] or 0.0, broken[p] if broken[p] is not None else 9.0)
    )
    size = max(1.5, min(4.0, 130 / max(len(order), 1)))
    for row, pair in enumerate(order):
        low, high = certified[pair], broken[pair]
        if low is not None and high is not None:
            axes.plot([low, high], [row, row], color=QUIET, lw=min(0.6, 40 / len(order)))
    for values, mark, colour, label in (
        (certified, "o", HIGH, "certified up to here"),
        (broken, "x", LOW, "broken here"),
    ):
        known = [(v, row) for row, pair in enumerate(order) if (v := values[pair]) is not None]
        if known:
            axes.plot(*zip(*known, strict=True), mark, color=colour, ms=size, label=label)
    axes.set(xlabel=r"noise $\epsilon$", ylabel="pairs, sorted", ylim=(-0.5, len(order) - 0.5))
    axes.set_xlim(left=0)
    axes.set_yticks([0], [f"({order[0][0]}, {order[0][1]})"] if order else [""])


def alone(draw: Any, *arguments: Any, height: float = 4.0, legend: bool = False) -> Figure:
    """One of the drawings as a figure of its own."""
    with style():
        figure = new_figure(PAGE, height)
        axes = figure.add_subplot()
        draw(axes, *arguments)
        if legend:
            legend_below(figure, axes)
    return figure


def panel(parts: Sequence[tuple[str, float, Any, tuple[Any, ...]]]) -> Figure:
    """Drawings above each other, one column wide: (title, height in inches, drawing, arguments)."""
    with style():
        figure = new_figure(COLUMN, sum(height for _, height, _, _ in parts))
        rows = figure.subplots(
            len(parts), 1, squeeze=False, height_ratios=[height for _, height, _, _ in parts]
        )
        for letter, axes, (title, _, draw, arguments) in zip(
            "abcdef", rows[:, 0], parts, strict=False
        ):
            draw(axes, *arguments)
            axes.set_title(f"({letter}) {title}", loc="left")
    return figure


def estimates_chart(scores: Sequence[tuple[str, float, float]]) -> Figure:
    """(method, cost in samples, mean squared error): one curve a method."""
    with style():
        figure = new_figure(PAGE, 4.2)
        axes = figure.add_subplot()
        for i, method in enumerate(dict.fromkeys(name for name, _, _ in scores)):
            points = sorted((c, max(e, 1e-12)) for name, c, e in scores if name == method)
            axes.plot(
                *zip(*points, strict=True),
                marker="osD^v<>"[i % 7],
                ls=STYLES[i // len(OKABE_ITO) % len(STYLES)],
                color=OKABE_ITO[i % len(OKABE_ITO)],
                label=method,
            )
        axes.set(xscale="log", yscale="log", xlabel="cost, in samples")
        axes.set_ylabel("mean squared error of the accuracy")
        legend_below(figure, axes)
    return figure


def length_chart(points: Sequence[tuple[str, float, tuple[float, ...]]], bound: str) -> Figure:
    """(name, multiply-adds to check, bound, or both ends of one): what a longer proof buys."""
    with style():
        figure = new_figure(PAGE, 3.2)
        axes = figure.add_subplot()
        ordered = sorted(points, key=lambda p: p[1])
        lengths, ends = [p[1] for p in ordered], list(zip(*(p[2] for p in ordered), strict=True))
        for values in ends:
            axes.plot(lengths, values, "o-", color=HIGH, lw=0.8)
        axes.fill_between(lengths, ends[0], ends[-1], color=HIGH, alpha=0.13, lw=0)
        axes.set(xscale="log", xlabel="multiply-adds to check", ylabel=bound)
        axes.margins(0.15)
        for name, x, (y, *_) in ordered:
            axes.annotate(name, (x, y), xytext=(4, 4), textcoords="offset points", fontsize=6.5)
    return figure
