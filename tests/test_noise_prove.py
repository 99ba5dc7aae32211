"""Noise verdicts against exact enumeration and by hand, thin margins included."""

from __future__ import annotations

import json
import os
import pickle
import signal
import time
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import distributed
import numpy as np
import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.checker.noise import check_noise
from certify.claims import Pair, RatioRange, all_pairs, impulses, rivals
from certify.cluster import Dask
from certify.errors import CertificateFormatError, NothingDecidedError, UsageError
from certify.impulse.sweep import sweep
from certify.model import Network
from certify.noise.answers import PairNoise, read_answers
from certify.noise.branch_and_bound import Search
from certify.noise.prove import decide_pair, noise_max, prove_noise
from tests.examples import HANDCRAFTED, Golden

POINT = RatioRange(Fraction(4, 5), Fraction(4, 5))


def random_network(seed: int, d: int, n: int) -> Network:
    rng = np.random.default_rng(seed)
    weights = [rng.integers(-4, 5, size=s) / 4 for s in ((d,), (d, d), (n, d))]
    return Network.from_arrays(weights[0], weights[1], weights[2])


def enumerate_cells(network: Network, pair: Pair, ratio: RatioRange, eps: Fraction) -> bool:
    """Whether every margin is positive on the whole box: z3 on every activation pattern."""
    n, d = network.seq_len, network.hidden_size
    scale = 2**network.shift
    x = [z3.Real(f"x{t}") for t in range(n)]
    box = [
        z3.And(
            v >= z3.Q(-eps.numerator, eps.denominator), v <= z3.Q(eps.numerator, eps.denominator)
        )
        for v in x
    ]
    box[pair.max] = x[pair.max] == 1
    box[pair.second] = z3.And(
        x[pair.second] >= z3.RealVal(str(ratio.lo)), x[pair.second] <= z3.RealVal(str(ratio.hi))
    )
    for pattern in product((0, 1), repeat=n * d):
        solver = z3.Solver()
        solver.add(box)
        state = [z3.RealVal(0)] * d
        for t in range(n):
            drives = [
                z3.Sum([z3.Q(w, scale) * h for w, h in zip(row, state, strict=True)])
                + z3.Q(network.w_ih[i], scale) * x[t]
                for i, row in enumerate(network.w_hh)
            ]
            on = pattern[t * d : (t + 1) * d]
            solver.add([z >= 0 if o else z <= 0 for z, o in zip(drives, on, strict=True)])
            state = [z if o else z3.RealVal(0) for z, o in zip(drives, on, strict=True)]
        if solver.check() == z3.unsat:
            continue
        logits = [
            z3.Sum([z3.Q(w, scale) * h for w, h in zip(row, state, strict=True)])
            for row in network.w_out
        ]
        solver.add(z3.Or([logits[pair.second] <= logits[j] for j in rivals(pair, n)]))
        if solver.check() == z3.sat:
            return False
    return True


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10**6),
    st.sampled_from([(1, 3), (2, 2), (2, 3), (3, 2)]),
    st.sampled_from([Fraction(0), Fraction(1, 20), Fraction(1, 3)]),
)
def test_verdicts_agree_with_enumeration(seed: int, shape: tuple[int, int], eps: Fraction) -> None:
    network = random_network(seed, *shape)
    ratio = RatioRange(Fraction(1, 2), Fraction(4, 5))
    for pair in all_pairs(network.seq_len)[:2]:
        got = decide_pair(network, pair, ratio, eps, 20)
        assert got.verdict != "unknown", got.reason
        assert (got.verdict == "proved") == enumerate_cells(network, pair, ratio, eps)


def test_a_proof_is_accepted_and_says_so() -> None:
    result = prove_noise(HANDCRAFTED, POINT, Fraction(1, 10), jobs=1)
    assert result.verdict == "proved"
    made = result.certificate()
    lines = check_noise(HANDCRAFTED, json.loads(made.to_bytes()), made.evidence)
    assert lines[0].startswith("PROVED: 2 of 2 pairs")
    answer = result.to_dict()
    assert answer["pairs"][0]["margin_bound"] is not None
    assert Fraction(answer["pairs"][0]["margin_bound"]) > 0


