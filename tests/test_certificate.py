from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from certify.certificate import read_document
from certify.errors import CertificateFormatError
from certify.impulse.prove import prove_impulse
from tests.examples import EXAMPLES, ROOT, Example


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_certificates_follow_their_schema(example: Example) -> None:
    schema = json.loads((ROOT / "certify/schema/impulse-2.json").read_text())
    certificate = prove_impulse(example.network).certificate()
    jsonschema.validate(json.loads(certificate.to_bytes()), schema)


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
