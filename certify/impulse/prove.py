"""The ``impulse`` claim: for every pair and every ratio in a range, every margin is positive.

The claim is about inputs with ``M > 0`` at m, ``S = r M`` at s and zeros elsewhere; by positive
homogeneity ``M = 1`` stands for all M. The exact sweep decides it, and gives more than the claim
asks for: the maximal interval around the range, all intervals on which the pair is right, and
the smallest margin with the rival that attains it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, partial
from math import ceil, floor
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from certify.certificate import Certificate, describe_model, inside
from certify.claims import NOMINAL_RATIO, Pair, RatioRange, all_pairs, impulses
from certify.errors import ModelFileError
from certify.files import Keeper
from certify.impulse.float32 import (
    Float32Verdict,
    float32_inputs,
    float32_section,
    not_looked_at,
    prove_float32,
)
from certify.impulse.offset import OffsetBound, separable_form
from certify.impulse.spreading import Interval, Measure, Outline, Work, measure, outline, spread
from certify.impulse.sweep import Cuts, Margin
from certify.interrupts import interruptible
from certify.model import Network
from certify.result import Result

GRID = 1000
"""The default range is rounded to multiples of 1/GRID, strictly inside the common interval."""

MAX_BITS = 13_000
"""What the checker reads: 4,000 decimal digits."""

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
    intersection of the pairs' intervals. ``cuts`` say where the pieces of each pair end, at least
    in the range, ``stages`` the seconds of each stage of the work; ``interrupted`` says that the
    pairs are those that were decided before the work was ended. ``offsets`` is empty for a subset
    of the pairs: the separable form is fitted to all of them.
    """

    claim: ClassVar[str] = "impulse"

    ratios: RatioRange
    common_interval: Interval | None
    offsets: tuple[OffsetBound, ...]
    cuts: tuple[Cuts, ...]
    default_range: bool = False
    interrupted: bool = False
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
        """The certificate: the claim, pair by pair, and the sections of offset and float32."""
        claim: dict[str, Any] = {
            "verdict": self.verdict,
            "ratio": self.ratios,
            "common_interval": self.common_interval,
        }
        if self.subset:
            claim["only"] = [p.pair for p in self.pairs]
        return Certificate(
            "impulse",
            describe_model(self.model),
            {
                "claim": claim,
                "evidence": {"pairs": [p.decided() for p in self.pairs]},
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
    resume: Mapping[Pair, Outline] = MappingProxyType({}),
    keep: Callable[[ImpulseResult], object] | None = None,
) -> ImpulseResult:
    """Decide the impulse claim for all pairs, or for those given, exactly.

    Without ``ratios`` the range is the common interval around the nominal ratio 4/5, rounded
    inwards to multiples of 1/1000; if some pair is wrong at 4/5, the range is that one ratio.
    ``progress`` is called with (pairs done, pairs in all). Large networks use up to ``jobs``
    processes.

    Without ``ratios`` each pair is swept over all of (0, 1) first, and only how many cells it has
    and where it is right is kept; then, in the range that follows from that, once more for how much
    it is right. With ``ratios`` one sweep is enough.

    Ctrl-C ends the work; what comes back then is about the pairs that were decided, without
    ``ratios`` at 4/5 alone. ``keep`` is called with the same now and then. ``resume`` says what is
    known of some pairs from before (:func:`certify.impulse.resuming.read_outlines`).

    Raises:
        ModelFileError: exact numbers would be longer than a certificate may hold.
        KeyboardInterrupt: no pair was decided by then.
    """
    _demand_writable(network)
    chosen = all_pairs(network.seq_len) if pairs is None else tuple(pairs)
    work = _Work(network, ratios, chosen, pairs is not None)
    work.outlines = {pair: resume[pair] for pair in chosen if pair in resume}
    keeper = Keeper(lambda: keep and keep(work.partial()), lambda: len(work.decided))
    before = len(work.decided) if ratios is None else len(work.outlines)

    def now_and_then() -> None:
        if len(work.decided) > before and (ratios or not work.measures):
            keeper.look()
        if progress:  # two halves for each pair
            progress((len(work.outlines) + len(work.measures)) // 2, len(chosen))

    with interruptible() as asked:
        share = partial(spread, network, jobs=jobs, ended=asked.is_set)
        if ratios is None:
            for seen in share([p for p in chosen if p not in work.outlines], work=outline):
                work.outlines[seen.pair] = seen
                now_and_then()
            if asked.is_set():
                return work.partial()
        found = ratios or _default_range([o.right for o in work.outlines.values()])
        for part in share(chosen, work=work.measuring(found)):
            work.take(part)
            now_and_then()
        if len(work.measures) < len(chosen):
            return work.partial()
    return work.result(found, chosen, work.measures)


class _Work:
    """What is known of each pair so far."""

    def __init__(
        self, network: Network, ratios: RatioRange | None, chosen: Sequence[Pair], subset: bool
    ) -> None:
        self.network, self.ratios, self.chosen, self.subset = network, ratios, chosen, subset
        self.form = None if subset else separable_form(network)
        self.outlines: dict[Pair, Outline] = {}
        self.measures: dict[Pair, Measure] = {}
        self.started = time.perf_counter()

    @property
    def decided(self) -> Collection[Pair]:
        """The pairs that a certificate can be about now."""
        return self.outlines if self.ratios is None else self.measures

    def measuring(self, ratios: RatioRange) -> Work[Measure]:
        """The work of measuring pairs over a range, and of outlining those that are not yet."""
        new = [pair for pair in self.chosen if pair not in self.outlines]
        return partial(measure, ratios, self.form, _window(ratios), new)

    def take(self, part: Measure) -> None:
        """Remember what was found of one pair."""
        self.measures[part.pair] = part
        if part.outline is not None:
            self.outlines[part.pair] = part.outline

    def partial(self) -> ImpulseResult:
        """The result for the pairs decided so far: over the range, or at the nominal ratio."""
        kept = tuple(pair for pair in self.chosen if pair in self.decided)
        if not kept:
            raise KeyboardInterrupt
        ratios, measures = self.ratios, self.measures
        if ratios is None:
            ratios = RatioRange(NOMINAL_RATIO, NOMINAL_RATIO)
            form = self.form if len(kept) == len(self.chosen) else None
            work = partial(measure, ratios, form, _window(ratios), ())
            gaps = sorted({abs(p.max - p.second) for p in kept})
            measures = {part.pair: part for gap in gaps for part in work(self.network, kept, gap)}
        result = self.result(ratios, kept, measures)
        return replace(result, interrupted=True, deployed=not_looked_at(kept, ratios))

    def result(
        self, ratios: RatioRange, kept: Sequence[Pair], measures: Mapping[Pair, Measure]
    ) -> ImpulseResult:
        """The result for some of the pairs over a range in which they were measured."""
        taken = time.perf_counter() - self.started
        whole = len(kept) == len(self.chosen)
        margins = {pair: measures[pair].margin for pair in kept}
        return ImpulseResult(
            self.network,
            ratios,
            _intersection([_around(self.outlines[pair].right, ratios) for pair in kept]),
            tuple(o for p in kept if (o := measures[p].offset) is not None) if whole else (),
            tuple(measures[pair].cuts for pair in kept),
            default_range=self.ratios is None,
            stages={"sweep": taken},
            pairs=tuple(_decided(self.network, self.outlines[p], margins[p], ratios) for p in kept),
            subset=self.subset or not whole,
            seconds=taken,
        )


def _window(ratios: RatioRange) -> Interval:
    """The ratios that a claim about a range looks at, those of the float32 program included."""
    inputs = float32_inputs(ratios)
    return min(ratios.lo, inputs.lo), max(ratios.hi, inputs.hi)


def _default_range(right: Sequence[Sequence[Interval]]) -> RatioRange:
    """The common interval around the nominal ratio, rounded inwards; where there is none, that one
    ratio.
    """
    nominal = RatioRange(NOMINAL_RATIO, NOMINAL_RATIO)
    common = _intersection([_around(intervals, nominal) for intervals in right])
    return _rounded_inwards(common) if common else nominal


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


def _decided(network: Network, outline: Outline, margin: Margin, ratios: RatioRange) -> PairResult:
    pair, wrong = outline.pair, margin.value <= 0
    return PairResult(
        pair,
        _around(outline.right, ratios),
        outline.right,
        margin,
        outline.cells,
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
