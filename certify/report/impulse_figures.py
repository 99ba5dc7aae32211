"""Figures of an impulse certificate: legible in print and for colour-blind readers.

Every function returns a matplotlib figure and takes plain numbers. Values are shown with the map
"cividis", which colour-blind readers see as others do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from certify.report.style import OKABE_ITO, STYLES, new_figure, style


def margin_grid(
    margins: Mapping[tuple[int, int], float], refuted: set[tuple[int, int]], n: int
) -> Figure:
    """The smallest margin of each pair: m down, s across; a cross marks a refuted pair."""
    with style():
        figure = new_figure(0.55 * n + 1.6, 0.42 * n + 1.0)
        axes = figure.add_subplot()
        values = [[margins.get((m, s), float("nan")) for s in range(n)] for m in range(n)]
        image = axes.imshow(values, cmap="cividis", aspect="auto")
        middle = (max(margins.values()) + min(margins.values())) / 2
        for (m, s), value in margins.items():
            cross = "× " if (m, s) in refuted else ""
            colour = "white" if value < middle else "black"
            axes.text(s, m, f"{cross}{value:.2g}", ha="center", va="center", color=colour, size=7)
        axes.set(xlabel="position s of the second largest", ylabel="position m of the maximum")
        axes.set_xticks(range(n))
        axes.set_yticks(range(n))
        figure.colorbar(image, label="smallest margin (M = 1)")
    return figure


def interval_chart(
    intervals: Sequence[tuple[str, Sequence[tuple[float, float]]]], ratio: tuple[float, float]
) -> Figure:
    """One line per pair: the ratios on which it is right; the claim's range is shaded."""
    with style():
        figure = new_figure(6.4, 0.1 * len(intervals) + 1.0)
        axes = figure.add_subplot()
        axes.axvspan(*ratio, color=OKABE_ITO[5], alpha=0.3, lw=0)
        for edge in ratio:
            axes.axvline(edge, color=OKABE_ITO[0], lw=0.8)
        for row, (_, parts) in enumerate(intervals):
            for lo, hi in parts:
                axes.plot([lo, hi], [row, row], color="#333333", lw=1.4, solid_capstyle="butt")
        axes.set(xlim=(0, 1), ylim=(len(intervals) - 0.5, -0.5), xlabel="ratio r = S/M")
        step = max(1, len(intervals) // 30)
        axes.set_yticks(range(0, len(intervals), step))
        axes.set_yticklabels([name for name, _ in intervals[::step]], size=6)
        axes.set_ylabel("pair (m, s)")
    return figure


def margin_curves(
    breaks: Sequence[float],
    margins: Mapping[int, Sequence[float]],
    ratio: tuple[float, float],
) -> Figure:
    """Margins over each rival along r: linear between the break points, which are ticked."""
    with style():
        figure = new_figure()
        axes = figure.add_subplot()
        axes.axvspan(*ratio, color=OKABE_ITO[5], alpha=0.25, lw=0)
        axes.axhline(0, color="#333333", lw=0.8)
        for i, (rival, values) in enumerate(margins.items()):
            axes.plot(
                breaks,
                values,
                color=OKABE_ITO[i % len(OKABE_ITO)],
                ls=STYLES[i // len(OKABE_ITO) % len(STYLES)],
                lw=1.2,
                label=f"rival {rival}",
            )
        axes.plot(breaks, [0] * len(breaks), "|", color="#333333", ms=7)
        axes.set(xlim=(0, 1), xlabel="ratio r = S/M", ylabel="logit[s] - logit[rival], M = 1")
        axes.legend(ncols=3, fontsize=7, frameon=False)
    return figure


def state_heatmap(states: Sequence[Sequence[float]]) -> Figure:
    """The states after each step: units down, steps across."""
    with style():
        figure = new_figure(5.0, 0.18 * len(states[0]) + 1.4)
        axes = figure.add_subplot()
        table = [list(row) for row in zip(*states, strict=True)]
        image = axes.imshow(table, cmap="cividis", aspect="auto")
        axes.set(xlabel="step t (state after input t)", ylabel="unit")
        axes.set_xticks(range(len(states)))
        axes.set_yticks(range(len(table)))
        axes.tick_params(labelsize=7)
        figure.colorbar(image, label="activation")
    return figure


def noise_chart(
    names: Sequence[str], certified: Sequence[float | None], broken: Sequence[float | None]
) -> Figure:
    """One line per pair: from the certified noise (dot) to the broken one (cross)."""
    with style():
        figure = new_figure(6.4, 0.1 * len(names) + 1.2)
        axes = figure.add_subplot()
        for row, (low, high) in enumerate(zip(certified, broken, strict=True)):
            if low is not None and high is not None:
                axes.plot([low, high], [row, row], color=OKABE_ITO[6], lw=0.8)
        for values, mark, colour, label in (
            (certified, "o", OKABE_ITO[0], "certified up to here"),
            (broken, "x", OKABE_ITO[1], "broken here"),
        ):
            known = [(v, row) for row, v in enumerate(values) if v is not None]
            if known:
                axes.plot(*zip(*known, strict=True), mark, color=colour, ms=4, label=label)
        axes.set(xlabel="noise", ylabel="pair (m, s)", ylim=(len(names) - 0.5, -0.5))
        axes.set_xlim(left=0)
        step = max(1, len(names) // 30)
        axes.set_yticks(range(0, len(names), step))
        axes.set_yticklabels(names[::step], size=6)
        axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, 1.06), ncols=2)
    return figure


def estimates_chart(scores: Sequence[tuple[str, float, float]]) -> Figure:
    """(method, cost in samples, mean squared error): one curve a method."""
    with style():
        figure = new_figure()
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
        axes.legend(frameon=False, fontsize=7, ncols=2)
    return figure
