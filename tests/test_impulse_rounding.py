"""Bounds of the rounding error of one run: worst orders, subnormals, intervals, the adjoint."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.claims import Pair, all_pairs
from certify.impulse import rounding
from certify.impulse.rounding import Gap, MayOverflowError, Program, Step
from certify.impulse.sweep import sweep
from certify.model import Network
from tests import floatsim
from tests.test_impulse_float32 import float_networks


def bound_at(
    network: Network, pair: Pair, s: Fraction, sharpen: int = 4
) -> tuple[Program, dict[int, Gap]]:
    """The program and the gaps by rival, at one S."""
    program = Program(network)
    run = program.run(pair, s)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounding, "SHARPEN", sharpen)
        return program, {gap.rival: gap for gap in program.gaps(pair, run, run)}


def worst(
    network: Network, pair: Pair, s: Fraction, rng: random.Random, tries: int
) -> list[Fraction]:
    """Per logit the largest error over random orders."""
    x = floatsim.inputs(pair, s, network.seq_len)
    exact = network.logits(x)
    runs = [floatsim.logits(network, x, rng) for _ in range(tries)]
    return [max(abs(run[k] - exact[k]) for run in runs) for k in range(network.seq_len)]


@given(st.lists(st.integers(-(2**24), 2**24), min_size=1, max_size=6), st.integers(0, 10**6))
@settings(max_examples=60)
def test_one_neuron(weights: list[int], seed: int) -> None:
    """The rival's logit is one sum of products with exact states."""
    rng = random.Random(seed)
    d = len(weights)
    w_ih = [rng.randrange(1, 2**24) for _ in range(d)]
    network = Network(20, tuple(w_ih), ((0,) * d,) * d, ((0,) * d, tuple(weights)))
    s = floatsim.rounded(Fraction(rng.random()))
    # With M last and no memory the state is exact.
    _, gaps = bound_at(network, Pair(1, 0), s)
    assert worst(network, Pair(1, 0), s, rng, 5)[1] <= gaps[1].error


def test_the_worst_order_is_as_bad_as_the_bound() -> None:
    """A chain that loses half a last bit at every addition."""
    n = 64
    terms = [Fraction(1), *[Fraction(1, 2**24)] * (n - 1)]
    total = Fraction(0)
    for term in terms:  # 1 + u rounds to 1, ties to even
        total = floatsim.rounded(total + term)
    off = sum(terms) - total
    weights = tuple(int(term * 2**24) for term in terms)
    network = Network(24, (1 << 24,) * n, ((0,) * n,) * n, ((0,) * n, weights))
    _, gaps = bound_at(network, Pair(1, 0), Fraction(1, 2))  # at the last step each unit is 1
    assert off <= gaps[1].error <= off * Fraction(11, 10)


@pytest.mark.parametrize("sharpen", [0, 10**9])
def test_the_product_with_s_is_rounded_and_that_with_m_is_not(sharpen: int) -> None:
    """A lone product, handed on by a second unit: the bound is nearly attained, or zero."""
    rng = random.Random(5)
    attained = []
    for _ in range(200):
        w = rng.randrange(2**23, 2**24)
        memory = ((0, 0), (1 << 24, 0))
        network = Network(24, (w, 0), memory, ((0, 1 << 24), (0, 0)))
        s = floatsim.rounded(Fraction(rng.random()))
        _, gaps = bound_at(network, Pair(1, 0), s, sharpen)
        (off, _) = worst(network, Pair(1, 0), s, rng, 1)
        # Handing on and reading are products with the weight 1, bounded like any other.
        assert off <= gaps[1].error <= Fraction(31, 10) * s * w / 2**48 + Fraction(1, 2**140)
        assert gaps[1].error >= 3 * s * w / 2**48
        attained.append(off / gaps[1].error)
        network = Network(24, (w, 0), memory, ((0, 0), (0, 1 << 24)))
        _, gaps = bound_at(network, Pair(0, 1), s, sharpen)
        assert gaps[0].error <= Fraction(21, 10) * w / 2**48 + Fraction(1, 2**140)
        assert gaps[0].error >= Fraction(2 * w, 2**48)
    assert max(attained) > Fraction(3, 10)


def test_subnormal_products() -> None:
    """Where all that is lost is lost below the smallest normal number."""
    rng = random.Random(6)
    attained = []
    for _ in range(200):
        w, memory = rng.randrange(1, 2**10), rng.randrange(2**22, 2**24)
        # Multiples of 2**-149, read with the weight 2**20: the weights are times 2**149.
        network = Network(149, (w, 0), ((0, 0), (memory << 125, 0)), ((0, 1 << 169), (0, 0)))
        s = floatsim.rounded(Fraction(rng.random()))
        _, gaps = bound_at(network, Pair(1, 0), s)
        (off, _) = worst(network, Pair(1, 0), s, rng, 1)
        assert off <= gaps[1].error
        attained.append(off / gaps[1].error)
    assert max(attained) > Fraction(2, 10)


@given(float_networks(), st.data())
@settings(max_examples=60)
def test_intervals(network: Network, data: st.DataObject) -> None:
    """The bound of an interval within a piece holds at every S in it."""
    pair = data.draw(st.sampled_from(all_pairs(network.seq_len)))
    piece = data.draw(st.sampled_from(sweep(network, pair).pieces))
    program = Program(network)
    a, b = (program.run(pair, end) for end in (piece.lo, piece.hi))
    try:
        gaps = program.gaps(pair, a, b)
    except MayOverflowError:
        return
    rng = random.Random(data.draw(st.integers(0, 10**6)))
    for _ in range(4):
        s = floatsim.rounded(Fraction(rng.uniform(float(piece.lo), float(piece.hi))))
        if not piece.lo <= s <= piece.hi:
            continue
        x = floatsim.inputs(pair, s, network.seq_len)
        exact, computed = network.logits(x), floatsim.logits(network, x, rng)
        for gap in gaps:
            margin = exact[pair.second] - exact[gap.rival]
            assert margin >= gap.margin
            assert abs(computed[pair.second] - computed[gap.rival] - margin) <= gap.error


