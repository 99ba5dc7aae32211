"""Runs of one pair with weights and states changed, and the ratios between which they are affine.

All numbers are integers: a state after step t is an integer over ``scale_t``, and where a change
has a denominator the scale grows by it. At one ratio all runs are brought to one scale, so that
their quantities can be added (:class:`Point`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import compress
from math import lcm
from operator import mul

from certify.checker.forms import Cell, End, Run, Work, root
from certify.checker.network import Weights
from certify.checker.work import run_bits, run_steps

Pair = tuple[int, int]
Indices = tuple[int, ...]


@dataclass(frozen=True)
class Edit:
    """One change of one number, for one pair: ``value`` None takes it from the swapped run."""

    target: str
    place: Indices
    scales: bool
    value: Fraction | None


@dataclass(frozen=True)
class Model:
    """Integer weights times ``unit``, and the changes of states by step."""

    unit: int
    w_ih: Sequence[int]
    w_hh: Sequence[Sequence[int]]
    w_out: Sequence[Sequence[int]]
    after: Mapping[int, Sequence[Edit]]
    sha256: str = ""  # a changed model has none
    _steps: dict[int, int] = field(default_factory=dict, compare=False)

    @property
    def shift(self) -> int:
        """How many bits the unit has: enough for :func:`certify.checker.work.run_steps`."""
        return self.unit.bit_length()

    @cached_property
    def more(self) -> int:
        """Bits by which changes make the states longer."""
        values = [e.value for step in self.after.values() for e in step if e.value is not None]
        return sum(v.numerator.bit_length() + v.denominator.bit_length() for v in values)

    def run_steps(self, ratio: Fraction) -> int:
        """The steps of one run (:mod:`certify.checker.work`)."""
        size = ratio.denominator.bit_length() // 64
        if size not in self._steps:
            self._steps[size] = run_steps(self, self.more + 64 * (size + 1))
        return self._steps[size]

    @cached_property
    def bits(self) -> int:
        """Bits of a logit, and of the ratios at which something changes its sign."""
        return 2 * (run_bits(self, len(self.w_out) + 1) + self.more)

    @cached_property
    def patched(self) -> bool:
        """Whether some state comes from the swapped run."""
        return any(e.value is None for step in self.after.values() for e in step)

    def weight(self, name: str, place: Sequence[int]) -> Fraction:
        """One weight."""
        found = self.w_ih[place[0]] if name == "W_ih" else self._row(name, place[0])[place[1]]
        return Fraction(found, self.unit)

    def _row(self, name: str, row: int) -> Sequence[int]:
        return (self.w_hh if name == "W_hh" else self.w_out)[row]


def changed(weights: Weights, listed: Sequence[Edit]) -> Model:
    """The model with edits: weights first, then states, in the order listed."""
    unit = 1 << weights.shift
    rows = {
        "W_ih": [[Fraction(w, unit) for w in weights.w_ih]],
        "W_hh": [[Fraction(w, unit) for w in row] for row in weights.w_hh],
        "W_out": [[Fraction(w, unit) for w in row] for row in weights.w_out],
    }
    after: dict[int, list[Edit]] = {}
    for edit in listed:
        if edit.target == "h":
            after.setdefault(edit.place[0], []).append(edit)
            continue
        *first, last = edit.place
        row = rows[edit.target][first[0] if first else 0]
        assert edit.value is not None
        row[last] = row[last] * edit.value if edit.scales else edit.value
    common = lcm(unit, *(w.denominator for block in rows.values() for row in block for w in row))
    w_ih, w_hh, w_out = (
        [[int(w * common) for w in row] for row in rows[name]] for name in ("W_ih", "W_hh", "W_out")
    )
    return Model(common, w_ih[0], w_hh, w_out, after)


@dataclass(frozen=True)
class _Trace:
    """A run with the scale of each step, of ``z`` before the changes and of ``h`` after them;
    ``scales[n]`` is that of the logits.
    """

    model: Model
    z: list[list[int]]
    h: list[list[int]]
    logits: list[int]
    before: list[int]
    scales: list[int]


class _Rows(dict[int, list[int]]):
    """Rows by step, brought to one scale when they are asked for."""

    def __init__(self, rows: Sequence[list[int]], scales: Sequence[int], scale: int) -> None:
        self._given = rows, scales, scale

    def __missing__(self, t: int) -> list[int]:
        rows, scales, scale = self._given
        self[t] = found = _times(rows[t], scale // scales[t])
        return found


class States:
    """One exact run over one scale, a multiple of that of the logits: pre-activations ``z`` and
    states ``h`` by step, and logits.
    """

    def __init__(self, trace: _Trace, scale: int) -> None:
        self.trace, self._scale = trace, scale
        self.z = _Rows(trace.z, trace.before, scale)
        self.h = _Rows(trace.h, trace.scales, scale)

    @cached_property
    def logits(self) -> list[int]:
        """The logits."""
        return _times(self.trace.logits, self._scale // self.trace.scales[-1])

    @cached_property
    def final(self) -> list[int]:
        """The last state over a scale that is smaller by ``unit``: its products with the weights
        over ``unit`` are over the scale.
        """
        return _times(self.trace.h[-1], self._scale // self.trace.scales[-1])


def _times(row: list[int], factor: int) -> list[int]:
    return row if factor == 1 else list(map(factor.__mul__, row))


def _trace(model: Model, x: Sequence[Fraction], other: _Trace | None) -> _Trace:
    """The run on ``x``; ``other`` is the unchanged swapped run, where a change asks for it."""
    scale = lcm(*(v.denominator for v in x))
    state = [0] * len(model.w_ih)
    z, h, before, scales = [], [], [], []
    for t, value in enumerate(x):
        drive = int(value * scale)
        on = [v for v in state if v]
        step = [
            w * drive + sum(map(mul, compress(row, state), on))
            for w, row in zip(model.w_ih, model.w_hh, strict=True)
        ]
        scale *= model.unit
        z.append(step)
        before.append(scale)
        state = [v if v > 0 else 0 for v in step]
        for edit in model.after.get(t, ()):
            unit = edit.place[1]
            if edit.value is None:
                assert other is not None
                state[unit] = other.h[t][unit] * (scale // other.scales[t])
                continue
            finer = edit.value.denominator
            scale, state = scale * finer, [v * finer for v in state]
            state[unit] = int(edit.value * (state[unit] if edit.scales else scale))
        h.append(state)
        scales.append(scale)
    logits = [sum([w * v for w, v in zip(row, state, strict=True)]) for row in model.w_out]
    return _Trace(model, z, h, logits, before, [*scales, scale * model.unit])


@dataclass(frozen=True, eq=False)
class Point:
    """One ratio: ``top / scale``, and the runs there, over one scale."""

    ratio: Fraction
    scale: int
    top: int
    runs: Mapping[Run, States]
    models: tuple[Model, ...]

    @cached_property
    def alone(self) -> End:
        """The ratio as an end."""
        return End(self.ratio, 1, 0, self.scale)

    def weight(self, name: str, place: Sequence[int], base: bool) -> Fraction:
        """A weight, as changed or as it was."""
        return self.models[base].weight(name, place)


def bare_cell(names: dict[str, int], work: Work) -> Cell:
    """Where names of a pair mean something, and no run."""
    return cell_at(Point(Fraction(1), 1, 1, {}, ()), names, work)


def cell_at(point: Point, names: dict[str, int], work: Work, counts: Sequence[int] = ()) -> Cell:
    """The cell of one ratio."""
    return Cell(names, point, point, point.alone, point.alone, work, counts)


@dataclass
class Line:
    """One pair and its runs at every ratio that is asked for.

    ``models`` are the changed one and the base one; they are the same object where nothing is
    changed, and then so are the runs.
    """

    pair: Pair
    length: int
    models: tuple[Model, Model]
    runs: frozenset[Run]
    work: Work
    traces: dict[tuple[int, Pair, Fraction], _Trace]

    def __post_init__(self) -> None:
        self._points: dict[Fraction, Point] = {}
        self._nodes: dict[tuple[Fraction, Fraction], list[Point]] = {}
        # Base runs come first: what is patched in must be affine before the patched run is.
        needed = set(self.runs)
        if self.models[0].patched:
            needed |= {(True, not swapped) for base, swapped in self.runs if not base}
        self._order = sorted(needed, reverse=True)

    def point(self, ratio: Fraction) -> Point:
        """The runs at one ratio."""
        found = self._points.get(ratio)
        if found is None:
            traces = {run: self._run(run, ratio) for run in self._order}
            scale = lcm(ratio.denominator, *(t.scales[-1] for t in traces.values()))
            found = self._points[ratio] = Point(
                ratio,
                scale,
                ratio.numerator * (scale // ratio.denominator),
                {run: States(t, scale) for run, t in traces.items()},
                self.models,
            )
        return found

    def nodes(self, lo: Fraction, hi: Fraction) -> list[Point]:
        """Points from lo to hi between which every pre-activation keeps its sign, weakly.

        By induction over the steps all runs are affine between neighbours.
        """
        found = self._nodes.get((lo, hi))
        if found is None:
            found, todo = [self.point(lo)], [self.point(hi)] if hi > lo else []
            while todo:
                ratio = self._crossing(found[-1], todo[-1])
                if ratio is None:
                    found.append(todo.pop())
                else:
                    todo.append(self.point(ratio))
            self._nodes[lo, hi] = found
        return found

    def _run(self, run: Run, ratio: Fraction) -> _Trace:
        base, swapped = run
        model = self.models[base]
        place = self.pair[swapped], self.pair[not swapped]
        found = self.traces.get((id(model), place, ratio))
        if found is None:
            self.work.spend(model.run_steps(ratio))
            x = [Fraction(0)] * self.length
            x[place[0]], x[place[1]] = Fraction(1), ratio
            other = self._run((True, not swapped), ratio) if model.patched else None
            found = self.traces[id(model), place, ratio] = _trace(model, x, other)
        return found

    def _crossing(self, a: Point, b: Point) -> Fraction | None:
        """The ratio where the first run that is not affine between a and b ceases to be."""
        for run in self._order:
            left, right = a.runs[run].trace, b.runs[run].trace
            for t in range(self.length):
                for u, v in zip(left.z[t], right.z[t], strict=True):
                    if (u < 0 < v) or (v < 0 < u):
                        return root(a.ratio, u * right.before[t], b.ratio, v * left.before[t])
        return None
