"""Write a page in which one sees the theorem: pairs, ratios, states, cells, margins, weights.

One self-contained HTML file, for any browser, without a network. What it calls exact is computed
here or, for what is switched off by hand, in the page itself.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from certify import api
from certify.cli.output import demand_place, naming, progress_bar
from certify.errors import ExitCode
from certify.files import atomic_write
from certify.report.explore.page import explore_page


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("model", metavar="MODEL", type=Path, help=".pt, .pth, .safetensors or .npz")
    parser.add_argument(
        "-o",
        "--output",
        metavar="PAGE",
        type=Path,
        help="the page (default: MODEL.explore.html in this folder; '-': stdout)",
    )


def run(arguments: argparse.Namespace) -> ExitCode:
    """Decide what the page shows, and write it."""
    output = arguments.output or Path(f"{arguments.model.stem}.explore.html")
    if str(output) != "-":
        demand_place("-o", output)
    network = api.load(arguments.model)
    with progress_bar("sweeps") as bar:
        page = explore_page(
            network,
            arguments.model.name,
            progress=lambda title, done, total: bar(done, total, title),
        )
    if str(output) == "-":
        sys.stdout.write(page)
        return ExitCode.OK
    with naming("-o", output):
        atomic_write(output, page.encode("utf-8"))
    print(f"{output} written: open it in a browser")
    return ExitCode.OK
