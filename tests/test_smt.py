from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.api import proofs
from certify.claims import Pair, RatioRange, all_pairs, impulses, rivals
from certify.cli import main
from certify.errors import InternalError, UsageError
from certify.model import Network
from certify.reading.writing import write_network
from certify.smt import SmtVerdict, decide, solver
from certify.smt.formula import claim_formula, cover_formula
from certify.smt.trajectory import Piece, trajectory_pieces
from certify.testing import networks, ratios
from tests.examples import (
    EXAMPLES,
    HANDCRAFTED,
    ROOT,
    TWO_INTERVALS,
    Example,
    Golden,
    brute_force_right,
)

EXAMPLE = {e.name: e.network for e in EXAMPLES}
HALF_TO_NINE_TENTHS = RatioRange(Fraction(1, 2), Fraction(9, 10))
RIGHT = RatioRange(Fraction(3, 5), Fraction(4, 5))  #: TWO_INTERVALS is right here


def decide_here(network: Network, pair: Pair, ratio_range: RatioRange) -> SmtVerdict:
    (verdict,) = decide(network, [pair], ratio_range, jobs=1, timeout=60.0)
    assert verdict.pair == pair
    return verdict


def decide_in_one_formula(network: Network, pair: Pair, ratio_range: RatioRange) -> str:
    """The unrolled network with a variable for each state, each ReLU an If, in one formula."""
    ask: Any = z3.Solver()
    r = z3.Real("r")
    ask.add(z3.Q(*ratio_range.lo.as_integer_ratio()) <= r)
    ask.add(r <= z3.Q(*ratio_range.hi.as_integer_ratio()))

    def dot(weights: tuple[int, ...], values: list[Any]) -> Any:
        terms = zip(weights, values, strict=True)
        return z3.Sum([z3.Q(w, 2**network.shift) * v for w, v in terms])

    state: list[Any] = [z3.RealVal(0)] * network.hidden_size
    for t in range(network.seq_len):
        x = z3.RealVal(1) if t == pair.max else r if t == pair.second else z3.RealVal(0)
        after = [z3.Real(f"h{t}_{i}") for i in range(network.hidden_size)]
        for unit, row, w in zip(after, network.w_hh, network.w_ih, strict=True):
            pre = dot((*row, w), [*state, x])
            ask.add(unit == z3.If(pre >= 0, pre, 0))
        state = after
    logits = [dot(row, state) for row in network.w_out]
    ask.add(z3.Or([logits[pair.second] <= logits[j] for j in rivals(pair, network.seq_len)]))
    return str(ask.check())


def answer(formula: str) -> str:
    ask: Any = z3.Solver()
    ask.from_string(formula)
    return str(ask.check())


def ranges() -> st.SearchStrategy[RatioRange]:
    return st.tuples(ratios(), ratios()).map(lambda ends: RatioRange(min(ends), max(ends)))


def with_winner(network: Network, pair: Pair, ratio: Fraction) -> Network:
    """The network with two rows of the readout exchanged so that s wins, or ties, at a ratio."""
    logits = network.logits(impulses(pair, ratio, network.seq_len))
    best, rows = logits.index(max(logits)), [*network.w_out]
    rows[best], rows[pair.second] = rows[pair.second], rows[best]
    return replace(network, w_out=tuple(rows))


def check_every_way(network: Network, pair: Pair, ratio_range: RatioRange) -> SmtVerdict:
    found = decide_here(network, pair, ratio_range)
    assert found.verdict == decide_in_one_formula(network, pair, ratio_range)
    if found.verdict == "sat":
        assert found.ratio is not None
        assert ratio_range.lo <= found.ratio <= ratio_range.hi
        assert not brute_force_right(network, *pair, found.ratio)
    else:
        assert (found.verdict, found.ratio, found.reason) == ("unsat", None, "")
        lo, hi = ratio_range
        ends = {end for p in trajectory_pieces(network, pair, ratio_range) for end in p[:2]}
        for ratio in {lo + (hi - lo) * Fraction(k, 7) for k in range(8)} | ends:
            assert brute_force_right(network, *pair, ratio)
    return found


@settings(max_examples=100)
@given(network=networks(max_hidden=4, max_length=4), ratio_range=ranges(), data=st.data())
def test_agrees_with_exact_evaluation_and_with_the_network_as_one_formula(
    network: Network, ratio_range: RatioRange, data: st.DataObject
) -> None:
    pair = data.draw(st.sampled_from(all_pairs(network.seq_len)))
    if data.draw(st.booleans()):
        network = with_winner(network, pair, ratio_range.lo)
    check_every_way(network, pair, ratio_range)


