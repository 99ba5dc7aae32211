"""What all figures share: colours, line styles, and files that do not change from run to run.

Colours are those of Okabe and Ito ("Color universal design", 2008); no meaning hangs on colour
alone. Backgrounds are transparent, everything is drawn as vectors, and text stays text in SVG.
Values are shown as tints of one colour, light enough for black ink on white paper and for white
ink on black paper: a figure is legible in both themes, and in grey.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from certify.files import atomic_write

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A7A7A")
STYLES = ("-", "--", "-.", ":")
INK = "#000000"
HIGH, LOW, QUIET = OKABE_ITO[0], OKABE_ITO[1], OKABE_ITO[6]
FULL_TINT = 0.42
"""The most of a colour that lies under text."""

COLUMN = 3.4
"""Inches of one column of a paper."""
PAGE = 6.0

Colour = tuple[float, float, float, float]


@contextmanager
def style() -> Iterator[None]:
    """The project's look, for the time of drawing and saving."""
    with mpl.rc_context(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "certify",
            "pdf.fonttype": 42,
            "font.size": 8,
            "axes.titlesize": 8,
            "axes.labelsize": 8,
            "xtick.labelsize": 7,
            "ytick.labelsize": 7,
            "legend.fontsize": 7,
            "legend.frameon": False,
            "axes.linewidth": 0.6,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "savefig.transparent": True,
        }
    ):
        yield


def new_figure(width: float = PAGE, height: float = 4.0) -> Figure:
    """An empty figure, in inches."""
    return Figure(figsize=(width, height), layout="constrained")


def tint(value: float, largest: float) -> Colour:
    """The ground of a cell: blue for positive values, orange for negative ones."""
    share = min(1.0, abs(value) / largest) if largest > 0 else 0.0
    red, green, blue = mpl.colors.to_rgb(LOW if value < 0 else HIGH)
    return red, green, blue, FULL_TINT * share


def cells(axes: Any, values: Sequence[Sequence[float]], numbers: bool) -> None:
    """A table of values as tints, row 0 on top; NaN leaves a cell out. Ticks are whole numbers."""
    known = [abs(v) for row in values for v in row if v == v]
    largest = max(known, default=0.0)
    rows, columns = len(values), len(values[0])
    for i, row in enumerate(values):
        for k, value in enumerate(row):
            if value != value:
                continue
            ground = tint(value, largest)
            axes.add_patch(mpl.patches.Rectangle((k - 0.5, i - 0.5), 1, 1, facecolor=ground, lw=0))
            if numbers:
                axes.text(k, i, brief(value), ha="center", va="center", fontsize=5.5, color=INK)
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
    whole(axes.xaxis)
    whole(axes.yaxis)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)


def whole(axis: Any) -> None:
    """Ticks at whole numbers only, for what is counted."""
    axis.set_major_locator(MaxNLocator(nbins=12, integer=True, steps=[1, 2, 5, 10]))


def legend_below(figure: Figure, axes: Any, columns: int = 3) -> None:
    """The legend of the axes, under the figure and off its data."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=columns)


def legend_under(axes: Any, columns: int = 2, below: float = 0.2) -> None:
    """The legend of one of several axes, under it and off its data."""
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -below), ncols=columns)


def end_labels(axes: Any, heights: Mapping[str, float], bold: str = "") -> None:
    """Names of curves at the right of the axes, moved apart where they would collide.

    Where there are more than fit, those that would collide with others are left out.
    """
    axes.figure.draw_without_rendering()
    lo, hi = axes.get_ylim()
    room = axes.get_window_extent().height / axes.figure.dpi * 72
    gap = 7.5 * (hi - lo) / room
    order = sorted(heights, key=lambda name: heights[name])
    if len(order) * gap > hi - lo:
        kept: list[str] = [bold] if bold in heights else []
        for name in order:
            if all(abs(heights[name] - heights[other]) >= gap for other in kept):
                kept.append(name)
        order = sorted(kept, key=lambda name: heights[name])
    places: list[float] = []
    for name in order:
        places.append(max([heights[name], *([places[-1] + gap] if places else [])]))
    top = hi
    for at in range(len(places) - 1, -1, -1):
        places[at] = min(places[at], top)
        top = places[at] - gap
    for name, place in zip(order, places, strict=True):
        axes.annotate(
            name,
            (1, place),
            xycoords=("axes fraction", "data"),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=6.5,
            fontweight="bold" if name == bold else "normal",
            annotation_clip=False,
        )


def brief(value: float) -> str:
    """At most about five characters, for a cell."""
    size = abs(value)
    if value == 0:
        return "0"
    if size >= 1e4 or size < 0.005:
        return f"{value:.0e}".replace("e+0", "e").replace("e-0", "e-")
    return f"{value:.{0 if size >= 99.5 else 1 if size >= 9.95 else 2}f}"


def save(drawing: Figure, format: str) -> bytes:
    """The bytes of an ``svg``, ``pdf`` or ``png`` file, without a date in it."""
    stream = io.BytesIO()
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(format)
    with style():
        drawing.savefig(stream, format=format, metadata=metadata)
    return stream.getvalue()


def write_figures(figures: Mapping[str, Figure], folder: Path) -> list[Path]:
    """Write ``NAME.svg`` and ``NAME.pdf`` for each figure; returns the paths.

    Raises:
        OSError: the folder cannot be made or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, figure in figures.items():
        for format in ("svg", "pdf"):
            written.append(folder / f"{name}.{format}")
            atomic_write(written[-1], save(figure, format))
    return written
