"""The exact network: integers over one power of two, and its float64 twin.

A model ``M_{d,n}`` maps ``x`` in ``R^n`` to ``n`` logits::

    h_0 = 0 in R^d
    h_{t+1} = relu(W_hh h_t + W_ih x_t)      t = 0 .. n-1
    logits  = W_out h_n

Floats are dyadic rationals, so with ``K = 2**shift`` all of ``K W`` are integers and
``K**t h_t`` is an integer vector whenever the inputs are integers: integer arithmetic decides
everything about the network over the reals.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import chain
from math import lcm
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from certify.claims import Exact, exact
from certify.errors import ModelFileError, UsageError
from certify.task import SECOND_ARGMAX, SecondArgmax

FloatArray = NDArray[np.float64]
UNIT_ROUNDOFF = 2.0**-53  #: Of float64: a rounded result is off by at most this share.
IntVector = tuple[int, ...]
IntMatrix = tuple[IntVector, ...]


def exact_floats(values: ArrayLike) -> FloatArray:
    """Floats, ints or Fractions as float64, none of them rounded; NaN and infinity stay.

    Raises:
        ModelFileError: something that is no number, or that float64 does not hold.
    """
    array = np.asarray(values)
    if (array.dtype.kind == "f" and array.dtype.itemsize <= 8) or array.dtype.name == "bfloat16":
        return array.astype(np.float64)
    flat = array.ravel().tolist()
    for value in flat:
        if not isinstance(value, Real) or isinstance(value, bool):
            raise ModelFileError(f"{str(value)[:40]!r} is not a number")
        try:
            held = float(value) == value or value != value
        except OverflowError:
            held = False
        if not held:
            raise ModelFileError(f"{str(value)[:40]} is not a number that float64 holds exactly")
    return np.array([float(v) for v in flat], dtype=np.float64).reshape(array.shape)


@dataclass(frozen=True, repr=False)
class Network:
    """A 2nd-argmax RNN over the reals, exactly.

    ``w_ih`` (d), ``w_hh`` (d, d) and ``w_out`` (n, d) hold the weights times ``2**shift``.
    Build one with :meth:`from_arrays` or :func:`certify.reading.weights.read_network`; ``notes``
    says what the latter assumed. Neither they nor ``source`` make a difference between networks.
    """

    shift: int
    w_ih: IntVector
    w_hh: IntMatrix
    w_out: IntMatrix
    source: str = field(default="", compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)
    task: SecondArgmax = field(default=SECOND_ARGMAX, compare=False)

    def __repr__(self) -> str:
        named = f"{self.source}: " if self.source else ""
        return (
            f"<Network {named}{self.hidden_size} units, {self.seq_len} inputs, "
            f"{self.parameters} weights, sha256 {self.sha256[:8]}>"
        )

    def __post_init__(self) -> None:
        d = len(self.w_ih)
        if not d or len(self.w_hh) != d or any(len(row) != d for row in self.w_hh):
            raise ModelFileError(f"W_hh must be {d} x {d} to fit W_ih of length {d}")
        if len(self.w_out) < 2 or any(len(row) != d for row in self.w_out):
            raise ModelFileError(f"W_out must be n x {d} with n >= 2 to fit W_ih of length {d}")

    @classmethod
    def from_arrays(
        cls,
        w_ih: ArrayLike,
        w_hh: ArrayLike,
        w_out: ArrayLike,
        source: str = "",
        notes: tuple[str, ...] = (),
    ) -> Network:
        """The network with these float weights: ``w_ih`` (d,) or (d, 1), ``w_hh`` (d, d),
        ``w_out`` (n, d).

        Raises:
            ModelFileError: shapes that do not fit together, NaN, infinity, or a number that
                float64 does not hold.
        """
        arrays = [exact_floats(a) for a in (w_ih, w_hh, w_out)]
        if arrays[0].ndim == 2 and arrays[0].shape[1] == 1:
            arrays[0] = arrays[0][:, 0]
        for name, array, rank in zip(("W_ih", "W_hh", "W_out"), arrays, (1, 2, 2), strict=True):
            if array.ndim != rank:
                raise ModelFileError(f"{name} has shape {array.shape}, expected {rank} axes")
            if not np.isfinite(array).all():
                raise ModelFileError(f"{name} holds NaN or infinity, expected finite numbers")
        values = [[Fraction(float(v)) for v in a.ravel()] for a in arrays]
        shift = lcm(*(v.denominator for v in chain(*values))).bit_length() - 1
        ints = [[int(v * 2**shift) for v in flat] for flat in values]

        def rows(flat: list[int], width: int) -> IntMatrix:
            return tuple(tuple(flat[i : i + width]) for i in range(0, len(flat), max(width, 1)))

        return cls(
            shift,
            tuple(ints[0]),
            rows(ints[1], arrays[1].shape[1]),
            rows(ints[2], arrays[2].shape[1]),
            source,
            notes,
        )

    @property
    def assumed(self) -> tuple[str, ...]:
        """What no file of weights says, and what was assumed to understand this one."""
        return (f"the task is {self.task.name}, with ReLU: weights do not say", *self.notes)

    @property
    def hidden_size(self) -> int:
        """The number ``d`` of units."""
        return len(self.w_ih)

    @property
    def seq_len(self) -> int:
        """The number ``n`` of inputs and of logits."""
        return len(self.w_out)

    @property
    def parameters(self) -> int:
        """The number of weights, ``d + d*d + n*d``."""
        return self.hidden_size * (1 + self.hidden_size + self.seq_len)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the canonical weights: shapes and exact values, whatever file held them.

        Hashed is the ASCII text ``certify-weights 1``, a line ``d n``, then W_ih, W_hh and W_out
        in row-major order, a line ``num exp`` for each weight ``num * 2**exp`` with ``num`` odd
        (``0 0`` for zero); every line ends in a newline.
        """
        lines = ["certify-weights 1", f"{self.hidden_size} {self.seq_len}"]
        for value in chain(self.w_ih, *self.w_hh, *self.w_out):
            twos = (value & -value).bit_length() - 1
            lines.append(f"{value >> twos} {twos - self.shift}" if value else "0 0")
        return hashlib.sha256(("\n".join(lines) + "\n").encode()).hexdigest()

    def run(self, x: Sequence[Exact]) -> Run:
        """Everything that happens on the input ``x`` of length n, exactly.

        >>> model = Network.from_arrays([1, -1], [[-1, 1], [1, -1]], [[1, -1], [-1, 1]])
        >>> run = model.run(["1", "4/5"])
        >>> run.choice, run.target, run.logits
        (1, 1, (Fraction(-1, 5), Fraction(1, 5)))
        >>> run.cells  # the units that are on after each step
        ((0,), (1,))

        Raises:
            UsageError: ``x`` has another length, or holds what is no number.
        """
        if len(x) != self.seq_len:
            raise UsageError(f"the input has {len(x)} numbers, expected {self.seq_len}")
        values = tuple(exact(v, f"input {t}") for t, v in enumerate(x))
        states = tuple(tuple(state) for state in self.states(values))
        return Run(self, values, states, tuple(self.logits(values)))

    def states(self, x: Sequence[Fraction | int]) -> Iterator[list[Fraction]]:
        """The exact states ``h_1 .. h_n`` (each of length d) on the input ``x`` of length n.

        Raises:
            ValueError: ``x`` has another length than n.
        """
        for t, (state, denominator) in enumerate(self._integer_states(x), start=1):
            yield [Fraction(v, denominator << (self.shift * t)) for v in state]

    def logits(self, x: Sequence[Fraction | int]) -> list[Fraction]:
        """The exact logits (n of them) on the input ``x`` of length n."""
        *_, (state, denominator) = self._integer_states(x)
        scale = denominator << (self.shift * (self.seq_len + 1))
        return [
            Fraction(sum(w * h for w, h in zip(row, state, strict=True)), scale)
            for row in self.w_out
        ]

    def choice(self, x: Sequence[Fraction | int]) -> int | None:
        """The position of the largest logit, or None where two are largest: a tie is not right."""
        return self.task.choice(self.logits(x))

    def is_right(self, x: Sequence[Fraction | int]) -> bool:
        """Whether the model does its task on ``x``; :mod:`certify.task` says what that means."""
        return self.task.is_right(x, self.logits(x))

    def _integer_states(self, x: Sequence[Fraction | int]) -> Iterator[tuple[list[int], int]]:
        """Pairs ``(h, q)``: the state after step t is ``h / (q * 2**(shift * t))``."""
        if len(x) != self.seq_len:
            raise ValueError(f"the input has length {len(x)}, expected {self.seq_len}")
        values = [Fraction(v) for v in x]
        denominator = lcm(*(v.denominator for v in values))
        state = [0] * self.hidden_size
        for t, value in enumerate(values):
            drive = int(value * denominator) << (self.shift * t)
            state = [
                max(0, w * drive + sum(a * h for a, h in zip(row, state, strict=True)))
                for w, row in zip(self.w_ih, self.w_hh, strict=True)
            ]
            yield state, denominator

    @cached_property
    def floats(self) -> FloatNetwork:
        """The float64 twin: for searches and pictures, never for a verdict."""
        scale = 2**self.shift

        def unscaled(rows: Sequence[IntVector]) -> FloatArray:
            return np.array([[v / scale for v in row] for row in rows], dtype=np.float64)

        return FloatNetwork(unscaled([self.w_ih])[0], unscaled(self.w_hh), unscaled(self.w_out))


