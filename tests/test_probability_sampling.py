from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.cli import main
from certify.errors import UsageError
from certify.estimate.sampling import sampling
from certify.mechanism.readout import study_readout
from certify.mechanism.training import track
from certify.model import Network
from certify.probability.prove import prove_accuracy
from certify.probability.sampling import (
    TIE,
    clopper_pearson,
    draw,
    judge,
    measure_accuracy,
)
from certify.reading.weights import read_network
from certify.report.studies import readout_text
from certify.testing import networks
from tests.examples import HANDCRAFTED, MODELS

RNG = np.random.default_rng(2)
THREE = Network.from_arrays(RNG.normal(size=4), RNG.normal(size=(4, 4)), RNG.normal(size=(3, 4)))


@pytest.mark.parametrize("inputs", ["gaussian", "uniform"])
def test_interval_holds_the_exact_value(inputs: Any) -> None:
    exact = prove_accuracy(THREE, inputs, digits=12)
    found = measure_accuracy(THREE, inputs, samples=40_000, seed=1, confidence=0.9999)
    assert found.lower <= float(exact.lower) <= found.upper
    assert found.upper - found.lower < 0.03
    assert found == measure_accuracy(THREE, inputs, samples=40_000, seed=1, confidence=0.9999)


def test_a_model_that_always_ties_is_never_right() -> None:
    zero = Network(0, (0,), ((0,),), ((0,), (0,)))
    found = measure_accuracy(zero, samples=500)
    assert (found.right, found.tied, found.lower) == (0, 500, 0.0)
    assert 0 < found.upper < 0.02


def test_all_right_has_the_upper_end_one() -> None:
    found = measure_accuracy(HANDCRAFTED, samples=1000)
    assert found.right == 1000
    assert found.upper == 1
    assert 0.99 < found.lower < 1


def test_bad_arguments_are_named() -> None:
    with pytest.raises(UsageError, match="samples"):
        measure_accuracy(THREE, samples=0)
    with pytest.raises(UsageError, match="confidence"):
        measure_accuracy(THREE, confidence=1.0)
    with pytest.raises(UsageError, match="inputs"):
        measure_accuracy(THREE, "laplace")  # type: ignore[arg-type]


@settings(max_examples=150)
@given(networks(max_hidden=4, max_length=4), st.integers(0, 1000))
def test_every_input_is_decided_as_exact_arithmetic_decides_it(network: Network, seed: int) -> None:
    """Networks with equal rows, zero rows and small integers, on inputs with equal entries."""
    rng = np.random.default_rng(seed)
    x = np.concatenate(
        [rng.standard_normal((10, network.seq_len)), rng.integers(-2, 3, (10, network.seq_len))]
    )
    judged = judge(network, x)
    for row, choice, right in zip(x, judged.choice, judged.right, strict=True):
        exact = [Fraction(float(v)) for v in row]
        assert (None if choice == TIE else choice) == network.choice(exact)
        assert right == network.is_right(exact)


@pytest.mark.parametrize("size", [1e-100, 1e-38, 1e30, 1e100])
def test_extreme_weights_are_decided_too(size: float) -> None:
    floats = THREE.floats
    network = Network.from_arrays(floats.w_ih * size, floats.w_hh * size, floats.w_out * size)
    x = np.concatenate(list(draw("gaussian", 30, 3, 4)))
    choice = judge(network, x).choice
    for row, found in zip(x, choice, strict=True):
        exact = network.choice([Fraction(float(v)) for v in row])
        assert (None if found == TIE else found) == exact


def test_ties_of_real_models_take_no_integers() -> None:
    found = measure_accuracy(read_network(MODELS / "m3_3.pt"), samples=10_000)
    assert 0.15 < found.tied / found.samples < 0.19
    assert found.near < 10


def test_the_interval_of_clopper_and_pearson() -> None:
    assert clopper_pearson(0, 10)[0] == 0
    assert clopper_pearson(10, 10)[1] == 1
    lo, hi = clopper_pearson(10, 100)
    assert (lo, hi) == pytest.approx((0.0490, 0.1762), abs=5e-5)  # their example, 1934


def test_all_commands_agree_on_a_model_that_ties(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``accuracy``, ``explain``, ``estimate`` and ``track``: one accuracy, one share of ties."""
    path = MODELS / "m3_3.pt"
    network = read_network(path)
    found = measure_accuracy(network, samples=5000, seed=0)
    exact = prove_accuracy(network, digits=12)
    assert found.lower <= float(exact.lower) <= found.upper
    value, ties = found.right / 5000, found.tied / 5000
    readout = study_readout(network, "gaussian", {"all": (0, 1, 2)}, samples=5000, seed=0)
    (checkpoint,) = track([path], samples=5000, seed=0).checkpoints
    estimate = sampling(network, seed=0)
    assert readout.accuracy.value == checkpoint.accuracy.value == estimate.value == value
    assert readout.ties.value == checkpoint.ties.value == ties > 0.1
    for command in (
        ["estimate", str(path), "--method", "sampling"],
        ["track", str(path), "--samples", "5000"],
        ["accuracy", str(path), "--out", str(tmp_path)],
        ["explain", str(path), "--samples", "500", "--out", str(tmp_path)],
    ):
        assert main(command) == 0
        shown = " ".join(capsys.readouterr().out.split())
        assert "inputs tie" in shown
        assert "assumed: the task is second-argmax" in shown
    assert "of the inputs tie" in readout_text(readout)