def test_dense_networks_with_many_pieces() -> None:
    source = random.Random(0)
    met: Counter[tuple[str, bool]] = Counter()
    for _ in range(60):
        d, n = source.randint(3, 5), source.randint(2, 4)
        weights = [tuple(source.choices(range(-8, 9), k=d)) for _ in range(1 + d + n)]
        network = Network(2, weights[0], tuple(weights[1 : d + 1]), tuple(weights[d + 1 :]))
        pair = source.choice(all_pairs(n))
        lo, hi = sorted(Fraction(source.randint(1, 99), 100) for _ in range(2))
        network = with_winner(network, pair, source.choice([lo, hi]))
        found = check_every_way(network, pair, RatioRange(lo, hi))
        met[found.verdict, found.pieces > 1] += 1
    assert min(met[v, several] for v in ("sat", "unsat") for several in (True, False)) >= 5, met


@settings(max_examples=40)
@given(network=networks(max_hidden=3, max_length=4), ratio_range=ranges(), data=st.data())
def test_trajectories_are_the_states_of_the_network(
    network: Network, ratio_range: RatioRange, data: st.DataObject
) -> None:
    pair = data.draw(st.sampled_from(all_pairs(network.seq_len)))
    pieces = trajectory_pieces(network, pair, ratio_range)
    assert pieces[0].lo == ratio_range.lo
    assert pieces[-1].hi == ratio_range.hi
    assert all(one.hi == other.lo for one, other in pairwise(pieces))
    for piece in pieces:
        ratio = data.draw(st.sampled_from([piece.lo, piece.hi, (piece.lo + 2 * piece.hi) / 3]))
        x = [Fraction(t == pair.max) + ratio * (t == pair.second) for t in range(network.seq_len)]
        for t, state in enumerate(network.states(x), start=1):
            scale = Fraction(1, 2 ** (network.shift * t))
            assert [scale * (a + b * ratio) for a, b in piece.states[t - 1]] == state


@pytest.mark.parametrize("case", EXAMPLES, ids=lambda e: e.name)
def test_examples_at_the_nominal_ratio(case: Example) -> None:
    nominal = RatioRange(Fraction(4, 5), Fraction(4, 5))
    verdicts = decide(case.network, all_pairs(case.network.seq_len), nominal, jobs=1, timeout=60.0)
    assert [v.verdict for v in verdicts].count("unsat") == case.right_at_nominal
    assert all(v.ratio == Fraction(4, 5) for v in verdicts if v.verdict == "sat")


def test_a_single_wrong_ratio_is_found_and_nothing_beside_it() -> None:
    network, pair = EXAMPLE["tie at 4/5"], Pair(0, 1)
    tie, nine_tenths = Fraction(4, 5), Fraction(9, 10)
    assert decide_here(network, pair, RatioRange(tie, nine_tenths)).ratio == tie
    beside = RatioRange(tie + Fraction(1, 10**60), nine_tenths)
    assert decide_here(network, pair, beside).verdict == "unsat"


def test_a_wrong_model_gives_a_ratio_that_replays() -> None:
    assert decide_here(TWO_INTERVALS, Pair(1, 0), RIGHT).verdict == "unsat"
    worse = replace(TWO_INTERVALS, w_out=TWO_INTERVALS.w_out[::-1])
    found = decide_here(worse, Pair(1, 0), RIGHT)
    assert found.verdict == "sat"
    assert found.ratio is not None
    assert not brute_force_right(worse, 1, 0, found.ratio)


@pytest.mark.parametrize("pair", [Pair(0, 1), Pair(1, 0)])
def test_every_wrong_guess_makes_the_formula_satisfiable(pair: Pair) -> None:
    pieces = trajectory_pieces(TWO_INTERVALS, pair, HALF_TO_NINE_TENTHS)
    good = trajectory_pieces(TWO_INTERVALS, pair, RIGHT)
    assert answer(claim_formula(TWO_INTERVALS, pair, good)) == "unsat"
    for k, piece in enumerate(good):
        for t, state in enumerate(piece.states):
            for i, (a, b) in enumerate(state):
                for value in {(a + 1, b), (a, b - 1), (-a, -b), (0, 0)} - {(a, b)}:
                    wrong = [*piece.states]
                    wrong[t] = (*state[:i], value, *state[i + 1 :])
                    guess = [*good[:k], piece._replace(states=tuple(wrong)), *good[k + 1 :]]
                    assert answer(claim_formula(TWO_INTERVALS, pair, guess)) == "sat"
    assert len(pieces) > 1  # a piece stretched over its neighbour holds a kink
    for k, piece in enumerate(pieces[:-1]):
        stretched = piece._replace(hi=pieces[k + 1].hi)
        assert answer(claim_formula(TWO_INTERVALS, pair, [stretched])) == "sat"


