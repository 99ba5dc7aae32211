"""Replay a pair with a unit zeroed, set or scaled, baseline and patched side by side, exactly.

An intervention acts on a unit after a step (or after every step, without --step). Several are
given by repeating the options: --unit 3 --step 2 --value 0 --unit 5 --scale 1/2.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from certify import api
from certify.certificate import answer_model
from certify.claims import parse_rational
from certify.cli.output import Outputs, command, force_argument, json_argument
from certify.errors import ExitCode, UsageError
from certify.mechanism.interventions import patch_certificate
from certify.mechanism.patched import Intervention
from certify.report.mechanism_figures import patch_figure
from certify.report.runs import patch_text
from certify.result import with_floats


class _Collect(argparse.Action):
    """Gather the options in the order given: each --unit begins an intervention."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Add one option to the intervention that it belongs to."""
        name = (option_string or "").lstrip("-")
        if name == "unit":
            namespace.changes = [*namespace.changes, {"unit": values}]
            return
        if not namespace.changes or name in namespace.changes[-1]:
            parser.error(f"--{name} belongs to a --unit, which comes first")
        namespace.changes[-1][name] = values


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("model", metavar="MODEL", type=Path, help=".pt, .pth, .safetensors or .npz")
    parser.add_argument(
        "--pair",
        nargs=2,
        type=int,
        metavar=("m", "s"),
        required=True,
        help="positions of the largest and the second",
    )
    collect: dict[str, Any] = {"action": _Collect, "dest": "changes", "default": []}
    parser.add_argument("--unit", type=int, metavar="U", required=True, help="from 0", **collect)
    parser.add_argument(
        "--step", type=int, metavar="T", help="after which step, from 0 (default: every)", **collect
    )
    parser.add_argument("--value", metavar="V", help="set the unit to V (0: zero it)", **collect)
    parser.add_argument("--scale", metavar="C", help="multiply the unit by C", **collect)
    parser.add_argument(
        "--ratio",
        nargs="+",
        metavar="R",
        help="S/M, or LO HI to decide a range as well (default 4/5)",
    )
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="write a certificate of both verdicts there"
    )
    force_argument(parser)
    parser.add_argument("--figures", metavar="DIR", type=Path, help="write SVG and PDF figures")
    json_argument(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Replay, and show what changes."""
    outputs = Outputs(arguments)
    network = api.load(arguments.model)
    found = api.patch(
        network,
        arguments.pair,
        [_intervention(change) for change in arguments.changes],
        ratio=arguments.ratio,
    )
    written = None
    if arguments.out:
        path = arguments.out / f"{arguments.model.stem}.patch.json"
        written = outputs.certificate(path, patch_certificate(network, found))
    about = {"model": answer_model(network)}
    outputs.json(with_floats(about | found.to_json()) | {"certificate": written and str(written)})
    if outputs.text:
        print(patch_text(found))
        if written:
            print(f"\ncheck it with: {command('check', written, arguments.model)}")
    if arguments.figures:
        outputs.figures(lambda: {"patch": patch_figure(found)})
    return outputs.finish(ExitCode.OK)


def _intervention(change: dict[str, Any]) -> Intervention:
    if ("value" in change) == ("scale" in change):
        raise UsageError(f"--unit {change['unit']} needs one of --value and --scale")
    if "scale" in change:
        factor = parse_rational(change["scale"], "scale")
        return Intervention(change["unit"], change.get("step"), "scale", factor)
    value = parse_rational(change["value"], "value")
    return Intervention(change["unit"], change.get("step"), "set", value)
