"""Hypotheses on a terminal, in a report, and as formulas."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from certify.cli import main
from certify.report.hypotheses import hypotheses_text
from certify.report.typeset import formula
from certify.statements.note import parse_note
from certify.statements.prove import hypotheses
from tests.examples import TWO_INTERVALS, save_npz

GROUPS = {"a_b": [0, 1]}
FORMULAS = {
    "right": r"\mathrm{right}",
    "margin[m] > 0.1": r"\mathrm{margin}_{m} > 1/10",
    "base.swapped.h[0, 1] != -2 * r": r"h'^{0}_{0,1} \ne (-2) \cdot r",
    "W_ih[0] - (base.W_hh[0, 1] - 1) == M": (
        r"W^{\mathrm{ih}}_{0} - (W^{\mathrm{hh},0}_{0,1} - 1) = 1"
    ),
    "not (m in a_b or s not in [0, 1])": (r"\neg ((m \in \mathrm{a b}) \vee (s \notin \{0,1\}))"),
    "all(h[t, i] <= 2 for t in range(n) for i in a_b if i != m)": (
        r"\forall 0 \le t < n,\ i \in \mathrm{a b},\ i \ne m\colon h_{t,i} \le 2"
    ),
    "any(on[t, 0] for t in range(0, n, 2))": (
        r"\exists t \in \mathrm{range}(0,n,2)\colon z_{t,0} > 0"
    ),
    "min(h[0, 0], r) < abs(of(a_b, m))": r"\min(h_{0,0},r) < |\mathrm{of}(\mathrm{a b}, m)|",
    "count(margin > 0) >= 1": r"|\{(m, s) : \mathrm{margin} > 0\}| \ge 1",
    "sum(h[0, i] for i in a_b) / 3 > (1 if m < s else 2)": (
        r"(\sum_{i \in \mathrm{a b}} h_{0,i}) / 3 > "
        r"(1\mathrm{\ if\ }(m < s)\mathrm{\ else\ }2)"
    ),
    "m // 2 + m % 2 == m": r"m \mathrm{div} 2 + m \bmod 2 = m",
}


@pytest.mark.parametrize("claim", FORMULAS)
def test_formulas(claim: str) -> None:
    assert formula(claim, GROUPS, 5, 2) == FORMULAS[claim]


NOTE = """
title = "A note"
[groups]
a_b = [0, 1]
[[hypothesis]]
name = "right"
says = "It is $right$ & true."
claim = "right"
ratio = ["3/5", "4/5"]
[[hypothesis]]
name = "low"
claim = "of(a_b, m) <= -1000"
change = ["W_ih[0] *= 1/2"]
pairs = "m < s"
[[hypothesis]]
name = "count"
claim = "count(right) == 1"
[[hypothesis]]
name = "accuracy"
claim = "accuracy > 2"
over = "uniform"
samples = 100
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "note.toml").write_text(NOTE)
    save_npz(TWO_INTERVALS, tmp_path / "model.npz")
    return tmp_path


def run(folder: Path, *words: str) -> int:
    command = ["hypotheses", str(folder / "note.toml"), str(folder / "model.npz")]
    return main([*command, "--out", str(folder), *words])


def test_a_refutation_says_on_which_ratios() -> None:
    claims = ("r < 4/5", "r != 4/5", "r < 1/2")
    entries = (f"[[hypothesis]]\nname = '{i}'\nclaim = '{c}'\n" for i, c in enumerate(claims))
    note = parse_note('ratio = ["7/10", "9/10"]\n' + "".join(entries))
    shown = hypotheses_text(hypotheses(note, TWO_INTERVALS)).splitlines()
    said = [line.strip() for line in shown if "fails on" in line]
    assert [line.split(", ")[1] for line in said] == [
        "S/M from 4/5 to 9/10",
        "at S/M = 4/5",
        "S/M from 7/10 to 9/10",
    ]


def test_the_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = folder / "answer.json"
    assert run(folder, "--json", str(answer)) == 1
    shown = capsys.readouterr().out
    assert "PROVED    right" in shown
    assert "REFUTED   low" in shown
    assert "true: of(a_b, m) <= " in shown
    assert "fails on 1 of 1 pairs\n" in shown
    assert "S/M = 4/5: count(right) = 2, 1" in shown
    assert "(100 uniform inputs, seed 0; 99 %: disagrees)" in shown
    assert "4 hypotheses: 1 proved, 2 refuted, 1 measured" in shown
    found = json.loads(answer.read_text())
    assert found["certificate"] == str(folder / "model.hypotheses-note.json")
    assert main(["check", found["certificate"], str(folder / "model.npz")]) == 0


def test_a_file_that_does_not_parse_is_a_usage_error(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "note.toml").write_text(NOTE.replace('"right"\nratio', '"right +"\nratio'))
    assert run(folder) == 2
    assert "hypothesis 'right', claim, column 8" in capsys.readouterr().err


def test_measured_alone_is_measured_and_leaves_no_certificate(folder: Path) -> None:
    (folder / "note.toml").write_text("[[hypothesis]]" + NOTE.split("[[hypothesis]]")[-1])
    answer = folder / "answer.json"
    assert run(folder, "--json", str(answer)) == 0
    found = json.loads(answer.read_text())
    assert (found["verdict"], found["certificate"]) == ("measured", None)


def test_an_edited_note_takes_its_own_place(folder: Path) -> None:
    assert run(folder) == 1
    (folder / "note.toml").write_text(NOTE.replace("-1000", "1000"))
    assert run(folder) == 1
    assert [p.name for p in folder.glob("model.hypotheses*")] == ["model.hypotheses-note.json"]


@pytest.mark.parametrize("kind", ["text", "markdown", "latex", "html"])
def test_the_report(kind: str, folder: Path) -> None:
    assert run(folder) == 1
    certificate, page = folder / "model.hypotheses-note.json", folder / "page"
    words = ["report", str(certificate), "--model", str(folder / "model.npz"), "--format", kind]
    assert main([*words, "-o", str(page)]) == 0
    shown = page.read_text()
    assert "refuted" in shown
    assert "$right$" in shown or r"\$right\$" in shown
    if kind == "latex":
        assert r"$\mathrm{of}(\mathrm{a b}, m) \le -1000$" in shown
        assert r"It is \$right\$ \& true." in shown
    if kind == "html":
        assert "∧" not in shown
        assert "of(a b, m) ≤ −1000" in shown
