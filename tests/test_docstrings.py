"""The examples in docstrings are run: what a reader copies works."""

from __future__ import annotations

import doctest
import importlib

import pytest

from tests.examples import ROOT

MODULES = [
    *("certify.api", "certify.claims", "certify.model", "certify.result", "certify.task"),
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found = doctest.testmod(importlib.import_module(name), verbose=False)
    assert found.attempted
    assert not found.failed


def test_the_listed_modules_are_all_that_have_examples() -> None:
    having = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "certify").rglob("*.py")
        if "    >>> " in path.read_text(encoding="utf-8")
    }
    assert having == set(MODULES)