def test_every_gap_makes_the_cover_satisfiable() -> None:
    pair = Pair(1, 0)
    pieces = trajectory_pieces(TWO_INTERVALS, pair, HALF_TO_NINE_TENTHS)
    assert answer(cover_formula(HALF_TO_NINE_TENTHS, pieces)) == "unsat"
    assert answer(cover_formula(HALF_TO_NINE_TENTHS, [*pieces[::-1], pieces[0]])) == "unsat"
    assert answer(cover_formula(HALF_TO_NINE_TENTHS, [])) == "sat"
    tiny = Fraction(1, 10**40)
    for k, piece in enumerate(pieces):
        rest = [*pieces[:k], *pieces[k + 1 :]]
        assert answer(cover_formula(HALF_TO_NINE_TENTHS, rest)) == "sat"
        for shrunk in (piece._replace(lo=piece.lo + tiny), piece._replace(hi=piece.hi - tiny)):
            assert answer(cover_formula(HALF_TO_NINE_TENTHS, [*rest, shrunk])) == "sat"


Change = Callable[[list[Piece]], list[Piece]]


@pytest.mark.parametrize(
    "change",
    [
        lambda pieces: pieces[1:],
        lambda pieces: [pieces[0]._replace(hi=pieces[-1].hi)],
        lambda pieces: [p._replace(states=(*p.states[:-1], p.states[0])) for p in pieces],
    ],
    ids=["gap", "kink inside", "wrong state"],
)
def test_bad_pieces_are_an_internal_error_and_never_a_verdict(
    change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoilt(*arguments: Any) -> list[Piece]:
        return change(trajectory_pieces(*arguments))

    assert decide_here(TWO_INTERVALS, Pair(1, 0), RIGHT).pieces == 2
    monkeypatch.setattr(solver, "trajectory_pieces", spoilt)
    with pytest.raises(InternalError):
        decide_here(TWO_INTERVALS, Pair(1, 0), RIGHT)


def test_superfluous_pieces_do_not_change_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(*arguments: Any) -> list[Piece]:
        pieces = trajectory_pieces(*arguments)
        halves = [
            half
            for p in pieces
            for half in (p._replace(hi=(p.lo + p.hi) / 2), p._replace(lo=(p.lo + p.hi) / 2))
        ]
        return [*halves, *pieces[::-1], pieces[0]]

    before = decide_here(TWO_INTERVALS, Pair(0, 1), RIGHT)
    wrong = decide_here(TWO_INTERVALS, Pair(0, 1), HALF_TO_NINE_TENTHS)
    monkeypatch.setattr(solver, "trajectory_pieces", cut)
    monkeypatch.setattr(solver, "PRODUCTS_PER_QUERY", 2 * 5 * 6 * 2)
    after = decide_here(TWO_INTERVALS, Pair(0, 1), RIGHT)
    assert (before.verdict, after.verdict) == ("unsat", "unsat")
    assert after.queries > before.queries
    assert decide_here(TWO_INTERVALS, Pair(0, 1), HALF_TO_NINE_TENTHS).verdict == wrong.verdict


def test_no_time_is_unknown() -> None:
    for verdict in decide(HANDCRAFTED, all_pairs(2), HALF_TO_NINE_TENTHS, jobs=1, timeout=0.0):
        assert (verdict.verdict, verdict.reason) == ("unknown", "timeout")


def pigeonhole(holes: int) -> str:
    """Has no short resolution proof: z3 does not come back."""
    pigeons = range(holes + 1)
    lines = ["(declare-fun r () Real)"]
    lines += [f"(declare-fun p{i}_{j} () Bool)" for i in pigeons for j in range(holes)]
    lines += [f"(assert (or {' '.join(f'p{i}_{j}' for j in range(holes))}))" for i in pigeons]
    lines += [
        f"(assert (or (not p{i}_{j}) (not p{k}_{j})))"
        for j in range(holes)
        for i in pigeons
        for k in range(i)
    ]
    return "\n".join(lines)


def test_a_stalling_solver_is_unknown_after_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solver, "claim_formula", lambda *_: pigeonhole(14))
    start = time.monotonic()
    (verdict,) = decide(HANDCRAFTED, [Pair(0, 1)], HALF_TO_NINE_TENTHS, jobs=1, timeout=0.3)
    assert (verdict.verdict, verdict.reason) == ("unknown", "timeout")
    assert time.monotonic() - start < 30


