"""The rule for ``noise`` certificates.

The claim: for a pair (m, s), with ``x_m = 1``, ``x_s`` anywhere in the ratio range and every
other input anywhere in ``[-certified, certified]``, every margin is positive; and there is an
input of that shape with noise up to ``broken`` for which some margin is not.

The evidence for the first is a tree (:mod:`certify.checker.tree`), with exact cells for boxes too
thin for bounds (:mod:`certify.checker.exact`).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from certify.checker import tree
from certify.checker.cases import ROOM
from certify.checker.document import claimed, fields, integer, items, rational, rationals
from certify.checker.errors import Rejected
from certify.checker.exact import Cells
from certify.checker.kernel import NOTHING, WIDE, Rule, Space
from certify.checker.network import Weights, run
from certify.checker.running import BARE, Kernels, More
from certify.checker.scale import rule_of, space_of
from certify.checker.tree import (
    BY_CASES,
    EXACT,
    EXACTLY,
    FAULTS,
    OUTSIDE,
    PAUSED,
    PROVED,
    Claim,
    Stack,
)
from certify.checker.work import ALL, box_steps, count, demand, row_steps, run_steps

GRID = 24  # ends of boxes are multiples of 2**-GRID
DEEPEST = 256  # branches that may be open at a time
SLICE = 4096  # nodes between two words of progress


@dataclass(frozen=True)
class Task:
    """One pair's proof: the claim about each input, and what the certificate says of it."""

    m: int
    s: int
    ends: list[tuple[Fraction, Fraction]]
    bound: Fraction
    leaves: int
    tape: bytes
    exact: list[Any]

    @property
    def place(self) -> str:
        """How messages call it."""
        return f"pair ({self.m}, {self.s})"


def check_noise(
    weights: Weights, body: dict[str, Any], evidence: bytes, kernels: Kernels = BARE
) -> list[str]:
    """Check a certificate of kind ``noise``; returns what it establishes, line by line."""
    n = len(weights.w_out)
    (ratio, noise, claims), pairs, about = claimed(body["claim"], ("ratio", "noise", "pairs"), n)
    lo, hi = rationals(ratio, "claim.ratio", 2)
    (proofs,) = fields(body["evidence"], "evidence", ("pairs",))
    if not 0 < lo <= hi < 1:
        raise Rejected("claim.ratio: expected 0 < lo <= hi < 1")
    _demand(weights, body, evidence, kernels.compiled)
    only = None if noise == "max" else rational(noise, "claim.noise")
    tasks, broken, certified = [], 0, []
    position = 0
    for (m, s), claim, proof in zip(
        pairs,
        items(claims, "claim.pairs", len(pairs)),
        items(proofs, "evidence.pairs", len(pairs)),
        strict=True,
    ):
        place = f"pair ({m}, {s})"
        claim_m, claim_s, good, bad = fields(claim, place, ("max", "second", "certified", "broken"))
        if [integer(claim_m, place), integer(claim_s, place)] != [m, s]:
            raise Rejected(f"{place}: claims are not in order")
        evidence_of, counterexample = fields(proof, place, ("tree", "counterexample"))
        if (good is None) != (evidence_of is None) or (bad is None) != (counterexample is None):
            raise Rejected(f"{place}: a claim without evidence, or evidence without a claim")
        values = [None if v is None else rational(v, place) for v in (good, bad)]
        for value in values:
            if value is not None and (not 0 <= value < lo or only not in (None, value)):
                raise Rejected(f"{place}: noise {value} does not fit the claim")
        if values[1] is not None:
            x = rationals(counterexample, f"{place}.counterexample", n)
            _refutes(weights, x, s, _ends(n, m, s, lo, hi, values[1]), f"{place}.counterexample")
            broken += 1
        if values[0] is not None:
            if values[1] is not None and values[1] <= values[0]:
                raise Rejected(f"{place}: certified and broken contradict each other")
            names = ("margin_bound", "leaves", "bytes", "exact")
            bound, leaves, size, exact = fields(evidence_of, place, names)
            end = position + integer(size, place)
            if not position <= end <= len(evidence):
                raise Rejected(f"{place}: evidence.bin is too short")
            tasks.append(
                Task(
                    m, s, _ends(n, m, s, lo, hi, values[0]),
                    rational(bound, f"{place}.margin_bound"), integer(leaves, place),
                    evidence[position:end], items(exact, f"{place}.exact"),
                )
            )  # fmt: skip
            certified.append(values[0])
            position = end
    if position != len(evidence):
        raise Rejected("evidence.bin: bytes are left over")
    if not tasks and not broken:
        raise Rejected("claim: nothing is claimed")
    # The long ones first, on all cores where that is worth starting processes.
    tasks.sort(key=lambda t: -len(t.tape))
    kernels.spread(check_tree, weights, tasks, [len(t.tape) for t in tasks])
    shown = f"ratio in [{lo}, {hi}], other inputs in [-e, e]"
    lines = []
    if tasks:
        least, most = min(certified), max(certified)
        span = f"e = {least}" if least == most else f"e from {least} to {most}, by pair"
        lines.append(f"PROVED: {len(tasks)} of {about}, {shown}, {span}")
    if broken:
        lines.append(f"REFUTED: {broken} of {about} have a counterexample, {shown}")
    return lines


