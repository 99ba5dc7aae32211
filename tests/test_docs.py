"""What documents and messages say: paths that exist, links that lead somewhere, no bad hints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.examples import ROOT
from tests.pages import run_examples

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("[mp]*/README.md")])
SOURCES = sorted([*(ROOT / "certify").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")])
TESTS = sorted((ROOT / "tests").glob("*.py"))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_files_named_in_documents_exist(page: Path) -> None:
    """``certify/impulse/sweep.py`` in a text, or ``[guide](guide.md)``."""
    text = page.read_text()
    paths = re.findall(r"`((?:certify|tests|benchmarks|docs)/[\w/.-]*)`", text)
    written = (path for path in paths if path == path.lower())  # KIND and the like stand for names
    missing = [path for path in written if not (ROOT / path).exists()]
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    missing += [link for link in links if not (page.parent / link).exists()]
    modules = re.findall(r"`(certify(?:\.[a-z_0-9]+)+)", text)
    for module in modules:
        path = ROOT / module.replace(".", "/")
        homes = (path, path.with_suffix(".py"), path.parent, path.parent.with_suffix(".py"))
        missing += [module] * (not any(home.exists() for home in homes))
    assert missing == []


@pytest.mark.parametrize("path", [*PAGES, *SOURCES], ids=named)
def test_no_hint_installs_a_distribution_of_this_name(path: Path) -> None:
    """None is published: pip would fetch whatever a stranger put there."""
    assert not re.search(r"pip install[^\n&#]*[ '\"]certify\b(?!/)", path.read_text())


@pytest.mark.parametrize("path", TESTS, ids=named)
def test_a_test_that_may_be_skipped_says_so_in_its_name(path: Path) -> None:
    """By ``skipif``, a marker made of it, ``importorskip`` or ``skip``: ``..._needs_torch``."""
    text = path.read_text()
    markers = re.findall(r"^(\w+) = pytest\.mark\.skipif", text, re.MULTILINE)
    for block in re.split(r"\n\n\n", text):
        name = re.search(r"^def (test_\w+)", block, re.MULTILINE)
        skips = re.search(r"importorskip|pytest\.skip\(|mark\.skipif\(", block)
        marked = any(f"@{marker}\n" in block for marker in markers)
        if name and path.name != "test_docs.py" and (skips or marked):
            assert re.search("needs_|if_installed", name[1]), (
                f"{named(path)}: {name[1]} may be skipped; say for what"
            )


@pytest.mark.parametrize("page", ["tutorial.md", "how-to/why-a-pair-fails.md"])
def test_examples_of_a_page_hold(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").symlink_to(ROOT / "models")
    monkeypatch.chdir(tmp_path)
    failed, tried = run_examples(ROOT / "docs" / page)
    assert failed == 0
    assert tried
