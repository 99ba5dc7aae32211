r"""Words with formulas in them: one source for terminals, pages and LaTeX.

A *prose* is a text in which ``$...$`` holds a formula in LaTeX; ``\$`` is a dollar. What comes
from outside (names, parts of files) is made prose by :func:`literal`, so that it never is one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

_FORMULA = re.compile(r"(?<!\\)\$(.+?)(?<!\\)\$", re.DOTALL)
_SYMBOLS = {
    r"\le": "≤",
    r"\ge": "≥",
    r"\ne": "≠",
    r"\in": "∈",
    r"\notin": "∉",
    r"\forall": "∀",
    r"\exists": "∃",
    r"\neg": "¬",
    r"\wedge": "∧",
    r"\vee": "∨",
    r"\sum": "∑",
    r"\min": "min",
    r"\max": "max",
    r"\bmod": "mod",
    r"\colon": ":",
    r"\cdot": "·",
    r"\times": "×",
    r"\delta": "δ",
    r"\ell": "ℓ",
    r"\pm": "±",
    r"\log": "log",
    r"\{": "{",
    r"\}": "}",
    r"\,": " ",
    r"\ ": " ",
    "-": "−",
}
_SYMBOL = re.compile(r"\\[a-z]+(?![a-z])|\\[{}, ]|-")
_FONT = re.compile(r"\\(?:mathrm|mathcal|operatorname)\{([^{}]*)\}")
_INDEX = re.compile(r"([_^])(?:\{([^{}]*)\}|(\w))")

_TEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{c: f"\\{c}" for c in "&%$#_{}"},
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "±": r"$\pm$",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "…": r"\dots{}",
    "−": r"$-$",
}


def literal(text: object) -> str:
    """Prose that says exactly this text."""
    return str(text).replace("$", r"\$")


def plain(prose: str) -> str:
    """For terminals and files of text: formulas in Unicode."""
    return _parts(prose, str, lambda formula: _unicode(formula, _bare_index))


def web(prose: str) -> str:
    """For HTML, escaped: formulas in Unicode with ``<sub>`` and ``<sup>``."""

    def formula(source: str) -> str:
        return f'<span class="math">{_unicode(escape(source, quote=False), _marked_index)}</span>'

    return _parts(prose, lambda text: escape(text, quote=True), formula)


def latex(prose: str) -> str:
    """For LaTeX: formulas as they are, the rest escaped; long hashes may break over lines."""
    return _parts(prose, tex, lambda formula: f"${formula}$")


def tex(text: str) -> str:
    """Escape a text for LaTeX."""
    escaped = "".join(_TEX.get(c, c) for c in text)
    return re.sub(
        r"\b[0-9a-f]{64}\b",
        lambda m: r"\allowbreak ".join(m[0][i : i + 16] for i in range(0, 64, 16)),
        escaped,
    )


def printable_in_latex(text: str) -> bool:
    """Whether every TeX engine has these characters in its standard fonts: ASCII and Latin-1."""
    return all(" " <= c <= "~" or "\xa1" <= c <= "\xff" for c in text)


def _parts(prose: str, text: Callable[[str], str], formula: Callable[[str], str]) -> str:
    pieces = _FORMULA.split(prose)
    return "".join(
        formula(piece) if at % 2 else text(piece.replace(r"\$", "$"))
        for at, piece in enumerate(pieces)
    )


def _unicode(formula: str, index: Callable[[re.Match[str]], str]) -> str:
    unfonted = _FONT.sub(r"\1", formula)
    symbols = _SYMBOL.sub(lambda m: _SYMBOLS.get(m[0], m[0]), unfonted)
    return _INDEX.sub(index, symbols)


def _bare_index(match: re.Match[str]) -> str:
    inner = match[2] or match[3]
    return f"{match[1]}{inner}" if inner.isalnum() else f"{match[1]}({inner})"


def _marked_index(match: re.Match[str]) -> str:
    tag = "sub" if match[1] == "_" else "sup"
    return f"<{tag}>{match[2] or match[3]}</{tag}>"
