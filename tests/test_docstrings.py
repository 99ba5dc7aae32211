"""The examples in docstrings are run: what a reader copies works."""

from __future__ import annotations

import doctest
import importlib

import pytest

from tests.examples import ROOT

MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "certify").rglob("*.py")
    if "    >>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found = doctest.testmod(importlib.import_module(name), verbose=False)
    assert found.attempted
    assert not found.failed


def test_the_python_face_has_examples() -> None:
    faces = {f"certify.api.{name}" for name in ("sources", "proofs", "studies", "checking")}
    assert {*faces, "certify.claims", "certify.model", "certify.task"} <= set(MODULES)
