"""The protocol on a small model: the control, the ratio's arithmetic, what is saved."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from certify.errors import UsageError
from certify.estimate import METHODS
from certify.estimate.benchmark import Benchmark, Ratio, benchmark_estimates, noisy
from certify.model import Network
from certify.report.estimates import benchmark_figure, benchmark_text
from certify.report.style import write_figures
from tests.examples import HANDCRAFTED, TWO_INTERVALS


@pytest.fixture(scope="module")
def small() -> Benchmark:
    return benchmark_estimates(TWO_INTERVALS, models=3, levels=(0.1, 0.3), truth_samples=100_000)


def test_the_control_comes_out_at_one(small: Benchmark) -> None:
    assert small.control_holds
    assert len(small.control) == 3
    for score in small.control:
        assert 0.3 < score.in_operations.value < 3


def test_every_method_has_a_score(small: Benchmark) -> None:
    assert {score.method for score in small.scores} == set(METHODS)
    for score in small.scores:
        assert score.in_operations.low <= score.in_operations.high
        assert score.cost > 0
        assert [sigma for sigma, _ in score.by_level] == [0.1, 0.3]


@pytest.mark.slow
def test_cubature_beats_sampling_on_a_trained_model(m16_10: Network) -> None:
    result = benchmark_estimates(m16_10, models=6)
    assert result.control_holds
    cubature = [s for s in result.scores if s.method == "cubature"]
    assert all(s.in_operations.low > 1 for s in cubature)


def test_the_ratio_is_its_definition(small: Benchmark) -> None:
    truths = np.array(small.accuracies)
    spread = (truths * (1 - truths)).mean()
    for score in small.scores:
        if score.mse > 0:
            assert score.in_operations.value == pytest.approx(spread / score.mse / score.cost)


def test_errors_repeat_with_the_seed(small: Benchmark) -> None:
    again = benchmark_estimates(TWO_INTERVALS, models=3, levels=(0.1, 0.3), truth_samples=100_000)
    assert again.accuracies == small.accuracies
    assert [s.mse for s in again.scores] == [s.mse for s in small.scores]


def test_noise_is_multiplicative_seeded_and_of_the_level() -> None:
    w, v = TWO_INTERVALS.floats, noisy(TWO_INTERVALS, 0.1, 0, 0).floats
    factors = np.concatenate(
        [(b[a != 0] / a[a != 0] - 1).ravel() for a, b in ((w.w_ih, v.w_ih), (w.w_hh, v.w_hh))]
    )
    assert 0.05 < factors.std() < 0.2
    assert (v.w_hh[w.w_hh == 0] == 0).all()
    assert noisy(TWO_INTERVALS, 0.1, 0, 0) == noisy(TWO_INTERVALS, 0.1, 0, 0)
    assert noisy(TWO_INTERVALS, 0.1, 0, 0) != noisy(TWO_INTERVALS, 0.1, 0, 1)
    assert noisy(TWO_INTERVALS, 0.1, 0, 0) != noisy(TWO_INTERVALS, 0.1, 1, 0)


def test_the_control_fails_where_two_budgets_miss(small: Benchmark) -> None:
    def moved(count: int) -> Benchmark:
        wrong = Ratio(2.0, 1.5, 3.0)
        control = [replace(s, in_operations=wrong) for s in small.control[:count]]
        return replace(small, scores=(*control, *small.control[count:]))

    right = replace(
        small,
        scores=tuple(replace(s, in_operations=Ratio(1.0, 0.9, 1.1)) for s in small.control),
    )
    assert right.control_holds
    assert not moved(2).control_holds
    assert "at 1: NO" in benchmark_text(moved(3))


def test_the_results_are_shown_and_saved(small: Benchmark, tmp_path: Path) -> None:
    text = benchmark_text(small)
    assert "cubature" in text
    assert "control (sampling, operations) at 1: yes" in text
    data = json.loads(json.dumps(small.to_json(), allow_nan=False))
    assert data["control_holds"] is True
    write_figures({"estimates": benchmark_figure(small)}, tmp_path)
    assert "<svg" in (tmp_path / "estimates.svg").read_text()


@pytest.mark.parametrize(
    ("models", "levels", "message"),
    [(1, (0.1,), "--models is 1"), (4, (), "--levels"), (4, (0.1, -0.1), "--levels")],
)
def test_bad_options_are_refused(models: int, levels: tuple[float, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        benchmark_estimates(HANDCRAFTED, models=models, levels=levels)
