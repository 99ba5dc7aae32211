from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from certify.errors import NothingDecidedError, UsageError
from certify.model import Network
from certify.probability.prove import decimal, prove_accuracy
from tests.examples import HANDCRAFTED


@pytest.mark.parametrize("inputs", ["gaussian", "uniform"])
def test_handcrafted_is_exactly_right(inputs: Any) -> None:
    result = prove_accuracy(HANDCRAFTED, inputs)
    assert result.exact
    assert result.lower == result.upper == 1
    assert result.to_dict()["lower"] == "1"


def test_zero_network_is_exactly_wrong() -> None:
    result = prove_accuracy(Network(0, (0,), ((0,),), ((0,), (0,), (0,))))
    assert result.lower == result.upper == 0


def test_published_m2_2_to_30_digits_needs_the_reference_folder(published_m2_2: Network) -> None:
    result = prove_accuracy(published_m2_2)
    assert result.upper - result.lower <= Fraction(1, 10**30)
    assert result.lower <= Fraction("0.99992256850821997209020890043533") <= result.upper


def test_exact_values_agree_with_sampling() -> None:
    rng = np.random.default_rng(1)
    for n in (2, 3):
        network = Network.from_arrays(
            rng.normal(size=4), rng.normal(size=(4, 4)), rng.normal(size=(n, 4))
        )
        for inputs, x in (
            ("gaussian", rng.normal(size=(200_000, n))),
            ("uniform", rng.random(size=(200_000, n))),
        ):
            logits = np.sort(network.floats.logits(x), axis=1)
            second = np.argsort(x, axis=1)[:, -2]
            choice = network.floats.logits(x).argmax(axis=1)
            share = float(((choice == second) & (logits[:, -1] > logits[:, -2])).mean())
            result = prove_accuracy(network, inputs, digits=10)  # type: ignore[arg-type]
            assert abs(share - float(result.lower)) < 0.006


def test_decimals_are_rounded_outward() -> None:
    assert decimal(Fraction(2, 3), 4, up=False) == "0.6666"
    assert decimal(Fraction(2, 3), 4, up=True) == "0.6667"
    assert decimal(Fraction(1), 3, up=True) == "1.000"


def test_bad_arguments_are_named() -> None:
    with pytest.raises(UsageError, match="laplace"):
        prove_accuracy(HANDCRAFTED, "laplace")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="digits"):
        prove_accuracy(HANDCRAFTED, digits=0)


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        prove_accuracy(HANDCRAFTED).certificate().write(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("option", [{"dask": "nowhere"}, {"device": "cuda"}])
def test_a_closed_form_needs_no_cluster_and_no_device(option: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="closed form"):
        prove_accuracy(HANDCRAFTED, **option)


def test_an_address_where_no_scheduler_is() -> None:
    network = Network.from_arrays([1.0], [[0.5]], [[1.0], [-1.0], [0.5], [0.0]])
    with pytest.raises(UsageError, match="dask nowhere: no scheduler there"):
        prove_accuracy(network, budget=1, dask="nowhere")


@pytest.mark.parametrize("n", [4, 7])
def test_weights_beyond_the_rule_are_said_before_any_work(n: int) -> None:
    network = Network(0, (1, -1), ((3000, 0), (0, 3000)), ((0, 0),) * n)
    with pytest.raises(NothingDecidedError, match=r"weights up to 3000; needed: .* \|w\| < 2048"):
        prove_accuracy(network, boxes=10)