def _demand(weights: Weights, body: dict[str, Any], evidence: bytes, compiled: bool) -> None:
    """Refuse what takes too long. Leaves are bytes of four kinds, and a cut is three bytes; as many
    of these as branches may wait can be without a leaf, in a tree that is not complete. Any other
    byte may be a case: a row carried back. An exact cell is an object, and follows as many runs as
    there are inputs.
    """
    n, d = len(weights.w_out), len(weights.w_ih)
    box_steps(weights)  # demands that one box isn't too much
    leaves = sum(evidence.count(kind) for kind in (EXACT, BY_CASES, OUTSIDE, PROVED))
    nodes = leaves + min(len(evidence) // 3, leaves + DEEPEST * n * (n - 1))
    # Rows carried back by a step: two a unit, from each step; those of the margins and cases.
    rows = nodes * (n * n * d + n * n) + len(evidence) * n
    cells, bits = count(body)
    steps = rows * row_steps(weights, compiled)
    demand(steps + cells * n * run_steps(weights, bits), ALL, "this certificate")


def _ends(
    n: int, m: int, s: int, lo: Fraction, hi: Fraction, noise: Fraction
) -> list[tuple[Fraction, Fraction]]:
    ends = [(-noise, noise)] * n
    ends[m], ends[s] = (Fraction(1), Fraction(1)), (lo, hi)
    return ends


def _refutes(
    weights: Weights,
    x: list[Fraction],
    s: int,
    ends: list[tuple[Fraction, Fraction]],
    place: str,
) -> None:
    for t, (value, (least, most)) in enumerate(zip(x, ends, strict=True)):
        if not least <= value <= most:
            raise Rejected(f"{place}[{t}]: {value} is outside [{least}, {most}]")
    found = run(weights, x)
    if all(found.margin(s, j) > 0 for j in range(len(x)) if j != s):
        raise Rejected(f"{place}: every margin is positive")


def start(
    weights: Weights,
    s: int,
    ends: list[tuple[Fraction, Fraction]],
    bound: Fraction,
    kernels: Kernels,
) -> tuple[Rule, Space, Claim, Stack, Fraction]:
    """The walk at the root of a pair's tree, and what a margin of 1 in it is worth."""
    n, d, wide = len(ends), len(weights.w_ih), kernels.wide
    out = weights.w_out
    rows = [[a - b for a, b in zip(out[s], out[j], strict=True)] for j in range(n) if j != s]
    rule, unit = rule_of(weights, rows, kernels)
    space = space_of(rule, GRID, 1 << GRID, kernels)
    unit /= 1 << space.fine
    filled = kernels.filled
    least = [int(lo * 2**GRID // 1) for lo, _ in ends]
    most = [-int(-hi * 2**GRID // 1) for _, hi in ends]
    # Without noise there is no order to tell apart.
    first = next(t for t, (lo, hi) in enumerate(ends) if lo > 0 or lo == hi)
    claim = Claim(first, min(-int(-bound / unit // 1), -NOTHING), wide(least), wide(most))
    boxes, known = DEEPEST * n, DEEPEST * n * d
    stack = Stack(
        DEEPEST, filled(0, boxes), filled(0, boxes), filled(0, boxes), filled(0, DEEPEST),
        filled(-WIDE, known), filled(WIDE, known), filled(0, 4), filled(0, ROOM),
    )  # fmt: skip
    stack.lo[:n], stack.hi[:n] = wide(least), wide(most)
    return rule, space, claim, stack, unit


def check_tree(kernels: Kernels, more: More, weights: Weights, task: Task) -> None:
    """Check one pair's proof.

    Raises:
        Rejected: some branch does not end in a proof, or the margin bound is not proved.
    """
    if task.bound <= 0:
        raise Rejected(f"{task.place}: the margin bound {task.bound} is not positive")
    rule, space, claim, stack, _ = start(weights, task.s, task.ends, task.bound, kernels)
    tape, walk = kernels.octets(task.tape), kernels.function(tree.walk)
    exact, status, passed = 0, PAUSED, 0
    while status in (PAUSED, EXACTLY):
        status = walk(rule, space, claim, stack, tape, SLICE)
        more(stack.cursor[2] - passed)
        passed = stack.cursor[2]
        place = f"{task.place}, node {stack.cursor[1] - 1}"
        if status > EXACTLY:
            raise Rejected(f"{place}: {FAULTS[status - EXACTLY - 1]}")
        if status == EXACTLY:
            if exact >= len(task.exact):
                raise Rejected(f"{place}: there is no exact evidence for it")
            bound = _cells(weights, task, space).check(task.exact[exact], place)
            if bound is not None and bound < task.bound:
                raise Rejected(f"{place}: a margin is not proved to be {task.bound}")
            exact += 1
    if passed != len(task.tape):
        raise Rejected(f"{task.place}: the tape goes on after the tree's end")
    if exact != len(task.exact):
        raise Rejected(f"{task.place}: exact evidence is left over")
    if stack.cursor[3] != task.leaves:
        raise Rejected(f"{task.place}: {stack.cursor[3]} leaves, not {task.leaves}")


def _cells(weights: Weights, task: Task, space: Space) -> Cells:
    """The box in ``space`` as a thin box: its inputs as affine functions of y, exactly."""
    n = len(task.ends)
    maps = [int(a) for a in space.maps]
    inputs = [(Fraction(0), *map(Fraction, maps[t * n : t * n + n])) for t in range(n)]
    lo, hi = ([Fraction(int(v), 2**GRID) for v in side] for side in (space.lo, space.hi))
    return Cells(weights, task.s, inputs, task.ends, lo, hi)
