"""The rule for kind ``accuracy``: what it accepts, and every way to cheat it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx

from certify.checker import simplices
from certify.checker.accuracy import check_accuracy
from certify.checker.document import read_document
from certify.checker.errors import Rejected
from certify.checker.measure import angle, cone_angle, pi
from certify.model import Network
from certify.probability.boxes.branch_and_bound import RIGHT_BY_CASES, WRONG_BY_CASES
from certify.probability.boxes.confirming import nodes
from certify.probability.closed_form.solid_angles import gaussian_share
from certify.probability.prove import AccuracyResult, prove_accuracy
from tests.examples import HANDCRAFTED

RNG = np.random.default_rng(5)
SMALL = Network.from_arrays(
    RNG.integers(-8, 9, 3), RNG.integers(-8, 9, (3, 3)), RNG.integers(-8, 9, (3, 3))
)


def body_of(result: AccuracyResult) -> tuple[dict[str, Any], bytes]:
    made = result.certificate()
    return json.loads(made.to_bytes()), made.evidence


@pytest.mark.parametrize("bits", [20, 64, 200])
def test_fixed_point_measures_enclose_ball_arithmetic(bits: int) -> None:
    before = ctx.prec
    ctx.prec = 400
    try:
        low, high = pi(bits)
        assert low <= arb.pi() * arb(2) ** bits <= high
        for y, x in ((1, 0), (1, 1), (5, -3), (10**40, 1), (1, 10**40), (7, -(10**30))):
            low, high = angle(y, x, bits)
            true = arb.atan2(arb(y), arb(x)) * arb(2) ** bits
            assert low <= true <= high
            assert high - low <= 12
        rng = np.random.default_rng(bits)
        for n in (2, 3):
            for size in (3, 100, 2**40):
                rays = tuple(
                    tuple(int(v) for v in row) for row in rng.integers(-size, size, (n, n))
                )
                low, high = cone_angle(rays, bits)
                a, b = gaussian_share([rays], 60)
                true = arb.pi() * 2 * arb(2) ** bits
                assert low <= true * arb(b.numerator) / arb(b.denominator)
                assert high >= true * arb(a.numerator) / arb(a.denominator)
                assert high - low <= 12
    finally:
        ctx.prec = before


@pytest.mark.parametrize("inputs", ["gaussian", "uniform"])
@pytest.mark.parametrize("network", [HANDCRAFTED, SMALL], ids=["handcrafted", "small"])
def test_cones_are_accepted(network: Network, inputs: Any) -> None:
    result = prove_accuracy(network, inputs, digits=25)
    lines = check_accuracy(network, *body_of(result))
    assert lines[0].startswith("PROVED: ")
    assert f"{result.pieces} cones in {result.cells} cells" in lines[1]


def _tighten(body: dict[str, Any]) -> None:
    lower, upper = (Fraction(body["claim"][key]) for key in ("lower", "upper"))
    body["claim"]["lower"] = str(lower + (upper - lower) * 99 / 100)


def _shift(body: dict[str, Any]) -> None:
    lower, upper = (Fraction(body["claim"][key]) for key in ("lower", "upper"))
    body["claim"].update(lower=str(upper), upper=str(2 * upper - lower))


def _chamber(body: dict[str, Any]) -> dict[str, Any]:
    """The first chamber that is cut and has leaves of both verdicts."""
    for chamber in body["evidence"]["cones"]["chambers"]:
        leaves = [v for v in chamber["nodes"] if isinstance(v, int)]
        if 0 in leaves and 1 in leaves:
            return chamber  # type: ignore[no-any-return]
    raise AssertionError("no such chamber")


def _flip(value: int) -> Callable[[dict[str, Any]], None]:
    def mutate(body: dict[str, Any]) -> None:
        nodes = _chamber(body)["nodes"]
        nodes[nodes.index(value)] = 1 - value

    return mutate


def _first_split(body: dict[str, Any]) -> list[int]:
    return next(v for v in _chamber(body)["nodes"] if isinstance(v, list))


def _negative_factor(body: dict[str, Any]) -> None:
    _first_split(body)[2] *= -1


def _move_cut(body: dict[str, Any]) -> None:
    _first_split(body)[3] *= 3


def _same_ray(body: dict[str, Any]) -> None:
    _first_split(body)[1] = _first_split(body)[0]


def _drop_node(body: dict[str, Any]) -> None:
    _chamber(body)["nodes"].pop()


def _extra_node(body: dict[str, Any]) -> None:
    _chamber(body)["nodes"].append(1)


def _drop_chamber(body: dict[str, Any]) -> None:
    body["evidence"]["cones"]["chambers"].pop()


def _repeat_chamber(body: dict[str, Any]) -> None:
    chambers = body["evidence"]["cones"]["chambers"]
    chambers[1] = copy.deepcopy(chambers[0])


def _empty(body: dict[str, Any]) -> None:
    body["evidence"]["cones"]["chambers"] = []


def _merge(body: dict[str, Any]) -> None:
    _chamber(body)["nodes"][:] = [1]


def _unknown_inputs(body: dict[str, Any]) -> None:
    body["claim"]["inputs"] = "laplace"


def _swapped(body: dict[str, Any]) -> None:
    body["claim"]["lower"], body["claim"]["upper"] = body["claim"]["upper"], body["claim"]["lower"]


def _zero_width(body: dict[str, Any]) -> None:
    body["claim"]["upper"] = body["claim"]["lower"]


def _absurd_width(body: dict[str, Any]) -> None:
    lower = Fraction(body["claim"]["lower"])
    body["claim"]["upper"] = str(lower + Fraction(1, 10**3900))


def _true_as_leaf(body: dict[str, Any]) -> None:
    nodes = _chamber(body)["nodes"]
    nodes[nodes.index(1)] = True


@pytest.mark.parametrize(
    ("mutate", "reason"),
    [
        (_tighten, "not proved to lie"),
        (_shift, "not proved to lie"),
        (_flip(0), "said to be right"),
        (_flip(1), "said to be wrong"),
        (_negative_factor, "positive factors"),
        (_move_cut, "inside the cone|said to be"),
        (_same_ray, "two rays"),
        (_drop_node, "are missing"),
        (_extra_node, "complete before"),
        (_drop_chamber, "expected a list of 24"),
        (_repeat_chamber, "above"),
        (_empty, "expected a list of 24"),
        (_merge, "inside the cone|said to be"),
        (_unknown_inputs, "expected one of"),
        (_swapped, "lower <= upper"),
        (_zero_width, "lower < upper is needed"),
        (_absurd_width, "bits"),
        (_true_as_leaf, "expected an integer"),
    ],
)
def test_mutations_are_rejected(mutate: Callable[[dict[str, Any]], None], reason: str) -> None:
    body, binary = body_of(prove_accuracy(SMALL, digits=20))
    check_accuracy(SMALL, body, binary)
    mutate(body)
    with pytest.raises(Rejected, match=reason):
        check_accuracy(SMALL, body, binary)


def test_another_model_is_rejected() -> None:
    body, binary = body_of(prove_accuracy(SMALL, digits=20))
    other = Network(SMALL.shift, SMALL.w_ih[::-1], SMALL.w_hh, SMALL.w_out)
    with pytest.raises(Rejected):
        check_accuracy(other, body, binary)


def test_binary_evidence_beside_cones_is_rejected() -> None:
    body, _ = body_of(prove_accuracy(HANDCRAFTED))
    with pytest.raises(Rejected, match=r"evidence\.bin"):
        check_accuracy(HANDCRAFTED, body, b"x")


# -- boxes ---------------------------------------------------------------------------------------

FOUR = Network.from_arrays(
    [1.0, -1.0, 0.5],
    [[0.5, 0.25, -0.5], [1.0, -0.25, 0.5], [-0.5, 1.0, 0.25]],
    [[0.5, 1, -1], [1, -0.5, 0.25], [-1, 0.75, 0.5], [0.25, -1, 1]],
)


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


Boxes = tuple[dict[str, Any], bytearray]


def _words(boxes: Boxes) -> Any:
    return boxes[0]["evidence"]["boxes"]["words"]


def _more(key: str, sign: int) -> Callable[[Boxes], None]:
    def mutate(boxes: Boxes) -> None:
        value = Fraction(boxes[0]["claim"][key]) + sign * Fraction(1, 10**6)
        boxes[0]["claim"][key] = str(value)

    return mutate


def _put(old: int, new: int) -> Callable[[Boxes], None]:
    """Another node instead of the first of a kind; its cases go with it."""

    def mutate(boxes: Boxes) -> None:
        _replace(boxes, old, bytes([new]))

    return mutate


def _replace(boxes: Boxes, old: int, new: bytes) -> None:
    """Replace a node and what belongs to it, and the length of its word's tape."""
    at = 0
    for entry in _words(boxes):
        tape = list(nodes(bytes(boxes[1][at : at + entry[1]]), 3))
        kinds = [node[0] for node in tape]
        if old in kinds:
            tape[kinds.index(old)] = new
            changed = b"".join(tape)
            boxes[1][at : at + entry[1]] = changed
            entry[1] = len(changed)
            return
        at += entry[1]
    raise AssertionError(f"there is no node {old}")


