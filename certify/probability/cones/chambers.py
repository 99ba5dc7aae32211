"""The long run over chambers of simplicial cones, by :mod:`certify.probability.run`.

A shard is a chamber (:func:`certify.probability.closed_form.cells.chambers`), ``boxes`` counts the
cones that are cut. The bounds of a cone are not handed down to its parts, so the sum of what the
parts prove may fall a little short of what the whole proved; what counts is the most that was ever
proved in a chamber. So its tape is preceded by four integers: units right and wrong now, and the
most of both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from math import factorial, gamma, pi
from typing import Any

import numpy as np

from certify.checker.chamber import SUM
from certify.checker.simplices import check_chamber, constant
from certify.model import FloatArray, Network
from certify.probability.closed_form.cells import Chamber, chambers
from certify.probability.cones.branch_and_bound import (
    LEAF,
    LEVEL,
    NEW,
    SKIPPED,
    UNIT_BITS,
    nodes,
    search,
)
from certify.probability.cones.measure import spread_points
from certify.probability.cones.relaxation import Allowances, allowances
from certify.probability.run import Confirmed, Done, Run
from certify.relaxation.compiled import COMPILED
from certify.relaxation.linear import margin_rows

CHUNK = 1 << 10  #: cones between two looks at the clock
#: Past this width a second of the search means minutes for the checker.
NARROW = Fraction(1, 10**5)
HEADER = 32
START = bytes(HEADER) + bytes([NEW])
_search: Callable[..., None] = search


@lru_cache(maxsize=4)
def all_chambers(n: int, inputs: str) -> tuple[Chamber, ...]:
    """The shards, in order."""
    return tuple(chambers(n, positive=inputs == "uniform"))


def chamber_probability(chamber: Chamber, inputs: str) -> Fraction:
    """The exact probability of a chamber."""
    n, above = len(chamber.order), chamber.above
    if inputs == "uniform":
        return Fraction(1, factorial(n))
    return Fraction(1, 2**n * factorial(above) * factorial(n - above))


@lru_cache(maxsize=64)
def _margins_of(network: Network, second: int) -> tuple[FloatArray, Allowances]:
    rows = margin_rows(network, second)
    return rows, allowances(network, rows)


_points = lru_cache(spread_points)


def _setting(network: Network, inputs: str, index: int) -> Any:
    """What the kernel reads of a model and a chamber."""
    chamber = all_chambers(network.seq_len, inputs)[index]
    rows, allowed = _margins_of(network, chamber.order[1])
    n, net = network.seq_len, network.floats
    constant = 1.0 / factorial(n)
    if inputs == "gaussian":
        constant = gamma(n / 2) / (2 * pi ** (n / 2) * factorial(n - 1))
    scale = constant / float(chamber_probability(chamber, inputs)) * 2.0**UNIT_BITS
    rays = np.array(chamber.rays, dtype=np.float64)
    return (
        net.w_ih, net.w_hh, rows, allowed.unit, allowed.row, rays, scale, inputs == "uniform",
        _points(n),
    )  # fmt: skip


def extend(
    network: Network,
    inputs: str,
    name: str,
    tape: bytes,
    smallest: int,
    limit: int | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Done:
    """Work on one chamber until all leaves with at least ``smallest`` units open are cut, or
    ``limit`` or ``stop``. A pure function but for ``stop``, which is asked between chunks.
    """
    setting = _setting(network, inputs, int(name))
    totals = np.zeros(7, dtype=np.int64)
    totals[2:6] = np.frombuffer(tape, dtype="<i8", count=4)
    # A copy, as an array that may not be written is another type to the compiler.
    body = np.frombuffer(tape, dtype=np.uint8, offset=HEADER).copy()
    need = min(max(smallest - 1, 0).bit_length(), UNIT_BITS)
    cut = 0
    while True:
        allowed = CHUNK if limit is None else min(CHUNK, limit - cut)
        out = np.empty(len(body) + 4 * allowed + 4, dtype=np.uint8)
        _search(*setting, body, need, allowed, out, totals)
        body = out[: totals[0]]
        cut += int(totals[1])
        if not totals[6] or cut == limit or stop():
            head = totals[2:6].astype("<i8").tobytes()
            right, wrong = int(totals[4]), int(totals[5])
            return Done(head + body.tobytes(), cut, right, wrong, not totals[6])


class ChamberRun(Run):
    """A run over simplicial cones."""

    method = "simplices"
    root = START
    turn = 1 << 15
    early = 0  # chambers are much alike
    extend = staticmethod(extend)

    def split(self) -> tuple[Sequence[str], Sequence[Fraction]]:
        """The chambers, by number, and their probabilities."""
        shards = all_chambers(self.network.seq_len, self.inputs)
        return (
            [str(i) for i in range(len(shards))],
            [chamber_probability(chamber, self.inputs) for chamber in shards],
        )

    @property
    def finished(self) -> bool:
        """Whether the bracket is narrow enough, or nothing is left that could be cut."""
        return self.upper - self.lower <= NARROW or super().finished

    def weigh(self, tape: bytes) -> int:
        """What it takes to confirm a tape: each node is a cone to bound or to cut."""
        return len(tape)

    def confirm(self, index: int, tape: bytes) -> Confirmed:
        """A chamber's tape as a certificate has it, without branches that prove nothing."""
        tape, right, wrong = confirm_tape(self.network, self.inputs, index, tape[HEADER:])
        return Confirmed(prune(tape), right, wrong)

    @property
    def pieces(self) -> int:
        """The number of bounded cones that make up the bracket."""
        return sum(
            node[0] >= LEVEL and node[0] != NEW
            for shard in self.shards.values()
            for node in nodes(shard.tape[HEADER:])
        )


def confirm_tape(
    network: Network, inputs: str, index: int, tape: bytes
) -> tuple[bytes, Fraction, Fraction]:
    """A chamber's tape as a certificate has it, with leaves on which nothing is decided to be
    skipped, and the probabilities that are right and wrong: all by the checker's own rule.
    """
    bound, skipped = bytes([LEAF]), bytes([SKIPPED])
    asked = b"".join(
        node if node[0] < LEVEL else skipped if node[0] == NEW else bound for node in nodes(tape)
    )
    chamber = all_chambers(network.seq_len, inputs)[index]
    (right, wrong, _), verdict = check_chamber(
        COMPILED, lambda size: None, network, inputs == "uniform", index,
        list(chamber.rays), chamber.order[1], asked, noted=True,
    )  # fmt: skip
    unit = constant(network.seq_len, inputs) / 2**SUM
    at, confirmed = 0, []
    for node in nodes(asked):
        confirmed.append(skipped if node == bound and not verdict[at] else node)
        at += len(node)
    return b"".join(confirmed), right * unit, wrong * unit


def prune(tape: bytes) -> bytes:
    """The tape of a certificate without cuts under which all is skipped."""
    empty = bytes([SKIPPED])
    stack: list[bytes] = []
    for node in reversed(list(nodes(tape))):
        if len(node) == 1:
            stack.append(node)
            continue
        first, second = stack.pop(), stack.pop()
        stack.append(empty if first == second == empty else node + first + second)
    return stack[0]
