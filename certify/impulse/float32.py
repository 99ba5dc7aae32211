"""The ``float32`` claim: the deployed program picks s too, whatever order it sums in.

The exact network and the float32 program get the same inputs: ``M = 1`` at m, a float32 number S
at s, zeros elsewhere. For a claim about the ratios [lo, hi], S is any float32 number from the one
nearest to lo to the one nearest to hi. (Floats are not positively homogeneous: M = 1 it is.)

*A range of S* is cut into intervals within the pieces of the exact sweep. There every exact
pre-activation and margin is linear in S, so its extremes stand at the ends, and
:mod:`certify.impulse.rounding` bounds how far the program is from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Literal

from certify.claims import Pair, RatioRange
from certify.impulse.rounding import Gap, MayOverflowError, Program, Run
from certify.impulse.spreading import worth_processes
from certify.impulse.sweep import Cuts
from certify.model import Network
from certify.workers import each

DEPTH = 8  #: how often a piece is cut in half before the pair is left unknown

Verdict = Literal["proved", "unknown"]


@dataclass(frozen=True)
class Float32Verdict:
    """What is proved of one pair.

    ``inputs`` are the least and the greatest float32 S. Where proved, ``points`` are the ends of
    the intervals that the proof cuts them into, and ``margin > error_bound`` are the exact margin
    over ``rival`` and the bound of its rounding error where they come closest (least difference).
    Where unknown, ``reason`` says why.
    """

    pair: Pair
    verdict: Verdict
    inputs: RatioRange
    reason: str | None = None
    rival: int | None = None
    margin: Fraction | None = None
    error_bound: Fraction | None = None
    points: tuple[Fraction, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The pair's entry in the section of a certificate."""
        return {
            "max": self.pair.max,
            "second": self.pair.second,
            "verdict": self.verdict,
            "reason": self.reason,
            "rival": self.rival,
            "margin": self.margin,
            "error_bound": self.error_bound,
            "points": self.points,
        }


def prove_float32(
    network: Network,
    pairs: Sequence[Cuts],
    ratios: RatioRange,
    *,
    wrong: Mapping[Pair, int] = MappingProxyType({}),
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Float32Verdict, ...]:
    """The verdict for every pair, over the float32 S of a range of ratios; the pairs come with
    where their pieces end.

    A pair on which the exact network is ``wrong``, against a rival, is unknown at once: no bound
    could close. Large networks use up to ``jobs`` processes.
    ``progress`` is called with (pairs done, pairs in all).
    """
    inputs = float32_inputs(ratios)
    odd = _not_float32(network)
    if odd is None and not 0 < inputs.lo <= inputs.hi < 1:
        odd = "the float32 numbers nearest to the range do not lie between 0 and 1"
    if odd is not None:
        return tuple(Float32Verdict(cuts.pair, "unknown", inputs, odd) for cuts in pairs)
    found: dict[Pair, Float32Verdict] = {}

    def take(verdict: Float32Verdict) -> None:
        found[verdict.pair] = verdict
        if progress:
            progress(len(found), len(pairs))

    for cuts in pairs:
        rival = wrong.get(cuts.pair)
        if rival is not None:
            reason = _not_positive(rival, inputs.lo, inputs.hi)
            take(Float32Verdict(cuts.pair, "unknown", inputs, reason))
    work = partial(_prove_pair, Program(network), inputs)
    left = [cuts for cuts in pairs if cuts.pair not in found]
    for verdict in each(work, left, jobs if worth_processes(network) else 1):
        take(verdict)
    return tuple(found[cuts.pair] for cuts in pairs)


def float32_inputs(ratios: RatioRange) -> RatioRange:
    """The least and the greatest S that a claim about these ratios means."""
    return RatioRange(nearest_float32(ratios.lo), nearest_float32(ratios.hi))


def not_looked_at(pairs: Iterable[Pair], ratios: RatioRange) -> tuple[Float32Verdict, ...]:
    """The verdicts where the work was ended before."""
    inputs, reason = float32_inputs(ratios), "the work was ended before this was looked at"
    return tuple(Float32Verdict(pair, "unknown", inputs, reason) for pair in pairs)


