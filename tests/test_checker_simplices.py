"""Bounded cones: what the rule accepts, and every way to cheat it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.checker import chamber, conic, portions, running, simplices
from certify.checker.accuracy import check_accuracy
from certify.checker.chamber import Walk
from certify.checker.cones import chambers
from certify.checker.conic import Cone
from certify.checker.errors import Rejected
from certify.checker.kernel import Rule
from certify.checker.portions import Portions
from certify.checker.running import BARE
from certify.checker.scale import rule_of
from certify.model import Network
from certify.probability.closed_form.solid_angles import gaussian_share
from certify.probability.prove import prove_accuracy
from certify.relaxation.compiled import COMPILED
from tests.test_checker_accuracy import FOUR, Boxes, body_of, more
from tests.test_checker_kernel import random_network

INNER = 128  # cuts are below

#: Lower bounds of the margins of m8_6 on a chamber, ray by ray: with many slivers between zeros.
SLIVERS = np.array([
    [-0.106, -0.195, 0.086, 0.783, 7.029], [0.844, 0.104, 0.853, -0.713, -3.467],
    [6.296, 6.013, 5.902, 5.57, 1.074], [-0.598, 6.712, 6.593, 5.982, 0.598],
    [-0.453, -0.34, 7.015, 6.959, 0.216], [-0.209, -0.279, -0.306, 7.382, 0.026],
])  # fmt: skip


def check(network: Network, body: dict[str, Any], binary: bytes) -> list[str]:
    return check_accuracy(network, body, bytes(binary), COMPILED)


@pytest.fixture(scope="module", params=["gaussian", "uniform"])
def simplices_body(request: pytest.FixtureRequest) -> tuple[dict[str, Any], bytes]:
    return body_of(prove_accuracy(FOUR, request.param, boxes=400, jobs=1))


def test_simplices_are_accepted(simplices_body: tuple[dict[str, Any], bytes]) -> None:
    lines = check(FOUR, *simplices_body)
    assert lines[0].startswith("PROVED: ")
    assert "simplicial cones are bounded" in lines[1]
    lower, upper = (Fraction(simplices_body[0]["claim"][key]) for key in ("lower", "upper"))
    assert 0 < lower < upper < 1


def test_the_order_of_work_is_no_matter(simplices_body: tuple[dict[str, Any], bytes]) -> None:
    """Bare, and in other processes, the same is found as compiled in this one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "ALONE", 0)
        assert check_accuracy(FOUR, *simplices_body) == check(FOUR, *simplices_body)


def _lengths(boxes: Boxes) -> Any:
    return boxes[0]["evidence"]["simplices"]["lengths"]


def _cone_nodes(boxes: Boxes, leaf: bool) -> list[int]:
    """The places of all leaves, or of all cuts."""
    found = []
    at = 0
    while at < len(boxes[1]):
        inner = boxes[1][at] < INNER
        if inner != leaf:
            found.append(at)
        at += 1 + inner
    return found


def _skip_all(boxes: Boxes) -> None:
    for at in _cone_nodes(boxes, True):
        boxes[1][at] = chamber.SKIPPED


def _skip_one(boxes: Boxes) -> None:
    """Leave out a whole chamber's worth of leaves."""
    at = 0
    for length in _lengths(boxes)[:30]:
        for k in range(length):
            if boxes[1][at + k] == chamber.LEAF:
                boxes[1][at + k] = chamber.SKIPPED
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
    boxes[1][:] = bytes([chamber.LEAF]) * len(_lengths(boxes))


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
    boxes[1].append(chamber.LEAF)
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
        check(FOUR, boxes[0], bytes(boxes[1]))


def test_simplices_of_another_model_or_of_other_inputs_are_rejected(
    simplices_body: tuple[dict[str, Any], bytes],
) -> None:
    other = Network(FOUR.shift, FOUR.w_ih, FOUR.w_hh, FOUR.w_out[::-1])
    with pytest.raises(Rejected, match="is proved"):
        check(other, *simplices_body)
    body = copy.deepcopy(simplices_body[0])
    body["claim"]["inputs"] = {"gaussian": "uniform", "uniform": "gaussian"}[
        body["claim"]["inputs"]
    ]
    with pytest.raises(Rejected, match="expected a list of"):
        check(FOUR, body, simplices_body[1])


def test_too_deep_trees_and_too_long_inputs_are_rejected() -> None:
    deep = chamber.MAX_DEPTH + 1
    tape = bytes([1, 128]) * deep + bytes([chamber.SKIPPED]) * (deep + 1)
    lengths = [len(tape), *[1] * 119]
    body = {
        "claim": {"inputs": "gaussian", "lower": "0", "upper": "1"},
        "evidence": {"simplices": {"lengths": lengths}},
    }
    with pytest.raises(Rejected, match="no kind of node"):
        check(FOUR, body, tape + bytes([chamber.SKIPPED]) * 119)
    long = Network(0, (1,), ((1,),), ((1,),) * 7)
    with pytest.raises(Rejected, match="at most 6"):
        check(long, body, b"")


