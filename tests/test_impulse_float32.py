"""The bound of the rounding error holds for every order of summation, fused or not."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from certify.claims import Pair, RatioRange, all_pairs
from certify.impulse import rounding
from certify.impulse.float32 import Float32Verdict, float32_section, nearest_float32, prove_float32
from certify.impulse.prove import ImpulseResult, prove_impulse
from certify.impulse.rounding import Program
from certify.impulse.sweep import sweep, sweep_all
from certify.model import Network
from certify.reading.weights import read_network
from tests import floatsim
from tests.examples import HANDCRAFTED, MODELS

NOMINAL = RatioRange(Fraction(4, 5), Fraction(4, 5))


def prove(network: Network, ratios: RatioRange = NOMINAL) -> dict[Pair, Float32Verdict]:
    pairs = all_pairs(network.seq_len)
    verdicts = prove_float32(network, [sweep(network, p).cuts for p in pairs], ratios)
    assert [v.pair for v in verdicts] == list(pairs)
    return {v.pair: v for v in verdicts}


@st.composite
def float_networks(draw: st.DrawFn) -> Network:
    """Small networks with float32 weights: full mantissas, wild scales, zeros, near ties."""
    d, n = draw(st.integers(1, 4)), draw(st.integers(2, 4))
    scale = draw(st.sampled_from([0, 0, 0, -12, -40, -80, -130, 14]))
    weight = st.one_of(
        st.just(0),
        st.integers(-(2**24), 2**24),
        st.integers(-8, 8).map(lambda v: v << 21),
        st.builds(lambda v, e: v << e, st.integers(-3, 3), st.integers(0, 20)),
    )
    values = draw(st.lists(weight, min_size=d * (1 + d + n), max_size=d * (1 + d + n)))
    rows = [tuple(values[i : i + d]) for i in range(0, len(values), d)]
    w_out = rows[1 + d :]
    if draw(st.booleans()):  # two readouts that differ in a last bit or two
        twin = [v + draw(st.integers(-2, 2)) if abs(v) < 2**23 else v for v in w_out[0]]
        w_out = [*w_out[:-1], tuple(twin)]
    # Weights are multiples of 2**(scale - 22) with 24 bits, or of the smallest subnormal number.
    shift = min(22 - scale, 149)
    return Network(shift, rows[0], tuple(rows[1 : 1 + d]), tuple(w_out))


@pytest.mark.parametrize("sharpen", [0, 4, 10**9])
@given(data=st.data())
@settings(max_examples=60)
def test_no_order_is_further_off_than_the_bound(sharpen: int, data: st.DataObject) -> None:
    """With the forward bound alone, with both, and with the adjoint alone."""
    network = data.draw(float_networks())
    pair = data.draw(st.sampled_from(all_pairs(network.seq_len)))
    s = floatsim.rounded(data.draw(st.fractions(Fraction(1, 1000), Fraction(999, 1000))))
    rng = random.Random(data.draw(st.integers(0, 10**6)))
    program = Program(network)
    exact = network.logits(floatsim.inputs(pair, s, network.seq_len))
    run = program.run(pair, s)
    assert run.logits == exact
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounding, "SHARPEN", sharpen)
        gaps = program.gaps(pair, run, run)
    for _ in range(6):
        computed = floatsim.logits(network, floatsim.inputs(pair, s, network.seq_len), rng)
        for gap in gaps:
            assert gap.margin == exact[pair.second] - exact[gap.rival]
            off = computed[pair.second] - computed[gap.rival] - gap.margin
            assert abs(off) <= gap.error


@given(network=float_networks(), data=st.data())
@settings(max_examples=60)
def test_whatever_is_proved_is_true(network: Network, data: st.DataObject) -> None:
    """Over a range, at its ends, at the break points' neighbours and inside."""
    lo = data.draw(st.fractions(Fraction(1, 50), Fraction(9, 10), max_denominator=100))
    hi = data.draw(st.fractions(lo, Fraction(49, 50), max_denominator=100))
    verdicts = prove(network, RatioRange(lo, hi))
    proved = [v for v in verdicts.values() if v.verdict == "proved"]
    for v in verdicts.values():
        assert (v.reason is None) == (v.verdict == "proved")
    assume(proved)
    verdict = data.draw(st.sampled_from(proved))
    assert verdict.margin is not None
    assert verdict.error_bound is not None
    assert verdict.margin > verdict.error_bound >= 0
    assert (verdict.points[0], verdict.points[-1]) == verdict.inputs
    rng = random.Random(data.draw(st.integers(0, 10**6)))
    inside = Fraction(rng.uniform(float(verdict.inputs.lo), float(verdict.inputs.hi)))
    candidates = {floatsim.rounded(v) for v in (*verdict.points, inside)}
    for s in sorted(c for c in candidates if verdict.inputs.lo <= c <= verdict.inputs.hi):
        x = floatsim.inputs(verdict.pair, s, network.seq_len)
        for _ in range(3):
            logits = floatsim.logits(network, x, rng)
            assert logits.index(max(logits)) == verdict.pair.second
            assert logits.count(max(logits)) == 1


