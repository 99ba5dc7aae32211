"""The sweeps of many pairs, and what is kept of each: in several processes where that pays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from fractions import Fraction
from typing import NamedTuple, TypeVar

from certify.claims import Pair, RatioRange
from certify.impulse.offset import OffsetBound, Vector, bound_offset
from certify.impulse.sweep import WHOLE, Cuts, Margin, Sweep, sweeps
from certify.model import Network
from certify.workers import workers

Interval = tuple[Fraction, Fraction]
WORTH_PROCESSES = 100_000
"""``(d n)**2`` from which on the sweeps are spread over processes: a few seconds of work."""


def worth_processes(network: Network) -> bool:
    """Whether the work on a network is so long that starting processes pays."""
    return (network.hidden_size * network.seq_len) ** 2 >= WORTH_PROCESSES


class Outline(NamedTuple):
    """How many pieces a pair has on (0, 1), and where it is right."""

    pair: Pair
    cells: int
    right: tuple[Interval, ...]


class Measure(NamedTuple):
    """How much a pair is right in the range, what its offset is there, and where its pieces end."""

    pair: Pair
    margin: Margin
    offset: OffsetBound | None
    cuts: Cuts
    outline: Outline | None


def outlined(found: Sweep) -> Outline:
    """What is kept of a sweep of all ratios."""
    return Outline(found.pair, len(found.pieces), found.right_intervals)


def outline(network: Network, chosen: Sequence[Pair], gap: int) -> Iterator[Outline]:
    """The outlines of the pairs of one distance."""
    return map(outlined, sweeps(network, chosen, [gap]))


def measure(
    ratios: RatioRange,
    form: Sequence[Vector] | None,
    window: Interval,
    new: Collection[Pair],
    network: Network,
    chosen: Sequence[Pair],
    gap: int,
) -> Iterator[Measure]:
    """The measures of the pairs of one distance, from sweeps of a window: with offsets where there
    is a separable form. Where some of the pairs are ``new``, all ratios are swept, and all these
    pairs have outlines, too.
    """
    whole = any(abs(p.max - p.second) == gap for p in new)
    inside = sweeps(network, chosen, [gap], WHOLE if whole else window)
    for own in inside:
        found: list[tuple[Sweep, OffsetBound | None]] = [(own, None)]
        if form is not None:
            other = next(inside)  # (m, s) and (s, m) come side by side
            found = list(zip((own, other), bound_offset(own, other, ratios, form), strict=True))
        for s, offset in found:
            seen = outlined(s) if whole else None
            yield Measure(s.pair, s.min_margin(ratios), offset, s.cuts, seen)


T = TypeVar("T")
Work = Callable[[Network, Sequence[Pair], int], Iterator[T]]


def spread(
    network: Network,
    chosen: Sequence[Pair],
    work: Work[T],
    *,
    jobs: int,
    ended: Callable[[], bool],
) -> Iterator[T]:
    """The work for every distance that occurs, as it is done, in several processes where that is
    worth it; until it is to be ended.
    """
    gaps = {abs(p.max - p.second) for p in chosen}
    if jobs > 1 and worth_processes(network) and len(gaps) > 1:
        # A script without a main module can have no workers: then this process does what is left.
        with suppress(BrokenProcessPool, _Ended), workers(min(jobs, len(gaps))) as pool:
            todo = {pool.submit(_listed, work, network, chosen, gap): gap for gap in sorted(gaps)}
            while todo:
                done, _ = wait(todo, timeout=0.2, return_when=FIRST_COMPLETED)
                for future in done:
                    yield from future.result()
                    gaps.remove(todo.pop(future))
                if ended():
                    raise _Ended  # by an exception, so that the workers end too
    for gap in sorted(gaps):
        for result in work(network, chosen, gap):
            if ended():
                return
            yield result


class _Ended(Exception):
    """Somebody asked for an end."""


def _listed(work: Work[T], network: Network, chosen: Sequence[Pair], gap: int) -> list[T]:
    return list(work(network, chosen, gap))
