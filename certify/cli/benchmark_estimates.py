"""Measure the accuracy estimates against sampling, on models with noise on their weights.

Every estimator's mean squared error is compared with that of as many plain samples as its
operations, or its time, would pay for: a ratio above 1 beats sampling. Plain sampling is the
control and must come out at 1.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from certify import api
from certify.certificate import answer_model
from certify.cli.output import Outputs, json_argument, progress_bar
from certify.errors import ExitCode
from certify.estimate.benchmark import LEVELS, MODELS
from certify.report.estimates import benchmark_figure, benchmark_text


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("model", metavar="MODEL", type=Path, help=".pt, .pth, .safetensors or .npz")
    parser.add_argument("--models", type=int, default=MODELS, help="noisy models at each level")
    parser.add_argument(
        "--levels", type=float, nargs="+", default=LEVELS, metavar="SIGMA", help="weight noise"
    )
    parser.add_argument("--seed", type=int, default=0, help="of all that is random (default 0)")
    parser.add_argument("--figures", metavar="DIR", type=Path, help="write SVG and PDF figures")
    json_argument(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Run the protocol and show the scores."""
    outputs = Outputs(arguments)
    network = api.load(arguments.model)
    with progress_bar("noisy models") as bar:
        found = api.benchmark_estimates(
            network,
            models=arguments.models,
            levels=arguments.levels,
            seed=arguments.seed,
            progress=lambda name, done, total: bar(done, total, name),
        )
    outputs.json({"model": answer_model(network)} | found.to_json())
    if outputs.text:
        print(benchmark_text(found))
    if arguments.figures:
        outputs.figures(lambda: {"estimates": benchmark_figure(found)})
    return outputs.finish(ExitCode.OK)
