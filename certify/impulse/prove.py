"""The ``impulse`` claim: for every pair and every ratio in a range, every margin is positive.

The claim is about inputs with ``M > 0`` at m, ``S = r M`` at s and zeros elsewhere; by positive
homogeneity ``M = 1`` stands for all M. The exact sweep decides it, and gives more than the claim
asks for: the maximal interval around the range, all intervals on which the pair is right, and
the smallest margin with the rival that attains it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, partial
from math import ceil, floor
from typing import Any, ClassVar, Literal, NamedTuple, TypeVar

from certify.certificate import Certificate, describe_model, inside
from certify.claims import NOMINAL_RATIO, Pair, RatioRange, all_pairs, impulses
from certify.errors import ModelFileError
from certify.impulse.float32 import Float32Verdict, float32_section, prove_float32
from certify.impulse.offset import OffsetBound, Vector, bound_offset, separable_form
from certify.impulse.sweep import Cuts, Margin, sweeps
from certify.model import Network
from certify.result import Result
from certify.workers import workers

GRID = 1000
"""The default range is rounded to multiples of 1/GRID, strictly inside the common interval."""

MAX_BITS = 13_000
"""What the checker reads: 4,000 decimal digits."""

WORTH_PROCESSES = 100_000
"""``(d n)**2`` from which on the sweeps are spread over processes: a few seconds of work."""

Interval = tuple[Fraction, Fraction]
Verdict = Literal["proved", "refuted"]


@dataclass(frozen=True)
class PairResult:
    """What the sweep proves of one pair over the claim's range, for ``M = 1``.

    ``interval`` is the maximal open interval around the claim's range on which the pair is
    right (None if it is wrong somewhere in the range), ``right_intervals`` all maximal open
    intervals in (0, 1) on which it is right, ``cells`` the number of linear pieces on (0, 1).
    ``counterexample`` is an input of length n on which the model is wrong, where refuted.
    ``smt`` is what the second witness says of the pair: ``unsat``, ``sat`` or ``unknown`` (with
    ``smt_reason``), None where it was not asked.
    """

    pair: Pair
    interval: Interval | None
    right_intervals: tuple[Interval, ...]
    min_margin: Margin
    cells: int
    counterexample: tuple[Fraction, ...] | None
    smt: str | None = None
    smt_reason: str = ""

    @property
    def verdict(self) -> Verdict:
        """Proved or refuted; the exact sweep knows no third answer."""
        return "proved" if self.counterexample is None else "refuted"

    def to_dict(self) -> dict[str, Any]:
        """The pair's entry in the answer."""
        return self.decided() | {"smt": self.smt, "smt_reason": self.smt_reason or None}

    def decided(self) -> dict[str, Any]:
        """What the sweep decided, as a certificate holds it."""
        return {
            "max": self.pair.max,
            "second": self.pair.second,
            "verdict": self.verdict,
            "interval": self.interval,
            "right_intervals": self.right_intervals,
            "min_margin": self.min_margin.value,
            "rival": self.min_margin.rival,
            "cells": self.cells,
            "counterexample": self.counterexample,
        }


