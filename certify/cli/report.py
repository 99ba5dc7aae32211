"""Turn certificates into a report for a writeup.

With --model the certificates are checked first and figures that need the weights are drawn;
without it the report says that nothing was checked. Markdown and LaTeX put their figures into a
folder beside the file; HTML is one self-contained page. The JSON answers of certify accuracy and
certify benchmark-estimates are taken as well: the bracket over time, estimates against sampling.
"""

from __future__ import annotations

import argparse
import json
from hashlib import sha256
from pathlib import Path

from certify.certificate import read_document
from certify.checker import Rejected, Unreadable, check
from certify.errors import CertificateFormatError, ExitCode, UsageError
from certify.model import Network
from certify.reading.weights import read_network
from certify.report.answers import answer_report, is_answer
from certify.report.build import build_report
from certify.report.content import Report
from certify.report.render import render


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("certificates", metavar="CERTIFICATE", type=Path, nargs="+")
    parser.add_argument("--model", metavar="MODEL", type=Path, help="what to check against")
    parser.add_argument("--format", choices=("text", "markdown", "latex", "html"), required=True)
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, required=True)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Check where possible, then write the report."""
    network = read_network(arguments.model) if arguments.model else None
    reports: list[Report] = []
    for path in arguments.certificates:
        try:
            reports.append(_report(path, network, arguments.model))
        except Rejected as error:
            print(f"REJECTED  {path}\n  {error}\nno report was written")
            return ExitCode.REFUTED
        except Unreadable as error:
            raise CertificateFormatError(str(error)) from None
    try:
        written = render(reports, arguments.format, arguments.output)
    except OSError as error:
        raise UsageError(f"-o {arguments.output}: {error.strerror}") from None
    figures = f", with {len(written) - 1} figures beside it" if len(written) > 1 else ""
    print(f"{written[-1]} written{figures}")
    return ExitCode.OK


def _report(path: Path, network: Network | None, model: Path | None) -> Report:
    answer = _answer(path)
    if answer is not None:
        return answer
    checked = check(path, model).establishes if model else None
    document = read_document(path)
    return build_report(path, sha256(path.read_bytes()).hexdigest(), document, network, checked)


def _answer(path: Path) -> Report | None:
    """The report of a JSON answer; None where the file is none."""
    try:
        data = path.read_bytes()
        document = json.loads(data) if data[:1] == b"{" else None
        if isinstance(document, dict) and is_answer(document):
            return answer_report(path, sha256(data).hexdigest(), document)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return None
