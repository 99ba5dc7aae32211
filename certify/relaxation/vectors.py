"""Vectors of four float64, for the two inner loops of backward substitution.

Rows lie side by side, "lanes": element i of row r is ``rows[i lanes + r]``, and ``lanes`` is a
multiple of four. LLVM finds no vectors in loops over so few lanes; these two are written in its own
language, and are compiled for whatever processor there is. Four rows cost 20 ns a row and step
where plain loops cost 160, eight 20 to 70 (16 units). Indices are not checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

WIDTH = 4
BLOCK = 8  #: Sums at a time: as many as hide the latency of an addition.
_VECTOR = ir.VectorType(ir.DoubleType(), WIDTH)
_ZERO = ir.Constant(_VECTOR, [0.0] * WIDTH)
_FLAGS = ("contract",)


class _Code:
    """What the two loops are made of."""

    def __init__(self, context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        self.builder = builder
        self.values = [
            make_array(kind)(context, builder, value).data  # type: ignore[no-untyped-call]
            if isinstance(kind, types.Array)
            else value
            for kind, value in zip(signature.args, arguments, strict=True)
        ]

    def load(self, array: Any, at: Any) -> Any:
        """Four neighbours."""
        place = self.builder.gep(array, [at])
        return self.builder.load(self.builder.bitcast(place, _VECTOR.as_pointer()), align=8)

    def store(self, value: Any, array: Any, at: Any) -> None:
        """The same, written."""
        place = self.builder.gep(array, [at])
        self.builder.store(value, self.builder.bitcast(place, _VECTOR.as_pointer()), align=8)

    def spread(self, array: Any, at: Any) -> Any:
        """One number, four times."""
        undefined = ir.Constant(_VECTOR, ir.Undefined)
        number = self.builder.load(self.builder.gep(array, [at]))
        first = self.builder.insert_element(undefined, number, ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
        return self.builder.shuffle_vector(first, undefined, zeros)

    def sum(self) -> Any:
        """A sum, 0 at first."""
        place = cgutils.alloca_once_value(self.builder, _ZERO)  # type: ignore[no-untyped-call]
        self.builder.store(_ZERO, place)
        return place

    def multiply(self, a: Any, b: Any, added: Any) -> Any:
        """``a b + added``, fused where that can be."""
        return self.builder.fadd(self.builder.fmul(a, b, flags=_FLAGS), added, flags=_FLAGS)

    def add(self, a: Any, b: Any, place: Any) -> None:
        """Add a product to a sum."""
        self.builder.store(self.multiply(a, b, self.builder.load(place)), place)


def _product(count: int) -> Callable[..., None]:
    def product(context, new, rows, weights, d, lanes, r, j):  # type: ignore[no-untyped-def]
        """``new[(j + k) lanes + r ..] = sum_i rows[i lanes + r ..] weights[i d + j + k]``, four
        lanes from r on, for ``count`` numbers k.
        """

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            code = _Code(context, builder, signature, arguments)
            new, rows, weights, d, lanes, r, j = code.values
            sums = [code.sum() for _ in range(count)]
            with cgutils.for_range(builder, d) as loop:
                four = code.load(rows, builder.add(builder.mul(loop.index, lanes), r))
                at = builder.add(builder.mul(loop.index, d), j)
                for k, place in enumerate(sums):
                    weight = code.spread(weights, builder.add(at, ir.Constant(d.type, k)))
                    code.add(four, weight, place)
            for k, place in enumerate(sums):
                to = builder.mul(builder.add(j, ir.Constant(j.type, k)), lanes)
                code.store(builder.load(place), new, builder.add(to, r))
            return context.get_dummy_value()

        return types.void(new, rows, weights, d, lanes, r, j), generate

    return intrinsic(product)


products, product = _product(BLOCK), _product(1)


def _relax(  # type: ignore[no-untyped-def]
    context, rows, lanes, r, d, relaxed, step, w_ih, values, drives
):
    """Relax the units of a step in four lanes from r on: each coefficient c becomes ``min(c, 0)
    slope + max(c, 0) a`` (``relaxed``: a, slope, intercept, each (n, d)); ``values[r ..]`` gain
    ``sum min(c, 0) intercept``, ``drives[step lanes + r ..]`` are the new coefficients times
    ``w_ih``.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        code = _Code(context, builder, signature, arguments)
        rows, lanes, r, d, _, step, w_ih, values, drives = code.values
        of_a, of_slope, of_intercept = (
            make_array(kind)(context, builder, builder.extract_value(arguments[4], k)).data  # type: ignore[no-untyped-call]
            for k, kind in enumerate(signature.args[4])
        )
        total, drive = code.sum(), code.sum()
        with cgutils.for_range(builder, d) as loop:
            unit = builder.add(builder.mul(step, d), loop.index)
            at = builder.add(builder.mul(loop.index, lanes), r)
            c = code.load(rows, at)
            negative = builder.select(builder.fcmp_ordered("<", c, _ZERO), c, _ZERO)
            rest = builder.fsub(c, negative)
            kept = builder.fmul(rest, code.spread(of_a, unit), flags=_FLAGS)
            kept = code.multiply(negative, code.spread(of_slope, unit), kept)
            code.add(negative, code.spread(of_intercept, unit), total)
            code.add(kept, code.spread(w_ih, loop.index), drive)
            code.store(kept, rows, at)
        before = code.load(values, r)
        code.store(builder.fadd(before, builder.load(total), flags=_FLAGS), values, r)
        code.store(builder.load(drive), drives, builder.add(builder.mul(step, lanes), r))
        return context.get_dummy_value()

    return types.void(rows, lanes, r, d, relaxed, step, w_ih, values, drives), generate


relax_lanes: Any = intrinsic(_relax)
