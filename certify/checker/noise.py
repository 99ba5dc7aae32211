"""The rule for ``noise`` certificates.

The claim: for a pair (m, s), with ``x_m = 1``, ``x_s`` anywhere in the ratio range and every
other input anywhere in ``[-certified, certified]``, every margin is positive; and there is an
input of that shape with noise up to ``broken`` for which some margin is not.

The evidence for the first is a tree, as a tape in preorder. Its nodes are sets of inputs; the
root is the whole box. The checker cuts them itself, so that the parts always cover the whole:

- ``HISTORY`` cuts by where the next input before the first impulse falls: above the maximum of 0
  and the inputs before it (n), between that and the second largest (b; both are 0 at first, and
  then b and d coincide), or below the second largest (d);
- a number below n - 1 halves that coordinate of the box;
- ``PROVED`` ends with linear bounds of all margins (:mod:`certify.checker.linear`), ``OUTSIDE``
  with a box that holds no input of the noise box, ``EXACT`` with
  :mod:`certify.checker.exact`. Nothing else ends a branch.

What is known of a unit at a node holds for all inputs of the node, hence also below it.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from certify.checker.document import claimed, fields, integer, items, rational, rationals
from certify.checker.errors import Rejected
from certify.checker.exact import Cells
from certify.checker.linear import GRID, Box, Known, Linear
from certify.checker.network import Weights, run
from certify.checker.work import ALL, box_steps, count, demand, run_steps

HISTORY, EXACT, OUTSIDE, PROVED = 251, 252, 254, 255
MAX_MAPS = 4096  # kept at a time, so that memory does not grow with the tape


@dataclass(frozen=True)
class Task:
    """One pair's proof: the claim, what the certificate says of it, and its tape and steps."""

    m: int
    s: int
    lo: Fraction
    hi: Fraction
    noise: Fraction
    bound: Fraction
    leaves: int
    tape: bytes
    steps: bytes
    exact: list[Any]

    @property
    def place(self) -> str:
        """How messages call it."""
        return f"pair ({self.m}, {self.s})"


def check_noise(weights: Weights, body: dict[str, Any], evidence: bytes) -> list[str]:
    """Check a certificate of kind ``noise``; returns what it establishes, line by line."""
    n = len(weights.w_out)
    (ratio, noise, claims), pairs, about = claimed(body["claim"], ("ratio", "noise", "pairs"), n)
    lo, hi = rationals(ratio, "claim.ratio", 2)
    (proofs,) = fields(body["evidence"], "evidence", ("pairs",))
    if not 0 < lo <= hi < 1:
        raise Rejected("claim.ratio: expected 0 < lo <= hi < 1")
    # A node is a byte; an exact cell is an object, and follows as many runs as there are inputs.
    cells, bits = count(body)
    steps = len(evidence) * box_steps(weights) + cells * n * run_steps(weights, bits)
    demand(steps, ALL, "this certificate")
    only = None if noise == "max" else rational(noise, "claim.noise")
    tasks, broken, position = [], [], 0
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
        tree, counterexample = fields(proof, place, ("tree", "counterexample"))
        if (good is None) != (tree is None) or (bad is None) != (counterexample is None):
            raise Rejected(f"{place}: a claim without evidence, or evidence without a claim")
        values = [None if v is None else rational(v, place) for v in (good, bad)]
        for value in values:
            if value is not None and (not 0 <= value < lo or only not in (None, value)):
                raise Rejected(f"{place}: noise {value} does not fit the claim")
        if values[1] is not None:
            x = rationals(counterexample, f"{place}.counterexample", n)
            _refutes(weights, x, m, s, lo, hi, values[1])
            broken.append((m, s))
        if values[0] is not None:
            if values[1] is not None and values[1] <= values[0]:
                raise Rejected(f"{place}: certified and broken contradict each other")
            bound, leaves, nodes, steps, exact = fields(
                tree, place, ("margin_bound", "leaves", "nodes", "steps", "exact")
            )
            sizes = [integer(v, place) for v in (leaves, nodes, steps)]
            middle, end = position + sizes[1], position + sizes[1] + sizes[2]
            if min(sizes) < 0 or end > len(evidence):
                raise Rejected(f"{place}: evidence.bin is too short")
            tasks.append(
                Task(
                    m, s, lo, hi, values[0], rational(bound, f"{place}.margin_bound"), sizes[0],
                    evidence[position:middle], evidence[middle:end],
                    items(exact, f"{place}.exact"),
                )
            )  # fmt: skip
            position = end
    if position != len(evidence):
        raise Rejected("evidence.bin: bytes are left over")
    if not tasks and not broken:
        raise Rejected("claim: nothing is claimed")
    _check_all(weights, tasks)
    shown = f"ratio in [{lo}, {hi}], other inputs in [-e, e]"
    lines = []
    if tasks:
        least, most = min(t.noise for t in tasks), max(t.noise for t in tasks)
        span = f"e = {least}" if least == most else f"e from {least} to {most}, by pair"
        lines.append(f"PROVED: {len(tasks)} of {about}, {shown}, {span}")
    if broken:
        lines.append(f"REFUTED: {len(broken)} of {about} have a counterexample, {shown}")
    return lines


