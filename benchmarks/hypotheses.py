"""Seconds that fifty claims about a model take: all pairs, S/M in [7/10, 9/10].

    python -m benchmarks.hypotheses models/m16_10.pt

Ten claims of every kind that the language has, unchanged and under four changes of weights or
states, as one note.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

import certify

CLAIMS = (
    "right",
    "margin > 0.5",
    "of([1, 5, 11, 12, 13], m) < 0",
    "all(h[t, 4] >= 0 for t in range(first + 1, last))",
    "(logit[s] - logit[m]) - (swapped.logit[s] - swapped.logit[m]) > 0",
    "all(h[t, i] <= 60 for t in range(n) for i in range(d))",
    "sum(on[n - 1, i] for i in range(d)) >= 8",
    "max(h[n - 1, i] for i in range(d)) <= 50",
    "all(on[t, 6] for t in range(first + 1, n))",
    "swapped.margin > 0",
)
CHANGES = (
    "[]",
    '["W_out[:, 4] = 0"]',
    '["h[n - 1, [1, 5]] = swapped"]',
    '["W_ih[13] *= 9/10"]',
    '["W_hh[4, 2] = 0"]',
)


def note() -> str:
    """The fifty claims, as TOML."""
    lines = ['ratio = ["7/10", "9/10"]']
    for change in CHANGES:
        for claim in CLAIMS:
            name = len(lines)
            lines += [f'[[hypothesis]]\nname = "{name}"\nclaim = "{claim}"\nchange = {change}']
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="a model with at least 14 units")
    network = certify.load(parser.parse_args().model)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "claims.toml"
        file.write_text(note())
        cpu, wall = time.process_time(), time.perf_counter()
        result = certify.hypotheses(file, network)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    verdicts = Counter(entry.verdict for entry in result.results)
    print(f"{sum(verdicts.values())} claims, {dict(verdicts)}: {cpu:.1f} s of CPU, {wall:.1f} s")


if __name__ == "__main__":
    main()
