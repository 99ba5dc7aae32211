"""Bounded cones: what the rule accepts, and every way to cheat it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from certify.checker import running, simplices
from certify.checker.accuracy import check_accuracy
from certify.checker.errors import Rejected
from certify.model import Network
from certify.probability.closed_form.solid_angles import gaussian_share
from certify.probability.prove import prove_accuracy
from tests.test_checker_accuracy import FOUR, Boxes, body_of, more


@pytest.fixture(scope="module", params=["gaussian", "uniform"])
def simplices_body(request: pytest.FixtureRequest) -> tuple[dict[str, Any], bytes]:
    return body_of(prove_accuracy(FOUR, request.param, boxes=400, jobs=1))


def test_simplices_are_accepted(simplices_body: tuple[dict[str, Any], bytes]) -> None:
    lines = check_accuracy(FOUR, *simplices_body)
    assert lines[0].startswith("PROVED: ")
    assert "simplicial cones are bounded" in lines[1]
    lower, upper = (Fraction(simplices_body[0]["claim"][key]) for key in ("lower", "upper"))
    assert 0 < lower < upper < 1


def test_the_order_of_work_is_no_matter(simplices_body: tuple[dict[str, Any], bytes]) -> None:
    """In other processes the same is found as in this one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "ALONE", 0)
        assert check_accuracy(FOUR, *simplices_body)


def _lengths(boxes: Boxes) -> Any:
    return boxes[0]["evidence"]["simplices"]["lengths"]


def _cone_nodes(boxes: Boxes, leaf: bool) -> list[int]:
    """The places of all leaves, or of all cuts."""
    found = []
    at = 0
    while at < len(boxes[1]):
        inner = boxes[1][at] < simplices.INNER
        if inner != leaf:
            found.append(at)
        at += 1 + inner
    return found


def _skip_all(boxes: Boxes) -> None:
    for at in _cone_nodes(boxes, True):
        boxes[1][at] = simplices.SKIPPED


def _skip_one(boxes: Boxes) -> None:
    """Leave out a whole chamber's worth of leaves."""
    at = 0
    for length in _lengths(boxes)[:30]:
        for k in range(length):
            if boxes[1][at + k] == simplices.LEAF:
                boxes[1][at + k] = simplices.SKIPPED
        at += length


def _weight(value: int) -> Callable[[Boxes], None]:
    def mutate(boxes: Boxes) -> None:
        for at in _cone_nodes(boxes, False):
            boxes[1][at + 1] = value

    return mutate


def _set_cut(value: int) -> Callable[[Boxes], None]:
    def mutate(boxes: Boxes) -> None:
        boxes[1][_cone_nodes(boxes, False)[0]] = value

    return mutate


def _uncut(boxes: Boxes) -> None:
    """All chambers whole."""
    _lengths(boxes)[:] = [1] * len(_lengths(boxes))
    boxes[1][:] = bytes([simplices.LEAF]) * len(_lengths(boxes))


def _missing_branch(boxes: Boxes) -> None:
    """The last node of the first chamber that is cut is left out."""
    at = 0
    for index, length in enumerate(_lengths(boxes)):
        at += length
        if length > 1:
            del boxes[1][at - 1]
            _lengths(boxes)[index] -= 1
            return


def _extra_branch(boxes: Boxes) -> None:
    boxes[1].append(simplices.LEAF)
    _lengths(boxes)[-1] += 1


def _shift_lengths(boxes: Boxes) -> None:
    """Another chamber gets the tape of the longest."""
    lengths = _lengths(boxes)
    lengths[:] = [*lengths[1:], lengths[0]]
    boxes[1][:] = boxes[1][lengths[-1] :] + boxes[1][: lengths[-1]]


