"""The trusted core imports the standard library and itself, and nothing else.

Two looks: at the source of every module, and at what is imported when the core runs. Both are
also shown a core into which a module was smuggled, in each of the ways that Python has.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples import MODELS, PROOFS, ROOT

CORE = "certify.checker"
#: With these a module can be had without an import statement.
LOADERS = {"importlib", "runpy", "pkgutil", "imp", "zipimport", "ctypes"}
CALLS = {"__import__", "exec", "eval", "compile", "__loader__", "__spec__"}


def foreign(root: Path) -> list[str]:
    """What the modules of the core in ``root`` import that is neither theirs nor the library's."""
    found = []
    for path in sorted((root / "certify" / "checker").rglob("*")):
        if path.suffix in (".so", ".pyd", ".pyc") and "__pycache__" not in path.parts:
            found.append(f"{path.name}: compiled")
        if path.suffix != ".py":
            continue
        package = [*path.relative_to(root).parts[:-1]]
        for name in imported(ast.parse(path.read_text()), package):
            top = name.split(".")[0]
            inside = name == CORE or name.startswith(f"{CORE}.")
            if not inside and (top not in sys.stdlib_module_names or top in LOADERS):
                found.append(f"{path.name}: {name}")
    return found


def imported(tree: ast.AST, package: list[str]) -> Iterator[str]:
    """The modules that a syntax tree names, relative ones resolved, and calls that load some."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            if module == "certify":  # "from certify import x" may name a module
                yield from (f"certify.{alias.name}" for alias in node.names)
            else:
                yield module
        elif isinstance(node, ast.Name) and node.id in CALLS:
            yield node.id


RUN = """
import sys
root, certificate, model = sys.argv[1:]
def allowed(name):
    core = name == "certify" or name == "certify.checker" or name.startswith("certify.checker.")
    return core or name.split(".")[0] in sys.stdlib_module_names
class Poisoned:
    def find_spec(self, name, path=None, target=None):
        if not allowed(name):
            raise ImportError("the core imports " + name)
sys.meta_path.insert(0, Poisoned())
sys.path.insert(0, root)
from certify.checker.__main__ import main
code = main([certificate, model])
odd = [name for name in sys.modules if not allowed(name) and not name.endswith("main__")]
assert not odd, odd
sys.exit(code)
"""


def run_alone(root: Path) -> subprocess.CompletedProcess[str]:
    """Check a certificate with the core of ``root``, with every other import poisoned."""
    files = [str(PROOFS / "m3_3.impulse.json"), str(MODELS / "m3_3.pt")]
    command = [sys.executable, "-S", "-I", "-c", RUN, str(root), *files]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_no_module_of_the_core_names_another() -> None:
    assert foreign(ROOT) == []


def test_the_core_runs_where_every_other_import_fails() -> None:
    done = run_alone(ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ACCEPTED  impulse")


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("from certify.helpers import help_out", "certify.helpers"),
        ("import certify.helpers", "certify.helpers"),
        ("from certify import helpers", "certify.helpers"),
        ("from .. import helpers", "certify.helpers"),
        ("from ..helpers import help_out", "certify.helpers"),
        ("import helpers_of_a_third_party", "helpers_of_a_third_party"),
        ("__import__('certify.helpers')", "__import__"),
        ("import importlib; importlib.import_module('certify.helpers')", "importlib"),
    ],
)
def test_a_module_smuggled_in_is_noticed(line: str, named: str, tmp_path: Path) -> None:
    shutil.copytree(
        ROOT / "certify" / "checker",
        tmp_path / "certify" / "checker",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    for name in ("certify/__init__.py", "certify/helpers.py", "helpers_of_a_third_party.py"):
        (tmp_path / name).write_text("def help_out(): pass\n")
    assert foreign(tmp_path) == []
    errors = tmp_path / "certify" / "checker" / "errors.py"
    text = errors.read_text()
    errors.write_text(text.replace("class Rejected", f"{line}\n\n\nclass Rejected"))
    assert foreign(tmp_path) == [f"errors.py: {named}"]
    done = run_alone(tmp_path)
    assert done.returncode != 0
    assert "the core imports" in done.stderr