def test_a_refutation_is_replayed() -> None:
    network = Network.from_arrays([1, -1], [[-1, 1], [1, -1]], [[-1, 1], [1, -1]])
    result = prove_noise(network, POINT, Fraction(0), jobs=1)
    assert result.verdict == "refuted"
    assert result.pairs[0].counterexample == (Fraction(1), Fraction(4, 5))
    made = result.certificate()
    assert "REFUTED" in check_noise(network, json.loads(made.to_bytes()), made.evidence)[0]


def threshold() -> Network:
    """For x = (1, r) the logits are r and relu(7 r - 3): right for r > 1/2, a tie at 1/2."""
    w_hh = [[0.0, -3.0], [0.0, 0.0]]
    return Network.from_arrays([7.0, 1.0], w_hh, [[0.0, 1.0], [1.0, 0.0]])


@pytest.mark.parametrize("distance", [6, 9, 15, 40])
def test_ranges_that_begin_next_to_the_border(distance: int) -> None:
    border, tiny = Fraction(1, 2), Fraction(1, 10**distance)
    assert threshold().choice(impulses(Pair(0, 1), border, 2)) is None
    for lo, verdict in ((border + tiny, "proved"), (border, "refuted"), (border - tiny, "refuted")):
        ratio = RatioRange(lo, Fraction(9, 10))
        got = decide_pair(threshold(), Pair(0, 1), ratio, Fraction(0), 20)
        assert got.verdict == verdict


@pytest.mark.parametrize("distance", [6, 9, 15])
def test_golden_models_next_to_their_border(
    golden: Golden, golden_network: Network, distance: int
) -> None:
    network, pair = golden_network, golden.border[0]
    interval = sweep(network, pair).interval_around(POINT)
    assert interval is not None
    end = interval[0]
    tiny = Fraction(1, 10**distance)
    for lo, verdict in ((end + tiny, "proved"), (end - tiny, "refuted")):
        ratio = RatioRange(lo, Fraction(9, 10))
        assert decide_pair(network, pair, ratio, Fraction(0), 60).verdict == verdict


def test_budgets_do_not_count_what_compiling_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    ratio = RatioRange(Fraction(1, 2), Fraction(4, 5))
    claim = random_network(3, 8, 5), Pair(2, 1), ratio, Fraction(1, 20)
    assert decide_pair(*claim).verdict == "proved"  # and all kernels are loaded
    run, compiled, boxes = Search.run, [0.0], []

    def compiling(search: Search, most: int) -> int:
        if not compiled[0]:
            time.sleep(0.5)
            compiled[0] = 0.5
        boxes.append(most)
        return run(search, most)

    monkeypatch.setattr(Search, "run", compiling)
    monkeypatch.setattr("certify.noise.prove.seconds_compiling", lambda: compiled[0])
    monkeypatch.setattr("certify.noise.attempt._SLICE", 1)  # looks at the clock after each box
    assert decide_pair(*claim, 0.4).verdict == "proved"
    assert len(boxes) > 2


def test_the_noise_must_stay_below_the_ratio() -> None:
    with pytest.raises(UsageError, match="0 <= EPS < 4/5"):
        prove_noise(HANDCRAFTED, POINT, Fraction(4, 5))
    with pytest.raises(UsageError, match="got -1"):
        prove_noise(HANDCRAFTED, POINT, Fraction(-1))


def test_a_budget_of_nothing_leaves_unknown_and_resumes() -> None:
    first = prove_noise(HANDCRAFTED, POINT, Fraction(1, 10), jobs=1, budget=0.0)
    assert {p.verdict for p in first.pairs} == {"unknown"}
    with pytest.raises(NothingDecidedError):
        first.certificate()
    seen: list[float] = []
    whole = prove_noise(
        HANDCRAFTED, POINT, Fraction(1, 10), jobs=1, resume=first.pairs,
        progress=lambda done, total, share: seen.append(share),
    )  # fmt: skip
    assert whole.verdict == "proved"
    assert seen[-1] == 1
    again = prove_noise(HANDCRAFTED, POINT, Fraction(1, 10), jobs=1, resume=whole.pairs)
    assert again.pairs == whole.pairs