@given(float_networks(), st.data())
@settings(max_examples=60)
def test_adjoint_by_brute_force(network: Network, data: st.DataObject) -> None:
    """No choice of local errors and of unknown slopes goes beyond the adjoint's bound."""
    d = network.hidden_size
    scale = 2**network.shift
    units = st.lists(st.integers(0, 2**170), min_size=d, max_size=d)
    slopes = st.lists(st.sampled_from([0, 1, None]), min_size=d, max_size=d)
    steps = [Step(data.draw(units), data.draw(slopes)) for _ in range(data.draw(st.integers(1, 3)))]
    weights = network.w_out[0]
    bound = Fraction(Program(network)._adjoint(weights, steps), 2**160)
    rng = random.Random(data.draw(st.integers(0, 10**6)))

    def reach(corner: bool) -> Fraction:
        distance = [Fraction(0)] * d
        for step in steps:
            local = [Fraction(rng.choice([-r, r]), 2**160) for r in step.rounding]
            chosen = [
                Fraction(rng.choice([0, 1]) if corner else rng.random()) if v is None else v
                for v in step.slopes
            ]
            carried = [
                sum(w * e for w, e in zip(row, distance, strict=True)) / scale
                for row in network.w_hh
            ]
            distance = [c * (e + r) for c, e, r in zip(chosen, carried, local, strict=True)]
        seen = (w * e for w, e in zip(weights, distance, strict=True))
        reached: Fraction = abs(sum(seen, Fraction(0)) / scale)
        return reached

    samples = [reach(corner) for corner in (True, False) for _ in range(40)]
    assert max(samples) <= bound
    if len(steps) == 1:  # then signs alone decide, and the bound is attained
        attained = sum(
            abs(w) * r
            for w, r, c in zip(weights, steps[0].rounding, steps[0].slopes, strict=True)
            if c != 0
        )
        exact = Fraction(attained, scale << 160)
        assert exact <= bound <= exact + Fraction(sum(steps[0].rounding) * 4 + 1, 1 << 320) * 2**160


@pytest.mark.parametrize("sharpen", [0, 10**9])
@given(
    st.integers(2**22, 2**24),
    st.one_of(st.integers(-3, 3), st.integers(1, 2**12)),
    st.integers(0, 10**6),
)
@settings(max_examples=40)
def test_errors_of_early_steps_are_carried_on(sharpen: int, w: int, gap: int, seed: int) -> None:
    """Two units round, a third takes their small difference exactly, a fourth hands it on."""
    rng = random.Random(seed)
    w_hh = ((1, 0, 0, 0), (0, 1, 0, 0), (1, -1, 0, 0), (0, 0, 1, 0))
    network = Network(
        24,
        (w, w - gap, 0, 0),
        tuple(tuple(v << 24 for v in row) for row in w_hh),
        ((0, 0, 0, 1 << 24),) + ((0,) * 4,) * 3,
    )
    pair, s = Pair(1, 0), floatsim.rounded(Fraction(rng.random()) / 2)
    run = Program(network).run(pair, s)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounding, "SHARPEN", sharpen)
        found = Program(network).gaps(pair, run, run)
    computed = floatsim.logits(network, floatsim.inputs(pair, s, 4), rng)
    exact = network.logits(floatsim.inputs(pair, s, 4))
    assert abs(computed[0] - exact[0]) <= found[0].error


@pytest.mark.parametrize("sharpen", [0, 10**9])
def test_a_unit_that_is_on_in_the_program_alone(sharpen: int) -> None:
    """Exactly it is 0, the difference of two equal units; the program rounds these differently."""
    rng = random.Random(7)
    pair, one, w, memory = Pair(1, 0), 1 << 24, 11184811, 9876543
    w_hh = ((memory, 0, 0), (0, memory, 0), (one, -one, 0))
    network = Network(24, (w, w, 0), w_hh, ((0, 0, one), (0, 0, 0), (0, 0, 0)))
    found = []
    for _ in range(250):
        s = floatsim.rounded(Fraction(rng.random()))
        program, gaps = bound_at(network, pair, s, sharpen)
        run = program.run(pair, s)
        steps, distance, bound = program._forward(pair, run, run)
        assert steps[-1].slopes == [1, 1, None]
        x = floatsim.inputs(pair, s, 3)
        assert network.logits(x)[0] == 0
        found.append(floatsim.logits(network, x, rng)[0])
        assert found[-1] <= gaps[1].error
        assert found[-1] * 2**160 <= bound[2] == distance[2]
    assert max(found) > 0


def test_an_unknown_slope_cancels_nothing() -> None:
    """Unit 0 feeds unit 1, whose slope is unknown, and unit 2 with the opposite sign."""
    network = Network(0, (0,) * 3, ((0, 0, 0), (1, 0, 0), (-1, 0, 0)), ((0, 1, 1), (0, 0, 0)))
    unit = 1 << 160
    for slope, reach in ((1, 0), (0, 1), (None, 1)):
        steps = [Step([unit, 0, 0], [1, 1, 1]), Step([0, 0, 0], [1, slope, 1])]
        bound = Fraction(Program(network)._adjoint((0, 1, 1), steps), unit)
        assert reach <= bound <= reach + Fraction(1, 2**100)
