"""The comparison's own machinery: protocol, exact judgement, table. No peer is needed."""

from __future__ import annotations

import itertools
import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.peers import queries
from benchmarks.peers.__main__ import merge
from benchmarks.peers.adapters.highs import unit_bounds
from benchmarks.peers.adapters.protocol import Answer, run_limited
from benchmarks.peers.adapters.protocol import Query as Asked
from benchmarks.peers.queries import Query, judge, make_queries, sample, settle
from benchmarks.peers.table import cell, table
from benchmarks.peers.tools import TOOLS, Tool
from certify.claims import Pair, RatioRange
from certify.model import Network

HALF = Fraction(1, 2)
# h_2 = relu(x_1), logits (0, h_2): right on the pair (0, 1) alone.
TINY = Network.from_arrays([1.0], [[0.0]], [[0.0], [1.0]])
RIGHT = Query("impulse", Pair(0, 1), RatioRange(HALF, HALF))
WRONG = Query("impulse", Pair(1, 0), RatioRange(HALF, HALF))


def answer(verdict: str, point: list[str] | None = None) -> dict[str, Any]:
    return {"verdict": verdict, "counterexample": point, "note": "", "seconds": 1.0}


@pytest.mark.parametrize(
    ("query", "given", "judged"),
    [
        (RIGHT, answer("proved"), "right"),
        (WRONG, answer("proved"), "wrong"),
        (WRONG, answer("refuted", ["1/2", "1"]), "right"),
        (WRONG, answer("refuted", ["0.5000001", "1.0000001"]), "right"),
        (RIGHT, answer("refuted", ["1", "1/2"]), "wrong"),
        (RIGHT, answer("refuted"), "wrong"),
        (RIGHT, answer("unknown"), "open"),
        (Query("noise", Pair(0, 1), RIGHT.ratio, Fraction(1, 10)), answer("proved"), "open"),
    ],
)
def test_answers_are_judged_in_exact_arithmetic(
    query: Query, given: dict[str, Any], judged: str
) -> None:
    assert judge(TINY, query, given) == judged


def test_a_replayed_counterexample_makes_every_proof_of_the_same_query_wrong() -> None:
    found = [
        {**answer("proved"), "id": "a", "judged": "open"},
        {**answer("proved"), "id": "b", "judged": "open"},
        {**answer("refuted"), "id": "a", "judged": "right"},
        {**answer("refuted"), "id": "b", "judged": "wrong"},
    ]
    settle(found)
    assert [a["judged"] for a in found] == ["wrong", "open", "right", "wrong"]


def test_samples_are_nested_and_start_with_the_wrong_pair() -> None:
    rng = np.random.default_rng(0)
    network = Network.from_arrays(rng.normal(size=3), rng.normal(size=(3, 3)), np.eye(5, 3))
    shown = [sample(network, k) for k in range(1, 8)]
    assert shown[0] == [queries.first_wrong_pair(network)]
    assert all(len(set(p)) == k for k, p in enumerate(shown, start=1))
    assert all(more[: len(less)] == less for less, more in itertools.pairwise(shown))
    asked = make_queries(network, None, 2)
    assert len({q.id for q in asked}) == len(asked) >= 20 + 3 * 2
    with_noise = [q for q in asked if q.eps]
    assert len(with_noise) == 6
    assert all(q.known(network) is None for q in with_noise)


def asked() -> Asked:
    floats = TINY.floats
    return Asked(
        floats.w_ih.tolist(),
        floats.w_hh.tolist(),
        floats.w_out.tolist(),
        max=0,
        second=1,
        lo=HALF,
        hi=HALF,
        eps=Fraction(0),
    )


def test_one_query_runs_in_its_own_process_and_cannot_disturb_the_answers() -> None:
    def noisy(query: Asked) -> Answer:
        print("solver chatter")
        return Answer("refuted", [query.lo, Fraction(1)])

    found = run_limited(noisy, asked(), 5)
    assert found["verdict"] == "refuted"
    assert found["counterexample"] == ["1/2", "1"]
    assert found["seconds"] < 5


def test_a_crash_or_the_limit_is_unknown() -> None:
    def crash(query: Asked) -> Answer:
        raise ValueError("no licence")

    def endless(query: Asked) -> Answer:
        while True:
            pass

    assert run_limited(crash, asked(), 5)["note"] == "ValueError: no licence"
    late = run_limited(endless, asked(), 1)
    assert (late["verdict"], late["note"]) == ("unknown", "limit")


def test_bounds_for_big_m_enclose_the_drives() -> None:
    assert unit_bounds(asked()) == [[(1.0, 1.0)], [(0.5, 0.5)]]
    rng = np.random.default_rng(1)
    weights = rng.normal(size=4), rng.normal(size=(4, 4)), rng.normal(size=(5, 4))
    lists = {n: w.tolist() for n, w in zip(("w_ih", "w_hh", "w_out"), weights, strict=True)}
    query = Asked(**lists, max=1, second=3, lo=HALF, hi=Fraction(3, 4), eps=Fraction(1, 5))
    ends = np.array([[float(v) for v in pair] for pair in query.box])
    x = ends[:, 0] + rng.random((200, 5)) * (ends[:, 1] - ends[:, 0])
    state = np.zeros((200, 4))
    for t, step in enumerate(unit_bounds(query)):
        drive = state @ weights[1].T + x[:, [t]] * weights[0]
        lo, hi = np.array(step).T
        assert ((lo - 1e-9 <= drive) & (drive <= hi + 1e-9)).all()
        state = np.maximum(drive, 0)


def test_the_driver_speaks_to_an_adapter_and_judges_it() -> None:
    ours = next(t for t in TOOLS if t.name == "certify")
    floats = TINY.floats
    weights = {name: getattr(floats, name).tolist() for name in ("w_ih", "w_hh", "w_out")}
    python = ours.python(Path("unused"))
    assert python == Path(sys.executable)
    asked_ = [q.to_json() for q in (RIGHT, WRONG)]
    found = ours.ask(python, {"weights": weights, "limit": 10}, asked_)
    assert [a["verdict"] for a in found] == ["proved", "refuted"]
    assert judge(TINY, WRONG, found[1]) == "right"


def test_an_adapter_that_does_not_answer_is_an_error() -> None:
    absent = Tool("absent", "no_such_adapter")
    with pytest.raises(RuntimeError, match="absent did not answer every query"):
        absent.ask(Path(sys.executable), {"weights": {}, "limit": 1}, [RIGHT.to_json()])


def results(name: str, judged: str) -> dict[str, Any]:
    own = {"tool": name, "family": "impulse", "id": "x", "judged": judged}
    runs = [{**answer("proved"), **own, "run": r, "seconds": s} for r, s in enumerate((3, 1, 2))]
    shown = {"name": name, "version": "1", "exact": False, "certificate": "no", "checked": "no"}
    return {"model": "m", "limit": 10, "tools": [shown], "answers": runs}


def test_the_table_counts_once_and_takes_medians() -> None:
    whole = merge([results("one", "right"), results("two", "wrong")])
    shown = table(json.loads(json.dumps(whole)))
    assert "| one | 1/0/0, 2 s |" in shown
    assert "| two | 1/0/0, **1 wrong**, 2 s |" in shown
    assert "| two | 1 | 1 of 1 | no | no | no |" in shown
    assert cell([]) == "-"


def test_results_of_different_models_are_not_merged() -> None:
    with pytest.raises(SystemExit, match="different models"):
        merge([results("one", "right"), {**results("two", "right"), "model": "other"}])
