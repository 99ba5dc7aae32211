from __future__ import annotations

from certify.checker.cases import PROVED, RIGHT, RIGHT_BY_CASES, WRONG_BY_CASES
from certify.report.length import proof_length

OPEN = 253


def test_boxes_are_counted_without_their_cases() -> None:
    """A cut; a box right by bounds; another cut: a box by cases, one open."""
    cases = [PROVED, 3, RIGHT, PROVED, PROVED]  # unit 255 of step 3 looks like a node
    wrong = [WRONG_BY_CASES, 1, 2, 0, PROVED, PROVED]
    tape = bytes([0, RIGHT, 1, RIGHT_BY_CASES, *cases, 1, *wrong, OPEN])
    document = {
        "kind": "accuracy",
        "model": {"hidden_size": 300, "seq_len": 3},
        "evidence": {"boxes": {"words": [["nnb", len(tape)]]}},
    }
    length = proof_length(document, tape, 1000)
    assert length is not None
    assert length.leaves == 3
    row = 4 * 300 * 303
    assert length.multiply_adds == 3 * 4 * 300 * row + (2 + 3 + 2) * row
