"""Run the protocol on a model and save text, JSON and figure.

python -m benchmarks.estimates MODEL [--models N] [--levels S ...] [--seed K] [--out DIR]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from certify.estimate.benchmark import LEVELS, MODELS, benchmark_estimates
from certify.files import atomic_write
from certify.reading.weights import read_network
from certify.report.estimates import benchmark_figure, benchmark_text
from certify.report.style import write_figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--models", type=int, default=MODELS)
    parser.add_argument("--levels", type=float, nargs="+", default=LEVELS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()

    def progress(_: str, done: int, total: int) -> None:
        print(f"\r{done} of {total} noisy models", end="", file=sys.stderr, flush=True)

    result = benchmark_estimates(
        read_network(options.model),
        models=options.models,
        levels=options.levels,
        seed=options.seed,
        progress=progress,
    )
    print(file=sys.stderr)
    print(benchmark_text(result))
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        data = json.dumps(result.to_json(), indent=1, sort_keys=True) + "\n"
        atomic_write(options.out / "estimates.json", data.encode())
        write_figures({"estimates": benchmark_figure(result)}, options.out)


if __name__ == "__main__":
    main()
