"""The tape of one order word: boxes cut in it, leaves confirmed for a certificate, volumes."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import numpy as np

from certify.checker import boxes, leaves
from certify.checker.orders import order_of
from certify.model import FloatArray, Network
from certify.probability.boxes.branch_and_bound import OPEN, search
from certify.probability.boxes.confirming import LIMB, confirm
from certify.probability.boxes.order_words import forest
from certify.probability.boxes.quantiles import LARGEST_COORDINATE, W_ONE, as_arrays, quantile_table
from certify.relaxation.compiled import COMPILED
from certify.relaxation.linear import Slack, margin_rows, rounding_slack

ROOT = bytes([OPEN])


@lru_cache(maxsize=64)
def margins_of(network: Network, second: int) -> tuple[FloatArray, Slack]:
    """The rows of the margins of ``second``, with the slack for all boxes of a search."""
    n = network.seq_len
    rows = margin_rows(network, second)
    # Four times the inputs, for the sum of the chain: docs/rounding.md.
    sizes = np.full(n, 4.0 * n * (LARGEST_COORDINATE + 1.0))
    return rows, rounding_slack(network, rows, sizes, n)


def cut_boxes(
    network: Network, inputs: str, word: str, tape: bytes, smallest: int, allowed: int
) -> tuple[bytes, int, int, int]:
    """A word's tape with at most ``allowed`` more boxes bounded, those of at least ``smallest``;
    how many there were (fewer than allowed: no more are left), and the volumes right and wrong.
    """
    tree = forest(word, inputs)
    arrays = as_arrays([tree])
    k = int(arrays.length[0])
    rows, slack = margins_of(network, tree.second)
    net = network.floats
    totals = np.zeros(5, dtype=np.int64)
    old = np.frombuffer(tape, dtype=np.uint8)
    out = np.empty(2 * len(old) + 8 * allowed + 1000, dtype=np.uint8)
    while not search(
        net.w_ih, net.w_hh, rows, slack.unit, slack.row, slack.reach,
        arrays.kind[0], inputs == "uniform", arrays.chain[0, :k], arrays.parent[0],
        arrays.levels[0], tree.A, quantile_table(), old, smallest, allowed, out, totals,
    ):  # fmt: skip
        out = np.empty(2 * len(out), dtype=np.uint8)
    length, used, right, wrong, _ = (int(v) for v in totals)
    return out[:length].tobytes(), used, right, wrong


def confirm_tape(
    network: Network, inputs: str, word: str, tape: bytes
) -> tuple[bytes, Fraction, Fraction]:
    """The tape as a certificate has it, and the exact volumes right and wrong of its leaves, as
    shares of the word.
    """
    arrays = as_arrays([forest(word, inputs)])
    k = int(arrays.length[0])
    place = (
        arrays.kind[0], inputs == "uniform", arrays.chain[0, :k], arrays.parent[0],
        arrays.levels[0], quantile_table(),
    )  # fmt: skip
    rules = boxes.start(network, order_of(word, len(word), inputs == "uniform"), COMPILED)
    unknown = leaves.unknown(rules[0], COMPILED)
    out = np.empty(2 * len(tape), dtype=np.uint8)
    limbs = np.zeros((2, len(word) // 2 + 1), dtype=np.int64)
    length: int = confirm(place, *rules, unknown, np.frombuffer(tape, dtype=np.uint8), out, limbs)
    wrong, right = (
        Fraction(sum(int(v) << LIMB * i for i, v in enumerate(row)), W_ONE ** len(word))
        for row in limbs
    )
    return out[:length].tobytes(), right, wrong
