"""Check a certificate against a model: the trusted core decides everything anew.

A certificate of a refutation is accepted too, and the answer says so. Exit code 0: accepted,
1: rejected, 2: files in each other's place, 4: not a certificate or not a model.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from certify import api
from certify.checker.running import BARE, Kernels
from certify.cli.mixed_up import demand_order
from certify.cli.output import Outputs, json_argument, progress_bar
from certify.errors import CertificateFormatError, ExitCode, ModelFileError, Rejected
from certify.relaxation.at_hand import kernels


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "certificate",
        metavar="CERTIFICATE",
        type=Path,
        help="a .json or .zip file that certify wrote",
    )
    parser.add_argument("model", metavar="MODEL", type=Path, help="the model it is about")
    parser.add_argument(
        "--kernel", choices=("coq",), help="CERTIFICATE is a Coq file: compare it, then run coqc"
    )
    parser.add_argument(
        "--nonce",
        metavar="TEXT",
        default="",
        help="hold a statistical certificate against a fresh sample, drawn by this text of yours",
    )
    json_argument(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Check, and say what was accepted or why not."""
    demand_order(arguments.certificate, arguments.model, kernel=bool(arguments.kernel))
    outputs = Outputs(arguments)
    if arguments.kernel:
        found = _ask_coq(arguments.certificate, arguments.model)
    else:
        found = _ask_checker(arguments.certificate, arguments.model, arguments.nonce)
    answer = {"certificate": str(arguments.certificate), "model": str(arguments.model)}
    lines = "establishes" if found.code is ExitCode.OK else "reason"
    outputs.json(
        {
            **answer,
            "verdict": found.verdict,
            **found.about,
            lines: found.lines,
            "assumed": [*found.assumed],
        }
    )
    outputs.assumed += found.assumed
    if outputs.text:
        print(f"{found.verdict.upper()}  {arguments.certificate}")
        for line in (*(f"{k}: {v}" for k, v in found.about.items()), *found.lines):
            print(f"  {line}")
    return outputs.finish(found.code)


class _Answer(NamedTuple):
    verdict: str
    code: ExitCode
    lines: list[str]
    about: dict[str, str]
    assumed: Sequence[str] = ()


def _ask_checker(certificate: Path, model: Path, nonce: str) -> _Answer:
    run = BARE.name

    def ask() -> Kernels:
        nonlocal run
        made = kernels(bar)
        run = made.name
        return made

    try:
        with progress_bar("check") as bar:
            accepted = api.check(certificate, model, nonce=nonce, kernels=ask, progress=bar)
    except Rejected as error:
        return _Answer("rejected", ExitCode.REFUTED, [str(error)], {})
    except (CertificateFormatError, ModelFileError) as error:
        return _Answer("unreadable", ExitCode.BAD_INPUT, [str(error)], {})
    about = {"kind": accepted.kind, "sha256": accepted.sha256, "run": run}
    return _Answer(
        "accepted", ExitCode.OK, list(accepted.establishes), about, list(accepted.assumed)
    )


def _ask_coq(development: Path, model: Path) -> _Answer:
    from certify.coq import check_coq
    from certify.reading.weights import read_network

    network = read_network(model)
    found = check_coq(development, network)
    if not found.accepted:
        return _Answer("rejected", ExitCode.REFUTED, [found.reason], {})
    lines = [*found.statement.splitlines(), "Print Assumptions:", *found.assumptions.splitlines()]
    about = {"kind": "coq", "sha256": network.sha256, "seconds": f"{found.seconds:.1f}"}
    return _Answer("accepted", ExitCode.OK, lines, about)
