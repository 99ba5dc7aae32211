"""Four layouts of reports: text, Markdown, LaTeX and a self-contained HTML page."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import certify
from certify.files import atomic_write
from certify.report.content import Figure, Report
from certify.report.engine import fill
from certify.report.overview import Overview
from certify.report.style import save
from certify.report.words import printable_in_latex

FORMATS = ("text", "markdown", "latex", "html")
TEMPLATES = {"text": "txt", "markdown": "md", "latex": "tex", "html": "html"}
BESIDE = {"markdown": "svg", "latex": "pdf"}
"""The formats whose figures are files of their own, and their kind."""


def render(overview: Overview, format: str, *, standalone: bool = False) -> str:
    """The text of a report. Figures of Markdown and LaTeX are named, not written."""
    room = files("certify.report") / "templates"
    return fill(
        f"templates/report.{TEMPLATES[format]}.j2",
        overview=overview,
        reports=overview.reports,
        version=certify.__version__,
        standalone=standalone,
        style=(room / "report.css").read_text(encoding="utf-8"),
        script=(room / "report.js").read_text(encoding="utf-8"),
        svg=inline_svg,
        file_name=file_name,
        caption=lambda figure, report: f"{figure.caption} ({report.provenance})",
        command=_latex_command,
        printable=printable_in_latex,
    )


def write(overview: Overview, format: str, output: Path, *, standalone: bool = False) -> list[Path]:
    """Write a report to ``output`` and, where the format needs them, figures beside it.

    Returns the files written, the main one last.

    Raises:
        OSError: a file cannot be written; it names it.
    """
    written = []
    if suffix := BESIDE.get(format):
        for report, figure in _figures(overview, format):
            path = output.with_name(file_name(report, figure, suffix))
            atomic_write(path, save(figure.draw(), suffix))
            written.append(path)
    atomic_write(output, render(overview, format, standalone=standalone).encode("utf-8"))
    return [*written, output]


def file_name(report: Report | None, figure: Figure, suffix: str) -> str:
    """The name of a figure's file, of letters that every program and TeX engine can read."""
    stem = report.certificate_sha256[:8] if report else "proofs"
    return f"certify-{stem}-{figure.name}.{suffix}"


def inline_svg(figure: Figure, prefix: str) -> str:
    """The figure's SVG for a page: ids of its own, and black ink that follows the theme."""
    text = save(figure.draw(), "svg").decode()
    text = text[text.index("<svg") :]
    text = re.sub(r'\b(id="|href="#|url\(#)', lambda m: m[0] + prefix, text)
    text = re.sub(r"#000000\b", "currentColor", text)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    # Text without a fill is black by SVG's default.
    text = text.replace("<svg ", '<svg fill="currentColor" role="img" ', 1)
    return f"<!-- {html.escape(figure.name)} -->\n{text}"


def _figures(overview: Overview, format: str) -> Sequence[tuple[Report | None, Figure]]:
    common: list[tuple[Report | None, Figure]] = [(None, f) for f in overview.figures]
    for report in overview.reports:
        own = (report.panel,) if format == "latex" else report.figures
        common += [(report, figure) for figure in own if figure]
    return common


def _latex_command(report: Report) -> str:
    """The check command, where its names are in every engine's fonts; else without the names."""
    whole = report.check_command
    return whole if not whole or printable_in_latex(whole) else "certify check CERTIFICATE MODEL"
