from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from certify.claims import impulses
from certify.errors import ModelFileError, UsageError
from certify.impulse.sweep import sweep_all
from certify.mechanism.training import (
    SIGNIFICANT,
    impulse_dimension,
    measure,
    participation_ratio,
    track,
)
from certify.model import Network
from certify.report.runs import track_text
from certify.testing import networks
from tests.examples import HANDCRAFTED, TWO_INTERVALS, Golden, save_npz


def noisy(network: Network, sigma: float, seed: int) -> Network:
    rng = np.random.default_rng(seed)
    floats = network.floats
    w_ih, w_hh, w_out = (
        w * (1 + sigma * rng.standard_normal(w.shape))
        for w in (floats.w_ih, floats.w_hh, floats.w_out)
    )
    return Network.from_arrays(w_ih, w_hh, w_out)


def test_participation_ratio_of_known_clouds() -> None:
    rng = np.random.default_rng(0)
    line = np.outer(rng.standard_normal(50), [1.0, 2.0, -1.0])
    assert participation_ratio(line) == pytest.approx(1)
    cross = np.concatenate([np.eye(4), -np.eye(4)])
    assert participation_ratio(cross) == pytest.approx(4)
    assert participation_ratio(np.ones((5, 3))) == 0
    assert participation_ratio(rng.standard_normal((7, 1))) == pytest.approx(1)


@settings(max_examples=30)
@given(networks())
def test_the_exact_dimension_is_that_of_the_states(network: Network) -> None:
    sweeps = sweep_all(network)
    ratio = Fraction(4, 5)
    states = np.array(
        [
            [float(v) for v in list(network.states(impulses(p, ratio, network.seq_len)))[-1]]
            for p in sweeps
        ]
    )
    assert float(impulse_dimension(sweeps, ratio)) == pytest.approx(
        participation_ratio(states), abs=1e-9
    )


def test_equal_models_show_no_change(tmp_path: Path) -> None:
    paths = [save_npz(TWO_INTERVALS, tmp_path / f"{name}.npz") for name in "ab"]
    result = track(paths, samples=500)
    (step,) = result.steps
    assert step is not None
    assert not step.is_change("accuracy")
    assert not step.is_change("dimension")
    assert step.certified == step.min_margin == step.impulse_dimension == 0
    assert result.largest_dimension_step is None
    assert result.right_from == "a"
    assert "changes nowhere by more than its error" in track_text(result)


def test_false_changes_are_rare_between_samples_of_one_model() -> None:
    """The standard errors are those of independent repetitions, within a factor."""
    runs = [
        measure(TWO_INTERVALS, "x", inputs="gaussian", samples=800, seed=seed) for seed in range(12)
    ]
    for values in (
        [(r.dimension.value, r.dimension.error) for r in runs],
        [(r.accuracy.value, r.accuracy.error) for r in runs],
    ):
        spread = np.std([v for v, _ in values], ddof=1)
        error = np.mean([e for _, e in values])
        assert 0.4 < spread / error < 2


def test_a_real_change_is_called_one(tmp_path: Path) -> None:
    wrong = Network(0, (1, -1), ((-1, 1), (1, -1)), ((-1, 1), (1, -1)))
    paths = [
        save_npz(wrong, tmp_path / "early.npz"),
        save_npz(HANDCRAFTED, tmp_path / "middle.npz"),
        save_npz(noisy(HANDCRAFTED, 1e-4, 1), tmp_path / "late.npz"),
    ]
    result = track(paths, samples=1000)
    first, second = result.steps
    assert first is not None
    assert second is not None
    assert first.certified == 2
    assert first.is_change("accuracy")
    assert not first.is_change("dimension")  # the states are the same
    assert not second.is_change("accuracy")
    assert result.right_from == "middle"
    assert result.checkpoints[0].common is None
    assert result.checkpoints[1].common == (Fraction(0), Fraction(1))
    json = result.to_json()
    assert json["steps"][0]["accuracy"]["is_change"] is True
    assert json["significant"] == SIGNIFICANT
    assert result.first_right == "middle"
    assert "all pairs are right from middle on" in track_text(result)
    assert "the dimension stays within its error in the step to middle" in track_text(result)


def test_models_of_different_length_do_not_compare(tmp_path: Path) -> None:
    three = Network(0, (1,), ((1,),), ((1,), (1,), (1,)))
    paths = [save_npz(HANDCRAFTED, tmp_path / "a.npz"), save_npz(three, tmp_path / "b.npz")]
    result = track(paths, samples=100)
    assert result.steps == (None,)
    assert result.right_from is None
    assert result.to_json()["steps"] == [None]
    assert "right first at a, but not at the end" in track_text(result)


def test_errors_name_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least one model"):
        track([])
    with pytest.raises(ModelFileError, match="no such file"):
        track([tmp_path / "missing.pt"])


def test_golden_measures(golden: Golden, golden_network: Network) -> None:
    found = measure(golden_network, golden.path.stem, inputs="gaussian", samples=2000, seed=0)
    assert found.certified == found.pairs == 90
    assert round(float(found.min_margin), 4) == golden.min_margin
    assert found.common is not None
    assert [float(end) for end in found.common] == pytest.approx(golden.common, abs=1e-5)
    assert found.cells == golden.cells
    assert found.final_cells == golden.final_cells
