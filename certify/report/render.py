"""Four layouts of one report: text, Markdown, LaTeX and a self-contained HTML page."""

from __future__ import annotations

import html
import re
from pathlib import Path

from certify.files import atomic_write
from certify.report.content import Figure, Report, Table
from certify.report.style import save

CAPTION = "{} ({})"


def render(reports: list[Report], format: str, output: Path) -> list[Path]:
    """Write the reports to ``output`` and, where the format needs them, figures beside it.

    Returns the files written, the main one last.

    Raises:
        OSError: a file cannot be written.
    """
    layout = {"text": _text, "markdown": _markdown, "latex": _latex, "html": _html}[format]
    written: list[Path] = []
    if format in ("markdown", "latex"):
        folder = output.with_name(f"{output.stem}-figures")
        folder.mkdir(parents=True, exist_ok=True)
        suffix = "svg" if format == "markdown" else "pdf"
        for index, report in enumerate(reports):
            for figure in report.figures:
                path = folder / f"{figure_stem(index, figure)}.{suffix}"
                atomic_write(path, save(figure.draw(), suffix))
                written.append(path)
        text = layout(reports, folder.name)
    else:
        text = layout(reports, "")
    atomic_write(output, text.encode("utf-8"))
    return [*written, output]


def figure_stem(index: int, figure: Figure) -> str:
    """The file stem of a figure of the report number ``index``."""
    return f"{index + 1}-{figure.name}"


# -- text ----------------------------------------------------------------------------------------


def _text(reports: list[Report], _: str) -> str:
    return "\n\n".join(map(_text_one, reports)) + "\n"


def _text_one(report: Report) -> str:
    lines = [report.title, "=" * len(report.title), ""]
    lines += [f"{report.statement.status.upper()}: {report.statement.plain}", "", report.check_line]
    lines += [f"  {line}" for line in report.checked or ()]
    lines += ["", *(f"{name:18}{value}" for name, value in _identity(report)), ""]
    for table in report.tables:
        lines += [table.caption, *_columns(table), ""]
    lines += report.notes
    if report.check_command:
        lines.append(f"check it with: {report.check_command}")
    return "\n".join(lines)


