"""The ``impulse`` claim: for every pair and every ratio in a range, every margin is positive.

The claim is about inputs with ``M > 0`` at m, ``S = r M`` at s and zeros elsewhere; by positive
homogeneity ``M = 1`` stands for all M. The exact sweep decides it, and gives more than the claim
asks for: the maximal interval around the range, all intervals on which the pair is right, and
the smallest margin with the rival that attains it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any, Literal

from certify.certificate import Certificate, describe_model, interval_json
from certify.claims import NOMINAL_RATIO, Pair, RatioRange, all_pairs, impulses
from certify.errors import ModelFileError
from certify.impulse.offset import OffsetBound, bound_offsets
from certify.impulse.sweep import Margin, Sweep, sweep
from certify.model import Network

GRID = 1000
"""The default range is rounded to multiples of 1/GRID, strictly inside the common interval."""

MAX_BITS = 13_000
"""What the checker reads: 4,000 decimal digits."""

Interval = tuple[Fraction, Fraction]
Verdict = Literal["proved", "refuted"]


@dataclass(frozen=True)
class PairResult:
    """What the sweep proves of one pair over the claim's range, for ``M = 1``.

    ``interval`` is the maximal open interval around the claim's range on which the pair is
    right (None if it is wrong somewhere in the range), ``right_intervals`` all maximal open
    intervals in (0, 1) on which it is right, ``cells`` the number of linear pieces on (0, 1).
    ``counterexample`` is an input of length n on which the model is wrong, where refuted.
    """

    pair: Pair
    interval: Interval | None
    right_intervals: tuple[Interval, ...]
    min_margin: Margin
    cells: int
    counterexample: tuple[Fraction, ...] | None

    @property
    def verdict(self) -> Verdict:
        """Proved or refuted; the exact sweep knows no third answer."""
        return "proved" if self.counterexample is None else "refuted"

    def to_json(self) -> dict[str, Any]:
        """The pair's entry in the JSON answer."""
        return {
            "max": self.pair.max,
            "second": self.pair.second,
            "verdict": self.verdict,
            "interval": interval_json(self.interval),
            "right_intervals": [interval_json(i) for i in self.right_intervals],
            "min_margin": str(self.min_margin.value),
            "rival": self.min_margin.rival,
            "cells": self.cells,
            "counterexample": self.counterexample and [str(v) for v in self.counterexample],
        }


@dataclass(frozen=True)
class ImpulseResult:
    """The verdict of the impulse claim for all pairs, with its offset section.

    ``sweeps`` are the exact pieces that decided it.
    """

    network: Network
    ratios: RatioRange
    pairs: tuple[PairResult, ...]
    common_interval: Interval | None
    offsets: tuple[OffsetBound, ...]
    sweeps: Mapping[Pair, Sweep]

    @property
    def verdict(self) -> Verdict:
        """Proved if every pair is."""
        return "proved" if all(p.verdict == "proved" for p in self.pairs) else "refuted"

    @property
    def worst(self) -> PairResult:
        """The pair with the smallest margin over the range."""
        return min(self.pairs, key=lambda p: p.min_margin.value)

    @property
    def certified_pairs(self) -> int:
        """The number of pairs proved over the range."""
        return sum(p.verdict == "proved" for p in self.pairs)

    @property
    def cells(self) -> int:
        """The number of linear pieces on (0, 1), all pairs together."""
        return sum(p.cells for p in self.pairs)

    def offset_json(self) -> dict[str, Any]:
        """The ``offset`` section: the verdict of every pair, and the separable form's bound."""
        return {
            "verdict": "proved" if all(b.proved for b in self.offsets) else "refuted",
            "fitted_at": str(NOMINAL_RATIO),
            "pairs": [
                {
                    "max": b.pair.max,
                    "second": b.pair.second,
                    "verdict": "proved" if b.proved else "refuted",
                    "min_product": str(b.min_product),
                    "at": str(b.at),
                    "separable_margin": str(b.separable_margin),
                    "separable_error": str(b.separable_error),
                    "margin_left": str(b.margin_left),
                    "state_distance": str(b.state_distance),
                }
                for b in self.offsets
            ],
        }


def prove_impulse(
    network: Network,
    ratios: RatioRange | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> ImpulseResult:
    """Decide the impulse claim for all pairs, exactly.

    Without ``ratios`` the range is the common interval around the nominal ratio 4/5, rounded
    inwards to multiples of 1/1000; if some pair is wrong at 4/5, the range is that one ratio.
    ``progress`` is called with (pairs done, pairs in all).

    Raises:
        ModelFileError: exact numbers would be longer than a certificate may hold.
    """
    _demand_writable(network)
    pairs = all_pairs(network.seq_len)
    sweeps: dict[Pair, Sweep] = {}
    for done, pair in enumerate(pairs, start=1):
        sweeps[pair] = sweep(network, pair)
        if progress:
            progress(done, len(pairs))
    anchor = ratios or RatioRange(NOMINAL_RATIO, NOMINAL_RATIO)
    common = _intersection([s.interval_around(anchor) for s in sweeps.values()])
    if ratios is None:
        ratios = _rounded_inwards(common) if common else anchor
    return ImpulseResult(
        network,
        ratios,
        tuple(_decide(s, ratios) for s in sweeps.values()),
        common,
        bound_offsets(sweeps, ratios),
        sweeps,
    )


def impulse_certificate(
    result: ImpulseResult, float32: dict[str, Any], *, default_range: bool
) -> Certificate:
    """The certificate of a result; ``float32`` is the section of :mod:`certify.impulse.float32`."""
    return Certificate(
        "impulse",
        describe_model(result.network),
        {
            "claim": {
                "verdict": result.verdict,
                "ratio": interval_json(result.ratios),
                "common_interval": interval_json(result.common_interval),
            },
            "evidence": {
                "pairs": [
                    p.to_json() | {"breaks": [str(b) for b in result.sweeps[p.pair].breaks]}
                    for p in result.pairs
                ]
            },
            "offset": result.offset_json(),
            "float32": float32,
        },
        {"nominal_ratio": str(NOMINAL_RATIO), "range": "default" if default_range else "given"},
    )


def _demand_writable(network: Network) -> None:
    # A margin at a break point has at most n + 1 powers of 2**shift of its own and n of the
    # break point's in its denominator.
    bits = network.shift * (2 * network.seq_len + 1)
    if bits > MAX_BITS:
        raise ModelFileError(
            f"{network.source or 'the model'}: the smallest weights are multiples of "
            f"2**-{network.shift}, so exact numbers may have {bits} bits; a certificate holds "
            f"up to {MAX_BITS}"
        )


def _decide(found: Sweep, ratios: RatioRange) -> PairResult:
    margin = found.min_margin(ratios)
    wrong = margin.value <= 0
    return PairResult(
        found.pair,
        found.interval_around(ratios),
        found.right_intervals,
        margin,
        len(found.pieces),
        tuple(impulses(found.pair, margin.ratio, found.network.seq_len)) if wrong else None,
    )


def _intersection(intervals: Sequence[Interval | None]) -> Interval | None:
    known = [i for i in intervals if i is not None]
    if len(known) < len(intervals):
        return None
    return max(lo for lo, _ in known), min(hi for _, hi in known)


def _rounded_inwards(interval: Interval) -> RatioRange:
    # The nominal ratio is itself a multiple of 1/GRID inside, so the range is never empty.
    lo, hi = interval
    return RatioRange(
        Fraction(floor(lo * GRID) + 1, GRID),
        Fraction(ceil(hi * GRID) - 1, GRID),
    )
