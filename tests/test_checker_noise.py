"""The checker accepts what holds, and rejects every mutation that breaks it."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from certify.checker.errors import Rejected
from certify.checker.noise import check_noise
from certify.checker.tree import BY_CASES, EXACT, HISTORY, OUTSIDE, PROVED
from certify.claims import Pair, RatioRange
from certify.model import Network
from certify.noise.answers import NoiseResult
from certify.noise.prove import prove_noise
from certify.reading.weights import read_network
from tests.examples import MODELS

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


def nodes(tape: bytes) -> list[bytes]:
    """A tape, node by node."""
    found, at = [], 0
    while at < len(tape):
        size = {OUTSIDE: 1, EXACT: 1, PROVED: 2}.get(tape[at], 3)
        if tape[at] == BY_CASES:
            size = 2 + sum(map(len, rows_of(tape[at + 2 :])))
        found.append(tape[at : at + size])
        at += size
    return found


def rows_of(tape: bytes) -> list[bytes]:
    """The trees of cases of all rivals that a tape begins with."""
    found, at = [], 0
    for _ in range(len(MODEL.w_out) - 1):
        start, open_cases = at, 1
        while open_cases and at < len(tape):
            leaf = tape[at] == PROVED
            at += 1 if leaf else 2
            open_cases += -1 if leaf else 1
        found.append(tape[start:at])
    return found


def proved_pair(result: NoiseResult, enough: Callable[[set[int]], bool]) -> tuple[int, int]:
    """The index of a proved pair with such kinds of nodes, and where its tape starts."""
    start = 0
    for index, p in enumerate(result.pairs):
        if p.proof is None:
            continue
        if enough({node[0] for node in nodes(p.proof.tape)}):
            return index, start
        start += len(p.proof.tape)
    raise AssertionError("the example has no such pair")


def replaced(
    body: dict[str, Any], evidence: bytes, index: int, start: int, tape: bytes
) -> tuple[dict[str, Any], bytes]:
    """The certificate with another tree for one pair."""
    tree = body["evidence"]["pairs"][index]["tree"]
    size = tree["bytes"]
    leaves = sum(node[0] in (PROVED, BY_CASES, EXACT) for node in nodes(tape))
    tree.update(bytes=len(tape), leaves=leaves)
    return body, evidence[:start] + tape + evidence[start + size :]


def test_it_holds() -> None:
    result, body, evidence = proof()
    assert result.certified_pairs
    lines = check_noise(MODEL, body, bytes(evidence))
    assert f"{result.certified_pairs} of 12 pairs" in lines[0]


def has_split(kinds: set[int]) -> bool:
    return any(op < 4 for op in kinds)


def has_history(kinds: set[int]) -> bool:
    return HISTORY in kinds


@pytest.mark.parametrize("kind", [has_split, has_history])
def test_a_leaf_that_claims_too_much(kind: Callable[[set[int]], bool]) -> None:
    """An inner node made a leaf: the verdict of its parts copied to the whole."""
    result, body, evidence = proof()
    index, start = proved_pair(result, kind)
    with pytest.raises(Rejected, match="not proved"):
        check_noise(MODEL, *replaced(body, bytes(evidence), index, start, bytes([PROVED, 0])))


def test_cases_that_are_missing() -> None:
    """One margin of this pair needs a unit on and off: no tape that leaves one out is taken."""
    network = read_network(MODELS / "m8_4.pt")
    result = prove_noise(network, POINT, Fraction(1, 10), jobs=1, pairs=[Pair(2, 3)])
    found = result.pairs[0].proof
    assert found is not None
    head, (*others, tree) = found.tape[:2], rows_of(found.tape[2:])
    assert head[0] == BY_CASES
    assert found.tape == head + b"".join(others) + tree
    assert len(tree) == 4
    made = result.certificate()
    check_noise(network, json.loads(made.to_bytes()), made.evidence)
    for changed in (
        b"",
        tree[:1],
        tree[:3],
        tree[2:],
        tree[2:3],
        b"\4" + tree[1:],
        b"\3\10\377\377",
    ):
        body = json.loads(made.to_bytes())
        tape = head + b"".join(others) + changed
        body["evidence"]["pairs"][0]["tree"]["bytes"] = len(tape)
        with pytest.raises(Rejected, match=r"not proved|goes on after"):
            check_noise(network, body, tape)


@pytest.mark.parametrize("cut", [1, 2])
def test_a_dropped_leaf(cut: int) -> None:
    result, body, evidence = proof()
    index, start = proved_pair(result, has_split)
    found = result.pairs[index].proof
    assert found is not None
    with pytest.raises(Rejected, match="ends before the tree"):
        check_noise(MODEL, *replaced(body, bytes(evidence), index, start, found.tape[:-cut]))


def test_every_byte_of_the_tape_matters() -> None:
    """No node may be of another kind, none may name other steps but to do more, and none be left
    out: the checker makes the cuts itself.
    """
    result, original, evidence = proof()
    index, start = proved_pair(result, lambda kinds: has_split(kinds) and has_history(kinds))
    found = result.pairs[index].proof
    assert found is not None
    parts = nodes(found.tape)
    for place, node in enumerate(parts):
        for other in {PROVED, OUTSIDE, EXACT, HISTORY, 7, 200, 253} - {node[0]}:
            changed = [*parts[:place], bytes([other]) + node[1:], *parts[place + 1 :]]
            body = json.loads(json.dumps(original))
            tape = b"".join(changed)
            with pytest.raises(Rejected):
                check_noise(MODEL, *replaced(body, bytes(evidence), index, start, tape))
        tape = b"".join([*parts[:place], *parts[place + 1 :]])
        body = json.loads(json.dumps(original))
        with pytest.raises(Rejected):
            check_noise(MODEL, *replaced(body, bytes(evidence), index, start, tape))


@pytest.mark.parametrize("steps", [(5, 4), (0, 5), (200, 200)])
def test_no_range_of_steps(steps: tuple[int, int]) -> None:
    result, body, evidence = proof()
    index, start = proved_pair(result, has_split)
    with pytest.raises(Rejected, match="no range of steps"):
        check_noise(MODEL, *replaced(body, bytes(evidence), index, start, bytes([0, *steps])))


def test_the_tape_goes_on() -> None:
    result, body, evidence = proof()
    index, start = proved_pair(result, has_split)
    found = result.pairs[index].proof
    assert found is not None
    with pytest.raises(Rejected, match="goes on after"):
        check_noise(
            MODEL, *replaced(body, bytes(evidence), index, start, found.tape + bytes([OUTSIDE]))
        )


@pytest.mark.parametrize(("column", "reason"), [(0, "too narrow"), (2, "too narrow")])
def test_an_endless_branch(column: int, reason: str) -> None:
    """Halving what is a point, or has become one, would make a tape of any length a deep tree."""
    result, body, evidence = proof()
    index, start = proved_pair(result, has_split)
    tape = bytes([column, 0, 0]) * 100
    with pytest.raises(Rejected, match=reason):
        check_noise(MODEL, *replaced(body, bytes(evidence), index, start, tape))


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