def _refutes(
    weights: Weights, x: list[Fraction], m: int, s: int, lo: Fraction, hi: Fraction, noise: Fraction
) -> None:
    place = f"pair ({m}, {s}).counterexample"
    for t, value in enumerate(x):
        least, most = {m: (Fraction(1),) * 2, s: (lo, hi)}.get(t, (-noise, noise))
        if not least <= value <= most:
            raise Rejected(f"{place}[{t}]: {value} is outside [{least}, {most}]")
    found = run(weights, x)
    if all(found.margin(s, j) > 0 for j in range(len(x)) if j != s):
        raise Rejected(f"{place}: every margin is positive")


def _check_all(weights: Weights, tasks: list[Task]) -> None:
    """All proofs, the long ones first, on all cores where that is worth starting processes."""
    tasks = sorted(tasks, key=lambda t: -len(t.tape))
    if sum(len(t.tape) for t in tasks) < 1000:
        for task in tasks:
            check_tree(weights, task)
        return
    with ProcessPoolExecutor(initializer=_start, initargs=(weights,)) as pool:
        for _ in pool.map(_work, tasks):
            pass


_shared: list[Weights] = []


def _start(weights: Weights) -> None:
    _shared[:] = [weights]


def _work(task: Task) -> None:
    check_tree(_shared[0], task)


@dataclass(frozen=True)
class Node:
    """A set of inputs: a history, the box of its coordinates, and what is known of the units."""

    history: str
    lo: list[int]
    hi: list[int]
    known: list[list[Known]]


