"""The ``noise`` claim: M = 1, S = r in a range, every other input in ``[-eps, eps]``.

Per pair: *certified*, the noise up to which every margin is proved positive, with the tree that
proves it, and *broken*, a noise at which some margin is not, with the input. For one ``eps`` a
pair is proved, refuted or unknown; :func:`noise_max` raises certified and lowers broken as far as
a budget goes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar, Literal

from certify.certificate import Certificate, describe_model, inside, read_certificate
from certify.checker.errors import Rejected
from certify.claims import NOMINAL_RATIO, Pair, RatioRange, all_pairs
from certify.compiled import seconds_compiling
from certify.errors import CertificateFormatError, InternalError, NothingDecidedError, UsageError
from certify.files import Keeper
from certify.model import Network
from certify.noise.attack import attack, replay
from certify.noise.branch_and_bound import CANDIDATE, DONE, THIN, Search
from certify.noise.exact_leaves import close
from certify.noise.turns import Clock, in_turns
from certify.result import Result

Verdict = Literal["proved", "refuted", "unknown"]
Progress = Callable[[int, int, float], None]
_SLICE = 500  # boxes between two looks at the clock
_FIRST_TURN = 0.25  # seconds
_KEPT_BYTES = 2**28  # of searches that wait for their next turn


@dataclass(frozen=True)
class Proof:
    """A closed tree for one pair at one noise, of so many boxes proved by bounds or exactly;
    ``bound`` is below every margin.
    """

    noise: Fraction
    bound: Fraction
    leaves: int
    tape: bytes
    exact: tuple[Any, ...]


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

    @classmethod
    def covers(cls, new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
        """The same range or a wider one, every pair with the same noise or better."""
        found = {(p["max"], p["second"]): p for p in new["claim"]["pairs"]}
        if not inside(old["claim"]["ratio"], new["claim"]["ratio"]):
            return False
        for known in old["claim"]["pairs"]:
            pair = found.get((known["max"], known["second"]), {})
            certified, broken = pair.get("certified"), pair.get("broken")
            if known["certified"] and (
                not certified or Fraction(certified) < Fraction(known["certified"])
            ):
                return False
            if known["broken"] and (not broken or Fraction(broken) > Fraction(known["broken"])):
                return False
        return True

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
                    "bytes": len(p.proof.tape),
                    "exact": list(p.proof.exact),
                }
                evidence += p.proof.tape
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
        CertificateFormatError: the file is not a noise certificate.
        UsageError: it is one for another model or range.
    """
    try:
        body, evidence = read_certificate(path)
        if body["kind"] != "noise":
            raise UsageError(f"{path} is a certificate of kind {body['kind']}, not noise")
        if body["model"]["sha256"] != network.sha256:
            raise UsageError(
                f"{path} is of another model (sha256 {body['model']['sha256'][:16]}...)"
            )
        known = RatioRange(*map(Fraction, body["claim"]["ratio"]))
        if known != ratio:
            raise UsageError(f"{path} is for the ratios {known.lo} to {known.hi}, not these")
        answers, start = [], 0
        for claim, entry in zip(body["claim"]["pairs"], body["evidence"]["pairs"], strict=True):
            proof, tree, wrong = None, entry["tree"], entry["counterexample"]
            if tree is not None:
                end = start + tree["bytes"]
                proof = Proof(
                    Fraction(claim["certified"]), Fraction(tree["margin_bound"]), tree["leaves"],
                    evidence[start:end], tuple(tree["exact"]),
                )  # fmt: skip
                start = end
            broken = claim["broken"] and Fraction(claim["broken"])
            point = wrong and tuple(Fraction(v) for v in wrong)
            answers.append(PairNoise(Pair(claim["max"], claim["second"]), proof, broken, point))
    except (CertificateFormatError, UsageError):
        raise
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise CertificateFormatError(f"{path} is not a noise certificate: {error}") from None
    return tuple(answers)


def check_noise_range(ratio: RatioRange, eps: Fraction) -> None:
    """Demand ``0 <= eps < lo``: else s need not be the second largest.

    Raises:
        UsageError: it is not so.
    """
    if not 0 <= eps < ratio.lo:
        raise UsageError(f"noise needs 0 <= EPS < {ratio.lo} (the least ratio), got {eps}")


