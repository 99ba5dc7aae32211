"""The attempt to decide one pair at one noise: several threads may work on parts of its tree."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from threading import Lock
from typing import Any

from certify.checker.errors import Rejected
from certify.claims import Pair, RatioRange
from certify.cluster import Dask
from certify.errors import InternalError
from certify.model import Network
from certify.noise.answers import PairNoise, Proof
from certify.noise.attack import attack, replay
from certify.noise.branch_and_bound import CANDIDATE, DONE, THIN, Search, go_on
from certify.noise.exact_leaves import close
from certify.noise.turns import Turn

_SLICE = 100  # boxes before an attack, and between two looks at the clock and at who is idle
_SENT = 2000  # boxes that are bounded elsewhere at a time


@dataclass(eq=False)
class _Part:
    """The search of a part of the tree: whether some thread is at it, whether it is closed; exact
    evidence, and the least margins of exact leaves.
    """

    search: Search
    taken: bool = False
    closed: bool = False
    exact: list[Any] = field(default_factory=list)
    least: list[Fraction] = field(default_factory=list)


class Attempt:
    """The attempt to decide one pair at one noise; it can pause, and go on later. It attacks the
    pair itself unless that was ``attacked`` already. All but its first boxes are bounded on the
    ``cluster``, if there is one.
    """

    def __init__(
        self,
        network: Network,
        pair: Pair,
        ratio: RatioRange,
        eps: Fraction,
        *,
        attacked: bool = False,
        cluster: Dask | None = None,
    ) -> None:
        self.network, self.pair, self.ratio, self.eps = network, pair, ratio, eps
        self.answer: PairNoise | None = None
        self._parts: list[_Part] = []  # in the order of their tapes
        self._lock = Lock()
        self._attacked, self._begun = attacked, False
        self._cluster = cluster

    @property
    def share(self) -> float:
        """The share of the tree that is closed."""
        return sum(part.search.share for part in list(self._parts))

    @property
    def nbytes(self) -> int:
        """What it holds in memory, without the tapes."""
        return sum(part.search.nbytes for part in list(self._parts))

    @property
    def idle(self) -> bool:
        """Whether no thread is at work on it."""
        return not any(part.taken for part in list(self._parts))

    def give_up(self) -> None:
        """Let all threads leave it, undecided."""
        with self._lock:
            if self.answer is None:
                self.answer = PairNoise(self.pair, reason="given up")

    def go_on(self, turn: Turn) -> bool:
        """Work on a part of the tree; whether that needs no other turn. Then the pair is decided
        (``answer``), or the rest is in other hands.
        """
        with self._lock:
            if self.answer is None and not self._parts:
                try:
                    search = Search(self.network, self.pair, self.ratio, self.eps)
                except Rejected as error:
                    self.answer = PairNoise(self.pair, reason=str(error))
                else:
                    self._parts.append(_Part(search))
            free = (part for part in self._parts if not (part.taken or part.closed))
            part = next(free, None) if self.answer is None else None
            if part is None:
                return True
            part.taken = True
        try:
            return self._work(part, turn)
        finally:
            part.taken = False

    def _work(self, part: _Part, turn: Turn) -> bool:
        while not turn.over and self.answer is None:
            why = self._bound(part, turn)
            if why is None:
                break
            if why == DONE:
                self._close(part)
                return True
            if why == CANDIDATE:
                self._refute(replay(*self._claim, part.search.candidate.tolist()))
                part.search.trigger = -float("inf")
            elif why == THIN:
                self._close_thin(part)
            if not self._attacked:  # most pairs are proved before it would be worth its time
                self._attacked = True
                self._refute(attack(*self._claim, tries=32))
            if turn.idle() and part.search.open > 1:
                with self._lock:
                    self._parts.insert(self._parts.index(part) + 1, _Part(part.search.split()))
                turn.share()
        return self.answer is not None

    def _bound(self, part: _Part, turn: Turn) -> int | None:
        """Bound some boxes, here or elsewhere; why the search came back, None if time is up."""
        begun, self._begun = self._begun, True
        if self._cluster is None or not begun:
            return part.search.run(_SLICE)
        search, tape = part.search, part.search.tape
        search.tape = bytearray()  # stays here
        found = self._cluster.call(go_on, search, _SENT, stop=lambda: turn.over)
        if found is None:
            search.tape = tape
            return None
        part.search, why = found
        part.search.tape = tape + part.search.tape
        return int(why)

    @property
    def _claim(self) -> tuple[Network, Pair, RatioRange, Fraction]:
        return self.network, self.pair, self.ratio, self.eps

    def _refute(self, wrong: tuple[Fraction, ...] | None) -> None:
        if wrong is not None:
            self.answer = PairNoise(self.pair, broken=self.eps, counterexample=wrong)

    def _close(self, part: _Part) -> None:
        with self._lock:
            part.closed = True
            part.search.forget()
            parts = self._parts
            if self.answer is not None or not all(p.closed for p in parts):
                return
            exact = tuple(e for p in parts for e in p.exact)
            least = [v for p in parts for v in p.least]
            least += [p.search.least for p in parts if p.search.least is not None]
            self.answer = PairNoise(
                self.pair,
                Proof(
                    self.eps, min(least), sum(p.search.leaves for p in parts) + len(exact),
                    b"".join(p.search.tape for p in parts), exact,
                ),
            )  # fmt: skip

    def _close_thin(self, part: _Part) -> None:
        closed = close(*self._claim, *part.search.thin)
        if closed.wrong is not None:
            wrong = replay(*self._claim, closed.wrong)
            if wrong is None:
                raise InternalError(f"pair {tuple(self.pair)}: a thin box's wrong input is right")
            self._refute(wrong)
        elif closed.evidence is None:
            self.answer = PairNoise(self.pair, reason="a box is too thin and has too many cells")
        else:
            part.exact.append(closed.evidence)
            if closed.bound is not None:
                part.least.append(closed.bound)
            part.search.close_thin()


def unfinished(why: str, attempt: Attempt | None) -> str:
    """The reason of a pair that is not decided."""
    share = attempt.share if attempt else 0.0
    return f"{why}, {100 * share:.1f} % of the tree closed" if share else why
