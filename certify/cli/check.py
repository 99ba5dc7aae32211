"""Check a certificate against a model: the trusted core decides everything anew."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from certify.checker import Rejected, Unreadable, check
from certify.cli.output import write_json
from certify.errors import ExitCode


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("certificate", metavar="CERTIFICATE", type=Path)
    parser.add_argument("model", metavar="MODEL", type=Path)
    parser.add_argument(
        "--kernel", choices=("coq",), help="CERTIFICATE is a Coq file: compare it, then run coqc"
    )
    parser.add_argument("--json", metavar="FILE", help="write the answer as JSON ('-': stdout)")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Check, and say what was accepted or why not."""
    answer: dict[str, Any] = {
        "certificate": str(arguments.certificate),
        "model": str(arguments.model),
    }
    if arguments.kernel:
        verdict, code, lines = _ask_coq(arguments.certificate, arguments.model)
    else:
        verdict, code, lines = _ask_checker(arguments.certificate, arguments.model)
    if arguments.json:
        reasons = "establishes" if code is ExitCode.OK else "reason"
        write_json(answer | {"verdict": verdict, reasons: lines}, arguments.json)
    if arguments.json != "-":
        print(f"{verdict.upper()}  {arguments.certificate}")
        for line in lines:
            print(f"  {line}")
    return code


def _ask_checker(certificate: Path, model: Path) -> tuple[str, ExitCode, list[str]]:
    try:
        accepted = check(certificate, model)
    except Rejected as error:
        return "rejected", ExitCode.REFUTED, [str(error)]
    except Unreadable as error:
        return "unreadable", ExitCode.BAD_INPUT, [str(error)]
    about = f"a certificate of kind {accepted.kind} for the model {accepted.sha256}"
    return "accepted", ExitCode.OK, [about, *accepted.establishes]


def _ask_coq(development: Path, model: Path) -> tuple[str, ExitCode, list[str]]:
    from certify.coq import check_coq
    from certify.weights import read_network

    found = check_coq(development, read_network(model))
    if not found.accepted:
        return "rejected", ExitCode.REFUTED, [found.reason]
    lines = [*found.statement.splitlines(), "Print Assumptions:", *found.assumptions.splitlines()]
    return "accepted", ExitCode.OK, [*lines, f"coqc took {found.seconds:.1f} s"]
