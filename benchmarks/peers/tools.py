"""The tools: what is installed, how the adapter is called, what kind of answer it gives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Tool:
    """``sample`` is how many pairs it is asked: (impulse, noise), None for all."""

    name: str
    adapter: str
    arguments: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    without_dependencies: tuple[str, ...] = ()
    environment: str = ""
    sample: tuple[int | None, int | None] = (None, 10)
    exact: bool = False
    certificate: str = "no"
    checked: str = "no"

    def python(self, envs: Path) -> Path:
        """The interpreter of its environment, which is made if need be; certify's is this one."""
        if not self.environment:
            return Path(sys.executable)
        python = (envs / self.environment / "bin" / "python").absolute()
        done = python.parent.parent / "complete"
        if not done.exists():
            folder = str(python.parent.parent)
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            pip = [str(python), "-m", "pip", "install", "--quiet"]
            subprocess.run([*pip, *self.packages], check=True)
            if self.without_dependencies:
                subprocess.run([*pip, "--no-deps", *self.without_dependencies], check=True)
            done.touch()
        return python

    def version(self, python: Path) -> str:
        """Version of the tool's own package in its environment."""
        package = self.without_dependencies or self.packages[:1]
        if not package:
            return "this checkout"
        name = package[0].split("==")[0]
        code = f"from importlib.metadata import version; print(version({name!r}))"
        done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def ask(
        self, python: Path, head: dict[str, Any], queries: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """The answers to the queries, one each, in order."""
        lines = [json.dumps(line) for line in (head, *queries)]
        threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS", "NUMBA")}
        done = subprocess.run(
            [str(python), "-m", f"benchmarks.peers.adapters.{self.adapter}", *self.arguments],
            input="\n".join(lines) + "\n",
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, **threads},
        )
        answers: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
        if [a["id"] for a in answers] != [q["id"] for q in queries]:
            raise RuntimeError(f"{self.name} did not answer every query:\n{done.stderr[-2000:]}")
        return answers


LIRPA = {
    "adapter": "lirpa",
    "environment": "lirpa",
    "packages": ("torch==2.13.0", "numpy<2", "tqdm", "appdirs", "pyyaml", "packaging", "ninja"),
    "without_dependencies": ("auto_LiRPA==0.3",),
}

TOOLS = (
    Tool("certify", "ours", exact=True, certificate="yes", checked="yes"),
    Tool(
        "z3", "smt", ("z3",), ("z3-solver",), environment="z3", sample=(10, 10), exact=True,
        certificate="proof terms, not written here",
    ),
    Tool(
        "cvc5", "smt", ("cvc5.pythonic",), ("cvc5",), environment="cvc5", sample=(10, 10),
        exact=True, certificate="proof terms, not written here",
    ),
    Tool("HiGHS (MILP)", "highs", (), ("highspy",), environment="highs"),
    Tool("Marabou", "marabou", (), ("maraboupy", "numpy<2"), environment="marabou"),
    Tool("auto_LiRPA, CROWN and splitting", arguments=("CROWN",), **LIRPA),  # type: ignore[arg-type]
    Tool(
        "auto_LiRPA, alpha-CROWN and splitting",
        arguments=("CROWN-Optimized",),
        sample=(10, 10),
        **LIRPA,  # type: ignore[arg-type]
    ),
)  # fmt: skip
