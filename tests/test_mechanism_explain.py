from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import pytest

from certify.checker import check
from certify.claims import Pair, RatioRange
from certify.errors import NothingDecidedError
from certify.mechanism.explain import Explanation, explain
from certify.mechanism.interventions import patch
from certify.mechanism.patched import Intervention
from certify.mechanism.training import track
from certify.model import Network
from certify.report.explanation import explanation_text, summary_text
from certify.report.mechanism_figures import (
    explanation_figures,
    offsets_figure,
    patch_figure,
    track_figure,
)
from certify.report.style import write_figures
from tests.examples import EXAMPLES, TWO_INTERVALS, Example, Golden, save_npz


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_any_model_is_explained(example: Example) -> None:
    steps: list[tuple[str, int, int]] = []
    found = explain(example.network, samples=200, progress=lambda *step: steps.append(step))
    text = json.dumps(found.to_dict(), allow_nan=False)  # no NaN, no infinity
    assert json.loads(text)["model"]["sha256"] == example.network.sha256
    assert "Offsets at S/M = 4/5" in explanation_text(found)
    assert all(0 <= done <= total for _, done, total in steps)
    summary = summary_text(found, "a.npz")
    assert summary.startswith("a.npz (sha256")
    assert len(summary.splitlines()) <= 16
    for text in (summary, explanation_text(found)):
        assert max(map(len, text.splitlines())) <= 80
    if found.circuit is None:
        assert found.verdict == "measured"
        with pytest.raises(NothingDecidedError):
            found.certificate()
        assert "no circuit is proved" in summary


def test_the_certificate_is_accepted_and_the_same_every_time(tmp_path: Path) -> None:
    model = save_npz(TWO_INTERVALS, tmp_path / "model.npz")
    ratios = RatioRange(Fraction(3, 5), Fraction(4, 5))
    first, again = (
        explain(TWO_INTERVALS, samples=300, ratios=ratios).certificate() for _ in range(2)
    )
    assert first.to_bytes() == again.to_bytes()
    first.write(tmp_path / "circuit.json")
    assert check(tmp_path / "circuit.json", model).kind == "circuit"


@pytest.mark.slow
def test_golden_circuit(golden: Golden, golden_network: Network, tmp_path: Path) -> None:
    explained = explain(golden_network, samples=5000)
    certificate = explained.certificate()
    certificate.write(tmp_path / "circuit.json")
    assert check(tmp_path / "circuit.json", golden.path).kind == "circuit"
    assert explained.circuit is not None
    driven = golden.roles["comparator"] + golden.roles["detector"]
    assert explained.circuit.groups["input-driven"] == tuple(sorted(driven))


@pytest.fixture(scope="module")
def small() -> Explanation:
    return explain(TWO_INTERVALS, samples=300, ratios=RatioRange(Fraction(3, 5), Fraction(4, 5)))


def test_figures_are_written_and_the_same_every_time(small: Explanation, tmp_path: Path) -> None:
    written = []
    for folder in ("one", "two"):
        figures = {"offsets": offsets_figure(small.offsets)}
        written.append(write_figures(figures, tmp_path / folder))
    assert [path.name for path in written[0]] == ["offsets.svg", "offsets.pdf"]
    for one, two in zip(*written, strict=True):
        assert one.read_bytes() == two.read_bytes()


@pytest.mark.slow
def test_every_figure_is_written(small: Explanation, tmp_path: Path) -> None:
    model = save_npz(TWO_INTERVALS, tmp_path / "model.npz")
    figures = explanation_figures(small)
    figures["track"] = track_figure(track([model, model], samples=100))
    zeroed = Intervention(3, None, "scale", Fraction(0))
    figures["patch"] = patch_figure(patch(TWO_INTERVALS, Pair(0, 1), [zeroed]))
    written = write_figures(figures, tmp_path / "figures")
    names = {path.name for path in written}
    assert {"offsets.svg", "readout-uniform.pdf", "circuit.svg", "track.svg"} <= names
    for path in written:
        if path.suffix == ".svg":
            assert ElementTree.parse(path).getroot().tag.endswith("svg")
        else:
            assert path.read_bytes().startswith(b"%PDF")
