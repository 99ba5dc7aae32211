from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from certify.certificate import Certificate
from certify.claims import Pair, RatioRange
from certify.cli import main
from certify.errors import CertificateFormatError, ExitCode
from certify.impulse.sweep import sweep_all
from certify.mechanism.circuit import circuit_certificate
from certify.mechanism.interventions import patch, patch_certificate
from certify.mechanism.patched import Intervention
from certify.mechanism.search import study_circuit
from certify.report.build import build_report
from certify.report.source import Source
from tests.examples import TWO_INTERVALS, save_npz

RATIOS = RatioRange(Fraction(3, 5), Fraction(4, 5))


@pytest.fixture(scope="module")
def circuit() -> Certificate:
    groups = {"some": (0, 3)}
    found = study_circuit(TWO_INTERVALS, sweep_all(TWO_INTERVALS), RATIOS, groups)
    assert found is not None
    return circuit_certificate(found)


def test_every_statement_stands_in_a_table(circuit: Certificate) -> None:
    document = json.loads(circuit.to_bytes())
    report = build_report(Source(Path("c.json"), circuit.sha256, 1000, document))
    rows = sum(len(table.rows) for table in report.tables)
    assert rows == len(document["claim"]["statements"])
    assert report.statement.status == "proved"
    assert r"3/5 \le S/M \le 4/5" in report.statement.prose
    assert [figure.name for figure in report.figures] == ["circuit"]
    assert report.figures[0].draw().axes


def test_interventions() -> None:
    changes = [Intervention(3, None, "set", Fraction(1, 3))]
    found = patch(TWO_INTERVALS, Pair(1, 0), changes, ratios=RATIOS)
    document = json.loads(patch_certificate(TWO_INTERVALS, found).to_bytes())
    report = build_report(Source(Path("p.json"), "0" * 64, 1000, document))
    (table,) = report.tables
    assert [row[0] for row in table.rows] == ["none", "unit 3 set to 1/3 after every step"]
    assert [row[-1] for row in table.rows] == ["every $M > 0$", "$M = 1$"]
    assert "For one pair" in report.statement.prose


@pytest.mark.parametrize("kind", ["text", "markdown", "latex", "html"])
def test_the_command_writes_it(circuit: Certificate, kind: str, tmp_path: Path) -> None:
    model = save_npz(TWO_INTERVALS, tmp_path / "model.npz")
    circuit.write(tmp_path / "c.json")
    out = tmp_path / f"report.{kind}"
    words = ["report", str(tmp_path / "c.json"), "--model", str(model), "--format", kind]
    assert main([*words, "-o", str(out)]) == ExitCode.OK
    assert "Weights that are enough" in out.read_text()


def test_a_broken_document_is_named(circuit: Certificate) -> None:
    document = json.loads(circuit.to_bytes())
    del document["claim"]["statements"][0]["bound"]
    with pytest.raises(CertificateFormatError, match="not a whole certificate"):
        build_report(Source(Path("c.json"), "0" * 64, 1000, document))
