from __future__ import annotations

from fractions import Fraction

import pytest

from certify.probability.boxes.tapes import ROOT
from certify.probability.run import LATER, Done, Run, extend
from tests.test_probability_boxes_tapes import volumes
from tests.test_probability_scheduler import FOUR, comparator


def test_limits_are_kept_within_a_word() -> None:
    done = extend(FOUR, "gaussian", "nnnd", ROOT, 1 << 20, 500)
    assert (done.boxes, done.complete) == (500, False)
    right, wrong = volumes(done.tape, 4)
    assert abs(right - Fraction(done.right, 2**48)) < Fraction(1, 2**30)
    assert abs(wrong - Fraction(done.wrong, 2**48)) < Fraction(1, 2**30)


def test_a_word_whose_turn_is_over_waits_behind_those_under_way() -> None:
    run = Run(FOUR, "gaussian")
    first, second, *others = run.queue
    assert run.left(first) == run.turn
    run.merge(first, Done(ROOT, 10, 0, 0, complete=False))  # interrupted: goes on with its turn
    assert run.queue[0] == first
    assert run.left(first) == run.turn - 10
    run.merge(first, Done(ROOT, run.turn - 10, 0, 0, complete=False))
    assert run.queue[:2] == [second, others[0]]
    assert run.queue.index(first) == min(LATER - 1, len(others) + 1)
    assert run.left(first) == run.turn


def test_the_next_round_begins_while_the_last_words_of_one_are_under_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Run, "early", 2)
    run = Run(comparator(5), "gaussian")
    rounds = []
    while run.round < 2:
        first = run.queue[0]
        rounds.append((first, run.smallest(first)))
        run.merge(first, Done(ROOT, 1, 0, 0, complete=True))
        assert sorted(set(run.queue)) == sorted(run.queue)
    assert len(set(rounds)) == len(rounds)  # no word has a round twice
    assert len(run.behind) == 2
    last = run.queue[0]
    assert last in run.behind
    before = run.smallest(last)
    run.merge(last, Done(ROOT, 1, 0, 0, complete=True))
    assert run.queue[-1] == last
    assert run.smallest(last) == max(1, before // 8)
