"""How a model does its task: offsets, cells, units and their roles, and a proved circuit.

What is measured on random inputs shows its sample size and standard error. What is proved, on
impulses over a range of ratios, is written as a certificate of kind circuit.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from certify.claims import parse_ratio_range
from certify.cli.output import json_argument, progress_bar, write_json
from certify.errors import ExitCode, UsageError
from certify.mechanism.explain import SAMPLES, explain
from certify.mechanism.search import BAND
from certify.reading.weights import read_network
from certify.report.mechanism_figures import explanation_figures
from certify.report.style import write_figures


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("model", metavar="MODEL", type=Path)
    parser.add_argument(
        "--ratio",
        nargs=2,
        metavar=("LO", "HI"),
        help=f"what the proved statements speak of (default {BAND.lo} {BAND.hi})",
    )
    parser.add_argument(
        "--samples",
        metavar="N",
        type=int,
        default=SAMPLES,
        help=f"random inputs of each kind (default {SAMPLES})",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--figures", metavar="DIR", type=Path, help="write SVG and PDF figures")
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=Path(),
        help="folder for the certificate (default: this one)",
    )
    json_argument(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Take the model apart and report."""
    if not arguments.out.is_dir():
        raise UsageError(f"--out {arguments.out}: not a folder")
    network = read_network(arguments.model)
    ratios = parse_ratio_range(arguments.ratio) if arguments.ratio else BAND
    with progress_bar("sweeps") as bar:
        found = explain(
            network,
            samples=arguments.samples,
            seed=arguments.seed,
            ratios=ratios,
            progress=lambda name, done, total: bar(done, total, name),
        )
    certificate = found.certificate()
    path = arguments.out / f"{arguments.model.stem}.circuit.json"
    if certificate:
        certificate.write(path)
    if arguments.figures:
        write_figures(explanation_figures(found), arguments.figures)
    if arguments.json:
        write_json(
            found.to_json() | {"certificate": str(path) if certificate else None}, arguments.json
        )
    if arguments.json != "-":
        print(found.text())
        if certificate:
            print(f"\ncheck the proved part with: certify check {path} {arguments.model}")
    return ExitCode.OK
