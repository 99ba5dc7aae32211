"""Guesses for z3 to confirm: pieces of the range and the network's trajectory on each."""

from __future__ import annotations

import time
from fractions import Fraction
from math import inf
from operator import mul
from typing import NamedTuple

from certify.claims import Pair, RatioRange
from certify.model import Network

Affine = tuple[int, int]  #: ``(a, b)`` stands for ``a + b r``
State = tuple[Affine, ...]  #: one affine function for each unit


class Piece(NamedTuple):
    """On ``lo <= r <= hi``, ``states[t]`` is the guess of ``K**(t+1) h_{t+1}``, K = 2**shift."""

    lo: Fraction
    hi: Fraction
    states: tuple[State, ...]


def trajectory_pieces(
    network: Network, pair: Pair, ratio_range: RatioRange, deadline: float = inf
) -> list[Piece]:
    """A cover of the range and a trajectory on each piece.

    Follows the network step by step and cuts a piece where a unit changes its sign.

    Raises:
        TimeoutError: ``time.monotonic()`` has passed ``deadline``.
    """
    pieces = [Piece(ratio_range.lo, ratio_range.hi, ())]
    for _ in range(network.seq_len):
        longer = []
        for piece in pieces:
            if time.monotonic() > deadline:
                raise TimeoutError
            longer += _advance(network, pair, piece)
        pieces = longer
    return pieces


def _advance(network: Network, pair: Pair, piece: Piece) -> list[Piece]:
    """The piece, cut where the next step bends, with that step added."""
    t = len(piece.states)
    scale = 1 << (network.shift * t)
    state = piece.states[-1] if piece.states else ((0, 0),) * network.hidden_size
    constant, slope = zip(
        *state, (scale * (t == pair.max), scale * (t == pair.second)), strict=True
    )
    pre = [
        (sum(map(mul, weights, constant)), sum(map(mul, weights, slope)))
        for weights in ((*row, w) for row, w in zip(network.w_hh, network.w_ih, strict=True))
    ]
    roots = {Fraction(-a, b) for a, b in pre if b}
    cuts = sorted(root for root in roots if piece.lo < root < piece.hi)
    pieces = []
    for lo, hi in zip([piece.lo, *cuts], [*cuts, piece.hi], strict=True):
        middle = (lo + hi) / 2
        on = tuple((a, b) if a + b * middle > 0 else (0, 0) for a, b in pre)
        pieces.append(Piece(lo, hi, (*piece.states, on)))
    return pieces
