"""``certify MODEL --noise``: the noise claim, one noise or the largest per pair."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from certify import api
from certify.claims import NOMINAL_RATIO, exact
from certify.cli.output import Outputs, command, progress_bar, show
from certify.errors import ExitCode, NothingDecidedError
from certify.noise.answers import NoiseResult
from certify.report.terminal import noise_report


def run_noise(arguments: argparse.Namespace, outputs: Outputs) -> ExitCode:
    """Decide, write the certificate of what is decided, report."""
    eps = arguments.noise if arguments.noise == "max" else exact(arguments.noise, "noise")
    name = f"{arguments.model.stem}.noise-{str(eps).replace('/', '_')}"

    def keep(now: NoiseResult) -> Path | None:
        try:
            certificate = now.certificate()
        except NothingDecidedError:
            return None  # the report says so
        return outputs.certificate(arguments.out / f"{name}{certificate.suffix}", certificate)

    if arguments.resume is None:
        for path in (arguments.out / f"{name}.zip", arguments.out / f"{name}.json"):
            outputs.say_what_is_there(path, partial(_counted, path, arguments))
    with progress_bar("noise") as bar:

        def progress(done: int, total: int, share: float) -> None:
            bar(int(1000 * share), 1000, f"{done} of {total} pairs decided")

        result = api.prove_noise(
            arguments.model,
            eps,
            ratio=arguments.ratio or NOMINAL_RATIO,
            pairs=arguments.pair,
            budget=arguments.budget and outputs.left(arguments.budget),
            jobs=arguments.jobs,
            dask=arguments.dask,
            resume=arguments.resume,
            progress=progress,
            keep=keep,
        )
        bar(1, 1, "writing the certificate")
        written = keep(result)
    outputs.json(result.to_dict() | {"certificate": written and str(written)})
    if outputs.text:
        show(noise_report(arguments.model, result, written))
        print(f"seconds      {result.seconds:.1f}")
        if written:
            print(f"\ncheck it with: {command('check', written, arguments.model)}")
            if arguments.resume:
                # Checking takes longer than proving, so the checker is left to the reader.
                print(f"answers taken over from {arguments.resume} were not checked here")
            if result.interrupted or any(p.verdict == "unknown" for p in result.pairs):
                print(f"go on with:    {outputs.again(written)}")
    if result.interrupted:
        return outputs.finish(ExitCode.INTERRUPTED)
    codes = {"proved": ExitCode.OK, "refuted": ExitCode.REFUTED, "unknown": ExitCode.UNKNOWN}
    return outputs.finish(codes[result.verdict])


def _counted(path: Path, arguments: argparse.Namespace) -> tuple[int, int]:
    """How many pairs a certificate decides, and of how many it speaks."""
    found = api.noise_answers(path, arguments.model, ratio=arguments.ratio or NOMINAL_RATIO)
    return sum(p.verdict != "unknown" for p in found), len(found)
