from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from certify.errors import UsageError
from certify.model import Network
from certify.probability.prove import prove_accuracy
from certify.probability.sampling import sample_accuracy
from tests.examples import HANDCRAFTED

RNG = np.random.default_rng(2)
THREE = Network.from_arrays(RNG.normal(size=4), RNG.normal(size=(4, 4)), RNG.normal(size=(3, 4)))


@pytest.mark.parametrize("inputs", ["gaussian", "uniform"])
def test_interval_holds_the_exact_value(inputs: Any) -> None:
    exact = prove_accuracy(THREE, inputs, digits=12)
    found = sample_accuracy(THREE, inputs, samples=40_000, seed=1, confidence=0.9999)
    assert found.lower <= float(exact.lower) <= found.upper
    assert found.upper - found.lower < 0.03
    assert found == sample_accuracy(THREE, inputs, samples=40_000, seed=1, confidence=0.9999)


def test_ties_are_decided_in_integers_and_never_right() -> None:
    zero = Network(0, (0,), ((0,),), ((0,), (0,)))
    found = sample_accuracy(zero, samples=500)
    assert (found.right, found.near, found.lower) == (0, 500, 0.0)
    assert 0 < found.upper < 0.02


def test_all_right_has_the_upper_end_one() -> None:
    found = sample_accuracy(HANDCRAFTED, samples=1000)
    assert found.right == 1000
    assert found.upper == 1
    assert 0.99 < found.lower < 1


def test_the_answer_says_that_it_is_statistical() -> None:
    answer = sample_accuracy(THREE, samples=10).to_json()
    assert answer["statistical"] is True
    assert not {"lower", "upper", "certificate", "verdict"} & set(answer)


def test_bad_arguments_are_named() -> None:
    with pytest.raises(UsageError, match="samples"):
        sample_accuracy(THREE, samples=0)
    with pytest.raises(UsageError, match="confidence"):
        sample_accuracy(THREE, confidence=1.0)
    with pytest.raises(UsageError, match="inputs"):
        sample_accuracy(THREE, "laplace")  # type: ignore[arg-type]
