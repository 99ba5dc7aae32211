"""Boxes bounded in batches by torch: the same bounds, and a run as good as any other.

All on torch's own processor device; an accelerator differs in the order of its sums only.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from certify.checker.accuracy import check_accuracy
from certify.errors import MissingExtraError, UsageError
from certify.model import Network
from certify.probability.boxes.batches import Device
from certify.probability.boxes.branch_and_bound import OPEN, total_of
from certify.probability.boxes.order_words import forest
from certify.probability.boxes.tapes import cut_boxes, margins_of
from certify.probability.prove import prove_accuracy
from certify.reading.weights import read_network
from certify.relaxation.linear import bound_box

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="torch is not installed"
)
MODEL = read_network(Path(__file__).parents[1] / "models" / "m8_4.pt")


@pytest.fixture(autouse=True)
def boxes_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short inputs would be left to cones."""
    monkeypatch.setattr("certify.probability.prove.CONE_LENGTH", 3)


def on_cpu(network: Network, boxes: int, **more: Any) -> Any:
    return prove_accuracy(network, boxes=boxes, jobs=2, device="cpu", **more)


@needs_torch
def test_bounds_are_those_of_one_box_at_a_time_needs_torch() -> None:
    rng = np.random.default_rng(3)
    tree = forest("nbdb", "gaussian")
    total = total_of(tree.kind, np.array(tree.chain), 4)
    rows, slack = margins_of(MODEL, tree.second)
    net, count, (n, d) = MODEL.floats, 60, slack.reach.shape
    lo = rng.random((count, n)) * 2
    hi = lo + rng.random((count, n)) * rng.random((count, 1))
    share = rng.random(count)
    sign = rng.choice([-1.0, 1.0], count)
    skip = rng.random((count, len(rows))) < 0.3
    skip[:, 0] = False
    reach = np.broadcast_to(slack.reach, (count, n, d))
    bounds = Device("cpu", 1)._bounds(MODEL, tree.A, total, rows, slack)
    lower, upper, codes, values, score = bounds(lo, hi, share, -reach, reach, sign, skip)
    again = bounds(lo, hi, share, lower, upper, sign, skip)
    assert np.allclose(again[0], lower)
    for i in range(count):
        low, up = -slack.reach, slack.reach.copy()
        code, expected = np.zeros((n, d), dtype=np.uint8), np.zeros(n)
        asked = ~skip[i]
        found = np.empty(asked.sum())
        bound_box(
            net.w_ih, net.w_hh, sign[i] * rows[asked], tree.A, np.zeros(n), lo[i], hi[i], total,
            share[i] * slack.unit, share[i] * slack.row[asked], share[i] * slack.unit,
            slack.reach, True, 0,
            low, up, code, found, expected,
        )  # fmt: skip
        assert np.allclose(found, values[i][asked], rtol=1e-9, atol=1e-9)
        assert np.isinf(values[i][skip[i]]).all()
        assert (code == codes[i]).all()
        open_units = (code > 0) & (code < 255)
        assert np.allclose(low[open_units], lower[i][open_units], atol=1e-9)
        assert np.allclose(up[open_units], upper[i][open_units], atol=1e-9)
        assert np.allclose(expected, score[i], rtol=1e-6, atol=1e-9)


@needs_torch
@pytest.mark.parametrize("word", ["nbdb", "ddnb", "ndds", "tsdd"])
def test_a_word_is_cut_as_on_the_processor_needs_torch(word: str) -> None:
    device = Device("cpu", 2)
    root = bytes([OPEN])
    _, boxes, right, wrong = cut_boxes(MODEL, "gaussian", word, root, 1 << 42, 10**6)
    tape, found, good, bad = device(MODEL, "gaussian", word, root, 1 << 42, 10**6)
    assert found == pytest.approx(boxes, rel=0.02)
    assert good == pytest.approx(right, rel=0.01)
    assert bad == pytest.approx(wrong, rel=0.01)
    _, again, more, _ = device(MODEL, "gaussian", word, tape, 1 << 42, 10**6)
    assert again == 0  # nothing is looked at in vain
    assert more == good
    part, some, *_ = device(MODEL, "gaussian", word, root, 1 << 42, 50)
    assert some == min(50, found)
    _, rest, good_too, _ = device(MODEL, "gaussian", word, part, 1 << 42, 10**6)
    assert some + rest >= found
    assert good_too == pytest.approx(good, rel=0.01)


@needs_torch
def test_brackets_are_nested_resumed_and_accepted_needs_torch(tmp_path: Path) -> None:
    state = tmp_path / "state"
    brackets = []
    for boxes in (1000, 5000, 20_000):
        result = on_cpu(MODEL, boxes, state=state)
        assert result.boxes == boxes
        brackets.append((result.lower, result.upper))
    whole = on_cpu(MODEL, 20_000)
    assert (whole.lower, whole.upper) == brackets[-1]
    assert brackets[0][0] < brackets[1][0] < brackets[2][0] < Fraction(975, 1000)
    assert brackets[0][1] >= brackets[1][1] >= brackets[2][1] > Fraction(973, 1000)
    certificate = on_cpu(MODEL, 3000).certificate()
    body = json.loads(certificate.to_bytes())
    assert Fraction(body["claim"]["lower"]) > 0
    assert check_accuracy(MODEL, body, certificate.evidence)


@needs_torch
def test_devices_that_are_none_are_refused_needs_torch() -> None:
    with pytest.raises(UsageError, match="--device warp: torch cannot use it"):
        prove_accuracy(MODEL, boxes=10, device="warp")


def test_other_work_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="without dask"):
        prove_accuracy(MODEL, boxes=10, device="cpu", dask="tcp://nowhere")
    monkeypatch.setattr("certify.probability.prove.CONE_LENGTH", 6)
    with pytest.raises(UsageError, match="inputs longer than 6"):
        prove_accuracy(MODEL, boxes=10, device="cpu")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match="--device needs"):
        Device("cpu", 1)
