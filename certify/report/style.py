"""What all figures share: colours, line styles, and files that do not change from run to run.

Colours are those of Okabe and Ito ("Color universal design", 2008) for lines; no meaning hangs on
colour alone. Backgrounds are transparent, and text stays text in SVG.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from certify.files import atomic_write

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A7A7A")
STYLES = ("-", "--", "-.", ":")


@contextmanager
def style() -> Iterator[None]:
    """The project's look, for the time of drawing and saving."""
    with mpl.rc_context(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "certify",
            "pdf.fonttype": 42,
            "font.size": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "savefig.transparent": True,
        }
    ):
        yield


def new_figure(width: float = 6.4, height: float = 4.0) -> Figure:
    """An empty figure, in inches."""
    return Figure(figsize=(width, height), layout="constrained")


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
