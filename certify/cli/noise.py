"""``certify MODEL --noise``: the noise claim, one noise or the largest per pair."""

from __future__ import annotations

import argparse
from fractions import Fraction

from certify.claims import NOMINAL_RATIO, RatioRange, parse_ratio_range, parse_rational
from certify.cli.output import Outputs, Stopwatch, command, progress_bar, show
from certify.errors import ExitCode
from certify.noise.prove import NoiseResult, noise_max, prove_noise, read_answers
from certify.reading.weights import read_network
from certify.report.terminal import noise_report

MAX_BUDGET = 1800.0
"""Seconds that ``--noise max`` takes if no budget is given."""


def run_noise(arguments: argparse.Namespace, outputs: Outputs) -> ExitCode:
    """Decide, write the certificate of what is decided, report."""
    nominal = RatioRange(NOMINAL_RATIO, NOMINAL_RATIO)
    ratios = parse_ratio_range(arguments.ratio) if arguments.ratio else nominal
    network = read_network(arguments.model)
    known = read_answers(arguments.resume, network, ratios) if arguments.resume else ()
    watch = Stopwatch()
    result: NoiseResult
    with progress_bar("noise") as bar:

        def progress(done: int, total: int, share: float) -> None:
            bar(int(1000 * share), 1000, f"{done} of {total} pairs decided")

        if arguments.noise == "max":
            result = noise_max(
                network,
                ratios,
                jobs=arguments.jobs,
                budget=arguments.budget or MAX_BUDGET,
                progress=progress,
                resume=known,
            )
        else:
            eps: Fraction = parse_rational(arguments.noise, "noise")
            result = prove_noise(
                network,
                ratios,
                eps,
                jobs=arguments.jobs,
                budget=arguments.budget,
                progress=progress,
                resume=known,
            )
    watch.lap("proof")
    name = "noise-max" if result.noise is None else f"noise-{str(result.noise).replace('/', '_')}"
    path = arguments.out / f"{arguments.model.stem}.{name}.zip"
    made = result.certificate()
    written = outputs.certificate(path, *made) if made else None
    watch.lap("certificate")
    answer = result.to_json()
    outputs.json(answer | {"certificate": written and str(written), "seconds": watch.to_json()})
    if outputs.text:
        show(noise_report(arguments.model, result, written))
        print(watch)
        if written:
            print(f"\ncheck it with: {command('check', written, arguments.model)}")
            if known:
                # Checking takes longer than proving, so the checker is left to the reader.
                print(f"answers taken over from {arguments.resume} were not rechecked here")
    if result.interrupted:
        return outputs.finish(ExitCode.INTERRUPTED)
    codes = {"proved": ExitCode.OK, "refuted": ExitCode.REFUTED, "unknown": ExitCode.UNKNOWN}
    return outputs.finish(codes[result.verdict])
