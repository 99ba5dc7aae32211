"""Reports in all formats, from a proved and from a refuted certificate."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from zipfile import ZipFile

import pytest

from certify.cli import main
from certify.errors import ExitCode
from certify.report.style import tint
from certify.report.words import latex, literal, plain, tex, web
from tests.browser import HAVE_CHROMIUM, WITHOUT, browser, contrast, poor_contrasts
from tests.examples import EXAMPLES, MODELS, PROOFS, TWO_INTERVALS, save_npz

in_chromium = pytest.mark.skipif(not HAVE_CHROMIUM, reason=WITHOUT)

REFUTED = next(e.network for e in EXAMPLES if e.name == "three inputs")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("reports")
    for name, network in (("good", TWO_INTERVALS), ("bad", REFUTED)):
        model = save_npz(network, made / f"{name}.npz")
        main([str(model), "--no-smt", "--out", str(made), "--json", str(made / "answer.json")])
    return made


def report(folder: Path, name: str, format: str, *options: str) -> str:
    output = folder / f"{name}.{format}"
    certificate = folder / f"{name}.impulse.json"
    arguments = ["report", str(certificate), "--format", format, "-o", str(output), *options]
    assert main(arguments) == ExitCode.OK
    return output.read_text()


@pytest.mark.parametrize("name", ["good", "bad"])
@pytest.mark.parametrize("format", ["text", "markdown", "latex", "html"])
def test_every_format_says_status_statement_and_hash(folder: Path, name: str, format: str) -> None:
    unchecked = report(folder, name, format)
    assert "Not checked" in unchecked
    checked = report(folder, name, format, "--model", str(folder / f"{name}.npz"))
    assert "the checker accepted the certificate" in checked
    if format == "latex":
        assert ("begin{theorem}" if name == "good" else "paragraph{Refuted.}") in checked
    else:
        assert ("PROVED" if name == "good" else "REFUTED") in checked
    sha = json.loads((folder / f"{name}.impulse.json").read_text())["model"]["sha256"]
    assert sha in re.sub(r"\\allowbreak\s", "", checked)
    assert "certify check" in checked
    assert "multiply-adds to" in checked


def test_without_options_the_text_is_printed(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    before = set(folder.iterdir())
    assert main(["report", "good.impulse.json"]) == ExitCode.OK
    text = capsys.readouterr().out
    assert "PROVED: For every pair (m, s)" in text
    assert max(map(len, text.splitlines())) <= 80
    assert main(["report", "good.impulse.json", "-o", "-", "--format", "html"]) == ExitCode.OK
    assert capsys.readouterr().out.startswith("<!DOCTYPE html>")
    assert set(folder.iterdir()) == before, "a report to stdout left a file"


def test_the_ending_of_the_file_names_the_format(folder: Path) -> None:
    for ending, start in ((".tex", "% Written by"), (".html", "<!DOCTYPE"), (".md", "# good")):
        output = folder / f"ending{ending}"
        assert main(["report", str(folder / "good.impulse.json"), "-o", str(output)]) == 0
        assert output.read_text().startswith(start)


def test_html_is_self_contained_and_well_formed(folder: Path) -> None:
    page = report(folder, "good", "html", "--model", str(folder / "good.npz"))
    assert page.count("<figure>") == 4
    assert page.index('class="statement"') < page.index("<h1>") < page.index("<table")
    outside = re.findall(r'(?:src|href)="(?!#|data:image)([^"]*)"', page)
    assert outside == []
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) == len(set(ids)), "an id stands twice on the page"

    open_tags: list[str] = []

    class Balance(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag not in ("meta", "br"):
                open_tags.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert open_tags.pop() == tag

    Balance().feed(page)
    assert open_tags == []


def test_figures_are_vectors_with_ink_that_follows_the_theme(folder: Path) -> None:
    page = report(folder, "good", "html", "--model", str(folder / "good.npz"))
    assert "<image" not in page
    for style in re.findall(r"<text[^>]*style=\"([^\"]*)\"", page):
        assert "fill:" not in style or "fill: currentColor" in style
    dark, light = (20, 23, 27), (255, 255, 255)
    for value in (-1.0, 1.0):
        *rgb, alpha = tint(value, 1.0)
        for paper, ink in ((light, (22, 25, 29)), (dark, (240, 242, 244))):
            ground = [255 * v * alpha + p * (1 - alpha) for v, p in zip(rgb, paper, strict=True)]
            assert contrast(ink, ground) >= 4.5


@in_chromium
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_in_chromium_if_installed_html_is_legible_and_sorts(
    folder: Path, tmp_path: Path, dark: bool
) -> None:
    model = str(MODELS / "m6_4.pt")
    page = tmp_path / "page.html"
    certificate = str(PROOFS / "m6_4.impulse.json")
    assert main(["report", certificate, "--model", model, "-o", str(page)]) == ExitCode.OK
    with browser(tmp_path, width=360 if dark else 1200, dark=dark) as driver:
        driver.get(page.as_uri())
        driver.execute_script(
            "document.querySelectorAll('details').forEach(d => { d.open = true })"
        )
        assert poor_contrasts(driver) == []
        width = driver.execute_script("return document.documentElement.scrollWidth")
        assert width <= (360 if dark else 1200)
        head = "table.list thead th:nth-child(4)"
        assert driver.find_element("css selector", head).text == "margin"
        for expected in ("ascending", "descending"):
            driver.execute_script(f"document.querySelector('{head} button').click()")
            sort = driver.find_element("css selector", head).get_attribute("aria-sort")
            assert sort == expected
            cells = driver.execute_script(
                "return [...document.querySelectorAll('table.list td:nth-child(4)')]"
                ".map(td => Number(td.textContent))"
            )
            assert len(cells) == 12
            assert cells == sorted(cells, reverse=expected == "descending")
        assert driver.get_log("browser") == []


def test_captions_name_status_and_certificate(folder: Path) -> None:
    page = report(folder, "good", "markdown", "--model", str(folder / "good.npz"))
    figures = re.findall(r"!\[(.*)\]\((.*)\)", page)
    assert len(figures) == 4
    for caption, path in figures:
        assert "proved, checked; certificate" in caption
        assert (folder / path).read_text().lstrip().startswith("<?xml")


def test_a_certificate_that_does_not_hold_gets_no_report(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads((folder / "good.impulse.json").read_text())
    document["evidence"]["pairs"][0]["min_margin"] = "5"
    (folder / "forged.impulse.json").write_text(json.dumps(document))
    output = folder / "forged.html"
    arguments = ["report", str(folder / "forged.impulse.json"), "--format", "html"]
    arguments += ["-o", str(output), "--model", str(folder / "good.npz")]
    assert main(arguments) == ExitCode.REFUTED
    assert "no report was written" in capsys.readouterr().out
    assert not output.exists()
    (folder / "forged.impulse.json").unlink()


def test_a_folder_is_a_table_of_its_certificates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("m4_3", "m6_4"):
        shutil.copy(PROOFS / f"{name}.impulse.json", tmp_path)
    (tmp_path / "notes.json").write_text("{}")
    assert main(["report", str(tmp_path)]) == ExitCode.OK
    text = capsys.readouterr().out
    assert "2 certificates of 2 models" in text
    assert "m4_3" in text
    assert "m6_4" in text
    empty = tmp_path / "empty"
    empty.mkdir()
    assert main(["report", str(empty)]) == ExitCode.USAGE
    assert "no certificate in this folder" in capsys.readouterr().err


def test_several_certificates_of_a_model_compare_bound_and_length(folder: Path) -> None:
    model = str(folder / "good.npz")
    other = folder / "other"
    other.mkdir()
    command = [model, "--no-smt", "--out", str(other), "--ratio", "3/5", "7/10"]
    assert main(command) == ExitCode.OK
    page = folder / "both.html"
    certificates = [str(folder / "good.impulse.json"), str(other / "good.impulse.json")]
    assert main(["report", *certificates, "-o", str(page)]) == ExitCode.OK
    text = page.read_text()
    assert "against the length of its proof" in text
    assert "2 certificates of 1 model (2 of 2 not checked)" in text


def test_several_brackets_of_a_model_are_one(tmp_path: Path) -> None:
    """The first that came to hand was given, not what follows from all."""
    certificates: list[str] = []
    for boxes, inputs in ((50, "gaussian"), (400, "gaussian"), (800, "uniform")):
        out = tmp_path / f"{boxes}"
        out.mkdir()
        command = ["accuracy", str(MODELS / "m6_4.pt"), "--boxes", str(boxes), "--inputs", inputs]
        assert main([*command, "--out", str(out)]) == ExitCode.OK
        certificates += map(str, out.glob("*.zip"))
    page = tmp_path / "page.md"
    assert main(["report", *certificates, "-o", str(page)]) == ExitCode.OK
    text = page.read_text()
    claims = [json.loads(ZipFile(c).read("certificate.json"))["claim"] for c in certificates]
    (low, high), narrow = ((Fraction(c["lower"]), Fraction(c["upper"])) for c in claims[:2])
    assert low < narrow[0] < narrow[1] < high
    shown = re.search(r"\\\[(0\.\d{4}), (0\.\d{4})\\\]", text)
    assert shown
    ends = Fraction(shown[1]), Fraction(shown[2])
    assert narrow[0] - Fraction(1, 10**4) < ends[0] <= narrow[0]
    assert narrow[1] <= ends[1] < narrow[1] + Fraction(1, 10**4)
    assert text.count("against the length of its proof") == 2  # a caption, and its picture
    assert "accuracy over standard normal inputs against the length" in text


def test_what_is_no_certificate(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, data in (("empty", ""), ("part", '{"format":"certify-certificate","version":1}')):
        (folder / name).write_text(data)
        arguments = ["report", str(folder / name), "--format", "text", "-o", str(folder / "x")]
        assert main(arguments) == ExitCode.BAD_INPUT
    assert "is not a certificate" in capsys.readouterr().err


def test_words_with_formulas() -> None:
    assert tex("W_out[s] & 5% {x} ~ ^ \\ #") == (
        r"W\_out[s] \& 5\% \{x\} \textasciitilde{} \textasciicircum{} \textbackslash{} \#"
    )
    prose = r"$1/2 \le S/M \le 9/10$ & $W_{\mathrm{hh}} h_{t+1}$"
    assert plain(prose) == "1/2 ≤ S/M ≤ 9/10 & W_hh h_(t+1)"
    assert "&amp;" in web(prose)
    assert "W<sub>hh</sub> h<sub>t+1</sub>" in web(prose)
    # What comes from outside is never a formula, nor markup.
    hostile = r"$\input{/etc/passwd}$<b>"
    assert plain(literal(hostile)) == hostile
    assert "\\input{" not in latex(literal(hostile))
    assert "<b>" not in web(literal(hostile))


ENGINES = [engine for engine in ("pdflatex", "xelatex", "lualatex") if shutil.which(engine)]


@pytest.mark.slow
@pytest.mark.skipif(not ENGINES, reason="no TeX engine is installed")
@pytest.mark.parametrize("engine", ["pdflatex", "xelatex", "lualatex"])
def test_needs_a_tex_engine_to_compile(engine: str, tmp_path: Path) -> None:
    if engine not in ENGINES:
        pytest.skip(f"{engine} is not installed")
    name = "Модель_é $x$ #1.impulse.json"
    shutil.copy(PROOFS / "m6_4.impulse.json", tmp_path / name)
    options = ["--model", str(MODELS / "m6_4.pt"), "--format", "latex"]
    certificate = str(tmp_path / name)
    alone = [*options, "--standalone", "-o", str(tmp_path / "alone.tex")]
    assert main(["report", certificate, *alone]) == ExitCode.OK
    fragment = tmp_path / "part"
    fragment.mkdir()
    part = [*options, "-o", str(fragment / "part.tex")]
    assert main(["report", str(PROOFS / "m6_4.impulse.json"), *part]) == ExitCode.OK
    (tmp_path / "whole.tex").write_text(
        "\\documentclass[twocolumn]{article}\n"
        "\\usepackage{amsmath,amssymb,amsthm,booktabs,graphicx,siunitx,textcomp}\n"
        "\\newtheorem{theorem}{Theorem}\n\\newcommand{\\certifyfigures}{part/}\n"
        "\\begin{document}\\input{part/part}\\end{document}\n"
    )
    for source in ("alone", "whole"):
        done = subprocess.run(
            [engine, "-interaction=nonstopmode", "-halt-on-error", f"{source}.tex"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            errors="replace",
        )
        assert done.returncode == 0, done.stdout[-2000:]
        pages = re.search(r"\((\d) pages?", done.stdout)
        assert pages
        assert int(pages[1]) <= 2
        assert "Missing character" not in done.stdout


def test_answers_are_records_of_a_run(folder: Path) -> None:
    bracket = folder / "bracket.json"
    model = str(MODELS / "m6_4.pt")
    command = ["accuracy", model, "--boxes", "3000", "--out", str(folder), "--json", str(bracket)]
    assert main(command) == ExitCode.OK
    interval = {"value": 2.0, "low": 1.0, "high": 3.0}
    score = {"method": "cubature", "cost": 100, "mse": 1e-3, "in_operations": interval}
    scores = folder / "scores.json"
    answer = {"model": "m6_4", "sha256": "0" * 64, "models": 2, "levels": [0.1]}
    scores.write_text(json.dumps(answer | {"truth_samples": 10, "scores": [score]}))
    page = folder / "answers.html"
    arguments = ["report", str(bracket), str(scores), "--format", "html", "-o", str(page)]
    assert main(arguments) == ExitCode.OK
    shown = page.read_text()
    assert shown.count("<figure>") == 2
    assert shown.count("MEASURED") == 2
    assert "PROVED" not in shown


def test_an_accuracy_in_closed_form_stands_beside_its_estimates(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["estimate", str(MODELS / "m3_3.pt"), "--method", "cubature"]) == ExitCode.OK
    assert "0.785456" in capsys.readouterr().out


def test_an_ending_that_names_no_format_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate = str(PROOFS / "m2_2.impulse.json")
    assert main(["report", certificate, "-o", str(tmp_path / "a.docx")]) == 2
    assert "no format has this ending" in capsys.readouterr().err
    assert main(["report", str(MODELS / "m2_2.pt")]) == 4
    assert "without certificate.json" in capsys.readouterr().err
    assert main(["report", str(tmp_path / "nothing.json")]) == 4
    assert capsys.readouterr().err.endswith("nothing.json: No such file or directory\n")
