"""Replay any input exactly: states, cells, logits and margins.

Numbers are read exactly, as p/q or decimals, so that a counterexample of a report can be pasted:
certify run MODEL --input 1 -1/50 0 4/5
"""

from __future__ import annotations

import argparse
from pathlib import Path

from certify import api
from certify.certificate import answer_model
from certify.cli.output import Outputs, json_argument, show
from certify.errors import ExitCode
from certify.model import Run
from certify.report.replay import run_report
from certify.result import with_floats


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("model", metavar="MODEL", type=Path, help=".pt, .pth, .safetensors or .npz")
    parser.add_argument(
        "--input",
        metavar="X",
        nargs="+",
        required=True,
        help="the n inputs in order, such as 0 1 -1/50 0.8",
    )
    json_argument(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Replay, and show what happens."""
    outputs = Outputs(arguments)
    words = [word for text in arguments.input for word in text.replace(",", " ").split()]
    found = api.load(arguments.model).run(words)
    outputs.json(_answer(found))
    if outputs.text:
        show(run_report(arguments.model, found))
    return outputs.finish(ExitCode.OK)


def _answer(found: Run) -> dict[str, object]:
    return with_floats(
        {
            "task": found.model.task.name,
            "model": answer_model(found.model),
            "input": found.x,
            "states": found.states,
            "cells": found.cells,
            "logits": found.logits,
            "margins": found.margins,
            "choice": found.choice,
            "target": found.target,
            "right": found.is_right,
        }
    )
