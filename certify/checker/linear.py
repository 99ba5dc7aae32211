"""Linear bounds over one box, recomputed in integers.

For inputs ``x = A y + b`` with y in a box, every pre-activation of the unrolled network, and
every margin, is bounded from below by backward substitution of linear relaxations

    a z <= relu(z) <= slope z + intercept        on  lower <= z <= upper,  lower < 0 < upper

valid for every a in {0, 1}, every slope in [0, 1] and ``intercept >= max(-slope lower,
(1 - slope) upper)``. Slopes follow from bounds by a rule, or are what the certificate says (a
byte a unit, which cannot say anything outside [0, 1]); everything else is computed here.

Numbers are integers over powers of two. Coefficients of states (which are >= 0) are rounded
down, intercepts up: both can only lower a lower bound, so there is no rounding to account for.

All bounds of a step share one backward sweep: a coefficient is held for all of them at once, as
the slots of one long integer (Kronecker packing), and sums and products with a weight act on all
slots together. A slot is wide enough for the largest value that can occur (:meth:`Linear.fit`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from certify.checker.network import Weights

GRID = 40  # box ends are multiples of 2**-GRID
ON, OFF = 255, 0

#: What is known of a unit: that it is ON, that it is OFF, or (lower, upper, code): bounds times
#: 2**fine of its pre-activation, and the code of its relaxation.
Known = int | tuple[int, int, int]
Map = Sequence[Sequence[int]]
#: What to bound: a row over the state that a step reads, and a factor of that step's input.
Target = tuple[Sequence[int], int]
#: For (step, unit): 1 in the slots of the targets for whose inputs it is off, and is on.
Cases = dict[tuple[int, int], list[int]]


def slope256(code: int) -> int:
    """The slope times 256 that a code stands for: 0, 0, 1, .. 252, 256, 256."""
    return 256 if code >= 254 else max(code - 1, 0)


def rule(low: int, up: int, near: int) -> int:
    """The code of a unit with these bounds: ON or OFF where its sign is known up to ``near``
    (what that lacks stays in the intercept), else the slope ``up / (up - low)``.
    """
    if low >= -near:
        return ON
    if up <= near:
        return OFF
    steps = (512 * up + up - low) // (2 * (up - low))
    return 254 if steps > 252 else steps + 1


@dataclass(frozen=True)
class Box:
    """Inputs ``A y + b``, ``b`` in integers, ``lo <= 2**GRID y <= hi``."""

    A: Map
    b: Sequence[int]
    lo: Sequence[int]
    hi: Sequence[int]


class Linear:
    """The bounds of one network, for inputs with ``2**GRID |x_t| <= sizes[t]`` and entries of A
    and b of at most 1 in size; ``rows`` (R, d) are functionals of the last state, times
    ``2**shift``.
    """

    def __init__(
        self, weights: Weights, sizes: Sequence[int], rows: Sequence[Sequence[int]]
    ) -> None:
        self.weights, self.rows = weights, rows
        self.d, self.n = len(weights.w_ih), len(weights.w_out)
        # How small weights that read inputs and rows are: what holds, holds on every scale.
        drive, row = (
            max(weights.shift - max(map(abs, part)).bit_length(), 0)
            for part in (weights.w_ih, [v for row in rows for v in row])
        )
        size = min([v for v in sizes if v], default=1).bit_length()
        #: Coefficients are multiples of 2**-fraction, bounds of pre-activations of 2**-fine.
        self.fraction = max(weights.shift, 36 + row) + 5
        self.fine = min(42 + GRID - size + drive + row, self.fraction + 8 + weights.shift + GRID)
        self.columns = list(zip(*weights.w_hh, strict=True))
        self.ones: dict[int, int] = {}
        self.root, self.width = self.fit(sizes)
        #: Signs count as settled where bounds are this close to 0.
        self.near = [[0 if isinstance(k, int) else k[1] >> 36 for k in step] for step in self.root]

    def fit(self, sizes: Sequence[int]) -> tuple[list[list[Known]], int]:
        """What holds on all boxes: every pre-activation lies within plus or minus the value of
        the network with the absolute weights on ``sizes``. And slots that nothing overflows:
        coefficients are at most those of the absolute rows, ``most``, plus one unit a step.
        """
        w, shift = self.weights, self.weights.shift
        reach: list[list[int]] = []
        state = [0] * self.d
        for size in sizes:
            drive = size << self.fine
            totals = [
                abs(a) * drive + sum([abs(v) * h for v, h in zip(row, state, strict=True)])
                for a, row in zip(w.w_ih, w.w_hh, strict=True)
            ]
            state = [-(-total >> shift) for total in totals]  # times 2**(fine + GRID)
            reach.append([-(-v >> GRID) for v in state])
        row = [max(abs(r[j]) for r in (*self.rows, *w.w_hh)) for j in range(self.d)]
        first, most = row, max(row)
        for _ in range(self.n):
            row = [
                (sum(row[i] * abs(w.w_hh[i][j]) for i in range(self.d)) >> shift) + first[j] + 2
                for j in range(self.d)
            ]
            most = max(most, *row)
        coefficient = (most >> shift).bit_length() + 2 + self.fraction
        weight = max(abs(v) for v in (*w.w_ih, *(v for r in w.w_hh for v in r))).bit_length()
        largest = max(max(step) for step in reach).bit_length()
        terms = (self.n * self.d).bit_length() + 2
        width = coefficient + terms + max(weight + 9, largest + 1)
        known: list[list[Known]] = [[(-r, r, 1) if r else ON for r in step] for step in reach]
        return known, -(-width // 8) * 8

    def check(
        self,
        box: Box,
        known: Sequence[Sequence[Known]],
        begin: int,
        stop: int,
        codes: Mapping[tuple[int, int], int],
    ) -> list[list[Known]]:
        """What is known on a box when the units of the steps ``begin .. stop - 1`` that nothing
        has settled before are bounded anew; ``codes`` overrules the rule for (step, unit).
        """
        found = [list(step) for step in known]
        for t in range(begin, stop):
            units = [
                (i, k)
                for i, k in enumerate(found[t])
                if not isinstance(k, int) and k[2] not in (ON, OFF)
            ]
            if not units:
                continue
            targets: list[Target] = [(self.weights.w_hh[i], self.weights.w_ih[i]) for i, _ in units]
            targets += [([-v for v in row], -w) for row, w in targets]
            values = self.lower(box, found, t, targets)
            for (i, (below, above, _)), low, minus in zip(
                units, values, values[len(units) :], strict=False
            ):
                # Where the bounds cross there is no input at all, and either will do.
                low = min(max(below, low), above)
                up = max(min(above, -minus), low)
                code = codes.get((t, i), rule(low, up, self.near[t][i]))
                exact = low >= 0 if code == ON else up <= 0 if code == OFF else False
                found[t][i] = code if exact else (low, up, code)
        return found

    def margins(self, box: Box, known: Sequence[Sequence[Known]]) -> list[int]:
        """Lower bounds of the rows, times ``2**fine``."""
        return self.lower(box, known, self.n, [(row, 0) for row in self.rows])

    def lower(
        self,
        box: Box,
        known: Sequence[Sequence[Known]],
        step: int,
        targets: Sequence[Target],
        cases: Cases | None = None,
    ) -> list[int]:
        """Lower bounds, times ``2**fine``, of ``row . h + drive x_step`` for each target
        (row, drive) over ``2**shift``, h being the state that step ``step`` reads; with ``cases``
        for those inputs of the box for which the units are as told.
        """
        w_ih, w_hh, width = self.weights.w_ih, self.columns, self.width
        count, cut = len(targets), self.weights.shift + 8
        one = self.one(count)
        bias = one << (width - 1)
        low, down = one * ((1 << (width - cut)) - 1), bias >> cut
        lift = self.fraction - self.weights.shift

        def pick(packed: int, slots: int) -> int:
            """Some slots of a number, the others 0."""
            return ((packed + bias) & ((slots << width) - slots)) - (slots << (width - 1))

        coefficients = [0] * self.d
        drives = [0] * self.n
        for row, drive in reversed(targets):
            coefficients = [
                (c << width) + (v << lift) for c, v in zip(coefficients, row, strict=True)
            ]
            if drive:
                drives[step] = (drives[step] << width) + (drive << (self.fraction + 8))
            elif step < self.n:
                drives[step] <<= width
        constants = 0
        for t in range(step - 1, -1, -1):
            active: list[tuple[int, int]] = []
            for i, (c, unit) in enumerate(zip(coefficients, known[t], strict=True)):
                if cases and (t, i) in cases:
                    off, on = cases[t, i]
                    active.append((i, pick(c, on) << 8))
                    c = pick(c, one - off - on)
                if isinstance(unit, int):
                    if unit == ON and c:
                        active.append((i, c << 8))
                    continue
                lo, up, code = unit
                slope = slope256(code)
                positive = pick(c, ((c + bias) >> (width - 1)) & one)
                negative = c - positive
                if negative:
                    constants += negative * max(-(min(slope * lo, (slope - 256) * up) >> 8), 0)
                if slope == 256:
                    active.append((i, c << 8))
                elif slope >= 128:
                    active.append((i, negative * slope + (positive << 8)))
                elif slope and negative:
                    active.append((i, negative * slope))
            drives[t] = sum([c * w_ih[i] for i, c in active])
            if t:
                coefficients = [
                    0
                    if unit == OFF
                    else ((bias + sum([c * column[i] for i, c in active]) >> cut) & low) - down
                    for column, unit in zip(w_hh, known[t - 1], strict=True)
                ]
        return self.concretise(box, drives, constants, count)

    def concretise(self, box: Box, drives: list[int], constants: int, count: int) -> list[int]:
        """The least values over the box of what is linear in y, and the constants."""
        totals = [0] * count
        if constant := sum([g * b for g, b in zip(drives, box.b, strict=True) if b]):
            totals = [v << GRID for v in self.unpack(constant, count)]
        for k, (lo, hi) in enumerate(zip(box.lo, box.hi, strict=True)):
            packed = sum([g * row[k] for g, row in zip(drives, box.A, strict=True) if row[k]])
            if packed and (lo or hi):
                totals = [
                    v + q * (lo if q > 0 else hi)
                    for v, q in zip(totals, self.unpack(packed, count), strict=True)
                ]
        down = self.fraction + 8 + self.weights.shift + GRID - self.fine
        if not constants:
            return [v >> down for v in totals]
        return [
            (v >> down) + (c >> self.fraction)
            for v, c in zip(totals, self.unpack(constants, count), strict=True)
        ]

    def one(self, count: int) -> int:
        """1 in each of ``count`` slots."""
        if count not in self.ones:
            self.ones[count] = sum(1 << (self.width * slot) for slot in range(count))
        return self.ones[count]

    def unpack(self, packed: int, count: int) -> list[int]:
        """The signed contents of ``count`` slots."""
        size, half = self.width // 8, 1 << (self.width - 1)
        data = (packed + (self.one(count) << (self.width - 1))).to_bytes(count * size, "little")
        return [
            int.from_bytes(data[i : i + size], "little") - half
            for i in range(0, count * size, size)
        ]
