from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.claims import Pair, RatioRange, all_pairs, impulses
from certify.errors import UsageError
from certify.impulse.sweep import sweep
from certify.mechanism.circuit import Kept
from certify.mechanism.interventions import PatchResult, patch
from certify.mechanism.patched import Intervention, replay, sweep_patched
from certify.model import Network
from certify.report.runs import patch_text
from certify.testing import networks
from tests.examples import HANDCRAFTED, TWO_INTERVALS, Golden

RATIO = Fraction(4, 5)
Vector = list[Fraction]


def zero(unit: int, step: int | None = None) -> Intervention:
    return Intervention(unit, step, "scale", Fraction(0))


def by_definition(network: Network, x: Vector, acting: list[Intervention]) -> list[Vector]:
    """States with fractions and nothing else."""
    scale = Fraction(1, 2**network.shift)
    h: Vector = [Fraction(0)] * network.hidden_size
    found = []
    for t, value in enumerate(x):
        h = [
            max(Fraction(0), scale * (w * value + sum(a * b for a, b in zip(row, h, strict=True))))
            for w, row in zip(network.w_ih, network.w_hh, strict=True)
        ]
        for i in acting:
            if i.step in (None, t):
                h[i.unit] = i.value if i.action == "set" else i.value * h[i.unit]
        found.append(list(h))
    return found


@st.composite
def patched_networks(draw: st.DrawFn) -> tuple[Network, list[Intervention]]:
    network = draw(networks(max_hidden=4, max_length=4))
    value = st.fractions(0, 3, max_denominator=7)
    acting = draw(
        st.lists(
            st.builds(
                Intervention,
                st.integers(0, network.hidden_size - 1),
                st.none() | st.integers(0, network.seq_len - 1),
                st.sampled_from(["set", "scale"]),
                value,
            ),
            max_size=3,
            unique_by=lambda i: i.unit,
        )
    )
    return network, acting


@settings(max_examples=50)
@given(patched_networks(), st.fractions("1/50", "49/50", max_denominator=50))
def test_replay_is_the_definition(
    case: tuple[Network, list[Intervention]], ratio: Fraction
) -> None:
    network, acting = case
    x = impulses(Pair(0, 1), ratio, network.seq_len)
    trace = replay(network, x, acting)
    expected = by_definition(network, x, acting)
    assert list(trace.states) == expected
    unit = Fraction(1, 2**network.shift)
    logits = [
        unit * sum(a * b for a, b in zip(row, expected[-1], strict=True)) for row in network.w_out
    ]
    assert trace.logits == logits
    best = [j for j, v in enumerate(logits) if v == max(logits)]
    assert trace.chosen == (best[0] if len(best) == 1 else None)


@settings(max_examples=30)
@given(patched_networks(), st.lists(st.fractions("1/99", "98/99", max_denominator=99), max_size=6))
def test_patched_sweep_agrees_with_replay_everywhere(
    case: tuple[Network, list[Intervention]], ratios: list[Fraction]
) -> None:
    network, acting = case
    n = network.seq_len
    for pair in all_pairs(n)[:2]:
        found, scale = sweep_patched(network, pair, acting)
        inner = [b for b in found.breaks if 0 < b < 1]
        middles = [(p.lo + p.hi) / 2 for p in found.pieces]
        for ratio in (*ratios, *inner, *middles):
            trace = replay(network, impulses(pair, ratio, n), acting)
            assert [v / scale for v in found.state_at(ratio)] == trace.states[-1]
            margin = min(
                trace.logits[pair.second] - v
                for j, v in enumerate(trace.logits)
                if j != pair.second
            )
            assert found.margin_at(ratio).value / scale == margin


@settings(max_examples=40)
@given(networks(max_hidden=4, max_length=4))
def test_without_interventions_it_is_the_sweep(network: Network) -> None:
    for pair in all_pairs(network.seq_len):
        own, (found, scale) = sweep(network, pair), sweep_patched(network, pair, [])
        assert scale == 1
        assert [(p.lo, p.hi, p.pattern, p.state, p.logits) for p in own.pieces] == [
            (p.lo, p.hi, p.pattern, p.state, p.logits) for p in found.pieces
        ]


def test_zeroing_a_unit_at_every_step_removes_it() -> None:
    for unit in range(5):
        less = Kept.of_units(TWO_INTERVALS, range(5)).minus(("unit", unit)).applied(TWO_INTERVALS)
        for pair in all_pairs(2):
            found, _ = sweep_patched(TWO_INTERVALS, pair, [zero(unit)])
            assert found.right_intervals == sweep(less, pair).right_intervals


