"""Prove, from the weights alone, that a model is right on every pair of impulses.

With M > 0 at position m, S at position s and zeros elsewhere, the largest logit must stand at s
alone, for every pair (m, s) and every ratio S/M in a closed range. Without --ratio the range is
the common interval around 4/5, rounded inwards to multiples of 1/1000.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from certify import api
from certify.cli.output import (
    Outputs,
    command,
    json_argument,
    out_arguments,
    progress_bar,
    seconds_argument,
    show,
)
from certify.errors import ExitCode, UsageError
from certify.report.terminal import impulse_report

if TYPE_CHECKING:
    from certify.impulse.prove import ImpulseResult


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "model",
        metavar="MODEL",
        type=Path,
        nargs="*",
        help=".pt, .pth, .safetensors or .npz; of several a table is shown",
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
        help="go on from a certificate such as an interrupted run leaves",
    )
    parser.add_argument(
        "--dask",
        metavar="SCHEDULER",
        help="address of a dask.distributed scheduler whose workers do a noise run",
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
    parser.add_argument(
        "--pair",
        nargs=2,
        type=int,
        action="append",
        metavar=("M", "S"),
        help="claim this pair alone (may be given several times): positions from 0 of the\n"
        "maximum and of the second largest (default: all pairs)",
    )
    parser.add_argument("--no-smt", action="store_true", help="leave out the second witness, z3")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Prove, write the certificate, report."""
    if not arguments.model and len(arguments.ratio or ()) > 1:
        # "certify --ratio 0.8 MODEL": the option has taken the model as one more number.
        arguments.model = [Path(arguments.ratio.pop())]
    if not arguments.model:
        raise UsageError("which MODEL? (certify --help explains)")
    if arguments.jobs < 1:
        raise UsageError(f"--jobs needs at least 1, got {arguments.jobs}")
    outputs = Outputs(arguments)
    if len(arguments.model) > 1:
        from certify.cli.several import run_several

        return run_several(arguments, outputs)
    (arguments.model,) = arguments.model
    if arguments.noise is not None:
        from certify.cli.noise import run_noise

        return run_noise(arguments, outputs)
    if arguments.budget is not None or arguments.dask is not None:
        raise UsageError("--budget and --dask go with --noise; the exact sweep needs neither")
    path = arguments.out / f"{arguments.model.stem}.impulse.json"

    def keep(now: ImpulseResult) -> Path | None:
        return outputs.certificate(path, now.certificate())

    if arguments.resume is None and arguments.pair is None:
        outputs.say_what_is_there(path, lambda: api.decided_pairs(path, arguments.model))
    with progress_bar("exact sweep") as bar:

        def progress(title: str, done: int, total: int) -> None:
            bar(done, total, title)

        result = api.prove(
            arguments.model,
            arguments.ratio,
            pairs=arguments.pair,
            jobs=arguments.jobs,
            resume=arguments.resume,
            progress=progress,
            keep=keep,
        )
        certificate = result.certificate()
        written = outputs.certificate(path, certificate)  # now: the second witness takes longer
        interrupted = result.interrupted
        if interrupted:
            n = result.model.seq_len
            outputs.note(f"interrupted: {len(result.pairs)} of {n * (n - 1)} pairs were decided")
        elif not arguments.no_smt:
            try:
                result = api.second_witness(result, jobs=arguments.jobs, progress=progress)
            except KeyboardInterrupt:  # the sweep has decided
                interrupted = True
                outputs.note("interrupted: z3 was not waited for, the exact sweep was whole")
    outputs.json(result.to_dict() | {"certificate": written and str(written)})
    if outputs.text:
        show(impulse_report(arguments.model, result, written, certificate))
        stages = "  ".join(f"{name} {taken:.1f}" for name, taken in result.stages.items())
        print(f"seconds      {stages}")
        if written:
            print(f"\ncheck it with: {command('check', written, arguments.model)}")
            if arguments.resume:
                print(f"cells taken over from {arguments.resume} were not checked here")
            if result.interrupted:
                print(f"go on with:    {outputs.again(written)}")
    if interrupted:
        return outputs.finish(ExitCode.INTERRUPTED)
    return outputs.finish(ExitCode.OK if result.verdict == "proved" else ExitCode.REFUTED)