@dataclass(frozen=True, repr=False)
class ImpulseResult(Result[PairResult]):
    """The verdict of the impulse claim, with its offset section.

    ``ratios`` is the claim's range (``default_range``: found, not given), ``common_interval`` the
    intersection of the pairs' intervals. ``cuts`` say where the
    pieces of each pair end,
    ``stages`` the seconds of each stage of the work. ``offsets`` is empty for a subset of the
    pairs: the separable form is fitted to all of them.
    """

    claim: ClassVar[str] = "impulse"

    ratios: RatioRange
    common_interval: Interval | None
    offsets: tuple[OffsetBound, ...]
    cuts: tuple[Cuts, ...]
    default_range: bool = False
    stages: Mapping[str, float] = field(default_factory=dict, compare=False)
    deployed: tuple[Float32Verdict, ...] = field(default=(), compare=False)

    @classmethod
    def covers(cls, new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
        """The same range or a wider one, the same pairs with the same verdicts, or more."""
        found, known = (
            {(p["max"], p["second"]): p["verdict"] for p in document["evidence"]["pairs"]}
            for document in (new, old)
        )
        wider = inside(old["claim"]["ratio"], new["claim"]["ratio"])
        return wider and all(found.get(pair) == verdict for pair, verdict in known.items())

    @property
    def verdict(self) -> Verdict:
        """Proved if every pair is."""
        return "proved" if all(p.verdict == "proved" for p in self.pairs) else "refuted"

    @cached_property
    def float32(self) -> tuple[Float32Verdict, ...]:
        """What is proved of the float32 program, pair by pair; found now if it was not before."""
        return self.deployed or prove_float32(self.model, self.cuts, self.ratios, wrong=self.wrong)

    @property
    def wrong(self) -> dict[Pair, int]:
        """The refuted pairs, each with the rival that is not beaten."""
        return {p.pair: p.min_margin.rival for p in self.pairs if p.verdict == "refuted"}

    @property
    def worst(self) -> PairResult:
        """The pair with the smallest margin over the range."""
        return min(self.pairs, key=lambda p: p.min_margin.value)

    @property
    def cells(self) -> int:
        """The number of linear pieces on (0, 1), all pairs together."""
        return sum(p.cells for p in self.pairs)

    def certificate(self) -> Certificate:
        """The certificate: the claim, the break points, and the sections of offset and float32."""
        claim: dict[str, Any] = {
            "verdict": self.verdict,
            "ratio": self.ratios,
            "common_interval": self.common_interval,
        }
        if self.subset:
            claim["only"] = [p.pair for p in self.pairs]
        pairs = [
            p.decided() | {"breaks": c.breaks} for p, c in zip(self.pairs, self.cuts, strict=True)
        ]
        return Certificate(
            "impulse",
            describe_model(self.model),
            {
                "claim": claim,
                "evidence": {"pairs": pairs},
                "offset": self._offset(),
                "float32": float32_section(self.float32),
            },
            {
                "nominal_ratio": str(NOMINAL_RATIO),
                "range": "default" if self.default_range else "given",
            },
        )

    def _answer(self) -> dict[str, Any]:
        stages = {name: round(taken, 3) for name, taken in self.stages.items()}
        return {
            "ratio": self.ratios,
            "certified_pairs": self.certified_pairs,
            "total_pairs": len(self.pairs),
            "subset": self.subset,
            "common_interval": self.common_interval,
            "pairs": [p.to_dict() for p in self.pairs],
            "cells": self.cells,
            "offset": self._offset(),
            "float32": float32_section(self.float32),
            "seconds": stages | {"total": round(self.seconds, 3)},
        }

    def _offset(self) -> dict[str, Any] | None:
        """The ``offset`` section: the verdict of every pair, and the separable form's bound."""
        if self.subset:
            return None
        return {
            "verdict": "proved" if all(b.proved for b in self.offsets) else "refuted",
            "fitted_at": NOMINAL_RATIO,
            "pairs": [
                {
                    "max": b.pair.max,
                    "second": b.pair.second,
                    "verdict": "proved" if b.proved else "refuted",
                    "min_product": b.min_product,
                    "at": b.at,
                    "separable_margin": b.separable_margin,
                    "separable_error": b.separable_error,
                    "margin_left": b.margin_left,
                    "state_distance": b.state_distance,
                }
                for b in self.offsets
            ],
        }


def prove_impulse(
    network: Network,
    ratios: RatioRange | None = None,
    *,
    pairs: Sequence[Pair] | None = None,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> ImpulseResult:
    """Decide the impulse claim for all pairs, or for those given, exactly.

    Without ``ratios`` the range is the common interval around the nominal ratio 4/5, rounded
    inwards to multiples of 1/1000; if some pair is wrong at 4/5, the range is that one ratio.
    ``progress`` is called with (pairs done, pairs in all). Large networks use up to ``jobs``
    processes.

    First each pair is swept over all of (0, 1), and only where it is cut and where it is right is
    kept; then, in the range that follows from that, once more for how much it is right.

    Raises:
        ModelFileError: exact numbers would be longer than a certificate may hold.
    """
    _demand_writable(network)
    started = time.perf_counter()
    chosen = all_pairs(network.seq_len) if pairs is None else tuple(pairs)
    done, passes = 0, 2

    def count(new: int) -> None:
        nonlocal done
        done += new
        if progress:
            progress(done // passes, len(chosen))

    work = partial(_spread, network, chosen, jobs, count)
    outlines = {o.cuts.pair: o for o in work(_outline)}
    anchor = ratios or RatioRange(NOMINAL_RATIO, NOMINAL_RATIO)
    around = {pair: _around(outlines[pair].right, anchor) for pair in chosen}
    common = _intersection(list(around.values()))
    found = ratios or (_rounded_inwards(common) if common else anchor)
    form = separable_form(network) if pairs is None else None
    measured = {m.pair: m for m in work(partial(_measure, found, form))}
    taken = time.perf_counter() - started
    return ImpulseResult(
        network,
        found,
        common,
        tuple(m.offset for pair in chosen if (m := measured[pair]).offset is not None),
        tuple(outlines[pair].cuts for pair in chosen),
        default_range=ratios is None,
        stages={"sweep": taken},
        pairs=tuple(_decided(network, outlines[p], measured[p].margin, found) for p in chosen),
        subset=pairs is not None,
        seconds=taken,
    )


class _Outline(NamedTuple):
    """Where a pair is cut, and where it is right."""

    cuts: Cuts
    right: tuple[Interval, ...]


class _Measure(NamedTuple):
    """How much a pair is right in the range, and what its offset is there."""

    pair: Pair
    margin: Margin
    offset: OffsetBound | None


def _outline(network: Network, chosen: Sequence[Pair], gap: int) -> list[_Outline]:
    """The outlines of the pairs of one distance."""
    return [_Outline(s.cuts, s.right_intervals) for s in sweeps(network, chosen, [gap])]


def _measure(
    ratios: RatioRange,
    form: Sequence[Vector] | None,
    network: Network,
    chosen: Sequence[Pair],
    gap: int,
) -> list[_Measure]:
    """The measures of the pairs of one distance; with offsets where there is a separable form."""
    found = []
    for own in (inside := sweeps(network, chosen, [gap], ratios)):
        if form is None:
            found.append(_Measure(own.pair, own.min_margin(ratios), None))
            continue
        both = (own, next(inside))  # (m, s) and (s, m) come side by side
        bounds = bound_offset(*both, ratios, form)
        found += [
            _Measure(s.pair, s.min_margin(ratios), b) for s, b in zip(both, bounds, strict=True)
        ]
    return found


T = TypeVar("T")


def _spread(
    network: Network,
    chosen: Sequence[Pair],
    jobs: int,
    count: Callable[[int], None],
    work: Callable[[Network, Sequence[Pair], int], list[T]],
) -> list[T]:
    """The work for every distance that occurs, in several processes where that is worth it."""
    gaps = sorted({abs(p.max - p.second) for p in chosen})
    found: dict[int, list[T]] = {}
    size = (network.hidden_size * network.seq_len) ** 2
    if jobs > 1 and size >= WORTH_PROCESSES and len(gaps) > 1:
        # A script without a main module can have no workers: then this process does what is left.
        with suppress(BrokenProcessPool), workers(min(jobs, len(gaps))) as pool:
            futures = {pool.submit(work, network, chosen, gap): gap for gap in gaps}
            for future in as_completed(futures):
                part = found[futures[future]] = future.result()
                count(len(part))
    for gap in gaps:
        if gap not in found:
            part = found[gap] = work(network, chosen, gap)
            count(len(part))
    return [result for gap in gaps for result in found[gap]]


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


def _decided(network: Network, outline: _Outline, margin: Margin, ratios: RatioRange) -> PairResult:
    pair, wrong = outline.cuts.pair, margin.value <= 0
    return PairResult(
        pair,
        _around(outline.right, ratios),
        outline.right,
        margin,
        len(outline.cuts.breaks) - 1,
        tuple(impulses(pair, margin.ratio, network.seq_len)) if wrong else None,
    )


def _around(right: Sequence[Interval], ratios: RatioRange) -> Interval | None:
    """The interval that holds the closed range."""
    return next(((lo, hi) for lo, hi in right if lo < ratios.lo and ratios.hi < hi), None)


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
