"""Cells of the impulse family and their affine maps, exactly.

With ``M`` at position m, ``S = r M`` at position s and zeros elsewhere, the network is
positively homogeneous and piecewise linear: between neighbouring *break points* of r in (0, 1)
no unit changes sign, and states and logits are linear in ``(M, S)``. The sweep finds all break
points by following the interval step by step and splitting it where a pre-activation has a root;
every root is a rational number. In tropical terms these are the corners of the max-plus
polynomials along the line (Zhang, Naitzat and Lim, "Tropical geometry of deep neural networks",
2018).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from flint import fmpz_mat

from certify.claims import Pair, RatioRange, all_pairs, rivals
from certify.model import IntMatrix, Network

WHOLE = (Fraction(0), Fraction(1))


@dataclass(frozen=True)
class Piece:
    """A maximal interval of ratios with one activation pattern.

    ``pattern`` holds for each of the n steps a bit mask of the units that are on (bit i is unit
    i). ``state`` (d, 2) and ``logits`` (n, 2) are integer maps of ``(M, S)``: the final state is
    ``state (M, S) / 2**(shift n)``, the logits ``logits (M, S) / 2**(shift (n + 1))``.
    """

    lo: Fraction
    hi: Fraction
    pattern: tuple[int, ...]
    _map: fmpz_mat
    _w_out: fmpz_mat
    _scale: int = 1  #: what both maps are multiplied by

    # Logits, and Python integers, are made where they are asked for: making all of them would cost
    # as much as the sweep itself.

    @cached_property
    def state(self) -> IntMatrix:
        """The map of the final state, (d, 2)."""
        return self._whole(self._map)

    @cached_property
    def logits(self) -> IntMatrix:
        """The map of the logits, (n, 2)."""
        return self._whole(self._w_out * self._map)

    def is_nowhere_positive(self, row: fmpz_mat) -> bool:
        """Whether a readout (1, d) of the state is positive nowhere on the piece."""
        (a, b), *_ = (row * self._map).tolist()
        return all(a * r.denominator + b * r.numerator <= 0 for r in (self.lo, self.hi))

    def _whole(self, found: fmpz_mat) -> IntMatrix:
        return tuple((int(a) * self._scale, int(b) * self._scale) for a, b in found.tolist())


@dataclass(frozen=True)
class Margin:
    """A margin ``logit[s] - logit[rival]`` for ``M = 1`` and the ratio at which it is taken."""

    value: Fraction
    rival: int
    ratio: Fraction


@dataclass(frozen=True)
class Cuts:
    """Where the pieces of one pair end, from the first to the last."""

    pair: Pair
    breaks: tuple[Fraction, ...]

    def nodes(self, ratios: RatioRange) -> list[Fraction]:
        """The ends of the range and the break points strictly between, in order."""
        inner = [b for b in self.breaks if ratios.lo < b < ratios.hi]
        return sorted({ratios.lo, *inner, ratios.hi})


@dataclass(frozen=True)
class Sweep:
    """The pieces of one pair in order, exact: of all ``0 < r < 1``, or of a part of it."""

    network: Network
    pair: Pair
    pieces: tuple[Piece, ...]

    @cached_property
    def breaks(self) -> tuple[Fraction, ...]:
        """The ends of the pieces, from 0 to 1 (or those of the part)."""
        return (self.pieces[0].lo, *(piece.hi for piece in self.pieces))

    @property
    def cuts(self) -> Cuts:
        """The ends of the pieces, without the pieces."""
        return Cuts(self.pair, self.breaks)

    def piece_at(self, ratio: Fraction) -> Piece:
        """The piece that contains ``ratio`` in [0, 1]; at a break point the one on its right."""
        return self.pieces[min(bisect_right(self.breaks, ratio), len(self.pieces)) - 1]

    def state_at(self, ratio: Fraction) -> list[Fraction]:
        """The exact final state (d) for ``M = 1``."""
        scale = 1 << (self.network.shift * self.network.seq_len)
        return [Fraction(a + b * ratio) / scale for a, b in self.piece_at(ratio).state]

    def margin_at(self, ratio: Fraction) -> Margin:
        """The smallest margin at one ratio, for ``M = 1``."""
        p, q = ratio.numerator, ratio.denominator
        values = [a * q + b * p for a, b in self.piece_at(ratio).logits]
        rival = max(rivals(self.pair, self.network.seq_len), key=values.__getitem__)
        scale = q << (self.network.shift * (self.network.seq_len + 1))
        return Margin(Fraction(values[self.pair.second] - values[rival], scale), rival, ratio)

    def min_margin(self, ratios: RatioRange) -> Margin:
        """The smallest margin over the rivals and over a closed range of ratios, for ``M = 1``.

        Margins are linear between break points, so the smallest stands at a break point or at
        an end of the range.
        """
        return min(map(self.margin_at, self.nodes(ratios)), key=lambda m: m.value)

    def nodes(self, ratios: RatioRange) -> list[Fraction]:
        """The ends of the range and the break points strictly between, in order."""
        return self.cuts.nodes(ratios)

    @cached_property
    def right_intervals(self) -> tuple[tuple[Fraction, Fraction], ...]:
        """The maximal open subintervals of (0, 1) on which every margin is positive, in order."""
        found: list[tuple[Fraction, Fraction]] = []
        ahead: fmpz_mat | None = (
            None  # the margin over a rival that was nowhere behind, often again
        )
        for piece in self.pieces:
            if ahead is not None and piece.is_nowhere_positive(ahead):
                continue
            lo, hi, rival = self._right_part(piece)
            if rival is not None:
                ahead = self._margin_row(rival)
            if lo >= hi:
                continue
            joins = found and found[-1][1] == lo and lo > 0 and self.margin_at(lo).value > 0
            if joins:
                found[-1] = (found[-1][0], hi)
            else:
                found.append((lo, hi))
        return tuple(found)

    def interval_around(self, ratios: RatioRange) -> tuple[Fraction, Fraction] | None:
        """The maximal open interval that contains the closed range and on which the pair is right.

        None where the pair is wrong somewhere in the range.
        """
        for lo, hi in self.right_intervals:
            if lo < ratios.lo and ratios.hi < hi:
                return lo, hi
        return None

    def _right_part(self, piece: Piece) -> tuple[Fraction, Fraction, int | None]:
        """Where the pair is right on a piece (equal ends: nowhere); a rival that is ahead on it."""
        lo, hi = piece.lo, piece.hi
        own_a, own_b = piece.logits[self.pair.second]
        for rival in rivals(self.pair, self.network.seq_len):
            a, b = own_a - piece.logits[rival][0], own_b - piece.logits[rival][1]
            at_lo = a * lo.denominator + b * lo.numerator
            at_hi = a * hi.denominator + b * hi.numerator
            if at_lo <= 0 and at_hi <= 0:
                return lo, lo, rival
            if at_lo < 0:
                lo = Fraction(-a, b)
            elif at_hi < 0:
                hi = Fraction(-a, b)
            if lo >= hi:
                break
        return lo, hi, None

    def _margin_row(self, rival: int) -> fmpz_mat:
        w_out = self.network.w_out
        return fmpz_mat(
            [[a - b for a, b in zip(w_out[self.pair.second], w_out[rival], strict=True)]]
        )


def sweep(network: Network, pair: Pair) -> Sweep:
    """Find all pieces of ``0 < r < 1`` for one pair.

    Cost: one product of W_hh with a (d, 2) integer matrix for each piece and step.
    """
    first, last = sorted(pair)
    follower = _Follower(network, last - first, forward=pair.max < pair.second)
    for _ in range(network.seq_len - first):
        follower.advance()
    return follower.sweep()


def sweep_all(network: Network, pairs: Sequence[Pair] | None = None) -> dict[Pair, Sweep]:
    """The sweeps of all pairs (or of those given), in that order."""
    wanted = all_pairs(network.seq_len) if pairs is None else tuple(pairs)
    found = {s.pair: s for s in sweeps(network, wanted)}
    return {pair: found[pair] for pair in wanted}


def sweeps(
    network: Network,
    pairs: Collection[Pair],
    gaps: Iterable[int] | None = None,
    window: tuple[Fraction, Fraction] = WHOLE,
) -> Iterator[Sweep]:
    """The sweeps of these pairs one by one, in no promised order, (m, s) and (s, m) side by side.

    ``gaps`` are the distances ``|m - s|`` to look at (default: all), ``window`` the ratios.

    Before its first impulse the state is zero, so pairs with the same distance s - m have the same
    trajectory, begun sooner or later: one is followed for all of them, and what it has after k
    steps is the answer for the pair whose first impulse comes k steps before the end.
    """
    n, wanted = network.seq_len, set(pairs)
    for gap in range(1, n) if gaps is None else gaps:
        both = [
            _Follower(network, gap, forward=forward, window=window)
            for forward, m, s in ((True, 0, gap), (False, gap, 0))
            if any((m + first, s + first) in wanted for first in range(n - gap))
        ]
        for follower in both:
            follower.advance()
        for first in reversed(range(n - 1)):
            for follower in both:
                follower.advance()
            if first + gap < n:
                yield from (f.sweep() for f in both if f.pair(first) in wanted)


class _Follower:
    """The linear pieces of one trajectory, step by step: an impulse, ``gap`` steps later another.

    ``forward`` says that the first is the maximum. After k steps a state is ``(M, S)`` times an
    integer matrix over ``2**(shift k)``.
    """

    def __init__(
        self,
        network: Network,
        gap: int,
        *,
        forward: bool,
        window: tuple[Fraction, Fraction] = WHOLE,
    ) -> None:
        self.network, self.gap, self.forward, self.taken = network, gap, forward, 0
        self._w_hh = fmpz_mat([list(row) for row in network.w_hh])
        self._w_out = fmpz_mat([list(row) for row in network.w_out])
        self._parts: list[tuple[Fraction, Fraction, tuple[int, ...], fmpz_mat]]
        self._parts = [(*window, (), fmpz_mat(network.hidden_size, 2))]

    def pair(self, first: int) -> Pair:
        """The pair whose first impulse stands at this position."""
        return Pair(*((first, first + self.gap) if self.forward else (first + self.gap, first)))

    def sweep(self) -> Sweep:
        """The answer for the pair whose trajectory ends here."""
        first = self.network.seq_len - self.taken
        before = (0,) * first
        scale = 1 << (self.network.shift * first)
        pieces = []
        for lo, hi, pattern, state in self._parts:
            pieces.append(Piece(lo, hi, before + pattern, state, self._w_out, scale))
        return Sweep(self.network, self.pair(first), tuple(pieces))

    def advance(self) -> None:
        """Take one step, cutting pieces where a unit changes sign."""
        t, d = self.taken, self.network.hidden_size
        drive = [[0, 0] for _ in range(d)]
        if t in (0, self.gap):
            column = 0 if (t == 0) == self.forward else 1
            for unit, weight in enumerate(self.network.w_ih):
                drive[unit][column] = weight << (self.network.shift * t)
        step = fmpz_mat(drive)
        left, self._parts = self._parts[::-1], []
        while left:  # what is done with is forgotten
            lo, hi, pattern, state = left.pop()
            self._parts += _cut(lo, hi, pattern, self._w_hh * state + step)
        self.taken = t + 1


def _cut(
    lo: Fraction, hi: Fraction, pattern: tuple[int, ...], before: fmpz_mat
) -> Iterator[tuple[Fraction, Fraction, tuple[int, ...], fmpz_mat]]:
    """The piece from lo to hi with these pre-activations, cut at their roots and rectified."""
    ends = fmpz_mat([[lo.denominator, hi.denominator], [lo.numerator, hi.numerator]])
    crossing: dict[Fraction, int] = {}
    mask = 0
    for unit, (left, right) in enumerate((before * ends).tolist()):
        if left > 0:
            mask |= 1 << unit
            if right >= 0:
                continue
        elif right <= 0:
            continue
        elif left == 0:
            mask |= 1 << unit
            continue
        root = Fraction(-int(before[unit, 0]), int(before[unit, 1]))
        crossing[root] = crossing.get(root, 0) | 1 << unit
    start = lo
    for end in (*sorted(crossing), hi):
        kept = fmpz_mat(before)
        for unit in range(kept.nrows()):
            if not mask >> unit & 1:
                kept[unit, 0] = kept[unit, 1] = 0
        yield start, end, (*pattern, mask), kept
        start, mask = end, mask ^ crossing.get(end, 0)