class Attempt:
    """The attempt to decide one pair at one noise; it can pause, and go on later."""

    def __init__(self, network: Network, pair: Pair, ratio: RatioRange, eps: Fraction) -> None:
        self.network, self.pair, self.ratio, self.eps = network, pair, ratio, eps
        self._search: Search | None = None
        self._exact: list[Any] = []
        self._least: list[Fraction] = []

    @property
    def share(self) -> float:
        """The share of the tree that is closed."""
        return self._search.share if self._search else 0.0

    @property
    def nbytes(self) -> int:
        """What it holds in memory, without the tape."""
        return self._search.nbytes if self._search else 0

    def go_on(self, clock: Clock) -> PairNoise | None:
        """Decide the pair; None where the clock ends it first."""
        network, pair, ratio, eps = self.network, self.pair, self.ratio, self.eps
        if self._search is None:
            wrong = attack(network, pair, ratio, eps, tries=32)
            if wrong is not None:
                return PairNoise(pair, broken=eps, counterexample=wrong)
            try:
                self._search = Search(network, pair, ratio, eps)
            except Rejected as error:
                return PairNoise(pair, reason=str(error))
        search = self._search
        while not clock.over:
            why = search.run(_SLICE)
            if why == DONE:
                least = [*self._least, *([] if search.least is None else [search.least])]
                exact, tape = tuple(self._exact), bytes(search.tape)
                return PairNoise(
                    pair, Proof(eps, min(least), search.leaves + len(exact), tape, exact)
                )
            if why == CANDIDATE:
                wrong = replay(network, pair, ratio, eps, search.candidate.tolist())
                if wrong is not None:
                    return PairNoise(pair, broken=eps, counterexample=wrong)
                search.trigger = -float("inf")
            if why == THIN and (answer := self._close_thin(search)):
                return answer
        return None

    def _close_thin(self, search: Search) -> PairNoise | None:
        pair, eps = self.pair, self.eps
        closed = close(self.network, pair, self.ratio, eps, *search.thin)
        if closed.wrong is not None:
            wrong = replay(self.network, pair, self.ratio, eps, closed.wrong)
            if wrong is None:
                raise InternalError(f"pair {tuple(pair)}: a thin box's wrong input is right")
            return PairNoise(pair, broken=eps, counterexample=wrong)
        if closed.evidence is None:
            return PairNoise(pair, reason="a box is too thin and has too many cells")
        self._exact.append(closed.evidence)
        if closed.bound is not None:
            self._least.append(closed.bound)
        search.close_thin()
        return None


def decide_pair(
    network: Network, pair: Pair, ratio: RatioRange, eps: Fraction, clock: Clock
) -> PairNoise:
    """Decide one pair at one noise, as far as the clock goes."""
    attempt = Attempt(network, pair, ratio, eps)
    return attempt.go_on(clock) or PairNoise(pair, reason=_unfinished("out of time", attempt))


