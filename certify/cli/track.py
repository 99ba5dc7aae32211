"""Follow a model through training: pairs proved, margins, intervals, cells, dimension of states.

Give the checkpoints in order. Sampled quantities carry a standard error, and a change smaller
than the noise is not called one; the others are exact.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from certify import api
from certify.cli.output import Outputs, json_argument, progress_bar
from certify.errors import ExitCode
from certify.report.hypotheses import history_text
from certify.report.mechanism_figures import track_figure
from certify.report.runs import track_text
from certify.result import with_floats


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("models", metavar="MODEL", type=Path, nargs="+", help="in order")
    parser.add_argument(
        "--inputs",
        choices=("gaussian", "uniform"),
        default="gaussian",
        help="of what random inputs (default gaussian)",
    )
    parser.add_argument(
        "--samples",
        metavar="N",
        type=int,
        default=20_000,
        help="random inputs a checkpoint (default 20,000)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of all that is random (default 0)")
    parser.add_argument(
        "--hypotheses",
        metavar="FILE",
        type=Path,
        help="decide a file of claims for each: when did each sentence become true?",
    )
    parser.add_argument("--figures", metavar="DIR", type=Path, help="write SVG and PDF figures")
    json_argument(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Measure each checkpoint and show the table."""
    outputs = Outputs(arguments)
    with progress_bar("checkpoints") as bar:
        found = api.track(
            arguments.models,
            inputs=arguments.inputs,
            samples=arguments.samples,
            seed=arguments.seed,
            progress=lambda name, done, total: bar(done, total, name),
        )
        history = None
        interrupted = len(found.checkpoints) < len(arguments.models)
        if arguments.hypotheses is not None and not interrupted:
            history = api.track_hypotheses(
                arguments.hypotheses,
                arguments.models,
                progress=lambda name, done, total: bar(done, total, name),
            )
    outputs.assumed += [text for path in arguments.models for text in api.load(path).assumed]
    answer = with_floats(found.to_json()) | {"assumed": [*dict.fromkeys(outputs.assumed)]}
    outputs.json(answer | ({"hypotheses": history.to_json()} if history else {}))
    if outputs.text:
        print(track_text(found))
        if history:
            print(f"\n{history_text(history)}")
    if arguments.figures:
        outputs.figures(lambda: {"track": track_figure(found)})
    if interrupted:
        outputs.note(f"interrupted: {len(found.checkpoints)} of {len(arguments.models)} measured")
    return outputs.finish(ExitCode.INTERRUPTED if interrupted else ExitCode.OK)
