"""Proof by cases: sound on random boxes, more than chords prove, and no more cases than allowed."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from certify.checker.cases import ROOM, row_by_cases
from certify.checker.kernel import bound_units, place
from certify.checker.running import BARE
from certify.checker.scale import rule_of, space_of
from certify.model import Network
from certify.relaxation.cases import CASES, PROVED, prove_by_cases
from certify.relaxation.linear import bound_box, rounding_slack


def proof(network: Network, row: Any, lo: Any, hi: Any, most: int = CASES) -> tuple[float, bytes]:
    """The plain bound of a row over a box of inputs, and its tree of cases (empty: none)."""
    net, n = network.floats, network.seq_len
    rows = np.array([row], dtype=np.float64)
    slack = rounding_slack(network, rows, np.maximum(np.abs(lo), np.abs(hi)), n)
    lower, upper = -slack.reach, slack.reach.copy()
    codes = np.zeros(lower.shape, dtype=np.uint8)
    values, score = np.empty(1), np.empty(n)
    A, b = np.eye(n), np.zeros(n)
    bound_box(
        net.w_ih, net.w_hh, rows, A, b, lo, hi, np.zeros(n + 2), slack.unit, slack.row,
        slack.unit, slack.reach, True, 0,
        lower, upper, codes, values, score,
    )  # fmt: skip
    tree = np.zeros(2 * most, dtype=np.uint8)
    size = prove_by_cases(
        net.w_ih, net.w_hh, np.ascontiguousarray(net.w_hh.T), rows[0], A, b, lo, hi,
        np.zeros(n + 2), slack.row[0], lower, upper, codes, most, tree,
    )  # fmt: skip
    return float(values[0]), tree[: max(size, 0)].tobytes()


def boxes(seed: int) -> tuple[Network, Any, Any, Any]:
    """A small network, a row, and a box on which the row is positive more often than not."""
    rng = np.random.default_rng(seed)
    n, d = 4, 4
    network = Network.from_arrays(
        rng.integers(-8, 9, d) / 4, rng.integers(-8, 9, (d, d)) / 8, np.zeros((n, d))
    )
    middle = rng.integers(-16, 17, n) / 8
    half = rng.integers(1, 9, n) / 8
    row = rng.integers(-8, 9, d) / 4
    if states(network, middle[None])[0] @ row < 0:
        row = -row
    return network, row, middle - half, middle + half


def states(network: Network, x: Any) -> Any:
    net = network.floats
    h = np.zeros((len(x), network.hidden_size))
    for t in range(network.seq_len):
        h = np.maximum(h @ net.w_hh.T + x[:, t : t + 1] * net.w_ih, 0.0)
    return h


def leaves(tree: bytes) -> list[dict[tuple[int, int], int]]:
    """The cases of each leaf, as states of units."""
    found, stack = [], [dict[tuple[int, int], int]()]
    at = 0
    while at < len(tree):
        case = stack.pop()
        if tree[at] == PROVED:
            found.append(case)
            at += 1
            continue
        unit = (tree[at], tree[at + 1])
        assert unit not in case
        stack += [case | {unit: 0}, case | {unit: 1}]
        at += 2
    assert not stack
    return found


@pytest.mark.parametrize("part", range(4))
def test_what_is_proved_holds_and_is_more_than_chords_prove(part: int) -> None:
    rng = np.random.default_rng(part)
    plain, more = 0, 0
    for seed in range(part, 1200, 4):
        network, row, lo, hi = boxes(seed)
        value, tree = proof(network, row, lo, hi)
        assert not value > 0 or tree == bytes([PROVED])
        if not tree:
            continue
        plain += value > 0
        more += value <= 0
        x = rng.uniform(lo, hi, (400, 4))
        corners = np.array(list(product(*zip(lo, hi, strict=True))))
        assert (states(network, np.concatenate([x, corners])) @ row).min() > 0
    assert plain > 20
    assert more > 4


def test_the_checker_proves_what_floats_prove_and_no_less_of_a_tree() -> None:
    seen, agreed = 0, 0
    for seed in range(400):
        network, row, lo, hi = boxes(seed)
        value, tree = proof(network, row, lo, hi)
        if not tree or value > 0:
            continue
        seen += 1
        whole = [int(v * (1 << network.shift)) for v in row]
        rule, _ = rule_of(network, [whole], BARE)
        space = space_of(rule, 20, 4 << 20, BARE)
        space.maps[:] = [int(i == j) for i in range(4) for j in range(4)]
        space.lo[:], space.hi[:] = ([int(v * 2**20) for v in end] for end in (lo, hi))
        assert place(rule, space)
        bound_units(rule, space, 0, 4)
        before = list(space.below), list(space.above), list(space.slope)
        trail = [0] * ROOM
        end, least = row_by_cases(rule, space, tree, 0, 0, 1, trail)
        if end < 0:
            continue
        agreed += 1
        assert end == len(tree)
        assert least >= 1
        assert (space.below, space.above, space.slope) == before
        assert row_by_cases(rule, space, tree[:-1], 0, 0, 1, trail)[0] < 0
    assert agreed > 4
    assert agreed >= seen - 1


def test_no_more_substitutions_than_allowed() -> None:
    trees = {}
    for most in (1, 3, 7, CASES):
        found = [proof(*boxes(seed), most=most)[1] for seed in range(400)]
        trees[most] = sum(bool(tree) for tree in found)
        assert all(2 * len(leaves(tree)) - 1 <= most for tree in found if tree)
    assert trees[1] < trees[3] <= trees[7] <= trees[CASES]


def test_a_row_that_is_negative_somewhere_has_no_proof() -> None:
    for seed in range(400):
        network, row, lo, hi = boxes(seed)
        corners = np.array(list(product(*zip(lo, hi, strict=True))))
        if (states(network, corners) @ row).min() <= 0:
            assert proof(network, row, lo, hi)[1] == b""
