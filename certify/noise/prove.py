"""The ``noise`` claim: M = 1, S = r in a range, every other input in ``[-eps, eps]``.

Per pair: *certified*, the noise up to which every margin is proved positive, with the tree that
proves it, and *broken*, a noise at which some margin is not, with the input. For one ``eps`` a
pair is proved, refuted or unknown; :func:`noise_max` raises certified and lowers broken as far as
a budget goes.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar, Literal

from certify.certificate import Certificate, describe_model, read_certificate
from certify.claims import Pair, RatioRange, all_pairs
from certify.errors import CertificateFormatError, InternalError, NothingDecidedError, UsageError
from certify.model import Network
from certify.noise.attack import attack, replay
from certify.noise.branch_and_bound import CANDIDATE, DONE, EXACT, PROVED, THIN, Search
from certify.noise.exact_leaves import close
from certify.result import Result

Verdict = Literal["proved", "refuted", "unknown"]
Progress = Callable[[int, int, float], None]
_SLICE = 500  # boxes between two looks at the clock


@dataclass(frozen=True)
class Proof:
    """A closed tree for one pair at one noise; ``bound`` is below every margin."""

    noise: Fraction
    bound: Fraction
    tape: bytes
    steps: bytes
    exact: tuple[Any, ...]

    @property
    def leaves(self) -> int:
        """The number of boxes proved by bounds or exactly."""
        return self.tape.count(PROVED) + self.tape.count(EXACT)


@dataclass(frozen=True)
class PairNoise:
    """What is known of one pair."""

    pair: Pair
    proof: Proof | None = None
    broken: Fraction | None = None
    counterexample: tuple[Fraction, ...] | None = None
    reason: str = ""

    @property
    def verdict(self) -> Verdict:
        """For one noise; with ``--noise max`` proved where some noise is certified."""
        if self.proof is not None:
            return "proved"
        return "unknown" if self.counterexample is None else "refuted"

    @property
    def certified(self) -> Fraction | None:
        """The noise up to which the pair is proved."""
        return self.proof.noise if self.proof else None

    def to_dict(self) -> dict[str, Any]:
        """The pair's entry in the answer."""
        proof = self.proof
        return {
            "max": self.pair.max,
            "second": self.pair.second,
            "verdict": self.verdict,
            "margin_bound": proof and proof.bound,
            "leaves": proof and proof.leaves,
            "certified": self.certified,
            "broken": self.broken,
            "counterexample": self.counterexample,
            "reason": self.reason or None,
            "interval": None,
            "min_margin": None,
            "cells": None,
            "smt": None,
        }


@dataclass(frozen=True, repr=False)
class NoiseResult(Result[PairNoise]):
    """The noise claim over the range ``ratios``; ``noise`` is None for ``--noise max``."""

    claim: ClassVar[str] = "noise"

    ratios: RatioRange
    noise: Fraction | None
    interrupted: bool = False

    @property
    def verdict(self) -> Verdict:
        """Refuted if a pair is (at one noise), proved if all are, else unknown."""
        verdicts = {p.verdict for p in self.pairs}
        if self.noise is not None and "refuted" in verdicts:
            return "refuted"
        return "proved" if verdicts == {"proved"} else "unknown"

    def _answer(self) -> dict[str, Any]:
        return {
            "ratio": self.ratios,
            "noise": "max" if self.noise is None else self.noise,
            "certified_pairs": self.certified_pairs,
            "total_pairs": len(self.pairs),
            "subset": self.subset,
            "pairs": [p.to_dict() for p in self.pairs],
            "seconds": {"proof": round(self.seconds, 3), "total": round(self.seconds, 3)},
        }

    def certificate(self) -> Certificate:
        """The certificate of what is proved and refuted.

        Raises:
            NothingDecidedError: every pair is unknown.
        """
        if all(p.verdict == "unknown" for p in self.pairs):
            raise NothingDecidedError("no pair is proved or refuted: there is nothing to certify")
        claims, proofs, evidence = [], [], bytearray()
        for p in self.pairs:
            tree = None
            if p.proof is not None:
                tree = {
                    "margin_bound": p.proof.bound,
                    "leaves": p.proof.leaves,
                    "nodes": len(p.proof.tape),
                    "steps": len(p.proof.steps),
                    "exact": list(p.proof.exact),
                }
                evidence += p.proof.tape + p.proof.steps
            entry = p.to_dict()
            claims.append({k: entry[k] for k in ("max", "second", "certified", "broken")})
            proofs.append({"tree": tree, "counterexample": p.counterexample})
        claim: dict[str, Any] = {
            "ratio": self.ratios,
            "noise": "max" if self.noise is None else self.noise,
            "pairs": claims,
        }
        if self.subset:
            claim["only"] = [p.pair for p in self.pairs]
        body = {"claim": claim, "evidence": {"pairs": proofs}}
        return Certificate("noise", describe_model(self.model), body, {}, bytes(evidence))


