"""Prove or refute the sentences of a note about how a model works.

FILE (TOML, docs/hypotheses.md) holds claims about runs of the impulse family, such as
'all(h[t, 4] == 0 for t in range(first + 1, last))'. Each is decided exactly, for every pair and
every ratio of its range; what is refuted comes with a counterexample.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from certify import api
from certify.cli.output import Outputs, command, json_argument, out_arguments, progress_bar
from certify.errors import ExitCode
from certify.report.hypotheses import hypotheses_text


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", metavar="FILE", type=Path, help="the claims, in TOML")
    parser.add_argument("model", metavar="MODEL", type=Path, help=".pt, .pth, .safetensors or .npz")
    out_arguments(parser)
    json_argument(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Decide, write the certificate, report."""
    outputs = Outputs(arguments)
    with progress_bar("pairs") as progress:
        result = api.hypotheses(arguments.file, arguments.model, progress=progress)
    path = arguments.out / f"{arguments.model.stem}.hypotheses-{arguments.file.stem}.json"
    written = None
    if result.decided:
        written = outputs.certificate(path, result.certificate())
    outputs.json({**result.to_dict(), "certificate": written and str(written)})
    if outputs.text:
        print(hypotheses_text(result))
        if written:
            print(f"\ncheck it with: {command('check', written, arguments.model)}")
    codes = {"refuted": ExitCode.REFUTED, "unknown": ExitCode.UNKNOWN}
    return outputs.finish(codes.get(result.verdict, ExitCode.OK))
