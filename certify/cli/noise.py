"""``certify MODEL --noise``: the noise claim, one noise or the largest per pair."""

from __future__ import annotations

import argparse
from fractions import Fraction

from certify.claims import NOMINAL_RATIO, RatioRange, parse_ratio_range, parse_rational
from certify.cli.output import Stopwatch, progress_bar, show, write_json
from certify.errors import ExitCode, UsageError
from certify.noise.prove import NoiseResult, noise_max, prove_noise, read_answers, write_certificate
from certify.reading.weights import read_network
from certify.report.terminal import noise_report

MAX_BUDGET = 1800.0
"""Seconds that ``--noise max`` takes if no budget is given."""


def run_noise(arguments: argparse.Namespace) -> ExitCode:
    """Decide, write the certificate of what is decided, report."""
    nominal = RatioRange(NOMINAL_RATIO, NOMINAL_RATIO)
    ratios = parse_ratio_range(arguments.ratio) if arguments.ratio else nominal
    if arguments.budget is not None and arguments.budget <= 0:
        raise UsageError(f"--budget needs a positive number of seconds, got {arguments.budget}")
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
    written = path if write_certificate(result, path) else None
    watch.lap("certificate")
    if arguments.json:
        answer = result.to_json()
        answer["certificate"] = written and str(written)
        write_json(answer | {"seconds": watch.to_json()}, arguments.json)
    if arguments.json != "-":
        show(noise_report(arguments.model, result, written))
        print(watch)
        if written:
            print(f"\ncheck it with: certify check {written} {arguments.model}")
            if known:
                # Checking takes longer than proving, so the checker is left to the reader.
                print(f"answers taken over from {arguments.resume} were not rechecked here")
    if result.interrupted:
        return ExitCode.INTERRUPTED
    codes = {"proved": ExitCode.OK, "refuted": ExitCode.REFUTED, "unknown": ExitCode.UNKNOWN}
    return codes[result.verdict]
