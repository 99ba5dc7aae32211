"""The checker accepts what holds, and rejects every mutation that breaks it."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from certify.checker.errors import Rejected
from certify.checker.linear import GRID, Box, Linear, rule, slope256
from certify.checker.noise import check_noise
from certify.claims import RatioRange
from certify.model import Network
from certify.noise.branch_and_bound import EXACT, HISTORY, OUTSIDE, PROVED
from certify.noise.prove import NoiseResult, prove_noise

POINT = RatioRange(Fraction(4, 5), Fraction(4, 5))
EPS = Fraction(1, 5)
#: Weights in quarters, such that pair (2, 3) needs histories and halvings.
MODEL = Network(
    2,
    (-3, -1, 0, 1),
    ((2, 0, -4, 2), (4, 1, 3, 3), (1, 1, -3, 0), (3, 2, 3, -3)),
    ((3, -4, -1, -4), (-1, 0, -4, -1), (4, -3, 3, -1), (-4, 2, 4, 2)),
)


def proof() -> tuple[NoiseResult, dict[str, Any], bytearray]:
    result = prove_noise(MODEL, POINT, EPS, jobs=1)
    made = result.certificate()
    return result, json.loads(made.to_bytes()), bytearray(made.evidence)


def proved_pair(result: NoiseResult, enough: Callable[[bytes], bool]) -> tuple[int, int]:
    """The index of a proved pair with such a tape, and where the tape starts."""
    start = 0
    for index, p in enumerate(result.pairs):
        if p.proof is None:
            continue
        if enough(p.proof.tape):
            return index, start
        start += len(p.proof.tape) + len(p.proof.steps)
    raise AssertionError("the example has no such pair")


def replaced(
    body: dict[str, Any], evidence: bytes, index: int, start: int, tape: bytes, steps: bytes
) -> tuple[dict[str, Any], bytes]:
    """The certificate with another tree for one pair."""
    tree = body["evidence"]["pairs"][index]["tree"]
    size = tree["nodes"] + tree["steps"]
    tree.update(nodes=len(tape), steps=len(steps), leaves=tape.count(PROVED) + tape.count(EXACT))
    return body, evidence[:start] + tape + steps + evidence[start + size :]


def test_it_holds() -> None:
    result, body, evidence = proof()
    assert result.certified_pairs
    lines = check_noise(MODEL, body, bytes(evidence))
    assert f"{result.certified_pairs} of 12 pairs" in lines[0]


def has_split(tape: bytes) -> bool:
    return any(op < 3 for op in tape)


@pytest.mark.parametrize("kind", [has_split, lambda tape: HISTORY in tape])
def test_a_leaf_that_claims_too_much(kind: Callable[[bytes], bool]) -> None:
    """An inner node made a leaf: the verdict of its parts copied to the whole."""
    result, body, evidence = proof()
    index, start = proved_pair(result, kind)
    with pytest.raises(Rejected, match="not proved"):
        check_noise(MODEL, *replaced(body, bytes(evidence), index, start, bytes([PROVED]), b"\0"))


@pytest.mark.parametrize("cut", [1, 2])
def test_a_dropped_leaf(cut: int) -> None:
    result, body, evidence = proof()
    index, start = proved_pair(result, has_split)
    found = result.pairs[index].proof
    assert found is not None
    with pytest.raises(Rejected, match=r"no leaf|end early|left over"):
        check_noise(
            MODEL,
            *replaced(body, bytes(evidence), index, start, found.tape[:-cut], found.steps[:-cut]),
        )


def test_a_moved_cut_and_a_left_out_history() -> None:
    """The checker makes the cuts itself, so a tape can only name another coordinate or kind."""
    result, body, evidence = proof()
    index, start = proved_pair(result, lambda tape: HISTORY in tape)
    proofs = result.pairs[index].proof
    assert proofs is not None
    tape = bytearray(proofs.tape)
    place = tape.index(HISTORY)
    for op in (OUTSIDE, EXACT, 7, 200, 253):
        tape[place] = op
        with pytest.raises(Rejected):
            check_noise(
                MODEL, *replaced(body, bytes(evidence), index, start, bytes(tape), proofs.steps)
            )


def test_every_byte_of_the_tape_matters() -> None:
    """Any other leaf kind, at any place, is rejected."""
    result, _, _ = proof()
    index, start = proved_pair(result, has_split)
    found = result.pairs[index].proof
    assert found is not None
    for place, op in enumerate(found.tape):
        for other in {PROVED, OUTSIDE, EXACT, 253} - {op}:
            tape = bytearray(found.tape)
            tape[place] = other
            _, body, evidence = proof()
            with pytest.raises(Rejected):
                check_noise(
                    MODEL, *replaced(body, bytes(evidence), index, start, bytes(tape), found.steps)
                )


@pytest.mark.parametrize("column", [0, 2])
def test_an_endless_branch(column: int) -> None:
    """Halving what is a point, or has become one, would make a tape of any length a deep tree."""
    result, body, evidence = proof()
    index, start = proved_pair(result, has_split)
    tape, steps = bytes([column]) * 100, bytes(200)
    with pytest.raises(Rejected, match="too narrow to be halved"):
        check_noise(MODEL, *replaced(body, bytes(evidence), index, start, tape, steps))


Mutation = Callable[[dict[str, Any]], None]


def wider(body: dict[str, Any]) -> None:
    body["claim"]["ratio"] = ["1/4", "19/20"]


def louder(body: dict[str, Any]) -> None:
    body["claim"]["noise"] = "7/10"
    for entry in body["claim"]["pairs"]:
        entry["certified"] = entry["certified"] and "7/10"
        entry["broken"] = entry["broken"] and "7/10"


def louder_in_one_place(body: dict[str, Any]) -> None:
    body["claim"]["noise"] = "7/10"


def bolder(body: dict[str, Any]) -> None:
    for entry in body["evidence"]["pairs"]:
        if entry["tree"]:
            entry["tree"]["margin_bound"] = "1000000"


def zero_bound(body: dict[str, Any]) -> None:
    for entry in body["evidence"]["pairs"]:
        if entry["tree"]:
            entry["tree"]["margin_bound"] = "0"


def other_pair(body: dict[str, Any]) -> None:
    pairs = body["claim"]["pairs"]
    pairs[0], pairs[1] = pairs[1], pairs[0]


def one_pair_less(body: dict[str, Any]) -> None:
    body["claim"]["pairs"].pop()


def unproved_pair(body: dict[str, Any]) -> None:
    for entry in body["claim"]["pairs"]:
        entry["certified"], entry["broken"] = body["claim"]["noise"], None


def negative(body: dict[str, Any]) -> None:
    body["claim"]["noise"] = "-1/5"


def nothing(body: dict[str, Any]) -> None:
    for entry in body["claim"]["pairs"]:
        entry["certified"] = entry["broken"] = None
    for entry in body["evidence"]["pairs"]:
        entry["tree"] = entry["counterexample"] = None


@pytest.mark.parametrize(
    "mutate",
    [
        wider,
        louder,
        louder_in_one_place,
        bolder,
        zero_bound,
        other_pair,
        one_pair_less,
        unproved_pair,
        negative,
        nothing,
    ],
)
def test_other_claims_are_rejected(mutate: Mutation) -> None:
    _, body, evidence = proof()
    mutate(body)
    with pytest.raises(Rejected):
        check_noise(MODEL, body, bytes(evidence))


def test_nothing_claimed_is_rejected() -> None:
    _, body, _ = proof()
    nothing(body)
    with pytest.raises(Rejected, match="nothing is claimed"):
        check_noise(MODEL, body, b"")


def test_bytes_left_over_or_missing() -> None:
    for change in (lambda e: e + b"\0", lambda e: e[:-1], lambda e: b""):
        _, body, evidence = proof()
        with pytest.raises(Rejected):
            check_noise(MODEL, body, change(bytes(evidence)))


def test_another_model_is_rejected() -> None:
    _, body, evidence = proof()
    other = Network(MODEL.shift, MODEL.w_ih, MODEL.w_hh, MODEL.w_out[::-1])
    with pytest.raises(Rejected):
        check_noise(other, body, bytes(evidence))


def test_a_counterexample_is_replayed() -> None:
    network = Network.from_arrays([1, -1], [[-1, 1], [1, -1]], [[-1, 1], [1, -1]])
    made = prove_noise(network, POINT, EPS, jobs=1).certificate()
    for x in (["1", "1/5"], ["1", "4/5", "0"], ["4/5", "1"], ["0", "0"]):
        body = json.loads(made.to_bytes())
        body["evidence"]["pairs"][0]["counterexample"] = x
        with pytest.raises(Rejected):
            check_noise(network, body, made.evidence)


def thin() -> tuple[NoiseResult, dict[str, Any], bytes]:
    """A certificate with exact cells: pair (0, 1) is right by 10**-20."""
    ratio = Fraction(4, 5) + Fraction(1, 10**20)
    network = Network(0, (1, 0), ((0, 0), (1, 0)), ((0, 4), (5, 0)))
    result = prove_noise(network, RatioRange(ratio, ratio), Fraction(0), jobs=1)
    made = result.certificate()
    return result, json.loads(made.to_bytes()), made.evidence


@pytest.mark.parametrize(
    "lie",
    [
        None,
        [],
        {},
        {"rows": []},
        {"empty": []},
        {"empty": [[0, "1"]]},
        {"rows": [[[0, "-1"]]]},
        {"rows": [[[9, "1"]]]},
        {"rows": [[[0, "1"], [0, "1"]]]},
        {"rows": [[[1, "0"], [0, "0"]]]},
        {"rows": [[]], "empty": []},
        {"split": [0, 0], "on": {"empty": []}, "off": {"empty": []}},
    ],
)
def test_exact_cells_are_checked(lie: Any) -> None:
    result, body, evidence = thin()
    tree = body["evidence"]["pairs"][0]["tree"]
    assert len(tree["exact"]) == 1
    assert check_noise(result.model, body, evidence)
    tree["exact"] = [lie]
    with pytest.raises(Rejected):
        check_noise(result.model, body, evidence)


@pytest.mark.parametrize(("inputs", "readout"), [(0, 60), (20, 30), (20, 60), (60, 0), (-20, -60)])
def test_what_is_proved_is_accepted_on_every_scale(inputs: int, readout: int) -> None:
    w = MODEL.floats
    network = Network.from_arrays(w.w_ih / 2.0**inputs, w.w_hh, w.w_out / 2.0**readout)
    result = prove_noise(network, POINT, EPS, jobs=1)
    made = result.certificate()
    assert result.certified_pairs == 3
    assert check_noise(network, json.loads(made.to_bytes()), made.evidence)


def test_slopes_stay_in_range() -> None:
    assert sorted({slope256(code) for code in range(256)}) == [*range(253), 256]
    assert [rule(-1, 1, 0), rule(0, 1, 0), rule(-1, 0, 0), rule(-1, 10**6, 0)] == [129, 255, 0, 254]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("code", [None, 0, 1, 128, 200, 254, 255])
def test_linear_bounds_are_below_exact_values(seed: int, code: int | None) -> None:
    """Whatever the relaxations, even absurd ones."""
    rng = np.random.default_rng(seed)
    n, d = 3, 4
    w_ih, w_hh, w_out = (rng.integers(-8, 9, size=s) / 8 for s in ((d,), (d, d), (n, d)))
    network = Network.from_arrays(w_ih, w_hh, w_out)
    first, *others = network.w_out
    rows = [[a - b for a, b in zip(first, other, strict=True)] for other in others]
    linear = Linear(network, [1 << GRID] * n, rows)
    half = 1 << (GRID - 1)
    box = Box(np.eye(n, dtype=int).tolist(), [0] * n, [-half] * n, [2 * half, half, half])
    codes = {} if code is None else {(t, i): code for t in range(n) for i in range(d)}
    known = linear.check(box, linear.root, 0, n, codes)
    margins = linear.margins(box, known)
    for _ in range(50):
        x = [
            Fraction(int(rng.integers(lo, hi + 1)), 2**GRID)
            for lo, hi in zip(box.lo, box.hi, strict=True)
        ]
        logits = network.logits(x)
        for bound, j in zip(margins, (1, 2), strict=True):
            assert Fraction(bound, 2**linear.fine) <= logits[0] - logits[j]