def test_patch_side_by_side() -> None:
    """Handcrafted on (0, 1): h = (1, 0), then (0, 1 - ...): worked out on paper."""
    result = patch(HANDCRAFTED, Pair(0, 1), [zero(0, 0)], ratio=RATIO)
    # h_1 = (1, 0) becomes (0, 0); h_2 = relu(4/5, -4/5) = (4/5, 0), without it (0, 1/5).
    assert result.baseline.states[0] == [1, 0]
    assert result.patched.states[0] == [0, 0]
    assert result.baseline.states[1] == [0, Fraction(1, 5)]
    assert result.patched.states[1] == [Fraction(4, 5), 0]
    assert [(c.step, c.unit, c.toggled) for c in result.changes] == [
        (0, 0, True),
        (1, 0, True),
        (1, 1, True),
    ]
    assert result.baseline.chosen == 1
    assert result.patched.chosen == 0
    assert result.verdict_changes
    assert result.baseline_range.proved
    assert not result.patched_range.proved
    assert Pair(0, 1) in result.broken
    assert result.repaired == ()
    assert result.homogeneous
    text = patch_text(result)
    assert "patched 0 (wrong)" in text
    assert "every M > 0" in text
    assert result.to_json()["changes"][0]["toggled"] is True


def test_a_constant_breaks_homogeneity_and_the_result_says_so() -> None:
    setting = Intervention(0, 0, "set", Fraction(1, 3))
    result = patch(HANDCRAFTED, Pair(0, 1), [setting], ratio=RATIO)
    assert not result.homogeneous
    assert result.to_json()["holds_for"] == "M = 1"
    assert "M = 1 alone" in patch_text(result)
    assert patch(HANDCRAFTED, Pair(0, 1), [Intervention(0, 0, "set", Fraction(0))]).homogeneous


def test_a_verdict_over_a_range_holds_at_every_ratio_of_it() -> None:
    ratios = RatioRange(Fraction(1, 2), Fraction(83, 100))
    for unit in range(5):
        for factor in (Fraction(9, 10), Fraction(11, 10)):
            acting = [Intervention(unit, 1, "scale", factor)]
            result = patch(TWO_INTERVALS, Pair(1, 0), acting, ratio=RATIO, ratios=ratios)
            right = []
            for k in range(34):
                ratio = ratios.lo + (ratios.hi - ratios.lo) * Fraction(k, 33)
                x = impulses(Pair(1, 0), ratio, 2)
                right.append(replay(TWO_INTERVALS, x, acting).chosen == 0)
            if result.patched_range.proved:
                assert all(right)
            else:
                x = impulses(Pair(1, 0), result.patched_range.at, 2)
                assert replay(TWO_INTERVALS, x, acting).chosen != 0


@pytest.mark.parametrize(
    ("acting", "pair", "ratio", "message"),
    [
        ([zero(2)], Pair(0, 1), RATIO, "unit 2: the network has units 0..1"),
        ([zero(-1)], Pair(0, 1), RATIO, "unit -1"),
        ([zero(0, 2)], Pair(0, 1), RATIO, "step 2: the network has steps 0..1"),
        ([zero(0, 1), zero(0)], Pair(0, 1), RATIO, "two interventions on unit 0"),
        ([Intervention(0, 0, "set", Fraction(-1))], Pair(0, 1), RATIO, "negative"),
        ([zero(0)], Pair(0, 2), RATIO, r"pair \(0, 2\)"),
        ([zero(0)], Pair(1, 1), RATIO, r"pair \(1, 1\)"),
        ([zero(0)], Pair(0, 1), Fraction(1), "ratio"),
    ],
)
def test_usage_errors(
    acting: list[Intervention], pair: Pair, ratio: Fraction, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        patch(HANDCRAFTED, pair, acting, ratio=ratio)


def test_golden_patch(golden: Golden, golden_network: Network) -> None:
    ratios = RatioRange(Fraction(1, 2), Fraction(9, 10))
    unit, chosen, broken = golden.broken
    result: PatchResult = patch(golden_network, Pair(2, 7), [zero(unit, 5)], ratios=ratios)
    assert result.baseline_range.proved
    assert not result.patched_range.proved
    assert result.patched.chosen == chosen
    assert {c.step for c in result.changes} == {5, 6, 7, 8, 9}
    assert len(result.broken) == broken
