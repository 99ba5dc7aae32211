from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from certify import api
from certify.certificate import VERSION, read_document
from certify.checker import RULES
from certify.errors import CertificateFormatError
from certify.impulse.prove import prove_impulse
from certify.model import Network
from certify.statements.note import parse_note
from certify.statements.prove import hypotheses
from tests.examples import EXAMPLES, MODELS, PROOFS, ROOT, Example

SCHEMAS = ROOT / "certify" / "schema"


def follows_its_schema(data: bytes) -> bool:
    body = json.loads(data)
    path = ROOT / "certify" / "schema" / f"{body['kind']}-{body['version']}.json"
    jsonschema.validate(body, json.loads(path.read_text()))
    return True


def test_every_kind_has_a_schema() -> None:
    found = {path.stem: json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")}
    assert set(found) == {f"{kind}-{VERSION}" for kind in RULES}
    for name, schema in found.items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["properties"]["kind"]["const"] == name.removesuffix(f"-{VERSION}")
        assert not schema["additionalProperties"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_certificates_follow_their_schema(example: Example) -> None:
    assert follows_its_schema(prove_impulse(example.network).certificate().to_bytes())


SHIPPED = [path for path in sorted(PROOFS.iterdir()) if path.suffix in (".json", ".zip")]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_certificates_follow_their_schema(path: Path) -> None:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as container:
            assert follows_its_schema(container.read("certificate.json"))
    else:
        assert follows_its_schema(path.read_bytes())


NOTE = """
ratio = "4/5"
[[hypothesis]]
name = "a count"
claim = "count(right) == 90"
[[hypothesis]]
name = "a comparison"
claim = "logit[s] > logit[m]"
"""


@pytest.mark.parametrize(
    "make",
    [
        lambda model: api.prove(model, pairs=[(0, 1)]),
        lambda model: api.prove_noise(model, "1/5"),
        lambda model: api.accuracy(model, digits=5),
        lambda model: api.accuracy(MODELS / "m6_4.pt", boxes=200),
        lambda model: hypotheses(parse_note(NOTE), model),
    ],
    ids=["some pairs", "noise", "closed form", "bracket", "hypotheses"],
)
def test_other_certificates_follow_their_schema(make: Callable[[Network], Any]) -> None:
    made = make(api.load(MODELS / "m3_3.pt"))
    assert follows_its_schema(made.certificate().to_bytes())


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    network = EXAMPLES[0].network
    first, second = (prove_impulse(network).certificate() for _ in range(2))
    assert first.to_bytes() == second.to_bytes()
    assert first.sha256 == second.sha256
    first.write(tmp_path / "a.json")
    assert (tmp_path / "a.json").read_bytes() == first.to_bytes()
    assert read_document(tmp_path / "a.json")["kind"] == "impulse"
    assert b"." not in first.to_bytes().replace(b"0.1.0", b""), "a float in a certificate"


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"format": "x"}', b'{"format":"certify-certificate","version":9}']
)
def test_what_is_no_certificate(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_bytes(data)
    with pytest.raises(CertificateFormatError, match=r"c\.json"):
        read_document(tmp_path / "c.json")
