"""One table of examples that many tests share."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from certify.claims import Pair
from certify.model import Network

ROOT = Path(__file__).resolve().parent.parent
PUBLISHED = ROOT.parent / "shared" / "reference" / "algzoo"
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


@dataclass(frozen=True)
class Golden:
    """What is known of a trained model of 16 units and 10 inputs; 90 of its 90 pairs are right.

    Values at one ratio are those at 4/5; products are those of readout differences and offsets.
    """

    path: Path
    sha256: str
    shift: int
    ratio: tuple[Fraction, Fraction]
    common: tuple[float, float]
    right_at: tuple[int, ...]  # pairs, at the ratios .8, .4, .2, .1, .05, .01
    worst: Pair
    min_margin: float
    border: tuple[Pair, Fraction]  # a pair, and a ratio below its interval at which it is wrong
    cells: int
    final_cells: int
    in_dominant_cell: int
    dead_units: tuple[int, ...]
    sequences: int
    transitions: int
    frozen: float  # largest eigenvalue, in modulus, of the dominant cell's map
    radius: float  # of W_hh
    cycle: tuple[int, ...]  # critical in max-plus algebra
    cycle_mean: float
    min_product: float
    separable_product: float
    r_squared: float
    dimension: float
    turns_in: tuple[float, float]  # steps, of both turning planes, from and to
    linear_pairs: int
    linear_r_squared: float
    largest_impulse_response: float
    single_impulse_pairs: int
    mean_final_norm: float
    accuracy: float  # by samples, over Gaussian inputs
    roles: dict[str, tuple[int, ...]]
    right_without_input: tuple[int, int]  # pairs, with W_ih[4] = 0 and with W_ih[1] = 0
    broken: tuple[int, int, int]  # unit zeroed at step 5, choice on (2, 7), pairs it breaks


GOLDEN = (
    Golden(
        path=MODELS / "m16_10.pt",
        sha256="a9bed3dd624542f854655230dbe39ba53c26731fee2edde74e2141bc7f30432d",
        shift=32,
        ratio=(Fraction(37, 500), Fraction(461, 500)),
        common=(0.07376, 0.92271),
        right_at=(90, 90, 90, 90, 81, 17),
        worst=Pair(4, 0),
        min_margin=1.8171,
        border=(Pair(8, 9), Fraction(1, 100)),
        cells=1012,
        final_cells=24,
        in_dominant_cell=80,
        dead_units=(10, 12),
        sequences=90,
        transitions=55,
        frozen=1.0116,
        radius=1.0270,
        cycle=(12, 0),
        cycle_mean=0.9461,
        min_product=4.0832,
        separable_product=6.5454,
        r_squared=0.9074,
        dimension=3.9513,
        turns_in=(4.5, 4.8),
        linear_pairs=2,
        linear_r_squared=0.0778,
        largest_impulse_response=39.645,
        single_impulse_pairs=90,
        mean_final_norm=42.696,
        accuracy=0.94986,
        roles={"comparator": (1, 5, 11, 13), "detector": (12,), "latch": (6,), "wave": (15,)},
        right_without_input=(90, 15),
        broken=(0, 2, 30),
    ),
    Golden(
        path=PUBLISHED / "m16_10_example.pth",
        sha256="266830b3a329187d36435963b6f8a12ae8996cd6fcbab8c891934910bf8b5d35",
        shift=39,
        ratio=(Fraction(277, 1000), Fraction(24, 25)),
        common=(0.27674, 0.96010),
        right_at=(90, 90, 89, 80, 43, 15),
        worst=Pair(7, 6),
        min_margin=3.5657,
        border=(Pair(7, 0), Fraction(1, 4)),
        cells=1103,
        final_cells=38,
        in_dominant_cell=46,
        dead_units=(4, 5, 9),
        sequences=89,
        transitions=74,
        frozen=1.0099,
        radius=1.2743,
        cycle=(4, 11, 15),
        cycle_mean=0.9945,
        min_product=7.9076,
        separable_product=6.6225,
        r_squared=0.9101,
        dimension=3.0145,
        turns_in=(6.8, 9.0),
        linear_pairs=6,
        linear_r_squared=-148.756,
        largest_impulse_response=877.63,
        single_impulse_pairs=76,
        mean_final_norm=38.277,
        accuracy=0.95308,
        roles={"comparator": (1, 6, 7, 8), "detector": (4,)},
        right_without_input=(35, 38),
        broken=(7, 3, 54),
    ),
)
"""The shipped model, and AlgZoo's example where the reference folder lies beside the checkout."""


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
