"""Write a claim for other provers: SMT-LIB for any solver, Coq for its kernel.

Of MODEL the impulse claim is written. smt2 writes a folder: for each pair a file per piece of the
range and one for the cover; z3 and cvc5 answer unsat to each. coq writes one file that coqc checks
(certify check --kernel coq). Of CERTIFICATE, a noise certificate of the model that --model names,
coq writes what it proves of noise.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from certify import api
from certify.cli.mixed_up import demand_model
from certify.cli.output import command, demand_place, print_assumed
from certify.errors import ExitCode, UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "source",
        metavar="MODEL|CERTIFICATE",
        type=Path,
        help=".pt, .pth, .safetensors or .npz, or a noise certificate",
    )
    parser.add_argument(
        "--model", metavar="MODEL", type=Path, help="the model that CERTIFICATE is about"
    )
    parser.add_argument("--format", choices=("smt2", "coq"), required=True, help="what to write")
    parser.add_argument(
        "--ratio", nargs="+", metavar="R", help="one ratio or LO HI (default: as certify MODEL)"
    )
    parser.add_argument(
        "-o", "--output", metavar="PATH", type=Path, required=True, help="a folder, or FILE.v"
    )


def run(arguments: argparse.Namespace) -> ExitCode:
    """Export a claim that holds."""
    model = arguments.model or arguments.source
    certificate = arguments.source if arguments.model else None
    if certificate is None:
        demand_model(model)
    if arguments.format == "coq":
        demand_place("-o", arguments.output)
    elif certificate:
        raise UsageError("--model goes with --format coq: of a certificate a Coq file is written")
    network = api.load(model)
    if arguments.format == "smt2":
        written = api.export_smt2(network, arguments.output, ratio=arguments.ratio)
        print_assumed(network.assumed)
        print(f"{len(written)} files in {arguments.output}; a solver must answer unsat to each")
        return ExitCode.OK
    api.export_coq(network, arguments.output, ratio=arguments.ratio, certificate=certificate)
    print_assumed(network.assumed)
    print(f"{arguments.output} written; check it with")
    print(f"  {command('check', '--kernel', 'coq', arguments.output, model)}")
    return ExitCode.OK
