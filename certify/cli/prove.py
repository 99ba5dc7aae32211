"""Prove, from the weights alone, that a model is right on every pair of impulses.

With M > 0 at position m, S at position s and zeros elsewhere, the largest logit must stand at s
alone, for every pair (m, s) and every ratio S/M in a closed range. Without --ratio the range is
the common interval around 4/5, rounded inwards to multiples of 1/1000.
"""

from __future__ import annotations

import argparse
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

from certify.certificate import describe_model, interval_json
from certify.claims import Pair, impulses, parse_ratio_range
from certify.cli.output import (
    Outputs,
    Stopwatch,
    command,
    json_argument,
    out_arguments,
    progress_bar,
    seconds_argument,
    show,
)
from certify.errors import ExitCode, InternalError, UsageError
from certify.impulse.float32 import float32_section, prove_float32
from certify.impulse.prove import ImpulseResult, impulse_certificate, prove_impulse
from certify.model import Network
from certify.reading.weights import read_network
from certify.report.terminal import impulse_report
from certify.smt import SmtVerdict, decide

SMT_TIMEOUT = 60.0
"""Seconds that z3 may spend on one query before it answers unknown."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "model", metavar="MODEL", type=Path, nargs="?", help=".pt, .pth, .safetensors or .npz"
    )
    parser.add_argument(
        "--ratio",
        nargs="+",
        metavar="R",
        help="one ratio S/M, or the two ends of a closed range, as 4/5 or 0.8",
    )
    parser.add_argument(
        "--noise",
        metavar="EPS",
        help="every other input anywhere in [-EPS, EPS] (default ratio then: 4/5 alone);\n"
        "'max': per pair the largest noise that can be certified",
    )
    parser.add_argument(
        "--budget",
        metavar="SECONDS",
        type=seconds_argument,
        help="stop a noise run after so long (default: no limit; with max 1800)",
    )
    parser.add_argument(
        "--resume",
        metavar="FILE",
        type=Path,
        help="go on from a noise certificate, such as an interrupted run leaves",
    )
    out_arguments(parser)
    json_argument(parser)
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=int,
        default=os.cpu_count() or 1,
        help="worker processes (default: all cores)",
    )
    parser.add_argument("--no-smt", action="store_true", help="leave out the second witness, z3")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Prove, write the certificate, report."""
    if arguments.model is None and len(arguments.ratio or ()) > 1:
        # "certify --ratio 0.8 MODEL": the option has taken the model as one more number.
        arguments.model = Path(arguments.ratio.pop())
    if arguments.model is None:
        raise UsageError("which MODEL? (certify --help explains)")
    if arguments.jobs < 1:
        raise UsageError(f"--jobs needs at least 1, got {arguments.jobs}")
    outputs = Outputs(arguments)
    if arguments.noise is not None:
        from certify.cli.noise import run_noise

        return run_noise(arguments, outputs)
    if arguments.budget is not None or arguments.resume is not None:
        raise UsageError("--budget and --resume go with --noise; the exact sweep needs neither")
    given = parse_ratio_range(arguments.ratio) if arguments.ratio else None
    network = read_network(arguments.model)
    watch = Stopwatch()
    with progress_bar("exact sweep") as progress:
        result = prove_impulse(network, given, progress=progress)
    watch.lap("sweep")
    with progress_bar("float32 program") as progress:
        deployed = prove_float32(network, result.sweeps, result.ratios, progress=progress)
    watch.lap("float32")
    section = float32_section(deployed)
    certificate = impulse_certificate(result, section, default_range=given is None)
    path = arguments.out / f"{arguments.model.stem}.impulse.json"
    written = outputs.certificate(path, certificate)
    watch.lap("certificate")
    smt: dict[Pair, SmtVerdict] = {}
    if not arguments.no_smt:
        smt = _second_witness(network, result, arguments.jobs)
        watch.lap("smt")

    outputs.json(_answer(result, smt, section, written, watch))
    if outputs.text:
        show(impulse_report(arguments.model, result, smt, deployed, written, certificate))
        print(watch)
        if written:
            print(f"\ncheck it with: {command('check', written, arguments.model)}")
    return outputs.finish(ExitCode.OK if result.verdict == "proved" else ExitCode.REFUTED)


def _second_witness(network: Network, result: ImpulseResult, jobs: int) -> dict[Pair, SmtVerdict]:
    """What z3 says of every pair; a contradiction to the sweep is a bug, never a verdict."""
    pairs = [p.pair for p in result.pairs]
    with progress_bar("z3, unrolled network") as progress:
        verdicts = decide(
            network, pairs, result.ratios, jobs=jobs, timeout=SMT_TIMEOUT, progress=progress
        )
    expected = {"proved": "unsat", "refuted": "sat"}
    for exact, verdict in zip(result.pairs, verdicts, strict=True):
        if verdict.verdict not in ("unknown", expected[exact.verdict]):
            raise InternalError(
                f"pair (m={exact.pair.max}, s={exact.pair.second}): the exact sweep says "
                f"{exact.verdict}, z3 says {verdict.verdict}"
            )
        if verdict.ratio is not None and _is_right(network, exact.pair, verdict.ratio):
            raise InternalError(f"z3's counterexample at ratio {verdict.ratio} is none")
    return {v.pair: v for v in verdicts}


def _is_right(network: Network, pair: Pair, ratio: Fraction) -> bool:
    return network.choice(impulses(pair, ratio, network.seq_len)) == pair.second


def _answer(
    result: ImpulseResult,
    smt: dict[Pair, SmtVerdict],
    float32: dict[str, Any],
    certificate: Path | None,
    watch: Stopwatch,
) -> dict[str, Any]:
    return {
        "claim": "impulse",
        "verdict": result.verdict,
        "model": describe_model(result.network),
        "ratio": interval_json(result.ratios),
        "certified_pairs": result.certified_pairs,
        "total_pairs": len(result.pairs),
        "common_interval": interval_json(result.common_interval),
        "pairs": [
            p.to_json()
            | {
                "smt": smt[p.pair].verdict if smt else None,
                "smt_reason": (smt[p.pair].reason or None) if smt else None,
            }
            for p in result.pairs
        ],
        "cells": result.cells,
        "offset": result.offset_json(),
        "float32": float32,
        "certificate": certificate and str(certificate),
        "seconds": watch.to_json(),
    }
