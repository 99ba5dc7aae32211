from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.claims import Pair, RatioRange, all_pairs, impulses
from certify.impulse.prove import ImpulseResult
from certify.impulse.sweep import sweep, sweep_all
from certify.model import Network
from certify.reading.weights import read_network
from certify.testing import networks, pairs, ratios
from tests.examples import EXAMPLES, MODELS, Example, Golden, brute_force_right

TINY = Fraction(1, 10**30)


@given(networks(), st.data())
def test_sweep_agrees_with_exact_evaluation_everywhere(
    network: Network, data: st.DataObject
) -> None:
    n = network.seq_len
    found = sweep(network, data.draw(pairs(n)))
    assert found.breaks[0] == 0
    assert found.breaks[-1] == 1
    assert all(a < b for a, b in pairwise(found.breaks))
    near = [b + e for b in found.breaks for e in (-TINY, 0, TINY)]
    border = [e + t for pair in found.right_intervals for e in pair for t in (-TINY, 0, TINY)]
    for ratio in {*near, *border, data.draw(ratios()), data.draw(ratios())}:
        if not 0 < ratio < 1:
            continue
        x = impulses(found.pair, ratio, n)
        *_, state = network.states(x)
        assert found.state_at(ratio) == state
        logits = network.logits(x)
        own = logits[found.pair.second]
        margin = min(own - v for j, v in enumerate(logits) if j != found.pair.second)
        assert found.margin_at(ratio).value == margin
        right = brute_force_right(network, *found.pair, ratio)
        assert right == (margin > 0)
        assert right == any(lo < ratio < hi for lo, hi in found.right_intervals)


@given(networks(), st.data())
def test_pieces_are_cells(network: Network, data: st.DataObject) -> None:
    """Inside a piece the pattern is that of every input; neighbours differ."""
    n = network.seq_len
    found = sweep(network, data.draw(pairs(n)))
    for piece in found.pieces:
        for weight in (Fraction(1, 3), Fraction(1, 2), Fraction(7, 8)):
            ratio = piece.lo + (piece.hi - piece.lo) * weight
            states = network.states(impulses(found.pair, ratio, n))
            pattern = [sum((v > 0) << i for i, v in enumerate(h)) for h in states]
            assert tuple(pattern) == piece.pattern
    assert all(a.pattern != b.pattern for a, b in pairwise(found.pieces))


@given(networks(), st.data())
def test_smallest_margin_over_a_range(network: Network, data: st.DataObject) -> None:
    found = sweep(network, data.draw(pairs(network.seq_len)))
    lo, hi = sorted((data.draw(ratios()), data.draw(ratios())))
    least = found.min_margin(RatioRange(lo, hi))
    assert lo <= least.ratio <= hi
    assert found.margin_at(least.ratio) == least
    for step in range(8):
        assert found.margin_at(lo + (hi - lo) * step / 7).value >= least.value
    assert (found.interval_around(RatioRange(lo, hi)) is None) == (least.value <= 0)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_examples(example: Example) -> None:
    nominal = RatioRange(Fraction(4, 5), Fraction(4, 5))
    sweeps = sweep_all(example.network)
    assert list(sweeps) == list(all_pairs(example.network.seq_len))
    right = [s.interval_around(nominal) is not None for s in sweeps.values()]
    assert sum(right) == example.right_at_nominal


@settings(max_examples=25)
@given(networks(max_hidden=4, max_length=4), st.data())
def test_float_program_agrees_needs_torch(network: Network, data: st.DataObject) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    n = network.seq_len
    found = sweep(network, data.draw(pairs(n)))
    ratio = data.draw(ratios())
    margin = found.margin_at(ratio)
    w = network.floats
    rnn = torch.nn.RNN(1, network.hidden_size, nonlinearity="relu", bias=False, batch_first=True)
    rnn.load_state_dict(
        {
            "weight_ih_l0": torch.tensor(w.w_ih[:, None], dtype=torch.float32),
            "weight_hh_l0": torch.tensor(w.w_hh, dtype=torch.float32),
        }
    )
    x = torch.tensor([float(v) for v in impulses(found.pair, ratio, n)], dtype=torch.float32)
    with torch.no_grad():
        _, last = rnn(x[None, :, None])
        logits = last[0, 0] @ torch.tensor(w.w_out.T, dtype=torch.float32)
    scale = max(1.0, float(logits.abs().max()))
    if float(margin.value) > 1e-3 * scale:
        assert int(logits.argmax()) == found.pair.second
    if float(margin.value) < -1e-3 * scale:
        assert int(logits.argmax()) != found.pair.second


def test_golden_pieces_and_intervals(golden: Golden, golden_impulse: ImpulseResult) -> None:
    sweeps = sweep_all(golden_impulse.model)
    assert sum(len(s.pieces) for s in sweeps.values()) == golden.cells
    pair, below = golden.border
    assert sweeps[pair].margin_at(below).value <= 0
    for side in (0, 1):
        ends = [s.interval_around(golden_impulse.ratios) for s in sweeps.values()]
        inner = [float(e[side]) for e in ends if e is not None]
        assert len(inner) == 90
        assert (min, max)[1 - side](inner) == pytest.approx(golden.common[side], abs=1e-5)


@given(networks())
def test_shared_trajectories_give_each_pair_its_own_sweep(network: Network) -> None:
    together = sweep_all(network)
    assert list(together) == list(all_pairs(network.seq_len))
    for pair, found in together.items():
        alone = sweep(network, pair)
        assert found.breaks == alone.breaks
        assert [p.pattern for p in found.pieces] == [p.pattern for p in alone.pieces]
        assert [p.state for p in found.pieces] == [p.state for p in alone.pieces]
        assert [p.logits for p in found.pieces] == [p.logits for p in alone.pieces]


def test_some_pairs_are_swept_without_the_others() -> None:
    network = read_network(MODELS / "m8_5.pt")
    wanted = [Pair(3, 1), Pair(0, 4)]
    assert list(sweep_all(network, wanted)) == wanted
