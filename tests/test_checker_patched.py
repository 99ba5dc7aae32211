"""Certificates of interventions: accepted as written, rejected when changed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from certify.checker import Rejected, check
from certify.checker.circuit import check_circuit
from certify.checker.patched import Change, run_changed
from certify.claims import Pair, RatioRange, impulses
from certify.cli import main
from certify.errors import ExitCode
from certify.mechanism.interventions import patch, patch_certificate
from certify.mechanism.patched import Intervention, replay
from certify.model import Network
from tests.examples import ROOT, TWO_INTERVALS, save_npz
from tests.test_mechanism_interventions import patched_networks

Document = dict[str, Any]
RATIOS = RatioRange(Fraction(3, 5), Fraction(9, 10))
CHANGES = [
    Intervention(3, 0, "set", Fraction(1, 3)),
    Intervention(1, None, "scale", Fraction(5, 7)),
]


@pytest.fixture(scope="module")
def document() -> Document:
    found = patch(TWO_INTERVALS, Pair(1, 0), CHANGES, ratios=RATIOS)
    loaded = json.loads(patch_certificate(TWO_INTERVALS, found).to_bytes())
    assert isinstance(loaded, dict)
    return loaded


@settings(max_examples=40)
@given(patched_networks())
def test_what_the_sweep_finds_is_accepted(case: tuple[Network, list[Intervention]]) -> None:
    network, acting = case
    if not acting:
        return
    found = patch(network, Pair(1, 0), acting, ratios=RATIOS)
    body = json.loads(patch_certificate(network, found).to_bytes())
    lines = check_circuit(network, body, b"")
    assert ("right at every ratio" in lines[-1]) == found.patched_range.proved
    assert ("every M > 0" in lines[-1]) == found.homogeneous


@settings(max_examples=40)
@given(patched_networks())
def test_both_implementations_of_a_changed_run_agree(
    case: tuple[Network, list[Intervention]],
) -> None:
    network, acting = case
    x = impulses(Pair(0, 1), Fraction(2, 3), network.seq_len)
    changes = [Change(i.unit, i.step, i.action == "set", i.value) for i in acting]
    run = run_changed(network, x, changes)
    unit = run.denominator << (network.shift * network.seq_len)
    assert [Fraction(v, unit) for v in run.state] == replay(network, x, acting).states[-1]


def test_accepted_from_files(document: Document, tmp_path: Path) -> None:
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps(document))
    lines = check(path, save_npz(TWO_INTERVALS, tmp_path / "model.npz")).establishes
    assert "nothing changed" in lines[1]
    assert "unit 3 set to 1/3 after step 0 and unit 1 scaled by 5/7 after every step" in lines[2]
    assert "M = 1 alone" in lines[2]


def test_the_command_writes_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(save_npz(TWO_INTERVALS, tmp_path / "two.npz"))
    words = ["patch", model, "--pair", "1", "0", "--unit", "3", "--value", "0"]
    words += ["--ratio", ".6", ".8", "--out", str(tmp_path)]
    assert main(words) == ExitCode.OK
    path = tmp_path / "two.patch.json"
    assert f"certify check {path} {model}" in capsys.readouterr().out
    assert check(path, Path(model)).kind == "circuit"


def test_the_schema_describes_it(document: Document) -> None:
    schema = json.loads((ROOT / "certify" / "schema" / "circuit-2.json").read_text())
    jsonschema.validate(document, schema)


def statement(d: Document) -> Document:
    found = d["claim"]["statements"][1]
    assert isinstance(found, dict)
    return found


def other_verdict(d: Document) -> None:
    found = statement(d)
    found["verdict"] = "refuted" if found["verdict"] == "proved" else "proved"


MUTATIONS: list[tuple[Callable[[Document], object], str]] = [
    (other_verdict, "verdict"),
    (lambda d: statement(d).update(scales=True), "scales"),
    (lambda d: statement(d).update(scales=0), "scales"),
    (lambda d: statement(d).update(min_margin="1"), "min_margin"),
    (lambda d: statement(d).update(max=0, second=1), "not what the claim speaks of"),
    (lambda d: statement(d)["changes"].pop(0), "scales"),
    (lambda d: statement(d)["changes"][0].update(unit=5), "expected 0 to 4"),
    (lambda d: statement(d)["changes"][0].update(unit=True), "an integer"),
    (lambda d: statement(d)["changes"][0].update(step=2), "expected 0 to 1"),
    (lambda d: statement(d)["changes"][0].update(value="-1/3"), "negative"),
    (lambda d: statement(d)["changes"][0].update(value="2/6"), "lowest terms"),
    (lambda d: statement(d)["changes"][0].update(action="add"), "set or scale"),
    (lambda d: statement(d)["changes"][0].update(more=1), "unknown"),
    (lambda d: statement(d)["changes"].append(statement(d)["changes"][0]), "a second change"),
    (lambda d: statement(d)["changes"][0].update(value="1/4"), "min_margin|changes sign"),
    (lambda d: d["evidence"]["proofs"].pop(), "expected an object"),
    (lambda d: d["evidence"]["proofs"].append({"nodes": []}), "more than"),
    (lambda d: d["evidence"]["proofs"][1]["nodes"].pop(), "expected to run from"),
    (lambda d: d["evidence"]["proofs"][1]["nodes"].insert(1, "3/5"), "increase"),
    (lambda d: d["evidence"]["proofs"][1].update(nodes=["3/5", "9/10"]), "changes sign"),
]


@pytest.mark.parametrize(("mutate", "reason"), MUTATIONS)
def test_rejected(mutate: Callable[[Document], object], reason: str, document: Document) -> None:
    changed = copy.deepcopy(document)
    mutate(changed)
    with pytest.raises(Rejected, match=reason):
        check_circuit(TWO_INTERVALS, changed, b"")
