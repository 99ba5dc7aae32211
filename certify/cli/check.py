"""Check a certificate against a model: the trusted core decides everything anew."""

from __future__ import annotations

import argparse
from pathlib import Path

from certify.checker import Rejected, Unreadable, check
from certify.cli.output import write_json
from certify.errors import ExitCode


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("certificate", metavar="CERTIFICATE", type=Path)
    parser.add_argument("model", metavar="MODEL", type=Path)
    parser.add_argument("--json", metavar="FILE", help="write the answer as JSON ('-': stdout)")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Check, and say what was accepted or why not."""
    answer = {"certificate": str(arguments.certificate), "model": str(arguments.model)}
    try:
        accepted = check(arguments.certificate, arguments.model)
    except Rejected as error:
        verdict, code, lines = "rejected", ExitCode.REFUTED, [str(error)]
    except Unreadable as error:
        verdict, code, lines = "unreadable", ExitCode.BAD_INPUT, [str(error)]
    else:
        verdict, code, lines = "accepted", ExitCode.OK, list(accepted.establishes)
        answer |= {"kind": accepted.kind, "sha256": accepted.sha256}
    if arguments.json:
        reasons = "establishes" if code is ExitCode.OK else "reason"
        write_json(answer | {"verdict": verdict, reasons: lines}, arguments.json)
    if arguments.json != "-":
        print(f"{verdict.upper()}  {arguments.certificate}")
        for line in lines:
            print(f"  {line}")
    return code
