"""The rule for kind ``accuracy``: what it accepts, and every way to cheat it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx

from certify.checker.accuracy import check_accuracy
from certify.checker.errors import Rejected
from certify.checker.measure import angle, cone_angle, pi
from certify.model import Network
from certify.probability.closed_form.solid_angles import gaussian_share
from certify.probability.prove import AccuracyResult, prove_accuracy
from tests.examples import HANDCRAFTED

RNG = np.random.default_rng(5)
SMALL = Network.from_arrays(
    RNG.integers(-8, 9, 3), RNG.integers(-8, 9, (3, 3)), RNG.integers(-8, 9, (3, 3))
)
FOUR = Network.from_arrays(
    [1.0, -1.0, 0.5],
    [[0.5, 0.25, -0.5], [1.0, -0.25, 0.5], [-0.5, 1.0, 0.25]],
    [[0.5, 1, -1], [1, -0.5, 0.25], [-1, 0.75, 0.5], [0.25, -1, 1]],
)
Boxes = tuple[dict[str, Any], bytearray]


def body_of(result: AccuracyResult) -> tuple[dict[str, Any], bytes]:
    made = result.certificate()
    return json.loads(made.to_bytes()), made.evidence


def more(key: str, sign: int) -> Callable[[Boxes], None]:
    """The claim says a little more, or less."""

    def mutate(boxes: Boxes) -> None:
        value = Fraction(boxes[0]["claim"][key]) + sign * Fraction(1, 10**6)
        boxes[0]["claim"][key] = str(value)

    return mutate


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