def test_what_always_ties_is_proved_wrong_in_integers() -> None:
    """A bound that is 0 on a cone is no win: a cover that bounds every chamber whole."""
    tied = Network(0, (1,), ((0,),), ((1,),) * 4)
    body = {
        "claim": {"inputs": "uniform", "lower": "0", "upper": str(Fraction(1, 10**6))},
        "evidence": {"simplices": {"lengths": [1] * 24}},
    }
    assert check(tied, body, bytes([chamber.LEAF]) * 24)
    body["claim"]["upper"] = "0"  # type: ignore[index]
    with pytest.raises(Rejected, match="is proved wrong"):
        check(tied, body, bytes([chamber.LEAF]) * 24)


def room(n: int, d: int = 1) -> tuple[Rule, Cone, Portions, Walk]:
    network = random_network(0, d, n)
    rows = [list(row) for row in network.w_out[1:]]
    rule, _ = rule_of(network, [*rows, *([-v for v in row] for row in rows)], BARE)
    return (rule, *chamber.rooms(rule, BARE, 0))


def random_cone(n: int, seed: int) -> tuple[list[list[Fraction]], Fraction]:
    """Rays of a cone cut out of a chamber, and its determinant."""
    rng = np.random.default_rng(seed)
    shards = list(chambers(n, False))
    rays = [[Fraction(v) for v in ray] for ray in shards[seed % len(shards)][2]]
    volume = Fraction(1)
    for _ in range(int(rng.integers(0, 9))):
        i, j = rng.permutation(n)[:2]
        w = Fraction(int(rng.integers(1, 256)), 256)
        rays[j] = [w * a + (1 - w) * b for a, b in zip(rays[i], rays[j], strict=True)]
        volume *= 1 - w
    return rays, volume


@pytest.mark.parametrize("n", [2, 3])
def test_integer_measures_are_below_the_true_ones_and_near(n: int) -> None:
    unit = simplices.constant(n, "gaussian") / 2**portions.MEASURE
    _, _, parts, _ = room(n)
    for seed in range(60):
        rays, volume = random_cone(n, seed)
        whole = [[int(v * 2**200) for v in ray] for ray in rays]
        _, upper = gaussian_share([tuple(map(tuple, whole))], 30)
        parts.rays[: n * n] = [int(v * 2**portions.RAY // 1) for ray in rays for v in ray]
        parts.cuts[0] = 0
        found = portions.measure(n, False, parts, 0) * volume * unit
        assert found <= upper
        assert found >= upper * Fraction(85, 100)


def test_slivers_do_not_use_up_the_portions_that_are_looked_at() -> None:
    n, rivals = SLIVERS.shape
    _, _, parts, _ = room(n)
    parts.rays[: n * n] = [int(v) << portions.RAY for v in np.tri(n).flat]
    parts.values[: n * rivals] = [int(v * 2**25) for v in SLIVERS.T.flat]
    at = np.random.default_rng(0).dirichlet(np.ones(n), size=40_000) @ SLIVERS
    share = (at > 0).all(axis=1).mean()
    found = portions.decided(n, rivals, False, True, parts) / 2**portions.MEASURE
    assert 0.95 * share < found < share + 0.01


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 4), some=st.booleans())
def test_what_is_decided_is_below_the_sampled_share(seed: int, n: int, some: bool) -> None:
    """For uniform inputs and rays of one maximum the measure is a share of the simplex."""
    rng = np.random.default_rng(seed)
    _, _, parts, _ = room(n)
    R = n - 1
    values = rng.integers(-(2**30), 2**30, (R, n))
    ordered = np.tri(n, dtype=np.int64) << portions.RAY
    parts.rays[: n * n] = ordered.flatten().tolist()
    parts.values[: R * n] = values.flatten().tolist()
    found = portions.decided(n, R, some, True, parts) / 2**portions.MEASURE
    at = rng.dirichlet(np.ones(n), size=4000) @ values.T
    share = ((at >= 0).any(axis=1) if some else (at > 0).all(axis=1)).mean()
    assert found == pytest.approx(share, abs=0.05)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 4), d=st.integers(1, 4))
def test_integer_bounds_hold_on_the_cone(seed: int, n: int, d: int) -> None:
    """And the same come out compiled."""
    rng = np.random.default_rng(seed)
    network = random_network(seed, d, n)
    rays, _ = random_cone(n, seed)
    first, *others = network.w_out
    rows = [[a - b for a, b in zip(first, row, strict=True)] for row in others]
    found = []
    for kernels in (BARE, COMPILED):
        rule, unit = rule_of(network, [*rows, *([-v for v in row] for row in rows)], kernels)
        cone, _, _ = chamber.rooms(rule, kernels, 0)
        cone.rays[:] = kernels.wide(int(v * 2**conic.COORDINATE // 1) for ray in rays for v in ray)
        assert kernels.function(conic.bound_cone)(rule, cone)
        found.append([[int(v) for v in part] for part in (cone.lower, cone.upper, cone.slope)])
    assert found[0] == found[1]
    lower, upper, _ = found[0]
    for s in [*rng.dirichlet(np.ones(n), size=5), *np.eye(n)]:
        shares = [Fraction(float(v)) for v in s]
        point = [
            sum((v * ray[t] for v, ray in zip(shares, rays, strict=True)), Fraction(0))
            for t in range(n)
        ]
        logits = network.logits(point)
        for r in range(n - 1):
            low = sum(v * lower[r * n + k] for k, v in enumerate(shares))
            high = sum(v * upper[r * n + k] for k, v in enumerate(shares))
            margin = (logits[0] - logits[r + 1]) / unit * 2**conic.FINE
            assert low <= margin <= high
