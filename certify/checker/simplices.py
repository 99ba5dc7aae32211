"""The rule for a bracketed accuracy by simplicial cones: cuts without verdicts, bounds at leaves.

``evidence.simplices.lengths`` holds the length of the tape in ``evidence.bin`` of each chamber
(:func:`certify.checker.cones.chambers`). A tape is the tree of one chamber in preorder. An inner
node is two bytes: ``i n + j`` and w: the ray ``w x_i + (256 - w) x_j`` cuts the cone in two, first
that with it in place of ``x_j``, then that with it in place of ``x_i``. A leaf is a byte: to be
bounded, or to be skipped.

Nothing is said about a leaf, so nothing about it can be wrong: its margins are bounded here,
exactly, by functions that are linear on the cone, and what these leave no doubt about is summed.
A bound of a function on the cone ``sum_k s_k x_k``, ``s >= 0``, is its values at the rays, as no
network here has biases. A pre-activation z between the linear functions L and U, of which L is
negative somewhere and U positive, has

    a z <= relu(z) <= slope z + sum_k s_k max((1 - slope) U_k, -slope L_k)

for a in {0, 1} and slope in [0, 1], as ``relu(z) - slope z`` is convex in z, homogeneous in s.

Measures. On the simplex ``sum s = 1`` let ``q = |sum s_k x_k|^2`` with unit rays, m its mean, v its
variance, ``f(q) = q^(-n/2)``. The share of the sphere is ``Gamma(n/2) / (2 pi^(n/2) (n-1)!)`` times
``|det x|`` times the mean of f; as ``q <= 1`` and f'' falls, that mean is at least
``f(m) + f''(1)/2 v``, with ``f''(1) = n (n+2) / 4``. Determinants need no computing: that of a
chamber is 1, and a cut with the weights w and 1 - w multiplies those of its parts by these.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from itertools import accumulate
from math import factorial, isqrt, prod
from typing import Any, NamedTuple

from certify.checker.cones import chambers
from certify.checker.document import fields, integer, items
from certify.checker.errors import Rejected
from certify.checker.measure import pi
from certify.checker.network import Weights, run
from certify.checker.work import ALL, box_steps, demand, products, run_bits

LONGEST = 6  # inputs: there are (n + 1)! chambers
INNER, SKIPPED, LEAF = 128, 254, 255
MAX_DEPTH = 200
ALONE = 2000  # bytes of evidence: for more than these, processes are worth starting
MAX_RUNS = 1 << 10  # kept at a time, so that memory does not grow with the tape

UNIT = 60  # rays, and what is made of them, are integers times 2**-UNIT here
SUM = 80  # and measures are summed in units of 2**-SUM
LOSS = 40
"""All roundings in a measure cost less than ``2**-LOSS`` of it. Rays, norms and inner products are
off by at most 2**-53 of unit length each (a part has at most 64 cuts above it); q is at least
1/n, because coordinates have one sign within a chamber; so m is off by at most 2**-50 of itself and
v by 2**-46, which is multiplied by n (n+2)/8 <= 6 and added to f(m) >= 1."""
DEEPEST = 64  # cuts of a leaf
CUT = 32  # bits of the weights with which leaves are cut
SLIVER = 30  # parts below this share of their leaf, as a power of 2, aren't followed
MOST_PARTS = 1 << 10  # of a leaf, nor more than these

Ray = tuple[int, ...]
Vector = list[int]
#: On, off, or (a, 256 slope, the vector of the intercept).
Unit = bool | tuple[int, int, Vector]
Found = tuple[int, int, int]


class Part(NamedTuple):
    """A cone: rays times ``2**UNIT``, its share of the leaf's determinant times ``2**bits``, and
    lower bounds of functions, each a vector over the rays.
    """

    rays: list[Vector]
    share: int
    bits: int
    values: list[Vector]


def check_simplices(
    weights: Weights, inputs: str, lower: Fraction, upper: Fraction, evidence: Any, binary: bytes
) -> list[str]:
    """Check all chambers and that the claim follows from what they prove."""
    n = len(weights.w_out)
    if n > LONGEST:
        raise Rejected(f"evidence.simplices: are for inputs of length at most {LONGEST}, not {n}")
    (entries,) = fields(evidence, "evidence.simplices", ("lengths",))
    demand(len(binary) * _leaf_steps(weights), ALL, "this certificate")
    shards = list(chambers(n, inputs == "uniform"))
    place = "evidence.simplices.lengths"
    lengths = [integer(v, place) for v in items(entries, place, len(shards))]
    ends = list(accumulate(lengths))
    if min(lengths) < 1 or ends[-1] != len(binary):
        raise Rejected(f"{place}: expected positive lengths that add up to that of evidence.bin")
    tasks = [
        (index, cone, order[1], binary[end - length : end])
        for index, ((order, _, cone), length, end) in enumerate(
            zip(shards, lengths, ends, strict=True)
        )
    ]
    if len(binary) < ALONE + len(shards):
        _start(weights, inputs)
        found = [_check_chamber(task) for task in tasks]
    else:
        with ProcessPoolExecutor(initializer=_start, initargs=(weights, inputs)) as pool:
            found = list(pool.map(_check_chamber, sorted(tasks, key=lambda task: -len(task[3]))))
    unit = constant(n, inputs) / (1 << SUM)
    right, wrong, leaves = (sum(f[k] for f in found) for k in range(3))
    if lower > right * unit:
        raise Rejected(f"claim.lower: only about {float(right * unit):.12f} is proved right")
    if upper < 1 - wrong * unit:
        raise Rejected(f"claim.upper: only about {float(wrong * unit):.12f} is proved wrong")
    return [f"{leaves} simplicial cones are bounded in {len(shards)} chambers"]


def _leaf_steps(weights: Weights) -> int:
    """The steps of one leaf: its runs, the bounds of all units and margins, and its parts."""
    n = len(weights.w_out)
    bits = 8 * (MAX_DEPTH + n) + run_bits(weights, n)
    bounds = n * box_steps(weights, bits)
    part = 4 * n**3 * products(3 * UNIT, 3 * UNIT)
    return bounds + 2 * MOST_PARTS * part


def constant(n: int, inputs: str) -> Fraction:
    """The factor of a measure that depends on n alone, or a little less."""
    if inputs == "uniform":
        return Fraction(1, factorial(n))
    half = n // 2
    # Gamma(k + 1/2) = (2 k)! sqrt(pi) / (4^k k!)
    root = Fraction(factorial(2 * half), 4**half * factorial(half))
    gamma = root if n % 2 else Fraction(factorial(half - 1))
    circle = Fraction(pi(SUM)[1], 1 << SUM)
    return gamma / (2 * circle**half * factorial(n - 1))


_shared: list[tuple[Weights, str]] = []


def _start(weights: Weights, inputs: str) -> None:
    _shared[:] = [(weights, inputs)]


def _check_chamber(task: tuple[int, list[Ray], int, bytes]) -> Found:
    (weights, inputs), (index, chamber, second, tape) = _shared[0], task
    return check_chamber(weights, inputs, index, chamber, second, tape)


def check_chamber(
    weights: Weights, inputs: str, index: int, chamber: list[Ray], second: int, tape: bytes
) -> Found:
    """Walk one tape; the measures right and wrong but for :func:`constant`, in units of
    ``2**-SUM``, and the number of leaves.
    """
    n = len(chamber)
    leaf = Leaf(weights, second, inputs == "uniform")
    right = wrong = leaves = 0
    # A ray with 2**-bits is in the convex hull of those of the chamber; so is the determinant.
    stack = [([(ray, 0) for ray in chamber], 1, 0)]
    nodes = iter(tape)
    for node in nodes:
        if not stack:
            raise Rejected(f"chamber {index}: the tape goes on after the tree's end")
        rays, volume, depth = stack.pop()
        if node == LEAF:
            good, bad = leaf.decide(rays, volume, 8 * depth)
            right, wrong, leaves = right + good, wrong + bad, leaves + 1
        if node in (LEAF, SKIPPED):
            continue
        (i, j), w = divmod(node, n), next(nodes, 0)
        if i >= n or i == j or not w or depth == MAX_DEPTH:
            raise Rejected(f"chamber {index}: {node}, {w} is no kind of node")
        (p, p_bits), (q, q_bits) = rays[i], rays[j]
        bits = max(p_bits, q_bits)
        new = [
            (w * a << bits - p_bits) + ((256 - w) * b << bits - q_bits)
            for a, b in zip(p, q, strict=True)
        ]
        ray = (tuple(new), bits + 8)
        stack.append(([ray if k == i else v for k, v in enumerate(rays)], volume * w, depth + 1))
        parts = [ray if k == j else v for k, v in enumerate(rays)]
        stack.append((parts, volume * (256 - w), depth + 1))
    if stack:
        raise Rejected(f"chamber {index}: {len(stack)} branches have no leaf")
    return right, wrong, leaves


class Leaf:
    """The bounds of one network on cones where the second largest input is at ``second``."""

    def __init__(self, weights: Weights, second: int, uniform: bool) -> None:
        self.weights, self.uniform = weights, uniform
        out = weights.w_out
        self.rows = [[a - b for a, b in zip(out[second], row, strict=True)] for row in out]
        del self.rows[second]
        self.runs: dict[Ray, list[list[int]]] = {}

    def decide(self, rays: Sequence[tuple[Ray, int]], volume: int, bits: int) -> tuple[int, int]:
        """The measures on which the model is right and wrong, rounded down, of a cone with the
        determinant ``2**-bits volume``.
        """
        scale = max(more for _, more in rays)
        cone = [[v << scale - more for v in ray] for ray, more in rays]
        lower, upper = self.bounds(cone, [self.before(*ray, scale) for ray in rays])
        shift = max(abs(v) for row in (*lower, *upper) for v in row).bit_length() - UNIT
        unit = [[_shifted(v, scale - UNIT) for v in ray] for ray in cone]
        right = [[_shifted(v, shift) for v in row] for row in lower]
        wrong = [[_shifted(-v, shift) for v in row] for row in upper]
        return tuple(  # type: ignore[return-value]
            decided(Part(unit, 1, 0, values), some, self.uniform) * volume >> bits
            for values, some in ((right, False), (wrong, True))
        )

    def before(self, ray: Ray, bits: int, scale: int) -> list[list[int]]:
        """The pre-activations at ``2**(scale - bits) ray``, in step t times ``2**(8 t)`` beside
        the ``2**(shift (t+1))`` of :func:`certify.checker.network.run`.
        """
        if ray not in self.runs:
            if len(self.runs) >= MAX_RUNS:
                self.runs.clear()
            self.runs[ray] = run(self.weights, [Fraction(v) for v in ray]).before
        more = scale - bits
        return [[v << more + 8 * t for v in step] for t, step in enumerate(self.runs[ray])]

    def bounds(
        self, cone: list[Vector], before: list[list[list[int]]]
    ) -> tuple[list[Vector], list[Vector]]:
        """Exact vectors below and above each margin, all times one power of two."""
        w_ih, w_hh = self.weights.w_ih, self.weights.w_hh
        states: list[list[Unit]] = []
        linear = True
        for t in range(len(cone)):
            step: list[Unit] = []
            for i, drive in enumerate(w_ih):
                if linear:
                    low = up = [at_ray[t][i] for at_ray in before]
                else:
                    low = self.below(cone, states, w_hh[i], drive)
                    if min(low) >= 0:
                        step.append(True)
                        continue
                    up = [-v for v in self.below(cone, states, [-v for v in w_hh[i]], -drive)]
                step.append(relaxed(low, up))
            states.append(step)
            linear = linear and all(isinstance(unit, bool) for unit in step)
        lower = [self.below(cone, states, row, 0) for row in self.rows]
        if linear:
            return lower, lower
        above = (self.below(cone, states, [-v for v in row], 0) for row in self.rows)
        return lower, [[-v for v in row] for row in above]

    def below(
        self, cone: list[Vector], states: list[list[Unit]], row: Sequence[int], drive: int
    ) -> Vector:
        """A vector below ``row . h + drive x_t``, h the state that step ``t = len(states)`` reads,
        times ``2**(shift (t+1) + 8 t)``.
        """
        w_ih, w_hh, shift = self.weights.w_ih, self.weights.w_hh, self.weights.shift + 8
        total = [0] * len(cone)
        if drive:
            total = [drive * ray[len(states)] << shift * len(states) for ray in cone]
        for t in range(len(states) - 1, -1, -1):
            active: list[tuple[int, int]] = []
            for i, (c, unit) in enumerate(zip(row, states[t], strict=True)):
                if not c or unit is False:
                    continue
                if unit is True:
                    active.append((i, c << 8))
                    continue
                a, slope, intercept = unit
                if c < 0:
                    total = [v + c * more for v, more in zip(total, intercept, strict=True)]
                    active.append((i, c * slope))
                elif a:
                    active.append((i, c << 8))
            if g := sum([c * w_ih[i] for i, c in active]) << shift * t:
                total = [v + g * ray[t] for v, ray in zip(total, cone, strict=True)]
            if t:
                used = [(c, w_hh[i]) for i, c in active]
                row = [sum([c * w[j] for c, w in used]) for j in range(len(row))]
        return total


def relaxed(low: Vector, up: Vector) -> Unit:
    """What stands for a unit between these vectors."""
    least, most = min(low), max(up)
    if least >= 0 or most <= 0:
        return least >= 0
    slope = (512 * most + most - least) // (2 * (most - least))
    intercept = [max((256 - slope) * b, -slope * a) for a, b in zip(low, up, strict=True)]
    return (1 if slope >= 128 else 0), slope, intercept


def decided(leaf: Part, some: bool, uniform: bool) -> int:
    """The measure, rounded down, of the part where all functions, or ``some`` of them, are
    positive (for ``some``: not negative), with the leaf's determinant taken for 1.
    """
    total = 0
    stack = [leaf]
    for _ in range(MOST_PARTS):
        if not stack:
            break
        part = stack.pop()
        rays, share, bits, values = part
        if share << SLIVER < 1 << bits or bits > DEEPEST * CUT:
            continue
        ends = [(min(row), max(row)) for row in values]
        if some:
            whole, dead = any(lo >= 0 for lo, _ in ends), all(up <= 0 for _, up in ends)
        else:
            dead = any(up <= 0 for _, up in ends)
            whole = not dead and all(lo >= 0 for lo, _ in ends)
        if whole:
            total += measure(rays, uniform) * share >> bits
        elif not dead:
            # First where most of the part is gained or lost.
            sizes = [(up if some else -lo) / (up - lo) if lo < 0 < up else 0 for lo, up in ends]
            stack += _cut(part, sizes.index(max(sizes)))
    return total


def _cut(part: Part, r: int) -> list[Part]:
    """Both parts of a cone, cut where the function r is 0 between its greatest and least value."""
    rays, share, bits, values = part
    row = values[r]
    i, j = row.index(max(row)), row.index(min(row))
    # Rounded up, so the function isn't negative at the new ray, and 0 is a lower bound of it.
    w = -((row[j] << CUT) // (row[i] - row[j]))
    v = (1 << CUT) - w

    def between(at: Vector, to: Vector) -> Vector:
        return [(w * a + v * b) >> CUT for a, b in zip(at, to, strict=True)]

    new = between(rays[i], rays[j])
    middle = [(w * f[i] + v * f[j]) >> CUT for f in values]
    middle[r] = 0
    return [
        Part(
            [new if k == at else ray for k, ray in enumerate(rays)],
            share * weight,
            bits + CUT,
            [
                [m if k == at else a for k, a in enumerate(f)]
                for f, m in zip(values, middle, strict=True)
            ],
        )
        for at, weight in ((j, v), (i, w))
    ]


def measure(rays: list[Vector], uniform: bool) -> int:
    """The measure of a cone of rays of determinant 1, rounded down, but for :func:`constant`.

    With G the inner products of the unit rays, S their sum, r the sums of its rows, the means of q
    and of its square are ``(S + n) / (n)_2`` and
    ``(S^2 + 2 n S + 4 |r|^2 + n^2 + 2 |G|^2 + 8 S + 6 n) / (n)_4``, ``(n)_k = n (n+1) .. (n+k-1)``:
    sums over the permutations of the indices of ``E[s_i s_j]`` and ``E[s_i s_j s_k s_l]``.
    """
    n = len(rays)
    if uniform:
        size = prod(max(ray) for ray in rays)
        return ((1 << UNIT * n + SUM) // size) * ((1 << LOSS) - 1) >> LOSS
    norms = [isqrt(sum([v * v for v in ray])) for ray in rays]
    units = [[(v << UNIT) // norm for v in ray] for ray, norm in zip(rays, norms, strict=True)]
    G = [[sum([a * b for a, b in zip(p, q, strict=True)]) >> UNIT for q in units] for p in units]
    sums = [sum(row) for row in G]
    S = sum(sums)
    squares = 4 * sum([v * v for v in sums]) + 2 * sum([v * v for row in G for v in row])
    one = 1 << UNIT
    m = (S + n * one) // (n * (n + 1))
    second = S * S + (2 * n + 8) * S * one + squares + (n * n + 6 * n) * one * one
    variance = max(second // (n * (n + 1) * (n + 2) * (n + 3)) - m * m, 0) >> UNIT
    power = prod([m] * (n // 2)) >> UNIT * (n // 2 - 1)
    if n % 2:
        power = power * isqrt(m << UNIT) >> UNIT
    mean = (one << UNIT) // power + n * (n + 2) * variance // 8
    bound = (mean << UNIT * (n - 1) + SUM) // prod(norms)
    return bound * ((1 << LOSS) - 1) >> LOSS


def _shifted(value: int, bits: int) -> int:
    """``value / 2**bits``, rounded down."""
    return value >> bits if bits >= 0 else value << -bits