def test_noise_max_brackets_the_truth() -> None:
    result = noise_max(HANDCRAFTED, POINT, jobs=1, budget=20.0, step=Fraction(1, 10))
    assert all(p.certified == Fraction(7, 10) for p in result.pairs)
    other = noise_max(threshold(), POINT, jobs=1, budget=1.0, step=Fraction(1, 10))
    for p in other.pairs:
        assert p.certified is None or p.broken is None or p.certified < p.broken


def test_nothing_is_known_of_a_pair_at_first() -> None:
    assert PairNoise(Pair(0, 1)).verdict == "unknown"


class Elsewhere(Dask):
    """A cluster in this process: what is sent is pickled, and every third answer comes late."""

    def __init__(self) -> None:
        self.width, self.calls = 2, 0

    def call(self, work: Any, *arguments: Any, stop: Callable[[], bool]) -> Any:
        self.calls += 1
        if self.calls % 3 == 0:
            pickle.loads(pickle.dumps(work(*arguments)))  # lost: nothing of it may be left behind
            return None
        return pickle.loads(pickle.dumps(work(*pickle.loads(pickle.dumps(arguments)))))

    def close(self) -> None:
        pass


def test_boxes_bounded_elsewhere_make_the_same_proof(
    m16_10: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, eps, cluster = m16_10, Fraction(1, 20), Elsewhere()
    pairs = [Pair(9, 7), Pair(0, 1)]
    monkeypatch.setattr("certify.noise.prove.Dask", lambda scheduler: scheduler)
    monkeypatch.setattr("certify.noise.attempt._SENT", 100)
    here = prove_noise(network, POINT, eps, pairs=pairs, jobs=1)
    there = prove_noise(network, POINT, eps, pairs=pairs, dask=cluster)
    assert cluster.calls > 3
    assert there.verdict == "proved"
    assert there.pairs == here.pairs
    assert there.certificate().to_bytes() == here.certificate().to_bytes()
    highest = noise_max(network, POINT, pairs=[Pair(0, 1)], dask=cluster, budget=2.0)
    assert highest.verdict == "proved"


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_makes_the_same_proof(m16_10: Network) -> None:
    network, eps = m16_10, Fraction(1, 10)
    pairs = [Pair(9, 8), Pair(7, 9), Pair(0, 1)]
    here = prove_noise(network, POINT, eps, pairs=pairs, jobs=2)
    killed: list[int] = []
    with (
        distributed.LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,  # type: ignore[no-untyped-call]
    ):

        def kill_one(done: int, total: int, share: float) -> None:
            if client.processing() and any(client.processing().values()) and not killed:
                killed.append(next(iter(cluster.workers.values())).pid)
                os.kill(killed[0], signal.SIGKILL)

        there = prove_noise(network, POINT, eps, pairs=pairs, dask=client, progress=kill_one)
    assert killed
    assert there.verdict == "proved"
    assert there.pairs == here.pairs


def test_a_scheduler_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match="dask nowhere: no scheduler there"):
        prove_noise(HANDCRAFTED, POINT, Fraction(1, 10), dask="nowhere")


def test_a_certificate_is_a_file_to_resume_from(tmp_path: Path) -> None:
    result = prove_noise(HANDCRAFTED, POINT, Fraction(1, 10), jobs=1)
    path = tmp_path / "noise.zip"
    result.certificate().write(path)
    assert read_answers(path, HANDCRAFTED, POINT) == result.pairs
    other = RatioRange(Fraction(1, 2), Fraction(4, 5))
    with pytest.raises(UsageError, match="is for the ratios 4/5 to 4/5"):
        read_answers(path, HANDCRAFTED, other)
    with pytest.raises(UsageError, match="is of another model"):
        read_answers(path, threshold(), POINT)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(CertificateFormatError, match="not a certificate"):
        read_answers(path, HANDCRAFTED, POINT)


def test_refutations_alone_are_resumed_from(tmp_path: Path) -> None:
    network = Network.from_arrays([1, -1], [[-1, 1], [1, -1]], [[-1, 1], [1, -1]])
    result = prove_noise(network, POINT, Fraction(0), jobs=1)
    path = tmp_path / "noise.json"
    result.certificate().write(path)
    assert read_answers(path, network, POINT) == result.pairs
