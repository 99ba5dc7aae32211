"""The one template engine: Jinja2, with the words of :mod:`certify.report.words` as filters.

A template of LaTeX writes ``((* for *))``, ``((( value )))`` and ``((# comment #))``, since
braces and percent signs have a meaning there.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from certify.report import words
from certify.report.tables import column_format, print_table, text_table

_LATEX_MARKS = {
    "block_start_string": "((*",
    "block_end_string": "*))",
    "variable_start_string": "(((",
    "variable_end_string": ")))",
    "comment_start_string": "((#",
    "comment_end_string": "#))",
}


def fill(template: str, **values: Any) -> str:
    """The text of a template, named from the folder of this package on."""
    if template.endswith(".tex.j2"):
        environment = _latex_environment()
    else:
        environment = _environment(template.endswith(".html.j2"))
    return environment.get_template(template).render(**values)


@cache
def _environment(pages: bool) -> Environment:
    environment = _made(autoescape=pages)
    environment.filters["prose"] = (lambda text: Markup(words.web(text))) if pages else words.plain
    return environment


@cache
def _latex_environment() -> Environment:
    environment = _made(autoescape=False, **_LATEX_MARKS)
    environment.filters["prose"] = words.latex
    environment.filters["tex"] = words.tex
    return environment


def _made(*, autoescape: bool, **marks: Any) -> Environment:
    environment = Environment(
        loader=PackageLoader("certify.report", "."),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **marks,
    )
    environment.filters |= {
        "markdown": _markdown,
        "text_table": text_table,
        "printed": print_table,
        "column_format": column_format,
    }
    return environment


def _markdown(prose: str) -> str:
    """Prose in which nothing is a mark of Markdown."""
    return re.sub(r"([\\`*_\[\]|<>])", r"\\\1", words.plain(prose))
