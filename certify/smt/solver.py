"""Putting the questions to z3, pair by pair, in this process or in several."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from certify.claims import Pair, RatioRange, impulses
from certify.errors import InternalError, UsageError
from certify.model import Network
from certify.smt.formula import claim_formula, cover_formula
from certify.smt.trajectory import Piece, trajectory_pieces
from certify.workers import workers

PRODUCTS_PER_QUERY = 100_000
"""Bounds memory and overrun: z3 does not look at its clock while it reads a formula.

A piece of a 16 x 10 model has 2,720 products of a weight and a state.
"""

_LONGEST_TIMEOUT = 2**31 - 1  # milliseconds: z3 takes an unsigned 32-bit number


@dataclass(frozen=True)
class SmtVerdict:
    """What z3 found for one pair.

    ``ratio`` is a replayed counterexample for `sat`, otherwise None; ``reason`` says why the
    verdict is `unknown`, otherwise it is empty. ``seconds`` is wall-clock time.
    """

    pair: Pair
    verdict: Literal["unsat", "sat", "unknown"]
    pieces: int
    queries: int
    seconds: float
    ratio: Fraction | None = None
    reason: str = ""


def decide(
    network: Network,
    pairs: Sequence[Pair],
    ratio_range: RatioRange,
    *,
    jobs: int,
    timeout: float,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[SmtVerdict, ...]:
    """Let z3 decide each pair over the closed range; verdicts in the order of ``pairs``.

    With ``jobs > 1`` that many worker processes are started afresh, so the calling script needs
    the usual ``if __name__ == "__main__"``. ``timeout`` is in seconds and for each pair; a pair
    that exceeds it is `unknown`. ``progress(done, total)`` is called after each pair.

    Raises:
        UsageError: a pair, range or number of jobs that cannot mean anything.
        InternalError: z3 contradicts exact arithmetic.
    """
    check_arguments(network, pairs, ratio_range)
    if jobs < 1:
        raise UsageError(f"jobs must be at least 1, got {jobs}")
    report = progress or (lambda done, total: None)
    if jobs > 1 and len(pairs) > 1:
        return _decide_in_workers(network, pairs, ratio_range, jobs, timeout, report)
    verdicts = []
    for pair in pairs:
        verdicts.append(_decide_pair(network, pair, ratio_range, timeout))
        report(len(verdicts), len(pairs))
    return tuple(verdicts)


def check_arguments(network: Network, pairs: Sequence[Pair], ratio_range: RatioRange) -> None:
    """Reject what cannot mean anything.

    Raises:
        UsageError: not ``0 < lo <= hi < 1``, or a pair that is not two positions of the network.
    """
    if not 0 < ratio_range.lo <= ratio_range.hi < 1:
        raise UsageError(
            f"the range needs 0 < lo <= hi < 1, got {ratio_range.lo} and {ratio_range.hi}"
        )
    for pair in pairs:
        if pair.max == pair.second or not all(0 <= p < network.seq_len for p in pair):
            raise UsageError(
                f"a pair is two different positions below {network.seq_len}, got {tuple(pair)}"
            )


def _decide_pair(
    network: Network, pair: Pair, ratio_range: RatioRange, timeout: float
) -> SmtVerdict:
    start = time.monotonic()
    deadline = start + timeout
    pieces: list[Piece] = []
    queries = 0

    def verdict(
        answer: Literal["unsat", "sat", "unknown"], ratio: Fraction | None = None, reason: str = ""
    ) -> SmtVerdict:
        seconds = time.monotonic() - start
        return SmtVerdict(pair, answer, len(pieces), queries, seconds, ratio, reason)

    try:
        pieces = trajectory_pieces(network, pair, ratio_range, deadline)
        queries += 1
        gap = _ask(cover_formula(ratio_range, pieces), deadline)
        if gap.answer == "sat":
            raise InternalError(f"pair {tuple(pair)}: the pieces leave out r = {gap.ratio}")
        if gap.answer == "unknown":
            return verdict("unknown", reason=gap.reason)
        products = network.hidden_size * (network.hidden_size + 1) * network.seq_len
        at_once = max(1, PRODUCTS_PER_QUERY // products)
        for first in range(0, len(pieces), at_once):
            some = pieces[first : first + at_once]
            queries += 1
            found = _ask(claim_formula(network, pair, some), deadline)
            if found.ratio is not None:
                _replay(network, pair, ratio_range, found.ratio)
            if found.answer != "unsat":
                return verdict(found.answer, found.ratio, found.reason)
    except TimeoutError:
        return verdict("unknown", reason="timeout")
    return verdict("unsat")


class _Answer(NamedTuple):
    answer: Literal["unsat", "sat", "unknown"]
    ratio: Fraction | None = None  #: the solution, for `sat`
    reason: str = ""  #: of an `unknown`


def _ask(formula: str, deadline: float) -> _Answer:
    import z3  # here, because only the processes that solve should pay for it

    # Rewriting first leaves only bounds on r; adding the formula to a plain solver as it is
    # takes 1.4 times as long.
    solver: Any = z3.Then(z3.With("simplify", som=True), "smt").solver()
    solver.from_string(formula)
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    solver.set("timeout", int(min(max(1000 * left, 1), _LONGEST_TIMEOUT)))
    answer = solver.check()
    if answer == z3.unsat:
        return _Answer("unsat")
    if answer == z3.sat:
        value = solver.model().eval(z3.Real("r"), model_completion=True)
        return _Answer("sat", Fraction(value.numerator_as_long(), value.denominator_as_long()))
    reason = str(solver.reason_unknown())
    if "interrupted" in reason:  # z3 takes ctrl-C away from Python while it solves
        raise KeyboardInterrupt
    return _Answer("unknown", None, "timeout" if reason in ("timeout", "canceled") else reason)


def _replay(network: Network, pair: Pair, ratio_range: RatioRange, ratio: Fraction) -> None:
    """Evaluate z3's counterexample exactly: it counts only if it is one."""
    inside = ratio_range.lo <= ratio <= ratio_range.hi
    if not inside or network.choice(impulses(pair, ratio, network.seq_len)) == pair.second:
        raise InternalError(
            f"pair {tuple(pair)}: z3 answers sat with r = {ratio}, exact arithmetic disagrees"
        )


def _decide_in_workers(
    network: Network,
    pairs: Sequence[Pair],
    ratio_range: RatioRange,
    jobs: int,
    timeout: float,
    report: Callable[[int, int], None],
) -> tuple[SmtVerdict, ...]:
    with workers(min(jobs, len(pairs))) as pool:
        futures = [pool.submit(_decide_pair, network, pair, ratio_range, timeout) for pair in pairs]
        pending: set[Future[SmtVerdict]] = set(futures)
        while pending:
            _, pending = wait(pending, return_when=FIRST_COMPLETED)
            report(len(pairs) - len(pending), len(pairs))
        return tuple(
            SmtVerdict(pair, "unknown", 0, 0, 0.0, reason="a worker process died")
            if isinstance(future.exception(), BrokenProcessPool)
            else future.result()
            for pair, future in zip(pairs, futures, strict=True)
        )