@dataclass(frozen=True, repr=False)
class Run:
    """One exact run: the input ``x`` (n,), the ``states`` (n, d) after each step, the ``logits``
    (n,).
    """

    model: Network
    x: tuple[Fraction, ...]
    states: tuple[tuple[Fraction, ...], ...]
    logits: tuple[Fraction, ...]

    def __repr__(self) -> str:
        return f"<Run choice {self.choice}, target {self.target}, right {self.is_right}>"

    @property
    def choice(self) -> int | None:
        """The position of the largest logit, or None where two are largest."""
        return self.model.task.choice(self.logits)

    @property
    def target(self) -> int | None:
        """The right position, or None where the inputs tie."""
        return self.model.task.target(self.x)

    @property
    def is_right(self) -> bool:
        """Whether the model does its task on this input."""
        return self.model.task.is_right(self.x, self.logits)

    @property
    def margins(self) -> tuple[Fraction, ...] | None:
        """``logit[target] - logit[j]`` for each position j (0 at the target), None for a tie."""
        if self.target is None:
            return None
        return tuple(self.logits[self.target] - logit for logit in self.logits)

    @property
    def cells(self) -> tuple[tuple[int, ...], ...]:
        """The activation pattern: for each step the units that are on, in order."""
        return tuple(tuple(i for i, h in enumerate(state) if h > 0) for state in self.states)

    @cached_property
    def cell_map(self) -> tuple[tuple[Fraction, ...], ...]:
        """The linear map (n, n) from inputs to logits on the cell of this run, exactly."""
        net, n = self.model, self.model.seq_len
        rows = [[0] * n for _ in range(net.hidden_size)]
        for t, on in enumerate(self.cells):
            before = rows
            rows = [[0] * n for _ in range(net.hidden_size)]
            for i in on:
                used = [(w, before[j]) for j, w in enumerate(net.w_hh[i]) if w]
                rows[i] = [sum(w * row[k] for w, row in used) for k in range(n)]
                rows[i][t] += net.w_ih[i] << (net.shift * t)
        scale = 1 << (net.shift * (n + 1))
        return tuple(
            tuple(
                Fraction(sum(w * row[k] for w, row in zip(out, rows, strict=True)), scale)
                for k in range(n)
            )
            for out in net.w_out
        )

    def formulas(self, digits: int | None = None) -> tuple[Any, ...]:
        """The n logits on the cell of this run, as sympy expressions in the inputs x0, x1, ...

        Exact, or with so many significant ``digits`` for people to read (``sympy.latex`` for a
        paper).

        >>> model = Network.from_arrays([1, -1], [[-1, 1], [1, -1]], [[1, -1], [-1, 1]])
        >>> model.run([1, "4/5"]).formulas()
        (-x0 + x1, x0 - x1)
        """
        import sympy

        symbols = sympy.symbols(f"x0:{len(self.x)}")
        found = []
        for row in self.cell_map:
            terms = [sympy.Rational(c.numerator, c.denominator) for c in row]
            found.append(
                sum((c * x for c, x in zip(terms, symbols, strict=True)), sympy.Integer(0))
            )
        return tuple(found if digits is None else [sympy.N(e, digits) for e in found])


@dataclass(frozen=True, eq=False)
class FloatNetwork:
    """The network in float64: ``w_ih`` (d,), ``w_hh`` (d, d), ``w_out`` (n, d).

    Exact copies of the weights for all float formats up to float64; the arithmetic rounds.
    """

    w_ih: FloatArray
    w_hh: FloatArray
    w_out: FloatArray

    def states(self, x: ArrayLike) -> FloatArray:
        """States (N, n, d) after each step, for inputs ``x`` (N, n)."""
        inputs = np.asarray(x, dtype=np.float64)
        state = np.zeros((len(inputs), len(self.w_ih)))
        steps = np.empty((len(inputs), inputs.shape[1], len(self.w_ih)))
        for t in range(inputs.shape[1]):
            state = np.maximum(state @ self.w_hh.T + inputs[:, t : t + 1] * self.w_ih, 0.0)
            steps[:, t] = state
        return steps

    def logits(self, x: ArrayLike) -> FloatArray:
        """Logits (N, n) for inputs ``x`` (N, n)."""
        return self.states(x)[:, -1] @ self.w_out.T
