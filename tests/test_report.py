"""Reports in all formats, from a proved and from a refuted certificate."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from certify.cli import main
from certify.errors import ExitCode
from certify.report.render import tex
from tests.examples import EXAMPLES, MODELS, TWO_INTERVALS, save_npz

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
    if format != "latex":
        assert ("PROVED" if name == "good" else "REFUTED") in checked
    sha = json.loads((folder / f"{name}.impulse.json").read_text())["model"]["sha256"]
    assert sha in checked.replace("\\allowbreak ", "")
    assert "certify check" in checked


def test_html_is_self_contained_and_well_formed(folder: Path) -> None:
    page = report(folder, "good", "html", "--model", str(folder / "good.npz"))
    assert page.count("<figure>") == 4
    assert "<script" not in page
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


def test_what_is_no_certificate(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, data in (("empty", ""), ("part", '{"format":"certify-certificate","version":1}')):
        (folder / name).write_text(data)
        arguments = ["report", str(folder / name), "--format", "text", "-o", str(folder / "x")]
        assert main(arguments) == ExitCode.BAD_INPUT
    assert "is not a certificate" in capsys.readouterr().err


def test_latex_escapes() -> None:
    assert tex("W_out[s] & 5% {x} ~ ^ \\ #") == (
        r"W\_out[s] \& 5\% \{x\} \textasciitilde{} \textasciicircum{} \textbackslash{} \#"
    )


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_it_compiles_needs_pdflatex(folder: Path) -> None:
    report(folder, "good", "latex", "--model", str(folder / "good.npz"))
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "good.latex"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:]


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
