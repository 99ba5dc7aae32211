"""How the certified accuracy narrows: ``python -m benchmarks.accuracy SECONDS MODEL ...``.

For each model the bracket at doubling times, boxes bounded, and CPU seconds (wall time says
little on a machine that others use). Exact values for inputs of length 2 and 3.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import certify
from certify.probability.prove import Moment


def main(arguments: list[str]) -> int:
    """Measure each model for so many seconds of wall time, on all cores."""
    if len(arguments) < 2:
        print("usage: python -m benchmarks.accuracy SECONDS MODEL ...", file=sys.stderr)
        return 2
    seconds = float(arguments[0])
    for name in arguments[1:]:
        network = certify.load(name)
        print(f"{Path(name).name}: hidden {network.hidden_size}, length {network.seq_len}")
        shown = 0.5

        def show(moment: Moment) -> None:
            nonlocal shown
            if moment.seconds >= shown:
                print(f"  {_line(moment)}", flush=True)
                shown = 2 * moment.seconds

        cpu = time.process_time()
        result = certify.accuracy(network, budget=seconds, progress=show)
        cpu = time.process_time() - cpu
        print(f"  {_line(result.history[-1])}  {result.pieces} pieces, {cpu:.1f} s of CPU")
        if result.exact:
            answer = result.to_dict()
            print(f"  [{answer['lower_decimal']}, {answer['upper_decimal']}]")
    return 0


def _line(moment: Moment) -> str:
    lower, upper = float(moment.lower), float(moment.upper)
    return (
        f"{moment.seconds:7.1f} s {moment.boxes:>10} boxes  [{lower:.6f}, {upper:.6f}]  "
        f"width {upper - lower:.6f}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
