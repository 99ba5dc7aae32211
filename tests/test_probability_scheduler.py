from __future__ import annotations

import os
import signal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import distributed
import numpy as np
import pytest

from certify.errors import UsageError
from certify.model import Network
from certify.probability.boxes.branch_and_bound import OPEN, RIGHT, WRONG
from certify.probability.prove import AccuracyResult, Moment, prove_accuracy
from certify.probability.scheduler import (
    LATER,
    ROOT,
    Done,
    Run,
    cut_boxes,
    extend,
    prune,
    volumes,
    work,
)

RNG = np.random.default_rng(12)


def comparator(n: int) -> Network:
    """Units that follow the two largest inputs only partly: right often, wrong often."""
    return Network.from_arrays(
        [1.0, -1.0, 0.5],
        [[0.5, 0.25, -0.5], [1.0, -0.25, 0.5], [-0.5, 1.0, 0.25]],
        RNG.integers(-4, 5, (n, 3)) / 4,
    )


FOUR = comparator(4)


@pytest.fixture(autouse=True)
def boxes_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short inputs would be left to cones."""
    monkeypatch.setattr("certify.probability.prove.CONE_LENGTH", 3)


def bracket(network: Network, boxes: int, inputs: Any = "gaussian", **more: Any) -> AccuracyResult:
    return prove_accuracy(network, inputs, boxes=boxes, jobs=1, **more)


@pytest.mark.parametrize("inputs", ["gaussian", "uniform"])
def test_brackets_are_nested_and_hold_the_sampled_value(inputs: Any) -> None:
    x = RNG.normal(size=(50_000, 4)) if inputs == "gaussian" else RNG.random((50_000, 4))
    right = (FOUR.floats.logits(x).argmax(axis=1) == np.argsort(x, axis=1)[:, -2]).mean()
    results = [bracket(FOUR, boxes, inputs) for boxes in (1, 50, 777, 3000, 30_000)]
    for before, after in pairwise(results):
        assert before.lower <= after.lower <= after.upper <= before.upper
    assert results[-1].lower > 0
    assert results[-1].upper < 1
    assert results[-1].lower - 0.01 <= right <= results[-1].upper + 0.01
    assert results[-1].boxes == 30_000


def test_interruptions_change_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    whole = bracket(FOUR, 40_000)
    for boxes in (3, 1000, 17_000, 25_000, 40_000):
        parts = bracket(FOUR, boxes, state=state)
    assert (parts.lower, parts.upper) == (whole.lower, whole.upper)
    assert parts.boxes == whole.boxes == 40_000
    more = prove_accuracy(FOUR, boxes=40_000, jobs=3)
    assert (more.lower, more.upper) == (whole.lower, whole.upper)


def test_a_run_stopped_by_the_clock_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    state = tmp_path / "state"
    for _ in range(3):
        prove_accuracy(FOUR, budget=0.3, jobs=2, state=state)
    reached = Run(FOUR, "gaussian")
    reached.restore(state.read_bytes())
    boxes = reached.boxes + 20_000
    assert bracket(FOUR, boxes, state=state).lower == bracket(FOUR, boxes).lower


def test_states_of_other_runs_and_broken_ones_are_refused(tmp_path: Path) -> None:
    state = tmp_path / "state"
    bracket(FOUR, 100, state=state)
    with pytest.raises(UsageError, match="a run on gaussian inputs, not on uniform"):
        bracket(FOUR, 200, "uniform", state=state)
    with pytest.raises(UsageError, match="another model"):
        bracket(comparator(5), 200, state=state)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("certify.probability.scheduler.STATE_VERSION", 10**6)
        with pytest.raises(UsageError, match="another version"):
            bracket(FOUR, 200, state=state)
    state.write_bytes(state.read_bytes()[:-20])
    with pytest.raises(UsageError, match="not the state"):
        bracket(FOUR, 200, state=state)
    bracket(FOUR, 20_000, state=tmp_path / "other")
    with pytest.raises(UsageError, match="more than the 10 asked for"):
        bracket(FOUR, 10, state=tmp_path / "other")


@pytest.mark.parametrize("inputs", ["gaussian", "uniform"])
@pytest.mark.parametrize("seed", range(4))
def test_tiny_models_agree_with_the_exact_enumeration(seed: int, inputs: Any) -> None:
    rng = np.random.default_rng(seed)
    for n in (2, 3):
        network = Network.from_arrays(
            rng.integers(-4, 5, 2) / 2, rng.integers(-4, 5, (2, 2)) / 2, rng.integers(-4, 5, (n, 2))
        )
        exact = prove_accuracy(network, inputs, digits=12)
        run = Run(network, inputs)
        work(run, seconds=None, boxes=4000, jobs=1, state=None)
        assert run.lower <= exact.lower
        assert exact.upper <= run.upper


def test_a_network_of_zeros_is_never_proved_right() -> None:
    zero = Network(0, (0, 0), ((0, 0), (0, 0)), ((0, 0),) * 4)
    assert bracket(zero, 2000).lower == 0


def test_limits_are_kept_within_a_word() -> None:
    done = extend(FOUR, "gaussian", "nnnn", bytes([OPEN]), 1 << 20, 500)
    assert (done.boxes, done.complete) == (500, False)
    right, wrong = volumes(done.tape, 4)
    assert abs(right - Fraction(done.right, 2**48)) < Fraction(1, 2**30)
    assert abs(wrong - Fraction(done.wrong, 2**48)) < Fraction(1, 2**30)


def test_a_word_that_is_done_is_not_looked_at_in_vain() -> None:
    tape, boxes, right, wrong = cut_boxes(FOUR, "gaussian", "nnnn", ROOT, 1 << 38, 10**6)
    assert 0 < boxes < 10**6
    assert cut_boxes(FOUR, "gaussian", "nnnn", tape, 1 << 38, 10**6) == (tape, 0, right, wrong)


def test_pruning_keeps_what_is_proved() -> None:
    tape = bytes([0, 1, OPEN, 2, OPEN, OPEN, 3, RIGHT, 1, WRONG, OPEN])
    assert prune(tape, 4) == bytes([0, OPEN, 3, RIGHT, 1, WRONG, OPEN])
    assert volumes(prune(tape, 4), 4) == volumes(tape, 4)


@pytest.mark.slow
@pytest.mark.parametrize(("length", "boxes"), [(3, 150_000), (6, 20_000)], ids=["boxes", "cones"])
def test_a_cluster_that_loses_a_worker_finds_the_same_bracket(
    length: int, boxes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("certify.probability.prove.CONE_LENGTH", length)
    network = comparator(4 if length == 3 else 5)
    whole = bracket(network, boxes)
    killed: list[int] = []
    with (
        distributed.LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,  # type: ignore[no-untyped-call]
    ):

        def kill_one(moment: Moment) -> None:
            if moment.boxes > 0 and not killed:
                killed.append(next(iter(cluster.workers.values())).pid)
                os.kill(killed[0], signal.SIGKILL)

        found = prove_accuracy(network, boxes=boxes, dask=client, progress=kill_one)
    assert killed
    assert (found.lower, found.upper, found.boxes) == (whole.lower, whole.upper, boxes)


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


def test_short_turns_change_no_bracket_that_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Run, "turn", 200)
    whole = bracket(FOUR, 6000)
    state = tmp_path / "state"
    for boxes in (150, 201, 3333, 6000):
        result = prove_accuracy(FOUR, boxes=boxes, jobs=2, state=state)
    assert (result.lower, result.upper) == (whole.lower, whole.upper)
    longer = bracket(FOUR, 9000)
    assert whole.lower <= longer.lower <= longer.upper <= whole.upper