def read_answers(path: Path, network: Network, ratio: RatioRange) -> tuple[PairNoise, ...]:
    """The answers in a noise certificate for this model and range, to be resumed from.

    They are taken as they stand: what is made of them is a certificate, which the checker decides.

    Raises:
        CertificateFormatError: the file is not a noise certificate for this model and range.
    """
    try:
        body, evidence = read_certificate(path)
        found = (body["kind"], body["model"]["sha256"], body["claim"]["ratio"])
        if found != ("noise", network.sha256, [str(ratio.lo), str(ratio.hi)]):
            raise CertificateFormatError(f"{path} is of another kind, model or ratio range")
        answers, start = [], 0
        for claim, entry in zip(body["claim"]["pairs"], body["evidence"]["pairs"], strict=True):
            proof, tree, wrong = None, entry["tree"], entry["counterexample"]
            if tree is not None:
                middle = start + tree["nodes"]
                end = middle + tree["steps"]
                proof = Proof(
                    Fraction(claim["certified"]), Fraction(tree["margin_bound"]),
                    evidence[start:middle], evidence[middle:end], tuple(tree["exact"]),
                )  # fmt: skip
                start = end
            broken = claim["broken"] and Fraction(claim["broken"])
            point = wrong and tuple(Fraction(v) for v in wrong)
            answers.append(PairNoise(Pair(claim["max"], claim["second"]), proof, broken, point))
    except CertificateFormatError:
        raise
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise CertificateFormatError(f"{path} is not a noise certificate: {error}") from None
    return tuple(answers)


