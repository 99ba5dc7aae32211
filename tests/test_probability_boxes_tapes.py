from __future__ import annotations

from fractions import Fraction
from math import prod

from certify.checker.boxes import BOUND
from certify.probability.boxes.branch_and_bound import LEAF, OPEN, RIGHT, TAIL, WRONG
from certify.probability.boxes.quantiles import W_ONE
from certify.probability.boxes.tapes import ROOT, confirm_tape, cut_boxes
from tests.test_probability_scheduler import FOUR


def volumes(tape: bytes, n: int) -> tuple[Fraction, Fraction]:
    """The exact volumes right and wrong of a tape of n positions, as shares of the word."""
    found = {RIGHT: 0, WRONG: 0}
    stack = [([0] * n, [W_ONE] * n)]
    for node in tape.replace(bytes([BOUND]), b""):
        lo, hi = stack.pop()
        if node >= LEAF:
            found[node] = found.get(node, 0) + prod(b - a for a, b in zip(lo, hi, strict=True))
            continue
        j = node & (TAIL - 1)
        middle = lo[j] + max(1, (hi[j] - lo[j]) >> 7) if node & TAIL else (lo[j] + hi[j]) >> 1
        above, below = list(lo), list(hi)
        above[j] = below[j] = middle
        stack += [(above, hi), (lo, below)]
    assert not stack
    return Fraction(found[RIGHT], W_ONE**n), Fraction(found[WRONG], W_ONE**n)


def test_a_word_that_is_done_is_not_looked_at_in_vain() -> None:
    tape, boxes, right, wrong = cut_boxes(FOUR, "gaussian", "nnnn", ROOT, 1 << 38, 10**6)
    assert 0 < boxes < 10**6
    assert cut_boxes(FOUR, "gaussian", "nnnn", tape, 1 << 38, 10**6) == (tape, 0, right, wrong)


def test_confirming_keeps_what_is_proved_and_no_more() -> None:
    kept, bounded, leaves = [Fraction(0)] * 2, 0, 0
    for word in ("nnnn", "nnbd", "ndbn"):
        tape, *_ = cut_boxes(FOUR, "gaussian", word, ROOT, 1 << 36, 10**6)
        found, *proved = confirm_tape(FOUR, "gaussian", word, tape)
        before = volumes(tape, 4)
        assert volumes(found, 4) == tuple(proved)
        assert all(0.95 * a <= b <= a for a, b in zip(before, proved, strict=True))
        assert len(found) - found.count(BOUND) <= len(tape)
        bounded += found.count(BOUND)
        leaves += found.count(RIGHT) + found.count(WRONG)
        kept = [a + b for a, b in zip(kept, proved, strict=True)]
    assert min(kept) > 0
    assert 0 < bounded < leaves


def test_where_nothing_is_proved_all_is_open() -> None:
    tape = bytes([0, 1, OPEN, 2, OPEN, OPEN, 3, OPEN, LEAF])
    assert confirm_tape(FOUR, "gaussian", "nnnn", tape) == (ROOT, Fraction(0), Fraction(0))


def test_a_claim_that_does_not_hold_is_open() -> None:
    tape = bytes([0, 1, RIGHT, 2, OPEN, OPEN, 3, RIGHT, LEAF])
    assert confirm_tape(FOUR, "gaussian", "nnnn", tape) == (ROOT, Fraction(0), Fraction(0))