def test_where_the_float32_program_is_wrong_nothing_is_proved() -> None:
    """The exact margin is positive, and smaller than a rounding."""
    one = 1 << 24
    network = Network(24, (one,), ((one,),), ((one,), (one + 1,)))
    verdict = prove(network)[Pair(0, 1)]
    # The weight 1 + 2**-24 is no float32 number; halving the difference of the readouts below.
    assert verdict.reason == "W_out holds a number that is not a float32 number"
    third = (1 << 24) // 3
    network = Network(24, (one, third), ((0, 0), (0, third)), ((one, 0), (one, 1)))
    verdict = prove(network)[Pair(0, 1)]
    x = floatsim.inputs(Pair(0, 1), verdict.inputs.lo, 2)
    exact = network.logits(x)
    assert exact[1] > exact[0]
    assert verdict.verdict == "unknown"
    assert "not above the bound of the rounding error" in (verdict.reason or "")
    computed = floatsim.logits(network, x, random.Random(0))
    assert computed[1] == computed[0]


def test_reasons() -> None:
    wrong = Network(0, (1, -1), ((-1, 1), (1, -1)), ((-1, 1), (1, -1)))
    assert "is not always positive" in (prove(wrong)[Pair(0, 1)].reason or "")
    close = RatioRange(Fraction(1, 2), 1 - Fraction(1, 2**30))
    assert "do not lie between 0 and 1" in (prove(HANDCRAFTED, close)[Pair(0, 1)].reason or "")
    tiny = RatioRange(Fraction(1, 2**200), Fraction(1, 2))
    assert "do not lie between 0 and 1" in (prove(HANDCRAFTED, tiny)[Pair(0, 1)].reason or "")
    double = Network.from_arrays([0.1, 1], [[0, 0], [1, 0]], [[0, 1], [1, 1]])
    assert "W_ih holds a number" in (prove(double)[Pair(0, 1)].reason or "")
    big = 1 << 100
    huge = Network(0, (big, -big), ((-big, big), (big, -big)), ((big, -big), (-big, big)))
    assert "leave the range" in (prove(huge)[Pair(0, 1)].reason or "")
    subnormal = Network(150, (1, 1), ((1, 1), (1, 1)), ((1, 1), (1, 1)))
    assert "W_ih holds a number" in (prove(subnormal)[Pair(0, 1)].reason or "")


def test_underflow_is_counted() -> None:
    """Products below the smallest float32 vanish in the program and not in the exact network."""
    small = 1  # 2**-80
    network = Network(80, (small, small), ((0, 0), (0, 0)), ((0, 0), (small, small)))
    assert network.choice(floatsim.inputs(Pair(0, 1), Fraction(1, 2), 2)) == 1
    verdict = prove(network)[Pair(0, 1)]
    assert verdict.verdict == "unknown"
    computed = floatsim.logits(
        network, floatsim.inputs(Pair(0, 1), verdict.inputs.lo, 2), random.Random(0)
    )
    assert computed == [0, 0]


@given(st.fractions(Fraction(1, 10**50), Fraction(1), max_denominator=10**55))
def test_nearest_float32(x: Fraction) -> None:
    assume(x < 1)
    assert nearest_float32(x) == floatsim.rounded(x)
    # numpy rounds a float64 once; a float64 is exact here.
    y = Fraction(float(x))
    if y:
        assert nearest_float32(y) == Fraction(float(np.float32(float(y))))


def test_section() -> None:
    verdicts = prove(HANDCRAFTED)
    section = float32_section(list(verdicts.values()))
    assert section["verdict"] == "proved"
    assert [*section["inputs"]] == [Fraction(13421773, 16777216)] * 2
    assert section["pairs"][0]["points"] == (Fraction(13421773, 16777216),)
    unknown = verdicts[Pair(0, 1)], *prove(HANDCRAFTED, RatioRange(Fraction(1, 2), Fraction(1, 2)))
    assert len(unknown) == 3


def test_golden_models_are_proved_over_the_default_range(golden_impulse: ImpulseResult) -> None:
    for ratios in (NOMINAL, golden_impulse.ratios):
        verdicts = prove_float32(golden_impulse.model, golden_impulse.cuts, ratios)
        assert [v.verdict for v in verdicts] == ["proved"] * 90