@dataclass
class Clock:
    """When to stop: a deadline, or a call to :meth:`stop` from another thread."""

    seconds: float | None = None
    started: float = field(default_factory=time.monotonic)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def elapsed(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.started

    @property
    def over(self) -> bool:
        """Whether time is up."""
        late = self.seconds is not None and self.elapsed > self.seconds
        return late or self.stopped.is_set()


def check_noise_range(ratio: RatioRange, eps: Fraction) -> None:
    """Demand ``0 <= eps < lo``: else s need not be the second largest.

    Raises:
        UsageError: it is not so.
    """
    if not 0 <= eps < ratio.lo:
        raise UsageError(f"noise needs 0 <= EPS < {ratio.lo} (the least ratio), got {eps}")


def decide_pair(
    network: Network,
    pair: Pair,
    ratio: RatioRange,
    eps: Fraction,
    clock: Clock,
    watch: Callable[[float], None] | None = None,
) -> PairNoise:
    """Decide one pair at one noise, as far as the clock goes; ``watch`` hears the closed share."""
    wrong = attack(network, pair, ratio, eps, tries=32)
    if wrong is not None:
        return PairNoise(pair, broken=eps, counterexample=wrong)
    search = Search(network, pair, ratio, eps)
    exact: list[Any] = []
    least: list[Fraction] = []
    while not clock.over:
        why = search.run(_SLICE)
        if watch:
            watch(search.share)
        if why == DONE:
            if search.tape.count(PROVED):
                least.append(_below(search.least))
            proof = Proof(eps, min(least), bytes(search.tape), bytes(search.steps), tuple(exact))
            return PairNoise(pair, proof)
        if why == CANDIDATE:
            wrong = replay(network, pair, ratio, eps, search.candidate.tolist())
            if wrong is not None:
                return PairNoise(pair, broken=eps, counterexample=wrong)
            search.trigger = -float("inf")
        if why == THIN:
            closed = close(network, pair, ratio, eps, *search.frame)
            if closed.wrong is not None:
                wrong = replay(network, pair, ratio, eps, closed.wrong)
                if wrong is None:
                    raise InternalError(f"pair {tuple(pair)}: a thin box's wrong input is right")
                return PairNoise(pair, broken=eps, counterexample=wrong)
            if closed.evidence is None:
                return PairNoise(pair, reason="a box is too thin and has too many cells")
            exact.append(closed.evidence)
            if closed.bound is not None:
                least.append(closed.bound)
            search.close_thin()
    covered = f"{100 * search.share:.1f} % of the tree closed"
    return PairNoise(pair, reason=f"out of time, {covered}")


def _below(value: float) -> Fraction:
    """A short number a little below a positive one: the checker's bounds differ by roundings."""
    short = Fraction(int(value * 0.99 * 2**40), 2**40)
    return short if short > 0 else Fraction(value) / 2


def prove_noise(
    network: Network,
    ratio: RatioRange,
    eps: Fraction,
    *,
    pairs: Sequence[Pair] | None = None,
    jobs: int | None = None,
    budget: float | None = None,
    progress: Progress | None = None,
    resume: Sequence[PairNoise] = (),
) -> NoiseResult:
    """Decide every pair, or those given, at one noise.

    ``jobs`` threads (all cores by default) share the pairs, the hardest first; after ``budget``
    seconds, or ctrl-C, what is not decided is unknown. ``progress`` is called with (pairs done,
    pairs in all, share of the whole that is covered). ``resume`` are answers to be kept: those at
    this noise, for instance of :func:`read_answers`.

    Raises:
        UsageError: not ``0 <= eps < lo``.
    """
    check_noise_range(ratio, eps)
    subset = pairs is not None
    pairs = all_pairs(network.seq_len) if pairs is None else tuple(pairs)
    known = {p.pair: p for p in resume if eps in (p.certified, p.broken) and p.pair in pairs}
    shares = {p: float(p in known) for p in pairs}
    clock = Clock(budget)

    def decide(pair: Pair) -> PairNoise:
        def watch(share: float) -> None:
            shares[pair] = share

        return decide_pair(network, pair, ratio, eps, clock, watch)

    def report(result: PairNoise) -> None:
        known[result.pair] = result
        shares[result.pair] = float(result.verdict != "unknown")
        if progress:
            done = sum(r.verdict != "unknown" for r in known.values())
            progress(done, len(pairs), sum(shares.values()) / len(pairs))

    todo = sorted((p for p in pairs if p not in known), key=lambda p: (-min(p), -max(p)))
    interrupted = _spread(decide, todo, report, clock, jobs)
    rest = "interrupted" if interrupted else "out of time"
    results = tuple(known.get(p, PairNoise(p, reason=rest)) for p in pairs)
    return NoiseResult(
        network, ratio, eps, interrupted, pairs=results, subset=subset, seconds=clock.elapsed
    )


def _spread(
    work: Callable[[Pair], PairNoise],
    todo: Sequence[Pair],
    report: Callable[[PairNoise], None],
    clock: Clock,
    jobs: int | None,
) -> bool:
    """Work on the pairs in threads; whether ctrl-C ended it (what was done is reported)."""
    interrupted = False
    with ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool:
        waiting: set[Future[PairNoise]] = {pool.submit(work, p) for p in todo}
        while waiting:
            try:
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            except KeyboardInterrupt:
                interrupted = True
                clock.stopped.set()
                continue
            for future in done:
                waiting.discard(future)
                report(future.result())
    return interrupted


def noise_max(
    network: Network,
    ratio: RatioRange,
    *,
    pairs: Sequence[Pair] | None = None,
    jobs: int | None = None,
    budget: float = 1800.0,
    progress: Progress | None = None,
    resume: Sequence[PairNoise] = (),
    step: Fraction = Fraction(1, 100),
) -> NoiseResult:
    """Per pair, the largest multiple of ``step`` certified and the smallest broken, in ``budget``.

    First attacks lower broken by bisection over the multiples below the least ratio; then, in
    rounds that give each pair ever more time, the multiple in the middle between certified and
    broken is tried: a proof raises certified, running out of time makes the next try smaller.
    """
    subset = pairs is not None
    pairs = all_pairs(network.seq_len) if pairs is None else tuple(pairs)
    known = {p: PairNoise(p) for p in pairs} | {r.pair: r for r in resume if r.pair in pairs}
    clock = Clock(budget)
    top = -int(-ratio.lo // step) - 1
    failed = dict.fromkeys(pairs, top + 1)

    def report(result: PairNoise) -> None:
        known[result.pair] = result
        if progress:
            done = sum(r.verdict == "proved" for r in known.values())
            share = min((time.monotonic() - clock.started) / budget, 1.0)
            progress(done, len(pairs), share)

    def break_pair(pair: Pair) -> PairNoise:
        now, low = known[pair], 0
        high = top + 1 if now.broken is None else int(now.broken / step)
        while high - low > 1 and not clock.over:
            middle = (low + high) // 2
            wrong = attack(network, pair, ratio, middle * step, tries=256)
            if wrong is None and middle == top:
                break
            if wrong is None:
                low = middle
            else:
                high = middle
                now = PairNoise(pair, now.proof, middle * step, wrong)
        return now

    interrupted = _spread(break_pair, pairs, report, clock, jobs)
    limit = 1.0
    while not clock.over:
        open_pairs = [p for p in pairs if _next(known[p], failed[p], step, top) is not None]
        if not open_pairs:
            break

        def raise_pair(pair: Pair, limit: float = limit) -> PairNoise:
            now = known[pair]
            end = Clock(limit, stopped=clock.stopped)
            while not end.over and not clock.over:
                target = _next(now, failed[pair], step, top)
                if target is None:
                    break
                left = limit - (time.monotonic() - end.started)
                part = Clock(min(left, limit / 3), stopped=clock.stopped)
                found = decide_pair(network, pair, ratio, target * step, part)
                if found.proof is not None:
                    now = PairNoise(pair, found.proof, now.broken, now.counterexample)
                elif found.counterexample is not None:
                    now = PairNoise(pair, now.proof, found.broken, found.counterexample)
                else:
                    failed[pair] = target
            return now

        interrupted |= _spread(raise_pair, open_pairs, report, clock, jobs)
        limit *= 2
        for p in open_pairs:
            failed[p] = top + 1
    results = tuple(known[p] for p in pairs)
    return NoiseResult(
        network, ratio, None, interrupted, pairs=results, subset=subset, seconds=clock.elapsed
    )


def _next(now: PairNoise, failed: int, step: Fraction, top: int) -> int | None:
    """The multiple of ``step`` to be tried next, or None where certified meets broken."""
    high = min(top + 1 if now.broken is None else int(now.broken / step), failed)
    if now.certified is None:
        return min(high - 1, 1) if high > 0 else None
    low = int(now.certified / step)
    if high - low <= 1:
        return None
    return max((2 * low + high) // 3, low + 1)
