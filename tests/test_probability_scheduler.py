from __future__ import annotations

import os
import signal
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import distributed
import numpy as np
import pytest

from certify.model import Network
from certify.probability.prove import AccuracyResult, Moment, prove_accuracy
from certify.probability.run import Confirmed, Run
from certify.probability.scheduler import Reserve, work

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


def test_waiting_for_a_core_and_open_boxes_keep_no_time_for_confirming() -> None:
    run = Run(FOUR, "gaussian")
    work(run, seconds=None, boxes=2000, jobs=1, state=None)
    assert run.effort == run.pieces < run.nodes
    confirm = run.confirm
    confirm(0, run.root)  # compiles

    def slowly(index: int, tape: bytes) -> Confirmed:
        time.sleep(1.0)
        return confirm(index, tape)

    run.confirm = slowly  # type: ignore[method-assign]
    reserve = Reserve(run, jobs=1)
    reserve.learn(max(run.shards, key=lambda i: run.weigh(run.shards[i].tape)))
    assert 0.2 < reserve.seconds < 0.2 + 0.003 * run.pieces


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