class Tree:
    """The geometry of one pair: histories, their coordinates and boxes, in units of 2**-GRID."""

    def __init__(self, n: int, task: Task) -> None:
        self.n, self.m, self.s = n, task.m, task.s
        self.noise = -int(-task.noise * 2**GRID // 1)
        self.x_lo, self.x_hi = [-self.noise] * n, [self.noise] * n
        self.x_lo[task.m] = self.x_hi[task.m] = 1 << GRID
        self.x_lo[task.s] = int(task.lo * 2**GRID // 1)
        self.x_hi[task.s] = -int(-task.hi * 2**GRID // 1)
        self.maps: dict[str, list[list[int]]] = {}

    def column(self, t: int) -> int:
        """The coordinate of a position other than m."""
        return t - (t > self.m)

    def map(self, history: str) -> list[list[int]]:
        """The rows of A: the values of the inputs in the coordinates of a history.

        ``chain`` lists the inputs known to be ordered, ascending; each is the one before it plus
        its own coordinate. A new maximum goes on top, one between second and maximum goes below
        the top, and one below the second is the second (0 as long as fewer than two inputs are
        in the chain) minus its own coordinate. Later inputs never get in below the second.
        """
        if history in self.maps:
            return self.maps[history]
        if len(self.maps) >= MAX_MAPS:
            self.maps.clear()
        rows = [[0] * (self.n - 1) for _ in range(self.n)]
        for t in range(self.n):
            if t != self.m:
                rows[t][self.column(t)] = 1
        chain: list[int] = []
        below: list[tuple[int, list[int]]] = []
        for t, letter in enumerate(history):
            if letter == "d":
                below.append((t, chain[:-1]))
            else:
                chain.insert(len(chain) - (letter == "b"), t)
        for place, t in enumerate(chain):
            for u in chain[:place]:
                rows[t][self.column(u)] = 1
        for t, under in below:
            rows[t][self.column(t)] = -1
            for u in under:
                rows[t][self.column(u)] = 1
        self.maps[history] = rows
        return rows

    def box(self, history: str) -> tuple[list[int], list[int]]:
        """A box of coordinates that holds every input with this history: increments and gaps lie
        between 0 and the distance of the furthest values, others are the inputs themselves.
        """
        lo, hi = [-self.noise] * (self.n - 1), [self.noise] * (self.n - 1)
        lo[self.column(self.s)], hi[self.column(self.s)] = self.x_lo[self.s], self.x_hi[self.s]
        for t, letter in enumerate(history):
            lo[t] = 0
            if letter == "d" and sum(c != "d" for c in history[:t]) >= 2:
                hi[t] = 2 * self.noise
        return lo, hi

    def tighten(self, history: str, lo: list[int], hi: list[int]) -> bool:
        """Shrink the box to what ``x_lo <= x <= x_hi`` leaves; False where that is nothing."""
        for t, row in enumerate(self.map(history)):
            if t == self.m:
                continue
            used = [(j, a) for j, a in enumerate(row) if a]
            least = sum([lo[j] if a > 0 else -hi[j] for j, a in used])
            most = sum([hi[j] if a > 0 else -lo[j] for j, a in used])
            if least > self.x_hi[t] or most < self.x_lo[t]:
                return False
            over, under = self.x_hi[t] - least, most - self.x_lo[t]
            for j, a in used:
                down, up = (under, over) if a > 0 else (over, under)
                lo[j], hi[j] = max(lo[j], hi[j] - down), min(hi[j], lo[j] + up)
        return True


def check_tree(weights: Weights, task: Task) -> None:
    """Check one pair's proof.

    Raises:
        Rejected: some branch does not end in a proof, or the margin bound is not proved.
    """
    n = len(weights.w_out)
    tree = Tree(n, task)
    sizes = [max(abs(a), abs(b)) for a, b in zip(tree.x_lo, tree.x_hi, strict=True)]
    out = weights.w_out
    rows = [
        [a - b for a, b in zip(out[task.s], out[j], strict=True)] for j in range(n) if j != task.s
    ]
    linear = Linear(weights, sizes, rows)
    first = min(task.m, task.s)
    offset = [int(t == task.m) for t in range(n)]
    if task.bound <= 0:
        raise Rejected(f"{task.place}: the margin bound {task.bound} is not positive")
    stack = [Node("", *tree.box(""), linear.root)]
    taken = leaves = exact = 0
    for position, op in enumerate(task.tape):
        if not stack:
            raise Rejected(f"{task.place}: the tape goes on after the tree's end")
        node = stack.pop()
        place = f"{task.place}, node {position}"
        inside = tree.tighten(node.history, node.lo, node.hi)
        if op == OUTSIDE:
            if inside:
                raise Rejected(f"{place}: the box is not outside the noise box")
            continue
        if not inside:
            raise Rejected(f"{place}: the box is outside the noise box")
        if op == EXACT:
            if exact >= len(task.exact):
                raise Rejected(f"{place}: there is no exact evidence for it")
            bound = _cells(weights, tree, task, node).check(task.exact[exact], place)
            if bound is not None and bound < task.bound:
                raise Rejected(f"{place}: a margin is not proved to be {task.bound}")
            exact += 1
            leaves += 1
            continue
        leaf = op == PROVED
        head = task.steps[taken : taken + 2 - leaf]
        taken += 2 - leaf
        if len(head) < 2 - leaf:
            raise Rejected(f"{place}: the steps end early")
        stop, begin = (n, *head)[-2:]
        codes: dict[tuple[int, int], int] = {}
        if begin >= 128:
            begin -= 128
            count = task.steps[taken] if taken < len(task.steps) else 0
            part = task.steps[taken + 1 : taken + 1 + 3 * count]
            codes = {(part[i], part[i + 1]): part[i + 2] for i in range(0, len(part) - 2, 3)}
            taken += 1 + 3 * count
        if not begin <= stop <= n:
            raise Rejected(f"{place}: no range of steps")
        box = Box(tree.map(node.history), offset, node.lo, node.hi)
        known = linear.check(box, node.known, begin, stop, codes)
        if leaf:
            leaves += 1
            if Fraction(min(linear.margins(box, known)), 2**linear.fine) < task.bound:
                raise Rejected(f"{place}: a margin is not proved to be {task.bound}")
        elif op == HISTORY:
            if len(node.history) >= first:
                raise Rejected(f"{place}: the history is complete")
            for letter in "dbn" if "n" in node.history else "dn":
                history = node.history + letter
                stack.append(Node(history, *tree.box(history), known))
        elif op < n - 1:
            if node.hi[op] - node.lo[op] < 2:  # halves are smaller, so no branch is endless
                raise Rejected(f"{place}: coordinate {op} is too narrow to be halved")
            middle = (node.lo[op] + node.hi[op]) >> 1
            upper, lower = list(node.lo), list(node.hi)
            upper[op] = lower[op] = middle
            stack.append(Node(node.history, upper, list(node.hi), known))
            stack.append(Node(node.history, list(node.lo), lower, known))
        else:
            raise Rejected(f"{place}: {op} is no kind of node")
    if stack:
        raise Rejected(f"{task.place}: {len(stack)} branches have no leaf")
    if taken != len(task.steps):
        raise Rejected(f"{task.place}: steps are left over")
    if exact != len(task.exact):
        raise Rejected(f"{task.place}: exact evidence is left over")
    if leaves != task.leaves:
        raise Rejected(f"{task.place}: {leaves} leaves, not {task.leaves}")


def _cells(weights: Weights, tree: Tree, task: Task, node: Node) -> Cells:
    """A node as a thin box: its inputs as affine functions, and the claim's bounds, exactly."""
    ends = [(-task.noise, task.noise)] * tree.n
    ends[task.m], ends[task.s] = (Fraction(1), Fraction(1)), (task.lo, task.hi)
    rows = tree.map(node.history)
    inputs = [(Fraction(t == task.m), *map(Fraction, row)) for t, row in enumerate(rows)]
    lo, hi = ([Fraction(v, 2**GRID) for v in side] for side in (node.lo, node.hi))
    return Cells(weights, task.s, inputs, ends, lo, hi)
