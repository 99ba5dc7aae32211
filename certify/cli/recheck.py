"""Look again at a large accuracy certificate, fast: all leaves in float64, some in integers.

Every leaf is bounded anew in float64 with its rounding accounted for, and a seeded sample of them
by the checker. This is no acceptance: it rests on the engine that searched. 'certify check' is
what decides. Exit code 0: rechecked, 1: not, 4: not a certificate or not a model.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from certify.cli.output import Outputs, json_argument, progress_bar
from certify.errors import ExitCode
from certify.probability.prove import decimal
from certify.probability.recheck import recheck


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "certificate", metavar="CERTIFICATE", type=Path, help="a .zip file of 'certify accuracy'"
    )
    parser.add_argument("model", metavar="MODEL", type=Path, help="the model it is about")
    parser.add_argument(
        "--sample", metavar="N", type=int, default=200, help="leaves checked in integers (200)"
    )
    parser.add_argument("--seed", metavar="K", type=int, default=0, help="draws them (default 0)")
    json_argument(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Recheck, and say what was found."""
    outputs = Outputs(arguments)
    started = time.monotonic()
    with progress_bar("recheck") as bar:
        found = recheck(
            arguments.certificate,
            arguments.model,
            sample=arguments.sample,
            seed=arguments.seed,
            progress=bar,
        )
    seconds = time.monotonic() - started
    outputs.json(
        {
            "certificate": str(arguments.certificate),
            "model": str(arguments.model),
            "verdict": found.verdict,
            "reason": found.refused,
            "sha256": found.sha256,
            "lower": str(found.lower),
            "upper": str(found.upper),
            "leaves": found.leaves,
            "sampled": found.sampled,
            "seed": found.seed,
            "seconds": round(seconds, 3),
        }
    )
    if outputs.text:
        lower, upper = decimal(found.lower, 9, up=False), decimal(found.upper, 9, up=True)
        print(f"{found.verdict.upper()}  {arguments.certificate}")
        print(f"  claim: {lower} <= P(right) <= {upper}")
        print(f"  {found.leaves:,} leaves in float64, {found.sampled:,} of them in integers")
        if found.refused:
            print(f"  {found.refused}")
        print(f"  {seconds:.0f} s; only 'certify check' accepts a certificate")
    return outputs.finish(ExitCode.REFUTED if found.refused else ExitCode.OK)