def _cases(new: list[int], old: int = RIGHT_BY_CASES) -> Callable[[Boxes], None]:
    return lambda boxes: _replace(boxes, old, bytes(new))


def _end_within_cases(boxes: Boxes) -> None:
    """The last word ends with the first byte of a case."""
    _words(boxes)[:] = [["nnnn", 2]]
    boxes[1][:] = bytes([RIGHT_BY_CASES, 0])


def _cut_elsewhere(boxes: Boxes) -> None:
    """Change a cut above a proved leaf: its box becomes another one."""
    position = next(node[0] for node in nodes(bytes(boxes[1]), 3) if node[0] < 64)
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
        (_more("lower", 1), "is proved right"),
        (_more("upper", -1), "is proved wrong"),
        (_put(253, 255), "not proved|unbounded|too far"),
        (_put(253, 254), "not proved|unbounded|too far"),
        (_put(255, 253), "is proved right"),
        (_put(254, 253), "is proved wrong"),
        (_put(255, 254), "not proved"),
        (_put(254, 255), "not proved"),
        (_put(255, 252), "no kind of node"),
        (_put(RIGHT_BY_CASES, 255), "not proved"),
        (_put(RIGHT_BY_CASES, 254), "not proved"),
        (_put(RIGHT_BY_CASES, 253), "is proved right"),
        (_put(WRONG_BY_CASES, 253), "is proved wrong"),
        (_cases([RIGHT_BY_CASES, 255, 255, 255]), "is not proved"),
        (_cases([RIGHT_BY_CASES, 4, 0, 255, 255, 255, 255]), "is not proved"),
        (_cases([RIGHT_BY_CASES, 0, 3, 255, 255, 255, 255]), "is not proved"),
        (_cases([RIGHT_BY_CASES, *[0, 0] * 1002, *[255] * 1005]), "is not proved"),
        (_cases([WRONG_BY_CASES, 0, 255]), "is not proved"),
        (_cases([WRONG_BY_CASES, 3, 255], WRONG_BY_CASES), "is not proved"),
        (_cases([RIGHT_BY_CASES, 255, 255, 255], WRONG_BY_CASES), "is not proved"),
        (_end_within_cases, "is not proved|unbounded"),
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


# -- simplices -----------------------------------------------------------------------------------


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
        patch.setattr(simplices, "ALONE", -(10**6))
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
        (_more("lower", 10), "is proved right"),
        (_more("upper", -10), "is proved wrong"),
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
