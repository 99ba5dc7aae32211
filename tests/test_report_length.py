from __future__ import annotations

from certify.checker.boxes import BOUND, OPEN, RIGHT, WRONG
from certify.report.length import proof_length


def test_boxes_are_counted_and_those_whose_units_are_bounded() -> None:
    tape = bytes([BOUND, 0, RIGHT, 1, BOUND, RIGHT, 1, WRONG, OPEN])
    document = {
        "kind": "accuracy",
        "model": {"hidden_size": 300, "seq_len": 3},
        "evidence": {"boxes": {"words": [["nnb", len(tape)]]}},
    }
    length = proof_length(document, tape, 1000)
    assert length is not None
    assert length.leaves == 3
    row = 4 * 300 * 303
    assert length.multiply_adds == 2 * 4 * 300 * row + 3 * 2 * row
