"""Figures of an accuracy: the bracket over time, and the sphere of directions of three inputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from certify.report.style import OKABE_ITO, legend_below, new_figure, style

Rays = Sequence[Sequence[int]]


def bracket_over_time(
    moments: Sequence[tuple[float, float, float]], sampled: float | None = None
) -> Figure:
    """The certified bracket, ``(seconds, lower, upper)`` at each moment, between step lines; a
    sampled accuracy, which is no proof, as a dotted line.
    """
    with style():
        figure = new_figure(6.4, 3.2)
        axes = figure.add_subplot()
        seconds = [max(t, 0.1) for t, _, _ in moments]
        lower = [low for _, low, _ in moments]
        upper = [high for _, _, high in moments]
        axes.fill_between(seconds, lower, upper, step="post", color=OKABE_ITO[5], alpha=0.25, lw=0)
        axes.step(seconds, lower, where="post", color=OKABE_ITO[0], label="certified lower bound")
        axes.step(seconds, upper, where="post", color=OKABE_ITO[1], ls="--", label="upper bound")
        if sampled is not None:
            axes.axhline(sampled, color="#333333", lw=0.9, ls=":", label="sampled, not certified")
        axes.set(xscale="log", ylim=(0, 1), xlabel="seconds", ylabel="P(model is right)")
        legend_below(figure, axes)
    return figure


def sphere_of_directions(leaves: Sequence[tuple[Rays, int, bool]]) -> Figure:
    """The directions of three inputs, seen from (1, 1, 1) and from the other side.

    Each leaf is ``(rays, cell, right)``: a cone of three integer rays, the number of its cell,
    which gives the shade, and its verdict: blue where right, orange and hatched where wrong. The
    projection keeps areas (Lambert), so areas are probabilities under normal inputs.
    """
    with style():
        figure = new_figure(7.2, 3.8)
        for at, side in enumerate((1.0, -1.0)):
            axes = figure.add_subplot(1, 2, at + 1)
            for right, base, hatch in ((True, OKABE_ITO[0], ""), (False, OKABE_ITO[1], "////")):
                chosen = [(rays, cell) for rays, cell, verdict in leaves if verdict == right]
                shown = [
                    (p, cell) for rays, cell in chosen if (p := _project(rays, side)) is not None
                ]
                patches = PolyCollection(
                    [p for p, _ in shown],
                    facecolors=[_shade(base, cell) for _, cell in shown],
                    edgecolors="white" if right else "#333333",
                    linewidths=0.15,
                    hatch=hatch,
                )
                axes.add_collection(patches)
                patches.set_clip_path(Circle((0, 0), 2**0.5, transform=axes.transData))
            axes.set(xlim=(-1.45, 1.45), ylim=(-1.45, 1.45), aspect="equal")
            axes.set_axis_off()
            axes.set_title("towards (1, 1, 1)" if side > 0 else "towards (-1, -1, -1)", size=9)
    return figure


def _shade(colour: str, cell: int) -> tuple[float, float, float]:
    """One of seven mixtures of a colour with white."""
    rgb = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    share = 0.35 + 0.1 * (cell % 7)
    red, green, blue = (share * v + 1 - share for v in rgb)
    return red, green, blue


def _project(rays: Rays, side: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]] | None:
    """The outline (24, 2) of a spherical triangle in Lambert's equal-area projection; None where
    it lies on the other hemisphere.
    """
    corners = np.array([[v / max(map(abs, ray)) for v in ray] for ray in rays])
    corners /= np.linalg.norm(corners, axis=1, keepdims=True)
    share = np.linspace(0, 1, 8, endpoint=False)[:, None]
    line = np.concatenate(
        [(1 - share) * corners[i] + share * corners[(i + 1) % 3] for i in range(3)]
    )
    line /= np.linalg.norm(line, axis=1, keepdims=True)
    axis = side * np.ones(3) / 3**0.5
    height = line @ axis
    if height.max() <= 0 or height.min() < -0.99:
        return None
    east = np.array([1.0, -1.0, 0.0]) / 2**0.5
    north = np.cross(axis, east)
    scale = np.sqrt(2 / (1 + height))[:, None]
    outline: np.ndarray[tuple[int, int], np.dtype[np.float64]] = scale * np.stack(
        [line @ east, line @ north], axis=1
    )
    return outline
