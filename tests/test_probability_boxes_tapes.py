from __future__ import annotations

from certify.probability.boxes.branch_and_bound import OPEN, RIGHT, WRONG
from certify.probability.boxes.tapes import ROOT, cut_boxes, prune, volumes
from tests.test_probability_scheduler import FOUR


def test_a_word_that_is_done_is_not_looked_at_in_vain() -> None:
    tape, boxes, right, wrong = cut_boxes(FOUR, "gaussian", "nnnn", ROOT, 1 << 38, 10**6)
    assert 0 < boxes < 10**6
    assert cut_boxes(FOUR, "gaussian", "nnnn", tape, 1 << 38, 10**6) == (tape, 0, right, wrong)


def test_pruning_keeps_what_is_proved() -> None:
    tape = bytes([0, 1, OPEN, 2, OPEN, OPEN, 3, RIGHT, 1, WRONG, OPEN])
    assert prune(tape, 4) == bytes([0, OPEN, 3, RIGHT, 1, WRONG, OPEN])
    assert volumes(prune(tape, 4), 4) == volumes(tape, 4)
