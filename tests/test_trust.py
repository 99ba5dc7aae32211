"""The table of the trusted base in docs/trust.md is measured, not remembered.

To rewrite it: python -m tests.test_trust
"""

from __future__ import annotations

import ast
from pathlib import Path

from certify.checker import RULES
from tests.examples import ROOT

CHECKER = ROOT / "certify" / "checker"
DOCUMENT = ROOT / "docs" / "trust.md"
BEGIN, END = "<!-- lines:begin -->\n", "<!-- lines:end -->\n"


def code_lines(path: Path) -> int:
    """Lines that hold code: neither blank, nor comment, nor docstring."""
    text = path.read_text()
    tree = ast.parse(text)
    docstrings: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                docstrings |= set(range(first.lineno, (first.end_lineno or 0) + 1))
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") and number not in docstrings
        for number, line in enumerate(text.splitlines(), start=1)
    )


def imports(path: Path) -> set[str]:
    """Names of the checker's own modules that a module imports."""
    return {
        node.module.rsplit(".", 1)[-1]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module
        if node.module.startswith("certify.checker.")
    }


def needed(module: str) -> set[str]:
    found, todo = set[str](), {module}
    while todo:
        name = todo.pop()
        found.add(name)
        todo |= imports(CHECKER / f"{name}.py") - found
    return found


def table() -> str:
    common = {"__init__", "__main__", "document", "network"} | needed("reader")
    size = {path.stem: code_lines(path) for path in CHECKER.glob("*.py")}
    rows = ["| for | modules in `certify/checker/` | lines |", "| --- | --- | ---: |"]

    def row(name: str, modules: set[str]) -> str:
        listed = ", ".join(f"`{m}` {size[m]}" for m in sorted(modules))
        return f"| {name} | {listed} | {sum(size[m] for m in modules)} |"

    rows.append(row("every kind", common))
    for kind, (rule, _) in sorted(RULES.items()):
        module = rule.__module__.rsplit(".", 1)[-1]
        rows.append(row(f"also for `{kind}`", needed(module) - common))
    return "\n".join(rows) + "\n"


def rewritten() -> str:
    text = DOCUMENT.read_text()
    head, rest = text.split(BEGIN)
    return head + BEGIN + table() + END + rest.split(END)[1]


def test_the_documented_trusted_base_is_the_measured_one() -> None:
    assert DOCUMENT.read_text() == rewritten(), "run: python -m tests.test_trust"


def test_every_module_of_the_checker_belongs_to_a_kind() -> None:
    used = {"__init__", "__main__"} | needed("reader")
    for rule, _ in RULES.values():
        used |= needed(rule.__module__.rsplit(".", 1)[-1])
    assert {path.stem for path in CHECKER.glob("*.py")} == used


if __name__ == "__main__":
    DOCUMENT.write_text(rewritten())