@pytest.mark.parametrize(
    ("network", "code", "verdict"),
    [(HANDCRAFTED, 0, "PROVED"), (EXAMPLE["wrong way round"], 1, "REFUTED")],
)
def test_an_unknown_changes_no_exit_code(
    network: Network,
    code: int,
    verdict: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The exact sweep decides; a second witness that gives up is shown beside it, with why."""
    monkeypatch.setattr(solver, "claim_formula", lambda *_: pigeonhole(14))
    monkeypatch.setattr(proofs, "SMT_TIMEOUT", 0.3)
    model = str(write_network(network, tmp_path / "w.safetensors"))
    command = [model, "--jobs", "1", "--out", str(tmp_path)]
    assert main(command) == code
    shown = capsys.readouterr().out
    assert shown.startswith(verdict)
    assert "unknown" in shown
    assert "timeout" in shown
    assert main([*command, "--json", "-"]) == code
    answer = json.loads(capsys.readouterr().out)
    assert answer["verdict"] == verdict.lower()
    assert {p["smt"] for p in answer["pairs"]} == {"unknown"}


def test_ctrl_c_ends_a_stalling_solver() -> None:
    code = """
import os, signal, threading
from tests import test_smt as t
t.solver.claim_formula = lambda *_: t.pigeonhole(14)
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    t.decide(t.HANDCRAFTED, [t.Pair(0, 1)], t.HALF_TO_NINE_TENTHS, jobs=1, timeout=300.0)
except KeyboardInterrupt:
    print("interrupted")
"""
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert ran.stdout == "interrupted\n"


def test_workers_give_the_same_verdicts_in_order_and_report_progress() -> None:
    pairs = [*reversed(all_pairs(3))]
    network = EXAMPLE["three inputs"]
    seen: list[tuple[int, int]] = []
    one = decide(network, pairs, HALF_TO_NINE_TENTHS, jobs=1, timeout=60.0)
    two = decide(
        network,
        pairs,
        HALF_TO_NINE_TENTHS,
        jobs=2,
        timeout=60.0,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert [v.pair for v in two] == pairs
    assert [replace(v, seconds=0.0) for v in one] == [replace(v, seconds=0.0) for v in two]
    assert seen == sorted(seen)
    assert seen[-1] == (6, 6)


@pytest.mark.parametrize(
    ("pair", "lo", "hi", "jobs"),
    [
        (Pair(0, 0), "1/2", "3/4", 1),
        (Pair(0, 2), "1/2", "3/4", 1),
        (Pair(-1, 0), "1/2", "3/4", 1),
        (Pair(0, 1), "0", "3/4", 1),
        (Pair(0, 1), "3/4", "1/2", 1),
        (Pair(0, 1), "3/4", "1", 1),
        (Pair(0, 1), "1/2", "3/4", 0),
    ],
)
def test_senseless_arguments_are_usage_errors(pair: Pair, lo: str, hi: str, jobs: int) -> None:
    with pytest.raises(UsageError):
        decide(HANDCRAFTED, [pair], RatioRange(Fraction(lo), Fraction(hi)), jobs=jobs, timeout=1.0)


def test_importing_the_package_does_not_import_z3() -> None:
    code = "import sys, certify.smt; sys.exit('z3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_golden_pairs(golden: Golden, golden_network: Network) -> None:
    ratio_range = RatioRange(*golden.ratio)
    pairs = [golden.worst, Pair(0, 2), golden.border[0]]
    verdicts = decide(golden_network, pairs, ratio_range, jobs=1, timeout=120.0)
    assert [v.verdict for v in verdicts] == ["unsat"] * 3
    pair, below = golden.border
    found = decide_here(golden_network, pair, RatioRange(below, ratio_range.hi))
    assert found.verdict == "sat"
    assert found.ratio is not None
    assert not brute_force_right(golden_network, *pair, found.ratio)


@pytest.mark.slow
def test_golden_models_all_pairs(golden: Golden, golden_network: Network) -> None:
    ratio_range = RatioRange(*golden.ratio)
    verdicts = decide(golden_network, all_pairs(10), ratio_range, jobs=2, timeout=120.0)
    assert [v.verdict for v in verdicts] == ["unsat"] * 90
