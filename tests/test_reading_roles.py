"""Names of one's own: what is understood, and what is said to have been assumed."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from certify.errors import ModelFileError
from certify.model import Network
from certify.reading.weights import network_from_mapping
from tests import modelfiles as mf

GOOD = mf.weights()
PLAIN = Network.from_arrays(GOOD[mf.IH], GOOD[mf.HH], GOOD[mf.OUT])
CELL = {"cell.weight_ih": GOOD[mf.IH], "cell.weight_hh": GOOD[mf.HH], "out": GOOD[mf.OUT]}


@pytest.mark.parametrize(
    ("tensors", "notes"),
    [
        (GOOD, []),
        ({f"module.{name}": a for name, a in GOOD.items()}, ["the names begin with 'module.'"]),
        (
            {mf.IH: GOOD[mf.IH], mf.HH: GOOD[mf.HH], "fc.weight": GOOD[mf.OUT]},
            ["'fc.weight' is linear.weight"],
        ),
        (
            CELL,
            [
                "'cell.weight_ih' is rnn.weight_ih_l0",
                "'cell.weight_hh' is rnn.weight_hh_l0",
                "'out' is linear.weight",
            ],
        ),
        (
            {**GOOD, "rnn.bias_hh_l0": np.zeros(3), "linear.bias": -np.zeros(4)},
            ["'rnn.bias_hh_l0' is zero", "'linear.bias' is zero"],
        ),
        (
            {"epoch": 3, "state_dict": {f"model.{n}": a for n, a in GOOD.items()}},
            [
                "the state dict is the entry 'state_dict'",
                "the names begin with 'model.'",
                "left aside: 'epoch'",
            ],
        ),
        ({**GOOD, "nonlinearity": "ReLU", "loss": 0.5}, ["left aside: 'loss'"]),
    ],
)
def test_what_is_assumed(tensors: dict[str, Any], notes: list[str]) -> None:
    network = network_from_mapping(tensors, "here")
    assert network == PLAIN
    assert network.sha256 == PLAIN.sha256
    assert network.notes == tuple(notes)


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        ({"linear.bias": [0.0, 0.0, 0.0, 1e-30]}, "'linear.bias' is a bias and not zero"),
        ({"linear.bias": np.zeros((4, 1))}, "'linear.bias' is a bias of shape (4, 1)"),
        ({"scale": np.ones(1)}, "has an entry 'scale' too many"),
        ({"hyper_parameters": {"nonlinearity": "tanh"}}, "its nonlinearity is 'tanh'"),
        ({"ema": GOOD}, "several models (the file itself, 'ema')"),
        ({mf.IH: [[1], [2], [Fraction(1, 3)]]}, "1/3 is not a number that float64 holds exactly"),
        ({mf.IH: [[1], [2], [2**53 + 1]]}, "9007199254740993 is not a number that float64"),
        ({mf.IH: [[1], [2], [10**400]]}, "is not a number that float64 holds exactly"),
        ({mf.IH: [["1"], [2], [3]]}, "'1' is not a number"),
        ({mf.IH: [[1], [2, 3], [3]]}, "rnn.weight_ih_l0 has shape"),
        ({mf.IH: np.full((3, 1), np.nan)}, "rnn.weight_ih_l0[0, 0] is nan"),
    ],
)
def test_what_is_refused(change: dict[str, Any], phrase: str) -> None:
    with pytest.raises(ModelFileError) as caught:
        network_from_mapping({**GOOD, **change}, "here")
    assert str(caught.value).startswith("here: ")
    assert phrase in str(caught.value)


@pytest.mark.parametrize(
    ("scales", "phrase"),
    [
        ((1e38, 1.0, 1e38), None),
        ((1e-100, 1.0, 1e-100), None),
        ((1e-38, 1e-38, 1e-38), None),
        ((1.0, 0.0, 1.0), None),
        ((1.0, 1e60, 1.0), "its numbers may grow to 2**6"),
        ((1e-300, 1.0, 1e-5), "its numbers may shrink to 2**-10"),
    ],
)
def test_sizes(scales: tuple[float, ...], phrase: str | None) -> None:
    arrays = {name: scale * a for scale, (name, a) in zip(scales, GOOD.items(), strict=True)}
    if phrase is None:
        assert network_from_mapping(arrays).seq_len == 4
        return
    with pytest.raises(ModelFileError) as caught:
        network_from_mapping(arrays)
    assert phrase in str(caught.value)


def test_numbers_of_any_type() -> None:
    lists = {name: [[Fraction(v) for v in row] for row in a] for name, a in GOOD.items()}
    for kind in (np.float16, np.float32, np.float64, np.longdouble):
        assert network_from_mapping({n: a.astype(kind) for n, a in GOOD.items()}) == PLAIN
    assert network_from_mapping(lists) == PLAIN
    ones = network_from_mapping({mf.IH: [[1]], mf.HH: np.array([[2]]), mf.OUT: [[3], [2.0**70]]})
    assert ones.w_out == ((3,), (2**70,))


def test_tensors_needs_torch() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        tensors = {n: torch.tensor(a, dtype=dtype) for n, a in GOOD.items()}
        parameters = {n: torch.nn.Parameter(t) for n, t in tensors.items()}
        assert network_from_mapping(parameters) == PLAIN
        negated = {n: torch._neg_view(-t) for n, t in tensors.items()}
        assert network_from_mapping(negated) == PLAIN
        aside = {**tensors, "batches": torch.tensor(3), "q": torch.ones(2).to(torch.float8_e5m2)}
        assert network_from_mapping(aside).notes == ("left aside: 'batches', 'q'",)
