"""The tape of one order word: boxes cut in it, leaves confirmed for a certificate, volumes."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import prod

import numpy as np

from certify.checker import boxes
from certify.checker.orders import order_of
from certify.model import FloatArray, Network
from certify.probability.boxes.branch_and_bound import (
    LEAF,
    OPEN,
    RIGHT,
    RIGHT_BY_CASES,
    TAIL,
    WRONG,
    WRONG_BY_CASES,
    search,
)
from certify.probability.boxes.confirming import confirm, nodes
from certify.probability.boxes.cuts import cut_at
from certify.probability.boxes.order_words import forest
from certify.probability.boxes.quantiles import LARGEST_COORDINATE, W_ONE, as_arrays, quantile_table
from certify.relaxation.compiled import COMPILED
from certify.relaxation.linear import Slack, margin_rows, rounding_slack

ROOT = bytes([OPEN])
_cut_of: Callable[[int, int, int], int] = cut_at.py_func


@lru_cache(maxsize=64)
def margins_of(network: Network, second: int) -> tuple[FloatArray, Slack]:
    """The rows of the margins of ``second``, with the slack for all boxes of a search."""
    n = network.seq_len
    rows = margin_rows(network, second)
    sizes = np.full(n, n * (LARGEST_COORDINATE + 1.0))
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


def confirm_tape(network: Network, inputs: str, word: str, tape: bytes) -> bytes:
    """The tape as a certificate has it: leaves that are not proved without what was known above
    them are open, those that need cases say which.
    """
    tree = forest(word, inputs)
    arrays = as_arrays([tree])
    k = int(arrays.length[0])
    rows, slack = margins_of(network, tree.second)
    net = network.floats
    rule = boxes.start(network, order_of(word, len(word), inputs == "uniform"), COMPILED)
    old = np.frombuffer(tape, dtype=np.uint8)
    out = np.empty(2 * len(old) + 10_000, dtype=np.uint8)
    while True:
        length: int = confirm(
            net.w_ih, net.w_hh, rows, slack.unit, slack.row, slack.reach,
            arrays.kind[0], inputs == "uniform", arrays.chain[0, :k], arrays.parent[0],
            arrays.levels[0], tree.A, quantile_table(), *rule, old, out,
        )  # fmt: skip
        if length >= 0:
            return out[:length].tobytes()
        out = np.empty(4 * len(out), dtype=np.uint8)


def prune(tape: bytes, n: int) -> bytes:
    """The same tape, of n positions, without inner nodes under which all is open."""
    stack: list[bytes] = []
    for node in reversed(list(nodes(tape, n - 1))):
        if node[0] >= LEAF:
            stack.append(node)
            continue
        first, second = stack.pop(), stack.pop()
        stack.append(ROOT if first == second == ROOT else node + first + second)
    return stack[0]


def volumes(tape: bytes, n: int) -> tuple[Fraction, Fraction]:
    """The exact volumes right and wrong of a tape of n positions, as shares of the word."""
    right = wrong = 0
    stack = [([0] * n, [W_ONE] * n)]
    for leaf in nodes(tape, n - 1):
        node = leaf[0]
        lo, hi = stack.pop()
        if node >= LEAF:
            volume = prod(b - a for a, b in zip(lo, hi, strict=True))
            right += volume * (node in (RIGHT, RIGHT_BY_CASES))
            wrong += volume * (node in (WRONG, WRONG_BY_CASES))
            continue
        j = node & (TAIL - 1)
        middle = _cut_of(lo[j], hi[j], node & TAIL)
        above, below = list(lo), list(hi)
        above[j] = below[j] = middle
        stack += [(above, hi), (lo, below)]
    scale = W_ONE**n
    return Fraction(right, scale), Fraction(wrong, scale)
