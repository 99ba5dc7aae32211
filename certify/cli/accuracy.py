"""Prove a bracket for the accuracy on random inputs: L <= P(right) <= U, from the weights alone.

For inputs of length 2 and 3 the value is a closed form, given to as many digits as asked for; for
longer ones the bracket narrows with the budget. --method sampling is the statistical baseline.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from certify.accuracy import DIGITS, decimal, prove_accuracy
from certify.cli.output import json_argument, write_json
from certify.errors import ExitCode, UsageError
from certify.weights import read_network


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("model", metavar="MODEL", type=Path)
    parser.add_argument("--inputs", choices=("gaussian", "uniform"), default="gaussian")
    parser.add_argument("--digits", type=int, default=DIGITS, help="for short inputs")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, default=Path(), help="folder for the certificate"
    )
    json_argument(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Prove, write the certificate, report."""
    if not arguments.out.is_dir():
        raise UsageError(f"--out {arguments.out}: not a folder")
    network = read_network(arguments.model)
    result = prove_accuracy(network, arguments.inputs, digits=arguments.digits)
    path = arguments.out / f"{arguments.model.stem}.accuracy.json"
    result.write_certificate(path)
    if arguments.json:
        write_json(result.to_json(str(path)), arguments.json)
    if arguments.json != "-":
        places = arguments.digits + 1
        print(f"PROVED  {arguments.model.name}: P(right) over {arguments.inputs} inputs lies in")
        print(f"  [{decimal(result.lower, places, up=False)},")
        print(f"   {decimal(result.upper, places, up=True)}]")
        print(f"{result.cells} cells, {result.pieces} cones, {result.seconds:.1f} s")
        print(f"certificate {path}")
        print(f"check it with: certify check {path} {arguments.model}")
    return ExitCode.OK