def random_orders(
    network: Network, x: np.ndarray[tuple[int, ...], np.dtype[np.float32]], seed: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Logits (N, n) in numpy's float32, every sum of every run in a random order of its own."""
    rng = np.random.default_rng(seed)
    w = network.floats
    w_in = np.c_[w.w_hh, w.w_ih].astype(np.float32)
    w_out = w.w_out.astype(np.float32)

    def sums(
        products: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        shuffled = rng.permuted(products, axis=-1)
        return np.add.accumulate(shuffled, axis=-1, dtype=np.float32)[..., -1]

    state = np.zeros((len(x), network.hidden_size), np.float32)
    for t in range(x.shape[1]):
        seen = np.c_[state, x[:, t]]
        state = np.maximum(sums(seen[:, None, :] * w_in), np.float32(0))
    return sums(state[:, None, :] * w_out)


def test_random_orders_in_numpy(m16_10_impulse: ImpulseResult) -> None:
    """Every pair of a trained model: no deviation from the exact margin beyond the bound."""
    network = m16_10_impulse.model
    program = Program(network)
    for index, (pair, found) in enumerate(sweep_all(m16_10_impulse.model).items()):
        s = nearest_float32(Fraction(4, 5))
        run = program.run(pair, s)
        x = np.zeros((40, network.seq_len), np.float32)
        x[:, pair.max], x[:, pair.second] = 1, float(s)
        logits = random_orders(network, x, index).astype(np.float64)
        for gap in program.gaps(pair, run, run):
            off = logits[:, pair.second] - logits[:, gap.rival] - float(gap.margin)
            assert abs(off).max() <= float(gap.error)
        assert found.pair == pair


def test_the_program_agrees_needs_torch(m16_10_impulse: ImpulseResult) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    network, ratios = m16_10_impulse.model, m16_10_impulse.ratios
    w = network.floats
    rnn = torch.nn.RNN(1, network.hidden_size, nonlinearity="relu", bias=False, batch_first=True)
    rnn.load_state_dict(
        {"weight_ih_l0": torch.tensor(w.w_ih[:, None]), "weight_hh_l0": torch.tensor(w.w_hh)}
    )
    w_out = torch.tensor(w.w_out, dtype=torch.float32)
    rng = np.random.default_rng(0)
    values = rng.uniform(float(ratios.lo), float(ratios.hi), 50).astype(np.float32)
    values[:3] = float(ratios.lo), float(ratios.hi), 0.8
    program = Program(network)
    with torch.no_grad():
        for pair in all_pairs(network.seq_len):
            x = torch.zeros(len(values), network.seq_len, 1)
            x[:, pair.max], x[:, pair.second, 0] = 1, torch.tensor(values)
            logits = (rnn(x)[0][:, -1] @ w_out.T).numpy().astype(np.float64)
            assert (logits.argmax(1) == pair.second).all()
            run = program.run(pair, Fraction(float(values[2])))
            for gap in program.gaps(pair, run, run):
                off = logits[2, pair.second] - logits[2, gap.rival] - float(gap.margin)
                assert abs(off) <= float(gap.error)


def test_pairs_on_which_the_exact_network_is_wrong_cost_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = Network(0, (1, -1), ((-1, 1), (1, -1)), ((-1, 1), (1, -1)))
    cuts = [sweep(wrong, p).cuts for p in all_pairs(2)]
    monkeypatch.setattr(Program, "run", lambda *_: pytest.fail("a wrong pair was run"))
    told: list[tuple[int, int]] = []
    half = RatioRange(Fraction(1, 2), Fraction(1, 2))
    beaten = prove_impulse(wrong, half).wrong
    assert len(beaten) == 2
    found = prove_float32(wrong, cuts, half, wrong=beaten, progress=lambda *now: told.append(now))
    assert [v.verdict for v in found] == ["unknown", "unknown"]
    assert told == [(1, 2), (2, 2)]


def test_processes_find_what_one_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    network = read_network(MODELS / "m4_3.pt")
    result = prove_impulse(network, RatioRange(Fraction(7, 10), Fraction(9, 10)))
    settled = network, result.cuts, result.ratios
    alone = prove_float32(*settled)
    monkeypatch.setattr("certify.impulse.spreading.WORTH_PROCESSES", 1)
    told: list[tuple[int, int]] = []
    assert prove_float32(*settled, jobs=2, progress=lambda *now: told.append(now)) == alone
    assert told == [(done, 6) for done in range(1, 7)]
