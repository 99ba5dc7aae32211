"""Interventions: a run replayed with units changed at a step, exactly (``certify patch``).

What an intervention does is said in :mod:`certify.mechanism.patched`. Zeroing is scaling by 0;
zeroing a unit at every step removes it.

Between break points of the ratio the patched network is still affine in r for ``M = 1``, so the
same exact sweep decides it. Scaling keeps it positively homogeneous: what is proved for ``M = 1``
holds for every M > 0. Setting a unit to a constant other than 0 does not: then the verdict is
about ``M = 1`` alone, and the result says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from certify.certificate import Certificate, describe_model
from certify.claims import NOMINAL_RATIO, Pair, RatioRange, all_pairs, impulses
from certify.errors import UsageError
from certify.impulse.sweep import Sweep, sweep
from certify.mechanism.circuit import KIND
from certify.mechanism.patched import Intervention, Trace, replay, sweep_patched
from certify.model import Network


@dataclass(frozen=True)
class Change:
    """A unit whose value after a step is another one than without the intervention."""

    step: int
    unit: int
    baseline: Fraction
    patched: Fraction

    @property
    def toggled(self) -> bool:
        """Whether it turned on or off."""
        return (self.baseline > 0) != (self.patched > 0)


@dataclass(frozen=True)
class RangeVerdict:
    """The exact sweep's word on a closed range of ratios, for ``M = 1``.

    ``min_margin`` is the smallest margin over rivals and range, at the ratio ``at``; the pair is
    right on all of the range exactly where it is positive. ``interval`` is the maximal open
    interval around the range on which the pair is right, None where it is wrong in the range.
    """

    min_margin: Fraction
    at: Fraction
    interval: tuple[Fraction, Fraction] | None
    nodes: tuple[Fraction, ...]

    @property
    def proved(self) -> bool:
        """Whether the pair is right over the whole range."""
        return self.min_margin > 0

    def to_json(self) -> dict[str, Any]:
        """The verdict as ``proved`` or ``refuted``; at ``at`` the model is wrong if refuted."""
        return {
            "verdict": "proved" if self.proved else "refuted",
            "min_margin": self.min_margin,
            "at": self.at,
            "interval": self.interval and list(self.interval),
        }


@dataclass(frozen=True)
class PatchResult:
    """Baseline and patched run of a pair, side by side.

    ``changes`` lists every unit and step whose value differs, in order of the steps.
    ``baseline_range`` and ``patched_range`` are decided by exact sweeps over ``ratios``;
    ``broken`` are the pairs that are right at the ratio without the interventions and wrong with
    them, ``repaired`` the other way round. ``homogeneous`` says whether the patched verdicts hold
    for every M > 0 or for M = 1 alone.
    """

    pair: Pair
    ratio: Fraction
    ratios: RatioRange
    interventions: tuple[Intervention, ...]
    baseline: Trace
    patched: Trace
    changes: tuple[Change, ...]
    baseline_range: RangeVerdict
    patched_range: RangeVerdict
    broken: tuple[Pair, ...]
    repaired: tuple[Pair, ...]

    @property
    def homogeneous(self) -> bool:
        """Whether every intervention commutes with scaling the input."""
        return all(i.action == "scale" or i.value == 0 for i in self.interventions)

    @property
    def verdict_changes(self) -> bool:
        """Whether the patched run is right where the baseline is wrong, or the other way round."""
        s = self.pair.second
        return (self.baseline.chosen == s) != (self.patched.chosen == s)

    def to_json(self) -> dict[str, Any]:
        """All values exact, as strings."""

        def run(trace: Trace) -> dict[str, Any]:
            return {
                "logits": list(trace.logits),
                "chosen": trace.chosen,
                "right": trace.chosen == self.pair.second,
            }

        return {
            "max": self.pair.max,
            "second": self.pair.second,
            "ratio": self.ratio,
            "range": list(self.ratios),
            "holds_for": "every M > 0" if self.homogeneous else "M = 1",
            "interventions": [i.to_json() for i in self.interventions],
            "baseline": {**run(self.baseline), "range": self.baseline_range.to_json()},
            "patched": {**run(self.patched), "range": self.patched_range.to_json()},
            "verdict_changes": self.verdict_changes,
            "changes": [
                {
                    "step": c.step,
                    "unit": c.unit,
                    "baseline": c.baseline,
                    "patched": c.patched,
                    "toggled": c.toggled,
                }
                for c in self.changes
            ],
            "broken_pairs": [list(pair) for pair in self.broken],
            "repaired_pairs": [list(pair) for pair in self.repaired],
        }


def patch(
    network: Network,
    pair: Pair,
    interventions: Sequence[Intervention],
    *,
    ratio: Fraction = NOMINAL_RATIO,
    ratios: RatioRange | None = None,
) -> PatchResult:
    """Replay one pair with interventions, and decide a range of ratios with them.

    Without ``ratios`` the range is the one ratio.

    Raises:
        UsageError: a unit, step or position that the network doesn't have, a negative value, two
            interventions on one unit after one step, or a ratio outside (0, 1).
    """
    _validate(network, pair, interventions, ratio)
    if not interventions:
        raise UsageError("patch needs at least one intervention")
    n = network.seq_len
    ratios = ratios or RatioRange(ratio, ratio)
    x = impulses(pair, ratio, n)
    baseline, patched = replay(network, x, ()), replay(network, x, interventions)
    changes = tuple(
        Change(step, unit, a, b)
        for step, (before, after) in enumerate(zip(baseline.states, patched.states, strict=True))
        for unit, (a, b) in enumerate(zip(before, after, strict=True))
        if a != b
    )
    broken, repaired = [], []
    for other in all_pairs(n):
        x = impulses(other, ratio, n)
        was = network.choice(x) == other.second
        becomes = replay(network, x, interventions).chosen == other.second
        if was and not becomes:
            broken.append(other)
        elif becomes and not was:
            repaired.append(other)
    found, scale = sweep_patched(network, pair, interventions)
    return PatchResult(
        pair,
        ratio,
        ratios,
        tuple(interventions),
        baseline,
        patched,
        changes,
        _range_verdict(sweep(network, pair), 1, ratios),
        _range_verdict(found, scale, ratios),
        tuple(broken),
        tuple(repaired),
    )


def patch_certificate(network: Network, found: PatchResult) -> Certificate:
    """A certificate of kind ``circuit`` with both verdicts over the range, baseline first."""

    def statement(changes: tuple[Intervention, ...], verdict: RangeVerdict) -> dict[str, Any]:
        return {
            "type": "intervention",
            "changes": [i.to_json() for i in changes],
            "max": found.pair.max,
            "second": found.pair.second,
            "scales": all(i.action == "scale" or i.value == 0 for i in changes),
            "verdict": "proved" if verdict.proved else "refuted",
            "min_margin": str(verdict.min_margin),
        }

    sides = (((), found.baseline_range), (found.interventions, found.patched_range))
    nodes = [[str(v) for v in verdict.nodes] for _, verdict in sides]
    return Certificate(
        KIND,
        describe_model(network),
        {
            "claim": {
                "ratio": [str(v) for v in found.ratios],
                "pairs": [list(found.pair)],
                "statements": [statement(*side) for side in sides],
            },
            "evidence": {"nodes": nodes[:1], "proofs": [{"nodes": row} for row in nodes]},
        },
        {},
    )


def _validate(
    network: Network, pair: Pair, interventions: Sequence[Intervention], ratio: Fraction
) -> None:
    d, n = network.hidden_size, network.seq_len
    if not 0 < ratio < 1:
        raise UsageError(f"the ratio is {ratio}, expected 0 < ratio < 1")
    if pair not in all_pairs(n):
        raise UsageError(f"pair ({pair.max}, {pair.second}): expected two positions of 0..{n - 1}")
    seen: list[Intervention] = []
    for i in interventions:
        if not 0 <= i.unit < d:
            raise UsageError(f"unit {i.unit}: the network has units 0..{d - 1}")
        if i.step is not None and not 0 <= i.step < n:
            raise UsageError(f"step {i.step}: the network has steps 0..{n - 1}")
        if i.value < 0:
            raise UsageError(f"{i.value} is negative, but a rectifier's output is not")
        for other in seen:
            if other.unit == i.unit and (None in (i.step, other.step) or i.step == other.step):
                raise UsageError(f"two interventions on unit {i.unit} after the same step")
        seen.append(i)


def _range_verdict(found: Sweep, scale: int, ratios: RatioRange) -> RangeVerdict:
    margin = found.min_margin(ratios)
    nodes = tuple(found.nodes(ratios))
    interval = found.interval_around(ratios)
    return RangeVerdict(margin.value / scale, margin.ratio, interval, nodes)
