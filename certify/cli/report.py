r"""Turn certificates into a report: for the terminal, or for a writeup.

With --model the certificates are checked first and what needs the weights is drawn; without it the
report says that nothing was checked. A folder stands for the certificates in it; several of them
begin with a table. LaTeX is a fragment for \input, with its figures beside it, or a document of
its own (--standalone); HTML is one self-contained page. The JSON answers of certify accuracy and
certify benchmark-estimates are taken as well: the bracket over time, estimates against sampling.
"""

from __future__ import annotations

import argparse
import json
import sys
from hashlib import sha256
from pathlib import Path

from certify.certificate import read_certificate, read_document
from certify.checker import Rejected, Unreadable, check
from certify.cli.output import demand_place, naming
from certify.errors import CertificateFormatError, ExitCode, UsageError
from certify.kinds import KINDS
from certify.model import Network
from certify.reading.weights import read_network
from certify.relaxation.at_hand import kernels
from certify.report.answers import answer_report, is_answer
from certify.report.build import build_report
from certify.report.content import Report
from certify.report.overview import overview_of
from certify.report.render import BESIDE, FORMATS, render, write
from certify.report.source import Source

ENDINGS = {".md": "markdown", ".tex": "latex", ".html": "html", ".htm": "html"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "certificates",
        metavar="CERTIFICATE",
        type=Path,
        nargs="+",
        help="a certificate, a JSON answer, or a folder of certificates",
    )
    parser.add_argument("--model", metavar="MODEL", type=Path, help="what to check against")
    parser.add_argument(
        "--format", choices=FORMATS, help="default: by the ending of -o FILE, else text"
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="where to ('-', the default: stdout)"
    )
    parser.add_argument(
        "--standalone", action="store_true", help="LaTeX: a document of its own, no fragment"
    )


def run(arguments: argparse.Namespace) -> ExitCode:
    """Check where possible, then write the report."""
    output = arguments.output if str(arguments.output) not in ("None", "-") else None
    format = arguments.format or _format_of(output)
    if arguments.standalone and format != "latex":
        raise UsageError("--standalone goes with --format latex")
    if output:
        demand_place("-o", output)
    paths, folders = _listed(arguments.certificates)
    network = read_network(arguments.model) if arguments.model else None
    reports: list[Report] = []
    for path in paths:
        try:
            reports.append(_report(path, network, arguments.model))
        except Rejected as error:
            print(f"REJECTED  {path}\n  {error}\nno report was written")
            return ExitCode.REFUTED
        except Unreadable as error:
            raise CertificateFormatError(str(error)) from None
    overview = overview_of(reports, details=not folders)
    if output is None:
        sys.stdout.write(render(overview, format, standalone=arguments.standalone))
        if format in BESIDE:
            print("certify: figures are left out; -o FILE writes them beside it", file=sys.stderr)
        return ExitCode.OK
    with naming("-o", output):
        written = write(overview, format, output, standalone=arguments.standalone)
    count = len(written) - 1
    figures = f", with {count} figure{'s' if count > 1 else ''} beside it" if count else ""
    print(f"{written[-1]} written{figures}")
    return ExitCode.OK


def _format_of(output: Path | None) -> str:
    """The format that the ending of a file names; text for the terminal."""
    ending = output.suffix.lower() if output else ""
    if ending not in ("", ".txt", *ENDINGS):
        known = ", ".join((".txt", *ENDINGS))
        raise UsageError(f"-o {output}: no format has this ending ({known}); give --format")
    return ENDINGS.get(ending, "text")


def _listed(given: list[Path]) -> tuple[list[Path], bool]:
    """The files that are meant, and whether a folder was: of a folder, those that are certificates
    of a kind that has a report.
    """
    paths: list[Path] = []
    for path in given:
        if not path.is_dir():
            paths.append(path)
            continue
        found = [p for p in sorted(path.iterdir()) if p.suffix in (".json", ".zip") and _is_one(p)]
        if not found:
            raise UsageError(f"{path}: there is no certificate in this folder")
        paths += found
    return paths, any(path.is_dir() for path in given)


def _is_one(path: Path) -> bool:
    try:
        return read_document(path).get("kind") in KINDS
    except CertificateFormatError:
        return False


def _report(path: Path, network: Network | None, model: Path | None) -> Report:
    answer = _answer(path)
    if answer is not None:
        return answer
    checked = check(path, model, kernels=kernels).establishes if model else None
    document, evidence = read_certificate(path)
    data = path.read_bytes()
    digest = sha256(data).hexdigest()
    return build_report(
        Source(path, digest, len(data), document, evidence, model, network, checked)
    )


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
