from __future__ import annotations

import json
from typing import Any

import pytest

import certify
from certify.checker import RULES
from certify.kinds import KINDS, Kind, covers, resolve
from certify.result import Result
from tests.examples import HANDCRAFTED, MODELS, ROOT


def test_the_registry_and_the_checker_know_the_same_kinds() -> None:
    assert set(KINDS) == set(RULES)


@pytest.mark.parametrize(("name", "kind"), KINDS.items(), ids=KINDS)
def test_every_kind_is_complete(name: str, kind: Kind) -> None:
    made = resolve(kind.result)
    assert issubclass(made, Result)
    assert callable(resolve(kind.report))
    assert list((ROOT / "certify" / "schema").glob(f"{name}-*.json"))
    assert f"`{name}`" in (ROOT / "docs" / "certificate.md").read_text()


def document(result: Result[Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.certificate().to_bytes())
    return found


def test_what_takes_the_place_of_what() -> None:
    model = MODELS / "m4_3.pt"
    wide = ("1/2", "9/10")
    whole, some = (document(certify.prove(model, wide, pairs=p)) for p in (None, [(0, 1)]))
    narrow = document(certify.prove(model, "4/5"))
    assert covers(whole, whole)
    assert covers(whole, some)
    assert not covers(some, whole)
    assert covers(whole, narrow)
    assert not covers(narrow, whole)
    assert not covers(document(certify.prove(HANDCRAFTED)), whole)
    five, nine = (document(certify.accuracy(model, digits=n)) for n in (5, 9))
    assert covers(nine, five)
    assert not covers(five, nine)
    assert not covers(five, whole)
    assert not covers({"kind": "new"}, {"kind": "new"})
