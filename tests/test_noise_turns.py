"""Who gets a turn when, and what ends it."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from certify.claims import Pair, all_pairs
from certify.noise.turns import GROWTH, Clock, Turn, in_turns

PAIRS = all_pairs(4)


def test_all_pairs_get_a_short_turn_before_one_gets_a_long_one() -> None:
    turns: list[tuple[Pair, float]] = []

    def work(pair: Pair, turn: Clock) -> bool:
        turns.append((pair, turn.seconds or 0.0))
        return pair.max != 0 or (turn.seconds or 0.0) >= GROWTH**2

    assert in_turns(work, PAIRS, Clock(), first=1.0, jobs=1) == "done"
    assert [p for p, _ in turns[: len(PAIRS)]] == list(PAIRS)
    assert [t for _, t in turns] == sorted(t for _, t in turns)
    assert len(turns) == len(PAIRS) + 2 * 3


def test_who_comes_next_may_follow_from_what_was_reached() -> None:
    reached = dict.fromkeys(PAIRS, 0)
    lag = []

    def work(pair: Pair, turn: Clock) -> bool:
        reached[pair] += 1 + pair.max
        lag.append(max(reached.values()) - min(reached.values()))
        return reached[pair] >= 8

    def rank(pair: Pair, length: float) -> float:
        return float(reached[pair])

    assert in_turns(work, PAIRS, Clock(), first=1.0, jobs=1, rank=rank) == "done"
    assert max(lag) <= 4 + 3  # the furthest made its step when it was the last


def test_one_pair_without_end_costs_the_others_nothing() -> None:
    """The hardest pair came first once, and a budget of 25 s decided nothing."""
    done = set()

    def work(pair: Pair, turn: Clock) -> bool:
        while pair == PAIRS[0] and not turn.over:
            time.sleep(0.001)
        if pair != PAIRS[0]:
            done.add(pair)
        return pair != PAIRS[0]

    started = time.monotonic()
    assert in_turns(work, PAIRS, Clock(0.5), first=0.01, jobs=2) == "out of time"
    assert done == set(PAIRS[1:])
    assert time.monotonic() - started < 2


def test_an_interrupt_ends_all_turns() -> None:
    def work(pair: Pair, turn: Clock) -> bool:
        while not turn.over:
            time.sleep(0.001)
        return False

    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    assert in_turns(work, PAIRS, Clock(60.0), first=60.0, jobs=2) == "interrupted"


def test_a_lack_of_memory_ends_all_turns() -> None:
    def work(pair: Pair, turn: Clock) -> bool:
        if pair == PAIRS[3]:
            raise MemoryError
        return True

    assert in_turns(work, PAIRS, Clock(60.0), first=60.0, jobs=1) == "out of memory"


def test_what_goes_wrong_in_a_thread_is_raised() -> None:
    def work(pair: Pair, turn: Clock) -> bool:
        raise ZeroDivisionError(pair)

    with pytest.raises(ZeroDivisionError):
        in_turns(work, PAIRS, Clock(), first=1.0, jobs=2)


def test_idle_threads_help_with_the_last_pair() -> None:
    helped: list[int] = []

    def work(pair: Pair, turn: Turn) -> bool:
        helped.append(threading.get_ident())
        while len(helped) == 1 and not turn.over:
            if turn.idle():
                turn.share()
                return True
        return True

    assert in_turns(work, PAIRS[:1], Clock(60.0), first=60.0, jobs=2) == "done"
    assert len(helped) == 2
