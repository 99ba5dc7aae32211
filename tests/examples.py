"""One table of examples that many tests share."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from certify.model import Network

ROOT = Path(__file__).resolve().parent.parent
PUBLISHED = ROOT.parent / "shared" / "reference" / "algzoo"
M16_10 = PUBLISHED / "m16_10_example.pth"
M2_2 = PUBLISHED / "m2_2_seed2.pth"
MODELS = ROOT / "models"
PROOFS = ROOT / "proofs"


@dataclass(frozen=True)
class Example:
    """A network and what is true of it on impulses at ratio 4/5."""

    name: str
    network: Network
    right_at_nominal: int  # pairs


def _ints(shift: int, w_ih: list[int], w_hh: list[list[int]], w_out: list[list[int]]) -> Network:
    return Network(shift, tuple(w_ih), tuple(map(tuple, w_hh)), tuple(map(tuple, w_out)))


HANDCRAFTED = _ints(0, [1, -1], [[-1, 1], [1, -1]], [[1, -1], [-1, 1]])
"""n = 2, full of ties and kinks, right everywhere but at ties (AlgZoo post)."""

TWO_INTERVALS = _ints(
    2,
    [-8, 8, 5, -3, 4],
    [
        [-5, 1, 0, 2, -4],
        [-5, -6, -5, 5, 1],
        [8, 0, -6, -6, 2],
        [6, 0, -2, -7, 5],
        [4, 3, -3, -5, -8],
    ],
    [[-3, 4, 6, -1, -6], [3, -2, -1, 7, 8]],
)
"""Right for both pairs on about (.501, .833); pair (1, 0) is right on two intervals."""

EXAMPLES = (
    Example("handcrafted", HANDCRAFTED, 2),
    Example("wrong way round", _ints(0, [1, -1], [[-1, 1], [1, -1]], [[-1, 1], [1, -1]]), 0),
    Example("all zero", _ints(0, [0, 0], [[0, 0], [0, 0]], [[0, 0], [0, 0]]), 0),
    Example("zero readout row", _ints(0, [1, -1], [[-1, 1], [1, -1]], [[1, -1], [0, 0]]), 2),
    Example("duplicate units", _ints(0, [1, 1], [[1, 0], [1, 0]], [[1, 0], [1, 0]]), 0),
    # On (m=0, s=1) the logits are (4, 5 r): the tie stands exactly at the nominal ratio.
    Example("tie at 4/5", _ints(0, [1, 0], [[0, 0], [1, 0]], [[0, 4], [5, 0]]), 0),
    Example("two right intervals", TWO_INTERVALS, 2),
    Example("three inputs", _ints(1, [2, -1], [[1, 2], [-2, 1]], [[1, 0], [0, 1], [2, -1]]), 2),
)


def save_npz(network: Network, path: Path) -> Path:
    """Write a network as a model file that every reader accepts."""
    w = network.floats
    arrays: dict[str, Any] = {
        "rnn.weight_ih_l0": w.w_ih[:, None],
        "rnn.weight_hh_l0": w.w_hh,
        "linear.weight": w.w_out,
    }
    np.savez(path, **arrays)
    return path


def brute_force_right(network: Network, m: int, s: int, ratio: Fraction) -> bool:
    """Evaluate one impulse pair by the definition, with fractions and nothing else."""
    scale = Fraction(1, 2**network.shift)
    h = [Fraction(0)] * network.hidden_size
    for t in range(network.seq_len):
        x = Fraction(1) if t == m else ratio if t == s else Fraction(0)
        h = [
            max(
                Fraction(0),
                scale * (w * x + sum(a * b for a, b in zip(row, h, strict=True))),
            )
            for w, row in zip(network.w_ih, network.w_hh, strict=True)
        ]
    logits = [sum(a * b for a, b in zip(row, h, strict=True)) for row in network.w_out]
    return all(logits[s] > logits[j] for j in range(network.seq_len) if j != s)
