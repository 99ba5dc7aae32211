"""``certify MODEL --noise``: the noise claim, one noise or the largest per pair."""

from __future__ import annotations

import argparse

from certify import api
from certify.claims import NOMINAL_RATIO
from certify.cli.output import Outputs, command, progress_bar, show
from certify.errors import ExitCode, NothingDecidedError
from certify.report.terminal import noise_report


def run_noise(arguments: argparse.Namespace, outputs: Outputs) -> ExitCode:
    """Decide, write the certificate of what is decided, report."""
    with progress_bar("noise") as bar:

        def progress(done: int, total: int, share: float) -> None:
            bar(int(1000 * share), 1000, f"{done} of {total} pairs decided")

        result = api.prove_noise(
            arguments.model,
            arguments.noise,
            ratio=arguments.ratio or NOMINAL_RATIO,
            pairs=arguments.pair,
            budget=arguments.budget,
            jobs=arguments.jobs,
            resume=arguments.resume,
            progress=progress,
        )
    name = "noise-max" if result.noise is None else f"noise-{str(result.noise).replace('/', '_')}"
    written = None
    try:
        certificate = result.certificate()
        path = arguments.out / f"{arguments.model.stem}.{name}{certificate.suffix}"
        written = outputs.certificate(path, certificate)
    except NothingDecidedError:
        pass  # the report says so
    outputs.json(result.to_dict() | {"certificate": written and str(written)})
    if outputs.text:
        show(noise_report(arguments.model, result, written))
        print(f"seconds      {result.seconds:.1f}")
        if written:
            print(f"\ncheck it with: {command('check', written, arguments.model)}")
            if arguments.resume:
                # Checking takes longer than proving, so the checker is left to the reader.
                print(f"answers taken over from {arguments.resume} were not rechecked here")
    if result.interrupted:
        return outputs.finish(ExitCode.INTERRUPTED)
    codes = {"proved": ExitCode.OK, "refuted": ExitCode.REFUTED, "unknown": ExitCode.UNKNOWN}
    return outputs.finish(codes[result.verdict])
