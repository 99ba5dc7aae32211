"""The certificates in proofs/ are those that certify writes for the shipped models today."""

from __future__ import annotations

from pathlib import Path

import pytest

from certify.checker import check
from certify.cli import main
from tests.examples import MODELS, PROOFS

SHIPPED = sorted(MODELS.glob("*.pt"))


def test_every_shipped_model_is_known() -> None:
    names = {"m2_2", "m3_3", "m4_3", "m6_4", "m8_4", "m8_5", "m8_6", "m16_10"}
    assert {path.stem for path in SHIPPED} == names


@pytest.mark.parametrize("model", SHIPPED, ids=lambda path: path.stem)
def test_impulse_certificates_are_up_to_date(model: Path, tmp_path: Path) -> None:
    code = main([str(model), "--no-smt", "--out", str(tmp_path), "--json", str(tmp_path / "a")])
    assert code in (0, 1)
    name = f"{model.stem}.impulse.json"
    assert (PROOFS / name).read_bytes() == (tmp_path / name).read_bytes()
    accepted = check(PROOFS / name, model)
    assert ("PROVED" in accepted.establishes[0]) == (code == 0)
    if model.stem == "m16_10":
        assert code == 0, "90 of 90 pairs of m16_10"


def accepted_for_its_model(certificate: Path) -> bool:
    model = MODELS / f"{certificate.name.split('.')[0]}.pt"
    return check(certificate, model).kind in certificate.name


def test_the_circuit_certificate_holds() -> None:
    assert accepted_for_its_model(PROOFS / "m16_10.circuit.json")


@pytest.mark.slow
@pytest.mark.parametrize("certificate", sorted(PROOFS.glob("*.zip")), ids=lambda path: path.name)
def test_large_certificates_hold(certificate: Path) -> None:
    assert accepted_for_its_model(certificate)