def float32_section(verdicts: Sequence[Float32Verdict]) -> dict[str, Any]:
    """The ``float32`` section of an impulse certificate: verdicts, and intervals as evidence."""
    return {
        "verdict": "proved" if all(v.verdict == "proved" for v in verdicts) else "unknown",
        "inputs": verdicts[0].inputs,
        "pairs": [v.to_dict() for v in verdicts],
    }


def nearest_float32(x: Fraction) -> Fraction:
    """The float32 number nearest to ``0 < x < 1``, ties to even."""
    exponent = x.numerator.bit_length() - x.denominator.bit_length()
    exponent -= x < Fraction(2) ** exponent
    ulp = Fraction(2) ** (max(exponent, -126) - 23)
    return round(x / ulp) * ulp


def _not_float32(network: Network) -> str | None:
    for name, rows in (
        ("W_ih", (network.w_ih,)),
        ("W_hh", network.w_hh),
        ("W_out", network.w_out),
    ):
        for value in (v for row in rows for v in row if v):
            twos = (value & -value).bit_length() - 1
            bits = abs(value).bit_length()
            if bits - twos > 24 or twos - network.shift < -149 or bits - network.shift > 128:
                return f"{name} holds a number that is not a float32 number"
    return None


# -- one pair ------------------------------------------------------------------------------------


def _prove_pair(program: Program, inputs: RatioRange, cuts: Cuts) -> Float32Verdict:
    try:
        return _cut_until_closed(program, cuts, inputs)
    except MayOverflowError:
        reason = "a sum may leave the range of float32 numbers"
        return Float32Verdict(cuts.pair, "unknown", inputs, reason)


def _not_positive(rival: int, lo: Fraction, hi: Fraction) -> str:
    where = f"for S in [{float(lo):.9g}, {float(hi):.9g}]"
    return f"{where} the exact margin over position {rival} is not always positive"


def _cut_until_closed(program: Program, cuts: Cuts, inputs: RatioRange) -> Float32Verdict:
    pair = cuts.pair
    nodes = [program.run(pair, r) for r in cuts.nodes(inputs)]
    todo = [(a, b, 0) for a, b in pairwise(nodes)][::-1] or [(nodes[0], nodes[0], 0)]
    points, closed = [nodes[0].ratio], []
    while todo:
        a, b, depth = todo.pop()
        gap = program.closest(pair, a, b)
        if gap.left > 0:
            closed.append(gap)
            points += [b.ratio] if b is not a else []
            continue
        # No cut helps if the bound does not close at an end alone.
        ends = [gap] if a is b else [program.closest(pair, e, e) for e in (a, b)]
        stuck = [g for g in ends if g.left <= 0]
        if stuck or depth == DEPTH:
            return Float32Verdict(pair, "unknown", inputs, _explain(stuck or [gap], a, b))
        middle = program.run(pair, _between(a.ratio, b.ratio))
        todo += [(middle, b, depth + 1), (a, middle, depth + 1)]
    tightest = min(closed, key=lambda g: g.left)
    return Float32Verdict(
        pair,
        "proved",
        inputs,
        rival=tightest.rival,
        margin=tightest.margin,
        error_bound=tightest.error,
        points=tuple(points),
    )


def _explain(gaps: list[Gap], a: Run, b: Run) -> str:
    gap = min(gaps, key=lambda g: g.left)
    if gap.margin <= 0:
        return _not_positive(gap.rival, a.ratio, b.ratio)
    return (
        f"for S in [{float(a.ratio):.9g}, {float(b.ratio):.9g}] the margin over position "
        f"{gap.rival}, {float(gap.margin):.3g}, is not above the bound of the rounding error, "
        f"{float(gap.error):.3g}"
    )


def _between(a: Fraction, b: Fraction) -> Fraction:
    """A short number near the middle, so that exact runs stay short."""
    bits = ((b - a).denominator // (b - a).numerator).bit_length() + 2
    return Fraction(round((a + b) / 2 * 2**bits), 2**bits)
