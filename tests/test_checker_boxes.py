"""Boxes of known probability: what the rule accepts, and every way to cheat it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from certify.checker.accuracy import check_accuracy
from certify.checker.boxes import BOUND
from certify.checker.document import read_document
from certify.checker.errors import Rejected
from certify.model import Network
from certify.probability.prove import AccuracyResult, prove_accuracy
from tests.test_checker_accuracy import FOUR, Boxes, body_of, more


def boxes_result(inputs: Any, boxes: int) -> AccuracyResult:
    """Boxes, though the input is short enough for cones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("certify.probability.prove.CONE_LENGTH", 3)
        return prove_accuracy(FOUR, inputs, boxes=boxes, jobs=1)


@pytest.fixture(scope="module", params=["gaussian", "uniform"])
def boxes_body(request: pytest.FixtureRequest) -> tuple[dict[str, Any], bytes]:
    return body_of(boxes_result(request.param, 6000))


def test_boxes_are_accepted(boxes_body: tuple[dict[str, Any], bytes]) -> None:
    lines = check_accuracy(FOUR, *boxes_body)
    assert lines[0].startswith("PROVED: ")
    assert "boxes are right" in lines[1]
    assert Fraction(boxes_body[0]["claim"]["lower"]) > 0


def _words(boxes: Boxes) -> Any:
    return boxes[0]["evidence"]["boxes"]["words"]


def _put(old: int, *new: int) -> Callable[[Boxes], None]:
    """Other nodes instead of the first of a kind."""
    return lambda boxes: _replace(boxes, old, bytes(new))


def _replace(boxes: Boxes, old: int, new: bytes) -> None:
    """Replace a byte, and mend the length of its word's tape."""
    at = 0
    for entry in _words(boxes):
        place = bytes(boxes[1]).find(old, at, at + entry[1])
        if place >= 0:
            boxes[1][place : place + 1] = new
            entry[1] += len(new) - 1
            return
        at += entry[1]
    raise AssertionError(f"there is no node {old}")


def _never_bounded(boxes: Boxes) -> None:
    """Leaves with nothing to go by."""
    at = 0
    for entry in _words(boxes):
        tape = bytes(boxes[1][at : at + entry[1]]).replace(bytes([BOUND]), b"")
        boxes[1][at : at + entry[1]] = tape
        entry[1] = len(tape)
        at += len(tape)


def _end_after_bounding(boxes: Boxes) -> None:
    _words(boxes)[:] = [["nnnn", 1]]
    boxes[1][:] = bytes([BOUND])


def _cut_elsewhere(boxes: Boxes) -> None:
    """Change a cut above a proved leaf: its box becomes another one."""
    position = next(node for node in boxes[1] if node < 64)
    _replace(boxes, position, bytes([position + 4]))


def _all_right(boxes: Boxes) -> None:
    _words(boxes)[:] = [["nnnn", 1]]
    boxes[1][:] = bytes([255])


def _twice(boxes: Boxes) -> None:
    word, length = _words(boxes)[0]
    _words(boxes).insert(0, [word, length])
    boxes[1][:0] = boxes[1][:length]


def _rename(word: Any) -> Callable[[Boxes], None]:
    def mutate(boxes: Boxes) -> None:
        _words(boxes)[-1][0] = word

    return mutate


def _no_words(boxes: Boxes) -> None:
    _words(boxes).clear()
    boxes[1].clear()


@pytest.mark.parametrize(
    ("mutate", "reason"),
    [
        (more("lower", 1), "is proved right"),
        (more("upper", -1), "is proved wrong"),
        (_put(253, 255), "not proved|unbounded|too far"),
        (_put(253, 254), "not proved|unbounded|too far"),
        (_put(255, 253), "is proved right"),
        (_put(254, 253), "is proved wrong"),
        (_put(255, 254), "not proved"),
        (_put(254, 255), "not proved"),
        (_put(255, 252), "no kind of node"),
        (_never_bounded, "not proved"),
        (_end_after_bounding, "no leaf"),
        (_put(BOUND, BOUND, BOUND), "no kind of node"),
        (_put(253, BOUND, 255), "not proved|unbounded|too far"),
        (_put(253, BOUND, 254), "not proved|unbounded|too far"),
        (_put(255, BOUND, 254), "not proved|no kind of node"),
        (_put(255, 212), "no kind of node"),
        (_put(255, 63), "no kind of node"),
        (_put(255, 0), "no leaf|goes on|not proved|unbounded"),
        (_cut_elsewhere, "no kind of node"),
        (_all_right, "unbounded|not proved|too far"),
        (_twice, "increasing order"),
        (_rename("zzzz"), "no order word"),
        (_rename("ttttt"), "no order word"),
        (_rename("tsss"), "no order word"),
        (_rename(7), "increasing order"),
        (_no_words, "there are none"),
        (lambda boxes: boxes[1].append(253), "left over"),
        (lambda boxes: boxes[1].pop(), "does not hold"),
    ],
)
def test_mutated_boxes_are_rejected(
    boxes_body: tuple[dict[str, Any], bytes], mutate: Callable[[Boxes], None], reason: str
) -> None:
    boxes = (copy.deepcopy(boxes_body[0]), bytearray(boxes_body[1]))
    mutate(boxes)
    with pytest.raises(Rejected, match=reason):
        check_accuracy(FOUR, boxes[0], bytes(boxes[1]))


def test_boxes_of_another_model_or_of_other_inputs_are_rejected(
    boxes_body: tuple[dict[str, Any], bytes],
) -> None:
    other = Network(FOUR.shift, FOUR.w_ih, FOUR.w_hh, FOUR.w_out[::-1])
    with pytest.raises(Rejected):
        check_accuracy(other, *boxes_body)
    body = copy.deepcopy(boxes_body[0])
    body["claim"]["inputs"] = {"gaussian": "uniform", "uniform": "gaussian"}[
        body["claim"]["inputs"]
    ]
    with pytest.raises(Rejected):
        check_accuracy(FOUR, body, boxes_body[1])


def test_box_certificates_make_a_round_trip_through_a_container(tmp_path: Path) -> None:
    boxes_result("gaussian", 300).certificate().write(tmp_path / "a.zip")
    document = read_document(tmp_path / "a.zip")
    assert document.kind == "accuracy"
    check_accuracy(FOUR, document.body, document.evidence)
