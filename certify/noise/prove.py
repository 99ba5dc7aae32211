"""The ``noise`` claim: M = 1, S = r in a range, every other input in ``[-eps, eps]``.

For one ``eps`` a pair is proved, refuted or unknown; :func:`noise_max` raises certified and lowers
broken as far as a budget goes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from certify.claims import NOMINAL_RATIO, Pair, RatioRange, all_pairs
from certify.cluster import Dask
from certify.compiled import seconds_compiling
from certify.errors import UsageError
from certify.files import Keeper
from certify.model import Network
from certify.noise.answers import NoiseResult, PairNoise
from certify.noise.attempt import Attempt, unfinished
from certify.noise.branch_and_bound import Search
from certify.noise.climb import Climb
from certify.noise.turns import Clock, Ended, Turn, in_turns

Progress = Callable[[int, int, float], None]
_FIRST_TURN, _FIRST_CLIMB = 0.25, 0.05  # seconds
_KEPT_BYTES = 2**28  # of searches that wait for their next turn


def check_noise_range(ratio: RatioRange, eps: Fraction) -> None:
    """Demand ``0 <= eps < lo``: else s need not be the second largest.

    Raises:
        UsageError: it is not so.
    """
    if not 0 <= eps < ratio.lo:
        raise UsageError(f"noise needs 0 <= EPS < {ratio.lo} (the least ratio), got {eps}")


def decide_pair(
    network: Network, pair: Pair, ratio: RatioRange, eps: Fraction, budget: float | None = None
) -> PairNoise:
    """Decide one pair at one noise, in this thread, within ``budget`` seconds of wall time."""
    clock = _start(budget)
    attempt = Attempt(network, pair, ratio, eps)
    attempt.go_on(Turn(clock.seconds, clock.started, clock.stopped))
    return attempt.answer or PairNoise(pair, reason=unfinished("out of time", attempt))


def prove_noise(
    network: Network,
    ratio: RatioRange,
    eps: Fraction,
    *,
    pairs: Sequence[Pair] | None = None,
    jobs: int | None = None,
    dask: Any = None,
    budget: float | None = None,
    progress: Progress | None = None,
    resume: Sequence[PairNoise] = (),
    keep: Callable[[NoiseResult], object] | None = None,
) -> NoiseResult:
    """Decide every pair, or those given, at one noise.

    ``jobs`` threads (all cores by default) share the pairs (:mod:`certify.noise.turns`), or the
    workers of ``dask``, the address of a dask.distributed scheduler or a client; after
    ``budget`` seconds of wall time, or ctrl-C, what is not decided is unknown. ``progress`` is
    called with (pairs done, pairs in all, share of the whole that is covered). ``resume`` are
    answers to be kept: those at this noise, for instance of :func:`read_answers`. ``keep`` is
    called now and then with what is decided so far.

    Raises:
        UsageError: not ``0 <= eps < lo``, or there is no scheduler at the address.
        MissingExtraError: ``dask`` without dask.distributed.
    """
    check_noise_range(ratio, eps)
    subset = pairs is not None
    pairs = all_pairs(network.seq_len) if pairs is None else tuple(pairs)
    known = {p.pair: p for p in resume if eps in (p.certified, p.broken) and p.pair in pairs}
    cluster = None if dask is None else Dask(dask)
    clock = _start(budget)
    attempts: dict[Pair, Attempt] = {}

    def decide(pair: Pair, turn: Turn) -> bool:
        if pair in known:
            return True  # others were faster
        attempt = attempts.setdefault(pair, Attempt(network, pair, ratio, eps, cluster=cluster))
        finished = attempt.go_on(turn)
        if attempt.answer is not None:
            known[pair] = attempt.answer
        kept = sum(a.nbytes for a in list(attempts.values()))
        if attempt.answer is not None or (kept > _KEPT_BYTES and attempt.idle and not finished):
            attempts.pop(pair, None)
        return finished

    def result(why: str, interrupted: bool = False) -> NoiseResult:
        found = dict(known)
        answers = tuple(
            found.get(p, PairNoise(p, reason=unfinished(why, attempts.get(p)))) for p in pairs
        )
        return NoiseResult(
            network, ratio, eps, interrupted, pairs=answers, subset=subset, seconds=clock.elapsed
        )

    keeper = Keeper(lambda: keep and keep(result("not finished")), lambda: len(known))

    def now_and_then() -> None:
        keeper.look()
        if progress:
            closed = sum(attempt.share for attempt in list(attempts.values()))
            progress(len(known), len(pairs), (len(known) + closed) / len(pairs))

    todo = sorted((p for p in pairs if p not in known), key=lambda p: (min(p), max(p)))
    ended = _in_turns(decide, todo, clock, jobs, cluster, now_and_then, first=_FIRST_TURN)
    return result(ended, ended == "interrupted")


def noise_max(
    network: Network,
    ratio: RatioRange,
    *,
    pairs: Sequence[Pair] | None = None,
    jobs: int | None = None,
    dask: Any = None,
    budget: float = 1800.0,
    progress: Progress | None = None,
    resume: Sequence[PairNoise] = (),
    keep: Callable[[NoiseResult], object] | None = None,
    step: Fraction = Fraction(1, 1000),
) -> NoiseResult:
    """Per pair, the largest multiple of ``step`` certified and the smallest broken, in ``budget``.

    All pairs get turns (:mod:`certify.noise.turns`) in which they climb
    (:mod:`certify.noise.climb`), those first whose certified noise is the smallest part of the
    broken one.
    """
    subset = pairs is not None
    pairs = all_pairs(network.seq_len) if pairs is None else tuple(pairs)
    known = {p: PairNoise(p) for p in pairs} | {r.pair: r for r in resume if r.pair in pairs}
    cluster = None if dask is None else Dask(dask)
    climbs = {p: Climb(network, ratio, known[p], step, cluster) for p in pairs}
    clock = _start(budget)

    def climb(pair: Pair, turn: Turn) -> bool:
        finished = climbs[pair].go_on(turn)
        if sum(c.nbytes for c in climbs.values()) > _KEPT_BYTES:
            climbs[pair].forget()
        return finished

    def result(interrupted: bool = False) -> NoiseResult:
        return NoiseResult(
            network, ratio, None, interrupted, pairs=tuple(climbs[p].now for p in pairs),
            subset=subset, seconds=clock.elapsed,
        )  # fmt: skip

    def state() -> list[tuple[Fraction | None, Fraction | None]]:
        return [(c.now.certified, c.now.broken) for c in climbs.values()]

    keeper = Keeper(lambda: keep and keep(result()), state)

    def now_and_then() -> None:
        keeper.look()
        if progress:
            done = sum(c.now.verdict == "proved" for c in climbs.values())
            progress(done, len(pairs), 1 - clock.left / budget)

    def rank(pair: Pair, length: float) -> float:
        if clock.elapsed > budget / 10:
            return length * climbs[pair].weight
        return float(climbs[pair].now.certified or 0)  # what all pairs stand rises first

    ended = _in_turns(
        climb, pairs, clock, jobs, cluster, now_and_then, first=_FIRST_CLIMB, rank=rank
    )
    return result(ended == "interrupted")


def _in_turns(
    work: Callable[[Pair, Turn], bool],
    pairs: Sequence[Pair],
    clock: Clock,
    jobs: int | None,
    cluster: Dask | None,
    now_and_then: Callable[[], None],
    *,
    first: float,
    rank: Callable[[Pair, float], float] = lambda pair, length: length,
) -> Ended:
    """Take turns in ``jobs`` threads, or as many as the cluster has, and leave the cluster."""
    try:
        return in_turns(
            work, pairs, clock, first=first, jobs=cluster.width if cluster else jobs,
            now_and_then=now_and_then, rank=rank,
        )  # fmt: skip
    finally:
        if cluster:
            cluster.close()


def _start(budget: float | None) -> Clock:
    """A clock that begins now, but for the time that compiling takes."""
    clock, before = Clock(budget), seconds_compiling()
    tiny = Network.from_arrays([1.0], [[0.0]], [[1.0], [0.0]])
    Search(tiny, Pair(0, 1), RatioRange(NOMINAL_RATIO, NOMINAL_RATIO), Fraction(0)).run(1)
    clock.started += seconds_compiling() - before
    return clock
