"""The way up of one pair: which noise is tried next, how long, and when that is given up.

A proof takes about ten times as long with every seventh of the breaking noise, and longer still
close to it. So the next noise is the one whose proof is expected to take ``_NEXT`` times as long as
all that the pair has had so far, but at most half of what lies between certified and broken. What
proofs did take, and what attempts that were given up were on the way to take, corrects the growth
that is expected. An attempt pauses at the end of a turn, and goes on in the next one.
"""

from __future__ import annotations

import time
from fractions import Fraction
from functools import partial
from math import inf, log10
from threading import Lock

from certify.claims import RatioRange
from certify.cluster import Dask
from certify.model import Network
from certify.noise.answers import PairNoise
from certify.noise.attack import least_breaking
from certify.noise.attempt import Attempt
from certify.noise.turns import Turn

_DECADES = 7.0  # of the cost of a proof, from no noise to what breaks the pair
_INSTANT = 0.05  # seconds of a proof, or of a pair, that say nothing about the next one
_NEXT = 3.0  # times what a pair has had so far: what its next proof is to take
_CHEAP = 64  # part of the breaking noise: what is tried first
_TOO_LONG, _FAR_OFF = 4, 8  # times what an attempt was to take: that it did, or is on the way to
_BEYOND = 32  # times what an attempt was to take: more than that is not said of its cost
_TRIES = 32  # starts of the first attack
_SHARE, _PRICE = 0.1, 0.05  # of a pair's time for attacks; seconds of the first one, roughly


class Climb:
    """What is known of one pair (``now``), and the attempt at more."""

    def __init__(
        self,
        network: Network,
        ratio: RatioRange,
        known: PairNoise,
        step: Fraction,
        cluster: Dask | None = None,
    ) -> None:
        self._cluster = cluster
        self.network, self.ratio, self.now, self.step = network, ratio, known, step
        self._top = -int(-ratio.lo // step) * step  # the least multiple that is not below the ratio
        self._lock = Lock()
        self._attempt: Attempt | None = None
        self._spent, self._taken, self._meant = 0.0, 0.0, 0.0  # for the pair, the attempt
        self._attacks, self._attacked, self._price = (
            0,
            0.0,
            _PRICE,
        )  # how many; seconds; of the next
        self._cost, self._slope = _INSTANT, 3 * _DECADES / float(self._top)
        self._failed: tuple[Fraction, float] | None = None  # what was given up, and its cost

    @property
    def reached(self) -> float:
        """See :meth:`PairNoise.reached`."""
        return float(self.now.reached(self.ratio))

    @property
    def _high(self) -> Fraction:
        """The noise that is not to be reached."""
        return self._top if self.now.broken is None else self.now.broken

    @property
    def nbytes(self) -> int:
        """What the attempt under way holds in memory."""
        attempt = self._attempt
        return attempt.nbytes if attempt else 0

    def forget(self) -> None:
        """Begin the attempt anew in the next turn, unless some thread is at work on it."""
        with self._lock:
            if self._attempt is not None and self._attempt.idle:
                self._attempt = None

    @property
    def weight(self) -> float:
        """Of the time it has had: a pair close to its end may wait for those that are not."""
        return 1.0 / max(1.0 - self.reached, 1e-3)

    def go_on(self, turn: Turn) -> bool:
        """Climb until the turn is over; whether that needs no other turn. Then certified has met
        broken, or the rest is in other hands.
        """
        self._lower(turn)
        while not turn.over:
            with self._lock:
                if self._attempt is None:
                    self._attempt = self._aim()
                attempt = self._attempt
            if attempt is None:
                return True
            started = time.monotonic()
            finished = attempt.go_on(turn)
            with self._lock:
                taken = time.monotonic() - started
                self._spent += taken
                if attempt is not self._attempt:
                    continue
                self._taken += taken
                if attempt.answer is not None:
                    self._take(attempt.eps, attempt.answer)
                elif finished:
                    return True
                else:
                    self._reconsider(attempt)
        return False

    def _aim(self) -> Attempt | None:
        """An attempt at the noise to be tried next; None where there is none."""
        low, high = self.now.certified or Fraction(0), self._high
        slope, most = self._slope, (low + high) / 2
        self._taken, self._meant = 0.0, _NEXT * max(self._spent, _INSTANT)
        if self._failed is not None and self._failed[0] > low:
            failed, cost = self._failed
            if cost == inf:
                high = failed
            if cost > self._meant:
                slope = max(slope, log10(cost / self._cost) / float(failed - low))
                most = (low + failed) / 2
        if high - low <= self.step and (self.now.certified is not None or high == 0):
            return None
        if self.now.certified is None:
            most = high / _CHEAP
        further = Fraction(log10(max(self._meant / self._cost, 1.0)) / slope)
        noise = max(min(low + further, most) // self.step, low // self.step + 1) * self.step
        if self.now.certified is None and most < self.step:
            noise = Fraction(0)
        return Attempt(
            self.network, self.now.pair, self.ratio, noise, attacked=True, cluster=self._cluster
        )

    def _take(self, noise: Fraction, answer: PairNoise) -> None:
        """The attempt has ended: with a proof, an input, or a reason for neither."""
        now, self._attempt = self.now, None
        if answer.proof is not None:
            risen = float(noise - (now.certified or 0))
            cost = max(self._taken, _INSTANT)
            if risen > 0:
                measured = log10(max(cost / self._cost, 1.0)) / risen
                usual = _DECADES / float(self._high)
                self._slope = min(max(measured, usual / 3), usual * 3)
            self._cost = cost
            self.now = PairNoise(now.pair, answer.proof, now.broken, now.counterexample)
        elif answer.counterexample is not None:
            self.now = PairNoise(now.pair, now.proof, answer.broken, answer.counterexample)
        else:
            self._failed = noise, inf

    def _reconsider(self, attempt: Attempt) -> None:
        """Give an attempt up that takes, or is on the way to take, far longer than was meant."""
        expected = self._taken / max(attempt.share, 1e-9)
        if self._taken > _TOO_LONG * self._meant or expected > _FAR_OFF * self._meant:
            # What little of the tree is closed says that it is far, not how far.
            self._failed = attempt.eps, min(max(expected, 4 * self._taken), _BEYOND * self._meant)
            attempt.give_up()
            self._attempt = None

    def _lower(self, turn: Turn) -> None:
        """Attack, if attacks have had less than their share of the time."""
        with self._lock:
            if self._attacked + self._price > _SHARE * self._spent or self._high <= self.step:
                return
            number, now = self._attacks, self.now
            self._attacks += 1
        started = time.monotonic()
        search = partial(
            least_breaking, self.network, now.pair, self.ratio, self._high - self.step,
            step=self.step, tries=_TRIES << min(number, 4), seed=number, known=now.counterexample,
        )  # fmt: skip
        elsewhere = self._cluster
        found = elsewhere.call(search, stop=lambda: turn.over) if elsewhere else search()
        with self._lock:
            self._price = 2 * (time.monotonic() - started)
            self._attacked += self._price / 2
            now = self.now
            if found is not None and found[0] < self._high:
                self.now = PairNoise(now.pair, now.proof, *found)