def _unfinished(why: str, attempt: Attempt | None) -> str:
    share = attempt.share if attempt else 0.0
    return f"{why}, {100 * share:.1f} % of the tree closed" if share else why


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
    keep: Callable[[NoiseResult], object] | None = None,
) -> NoiseResult:
    """Decide every pair, or those given, at one noise.

    ``jobs`` threads (all cores by default) share the pairs (:mod:`certify.noise.turns`); after
    ``budget`` seconds of wall time, or ctrl-C, what is not decided is unknown. ``progress`` is
    called with (pairs done, pairs in all, share of the whole that is covered). ``resume`` are
    answers to be kept: those at this noise, for instance of :func:`read_answers`. ``keep`` is
    called now and then with what is decided so far.

    Raises:
        UsageError: not ``0 <= eps < lo``.
    """
    check_noise_range(ratio, eps)
    subset = pairs is not None
    pairs = all_pairs(network.seq_len) if pairs is None else tuple(pairs)
    known = {p.pair: p for p in resume if eps in (p.certified, p.broken) and p.pair in pairs}
    clock = _start(budget)
    attempts: dict[Pair, Attempt] = {}

    def decide(pair: Pair, turn: Clock) -> bool:
        attempt = attempts.setdefault(pair, Attempt(network, pair, ratio, eps))
        answer = attempt.go_on(turn)
        if answer is not None:
            known[pair] = answer
        if answer is not None or len(attempts) * attempt.nbytes > _KEPT_BYTES:
            del attempts[pair]
        return answer is not None

    def result(why: str, interrupted: bool = False) -> NoiseResult:
        found = dict(known)
        answers = tuple(
            found.get(p, PairNoise(p, reason=_unfinished(why, attempts.get(p)))) for p in pairs
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
    ended = in_turns(decide, todo, clock, first=_FIRST_TURN, jobs=jobs, now_and_then=now_and_then)
    return result(ended, ended == "interrupted")


def noise_max(
    network: Network,
    ratio: RatioRange,
    *,
    pairs: Sequence[Pair] | None = None,
    jobs: int | None = None,
    budget: float = 1800.0,
    progress: Progress | None = None,
    resume: Sequence[PairNoise] = (),
    keep: Callable[[NoiseResult], object] | None = None,
    step: Fraction = Fraction(1, 100),
) -> NoiseResult:
    """Per pair, the largest multiple of ``step`` certified and the smallest broken, in ``budget``.

    First attacks lower broken by bisection over the multiples below the least ratio; then, in
    turns that give each pair ever more time, the multiple in the middle between certified and
    broken is tried: a proof raises certified, running out of time makes the next try smaller.
    """
    subset = pairs is not None
    pairs = all_pairs(network.seq_len) if pairs is None else tuple(pairs)
    known = {p: PairNoise(p) for p in pairs} | {r.pair: r for r in resume if r.pair in pairs}
    clock = _start(budget)
    top = -int(-ratio.lo // step) - 1

    def break_pair(pair: Pair, turn: Clock) -> bool:
        low = 0
        broken = known[pair].broken
        high = top + 1 if broken is None else int(broken / step)
        while high - low > 1 and not clock.over:
            middle = (low + high) // 2
            wrong = attack(network, pair, ratio, middle * step, tries=256)
            if wrong is None and middle == top:
                break
            if wrong is None:
                low = middle
            else:
                high = middle
                known[pair] = PairNoise(pair, known[pair].proof, middle * step, wrong)
        return True

    def raise_pair(pair: Pair, turn: Clock) -> bool:
        failed = top + 1
        while (target := _next(known[pair], failed, step, top)) is not None:
            if turn.over:
                return False
            now = known[pair]
            part = Clock(min(turn.left, (turn.seconds or 0) / 3), stopped=turn.stopped)
            found = decide_pair(network, pair, ratio, target * step, part)
            if found.proof is not None:
                known[pair] = PairNoise(pair, found.proof, now.broken, now.counterexample)
            elif found.counterexample is not None:
                known[pair] = PairNoise(pair, now.proof, found.broken, found.counterexample)
            else:
                failed = target
        return failed == top + 1

    def result(interrupted: bool = False) -> NoiseResult:
        answers = tuple(known[p] for p in pairs)
        return NoiseResult(
            network, ratio, None, interrupted, pairs=answers, subset=subset, seconds=clock.elapsed
        )

    keeper = Keeper(
        lambda: keep and keep(result()), lambda: [(p.certified, p.broken) for p in known.values()]
    )

    def now_and_then() -> None:
        keeper.look()
        if progress:
            done = sum(p.verdict == "proved" for p in list(known.values()))
            progress(done, len(pairs), 1 - clock.left / budget)

    for work in (break_pair, raise_pair):
        ended = in_turns(work, pairs, clock, first=1.0, jobs=jobs, now_and_then=now_and_then)
        if ended != "done":
            break
    return result(ended == "interrupted")


def _start(budget: float | None) -> Clock:
    """A clock that begins now, but for the time that compiling takes."""
    clock, before = Clock(budget), seconds_compiling()
    tiny = Network.from_arrays([1.0], [[0.0]], [[1.0], [0.0]])
    Search(tiny, Pair(0, 1), RatioRange(NOMINAL_RATIO, NOMINAL_RATIO), Fraction(0)).run(1)
    clock.started += seconds_compiling() - before
    return clock


def _next(now: PairNoise, failed: int, step: Fraction, top: int) -> int | None:
    """The multiple of ``step`` to be tried next, or None where certified meets broken."""
    high = min(top + 1 if now.broken is None else int(now.broken / step), failed)
    if now.certified is None:
        return min(high - 1, 1) if high > 0 else None
    low = int(now.certified / step)
    if high - low <= 1:
        return None
    return max((2 * low + high) // 3, low + 1)