@pytest.mark.parametrize(
    ("mutate", "reason"),
    [
        (more("lower", 10), "is proved right"),
        (more("upper", -10), "is proved wrong"),
        (_skip_all, "is proved"),
        (_skip_one, "is proved"),
        (_weight(1), "is proved"),
        (_weight(255), "is proved"),
        (_weight(0), "no kind of node"),
        (_set_cut(0), "no kind of node"),
        (_set_cut(5), "no kind of node"),
        (_set_cut(16), "no kind of node"),
        (_set_cut(253), "goes on|no kind of node"),
        (_uncut, "is proved"),
        (_missing_branch, "no leaf"),
        (_extra_branch, "goes on"),
        (_shift_lengths, "is proved"),
        (lambda boxes: boxes[1].append(254), "add up"),
        (lambda boxes: boxes[1].pop(), "add up"),
        (lambda boxes: _lengths(boxes).pop(), "expected a list of"),
        (lambda boxes: _lengths(boxes).__setitem__(0, 0), "add up|positive"),
        (lambda boxes: _lengths(boxes).__setitem__(0, "1"), "expected an integer"),
    ],
)
def test_mutated_simplices_are_rejected(
    simplices_body: tuple[dict[str, Any], bytes], mutate: Callable[[Boxes], None], reason: str
) -> None:
    boxes = (copy.deepcopy(simplices_body[0]), bytearray(simplices_body[1]))
    mutate(boxes)
    with pytest.raises(Rejected, match=reason):
        check_accuracy(FOUR, boxes[0], bytes(boxes[1]))


def test_simplices_of_another_model_or_of_other_inputs_are_rejected(
    simplices_body: tuple[dict[str, Any], bytes],
) -> None:
    other = Network(FOUR.shift, FOUR.w_ih, FOUR.w_hh, FOUR.w_out[::-1])
    with pytest.raises(Rejected, match="is proved"):
        check_accuracy(other, *simplices_body)
    body = copy.deepcopy(simplices_body[0])
    body["claim"]["inputs"] = {"gaussian": "uniform", "uniform": "gaussian"}[
        body["claim"]["inputs"]
    ]
    with pytest.raises(Rejected, match="expected a list of"):
        check_accuracy(FOUR, body, simplices_body[1])


def test_too_deep_trees_and_too_long_inputs_are_rejected() -> None:
    deep = simplices.MAX_DEPTH + 1
    tape = bytes([1, 128]) * deep + bytes([simplices.SKIPPED]) * (deep + 1)
    lengths = [len(tape), *[1] * 119]
    body = {
        "claim": {"inputs": "gaussian", "lower": "0", "upper": "1"},
        "evidence": {"simplices": {"lengths": lengths}},
    }
    with pytest.raises(Rejected, match="no kind of node"):
        check_accuracy(FOUR, body, tape + bytes([simplices.SKIPPED]) * 119)
    long = Network(0, (1,), ((1,),), ((1,),) * 7)
    with pytest.raises(Rejected, match="at most 6"):
        check_accuracy(long, body, b"")


def test_what_always_ties_is_proved_wrong_in_integers() -> None:
    """A bound that is 0 on a cone is no win: a cover that bounds every chamber whole."""
    tied = Network(0, (1,), ((0,),), ((1,),) * 4)
    body = {
        "claim": {"inputs": "uniform", "lower": "0", "upper": str(Fraction(1, 10**9))},
        "evidence": {"simplices": {"lengths": [1] * 24}},
    }
    assert check_accuracy(tied, body, bytes([simplices.LEAF]) * 24)
    body["claim"]["upper"] = "0"  # type: ignore[index]
    with pytest.raises(Rejected, match="is proved wrong"):
        check_accuracy(tied, body, bytes([simplices.LEAF]) * 24)


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("size", [1, 2**20])
def test_integer_measures_are_below_the_true_ones(n: int, size: int) -> None:
    rng = np.random.default_rng(n)
    constant = simplices.constant(n, "gaussian") / 2**simplices.SUM
    for _ in range(20):
        # Rays of one orthant, which are one simplex: their determinant is not 1.
        rays = [[int(v) + 1 for v in row] for row in rng.integers(0, size + 1, (n, n))]
        volume = abs(round(float(np.linalg.det(np.array(rays, dtype=np.float64)))))
        if not 0 < volume < 2**50:
            continue
        _, upper = gaussian_share([tuple(tuple(ray) for ray in rays)], 30)
        unit = [[v << simplices.UNIT for v in ray] for ray in rays]
        found = simplices.measure(unit, False) * volume * constant
        assert found <= upper
        assert found >= upper * Fraction(8, 10)
