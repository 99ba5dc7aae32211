from __future__ import annotations

from pathlib import Path

import pytest

from certify.errors import UsageError
from certify.probability.run import Run
from certify.probability.scheduler import work
from certify.probability.states import state_boxes, state_covers
from tests.test_probability_scheduler import FOUR, bracket, comparator


def after(boxes: int) -> Run:
    run = Run(FOUR, "gaussian")
    work(run, seconds=None, boxes=boxes, jobs=1, state=None)
    return run


def test_a_state_is_read_as_it_was_written() -> None:
    run = after(5000)
    again = Run(FOUR, "gaussian")
    again.restore(run.state.to_bytes())
    assert again.state == run.state
    assert (again.lower, again.upper, again.nodes) == (run.lower, run.upper, run.nodes)
    assert again.effort == run.effort > 0


def test_which_of_two_states_holds_the_other() -> None:
    less, more = after(100).state.to_bytes(), after(3000).state.to_bytes()
    assert state_covers(more, less)
    assert not state_covers(less, more)
    assert not state_covers(more, Run(FOUR, "uniform").state.to_bytes())
    assert not state_covers(b"no state", less)
    assert state_boxes(less, FOUR, "gaussian") == 100
    assert state_boxes(less, FOUR, "uniform") is None
    assert state_boxes(less, comparator(4), "gaussian") is None
    assert state_boxes(b"no state", FOUR, "gaussian") is None


def test_states_of_other_runs_and_broken_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("certify.probability.prove.CONE_LENGTH", 3)
    state = tmp_path / "state"
    bracket(FOUR, 100, state=state)
    with pytest.raises(UsageError, match="a run on gaussian inputs, not on uniform"):
        bracket(FOUR, 200, "uniform", state=state)
    with pytest.raises(UsageError, match="another model"):
        bracket(comparator(5), 200, state=state)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("certify.probability.states.VERSION", 10**6)
        with pytest.raises(UsageError, match="another version"):
            bracket(FOUR, 200, state=state)
    state.write_bytes(state.read_bytes()[:-20])
    with pytest.raises(UsageError, match="not the state"):
        bracket(FOUR, 200, state=state)
    bracket(FOUR, 20_000, state=tmp_path / "other")
    with pytest.raises(UsageError, match="more than the 10 asked for"):
        bracket(FOUR, 10, state=tmp_path / "other")