def _columns(table: Table) -> list[str]:
    rows = [table.header, *table.rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(table.header))]
    return [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _identity(report: Report) -> list[tuple[str, str]]:
    return [
        *report.facts,
        ("Model SHA-256", report.model_sha256),
        ("Certificate", f"{report.certificate.name}, SHA-256 {report.certificate_sha256}"),
    ]


# -- Markdown ------------------------------------------------------------------------------------


def _markdown(reports: list[Report], folder: str) -> str:
    return "\n".join(_markdown_one(i, report, folder) for i, report in enumerate(reports))


def _markdown_one(index: int, report: Report, folder: str) -> str:
    def escape(text: str) -> str:
        return re.sub(r"([\\`*_\[\]|<>])", r"\\\1", text)

    lines = [f"# {escape(report.title)}", ""]
    lines += [f"**{report.statement.status.upper()}.** {escape(report.statement.plain)}", ""]
    lines += [escape(report.check_line), ""]
    lines += [f"- {escape(line)}" for line in report.checked or ()]
    lines += ["", "| | |", "| --- | --- |"]
    lines += [f"| {escape(name)} | {escape(value)} |" for name, value in _identity(report)]
    for table in report.tables:
        lines += ["", escape(table.caption), ""]
        lines.append("| " + " | ".join(map(escape, table.header)) + " |")
        lines.append("|" + " ---: |" * len(table.header))
        lines += ["| " + " | ".join(map(escape, row)) + " |" for row in table.rows]
    for figure in report.figures:
        caption = CAPTION.format(figure.caption, report.provenance)
        lines += ["", f"![{escape(caption)}]({folder}/{figure_stem(index, figure)}.svg)", ""]
        lines.append(f"*{escape(caption)}*")
    lines += ["", *map(escape, report.notes), ""]
    if report.check_command:
        lines += [f"Check it with `{report.check_command}`.", ""]
    return "\n".join(lines)


# -- LaTeX ---------------------------------------------------------------------------------------

PREAMBLE = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage[a4paper,margin=2.5cm]{geometry}
\usepackage{amsmath,amsthm,booktabs,graphicx}
\newtheorem{theorem}{Theorem}
\newtheorem*{refutation}{Refutation}
\newtheorem*{openquestion}{Open}
\setlength{\parindent}{0pt}
\begin{document}
"""


def _latex(reports: list[Report], folder: str) -> str:
    body = "\n".join(_latex_one(i, report, folder) for i, report in enumerate(reports))
    return f"{PREAMBLE}{body}\\end{{document}}\n"


def _latex_one(index: int, report: Report, folder: str) -> str:
    environment = {"proved": "theorem", "refuted": "refutation"}.get(
        report.statement.status, "openquestion"
    )
    lines = [f"\\section*{{{tex(report.title)}}}", f"\\begin{{{environment}}}"]
    lines += [
        report.statement.latex,
        f"The model is the one whose weights have SHA-256 {tex_hash(report.model_sha256)}.",
        f"Check: \\texttt{{{tex(report.check_command)}}}." if report.check_command else "",
        f"\\end{{{environment}}}",
        tex(report.check_line),
        "",
    ]
    lines += [r"\medskip\begin{tabular}{@{}lp{11cm}@{}}", r"\toprule"]
    lines += [f"{tex(name)} & {tex_hash(value)} \\\\" for name, value in _identity(report)]
    lines += [r"\bottomrule", r"\end{tabular}", ""]
    for table in report.tables:
        lines += [r"\begin{table}[htbp]\centering\footnotesize"]
        lines += [f"\\caption{{{tex(CAPTION.format(table.caption, report.provenance))}}}"]
        lines += [f"\\begin{{tabular}}{{@{{}}{'r' * len(table.header)}@{{}}}}", r"\toprule"]
        lines += [" & ".join(map(tex, table.header)) + r" \\", r"\midrule"]
        lines += [" & ".join(map(tex, row)) + r" \\" for row in table.rows]
        lines += [r"\bottomrule", r"\end{tabular}", r"\end{table}", ""]
    for figure in report.figures:
        lines += [r"\begin{figure}[htbp]\centering"]
        lines.append(
            f"\\includegraphics[width=\\linewidth,height=0.85\\textheight,keepaspectratio]"
            f"{{{folder}/{figure_stem(index, figure)}.pdf}}"
        )
        lines += [f"\\caption{{{tex(CAPTION.format(figure.caption, report.provenance))}}}"]
        lines += [r"\end{figure}", ""]
    lines += [tex(note) for note in report.notes]
    lines += [r"\clearpage", ""]
    return "\n".join(lines)


def tex(text: str) -> str:
    """Escape a text for LaTeX."""
    table = {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{c: f"\\{c}" for c in "&%$#_{}"},
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "±": r"$\pm$",
        "×": r"$\times$",
        "·": r"$\cdot$",
        "…": r"\dots{}",
    }
    return "".join(table.get(c, c) for c in text)


def tex_hash(text: str) -> str:
    """Escape a text for LaTeX, and let long hashes break over lines."""
    return re.sub(r"[0-9a-f]{64}", lambda m: r"\allowbreak ".join(_split(m[0])), tex(text))


def _split(text: str, width: int = 16) -> list[str]:
    return [text[i : i + width] for i in range(0, len(text), width)]


# -- HTML ----------------------------------------------------------------------------------------

STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #ffffff; --soft: #f2f4f7;
  --line: #c8cdd4; --accent: #005a91; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #15181c;
  --soft: #20252b; --line: #444b54; --accent: #7cc4f0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; }
.statement { border-left: .3rem solid var(--accent); background: var(--soft);
  padding: .6rem 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .5rem 0; }
caption { text-align: left; padding: .3rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: .15rem .5rem; text-align: right;
  overflow-wrap: normal; }
.facts { width: 100%; } .facts th, .facts td { text-align: left; vertical-align: top; }
.facts td { overflow-wrap: anywhere; }
figure { margin: 1.5rem 0; } figure svg { max-width: 100%; height: auto; }
figcaption { font-size: .9rem; }
code { background: var(--soft); padding: .1rem .3rem; }
"""


def _html(reports: list[Report], _: str) -> str:
    title = html.escape(reports[0].title if len(reports) == 1 else "certify: certificates")
    body = "\n".join(map(_html_one, reports))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _html_one(report: Report) -> str:
    def cells(tag: str, row: tuple[str, ...]) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(c)}</{tag}>" for c in row) + "</tr>"

    lines = [f"<h1>{html.escape(report.title)}</h1>"]
    lines.append(
        f'<p class="statement"><strong>{report.statement.status.upper()}.</strong> '
        f"{html.escape(report.statement.plain)}</p>"
    )
    lines.append(f"<p>{html.escape(report.check_line)}</p>")
    if report.checked:
        lines += ["<ul>", *(f"<li>{html.escape(v)}</li>" for v in report.checked), "</ul>"]
    lines.append('<table class="facts">')
    lines += [
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"
        for name, value in _identity(report)
    ]
    lines.append("</table>")
    for table in report.tables:
        lines += ['<div class="wide"><table>', f"<caption>{html.escape(table.caption)}</caption>"]
        lines += [cells("th", table.header), *(cells("td", row) for row in table.rows)]
        lines.append("</table></div>")
    for number, figure in enumerate(report.figures):
        caption = html.escape(CAPTION.format(figure.caption, report.provenance))
        prefix = f"c{report.certificate_sha256[:8]}f{number}-"
        lines += [f"<figure>{_inline_svg(figure, prefix)}", f"<figcaption>{caption}</figcaption>"]
        lines.append("</figure>")
    lines += [f"<p>{html.escape(note)}</p>" for note in report.notes]
    if report.check_command:
        lines.append(f"<p>Check it with <code>{html.escape(report.check_command)}</code>.</p>")
    return "\n".join(lines)


def _inline_svg(figure: Figure, prefix: str) -> str:
    """The figure's SVG for a page: ids of its own, and black ink that follows the theme."""
    text = save(figure.draw(), "svg").decode()
    text = text[text.index("<svg") :]
    text = re.sub(r'\b(id="|href="#|url\(#)', lambda m: m[0] + prefix, text)
    text = re.sub(r"#(000000|333333)\b", "currentColor", text)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    # Text without a fill is black by SVG's default.
    text = text.replace("<svg ", '<svg fill="currentColor" role="img" ', 1)
    return f"<!-- {html.escape(figure.name)} -->\n{text}"
