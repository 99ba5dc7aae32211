"""What weight-only estimates say of a model, beside the certified values of what they predict.

Estimates are floats and guide the reader; none of them is certified. The certified number of
pairs right at S/M = 4/5 is found by the exact sweep, in passing, and so is the accuracy where it
has a closed form (two and three inputs).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from textwrap import fill

from certify import api
from certify.certificate import answer_model
from certify.cli.output import Outputs, json_argument, progress_bar
from certify.errors import ExitCode
from certify.estimate import METHODS, to_json
from certify.report.estimates import estimates_text


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("model", metavar="MODEL", type=Path, help=".pt, .pth, .safetensors or .npz")
    parser.add_argument(
        "--method",
        nargs="+",
        metavar="NAME",
        help="some of (default: all):\n" + fill(", ".join(METHODS), 60),
    )
    parser.add_argument("--seed", type=int, default=0, help="of all that is random (default 0)")
    json_argument(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Estimate, and show what is certified beside it."""
    outputs = Outputs(arguments)
    network = api.load(arguments.model)
    with progress_bar("estimates") as bar:
        estimates, certified = api.estimate(
            network,
            arguments.method,
            seed=arguments.seed,
            progress=lambda name, done, total: bar(done, total, name),
        )
    about = {"model": answer_model(network), "task": network.task.name}
    outputs.json({**about, **to_json(estimates, certified)})
    if outputs.text:
        print(estimates_text(estimates, certified))
        notes = [(e.method, note) for e in estimates for note in e.notes]
        if notes:
            print("\n" + "\n".join(f"{method}: {note}" for method, note in notes))
    return outputs.finish(ExitCode.OK)
