"""A product of matrices of integers in vectors: what the integer rule spends most of its time on.

Loops that numba has LLVM turn into vectors keep sums in memory and ask anew, for each factor, which
arrays overlap. So the loops are written out here, with the sums in registers.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

WIDTH = 4  #: The number of lanes is to be a multiple of this.
_BLOCK = 8  # outputs at a time: as many sums as there are registers
_LONG, _SHORT = ir.IntType(64), ir.IntType(32)
_VECTOR, _PLACES = ir.VectorType(_LONG, WIDTH), ir.VectorType(_SHORT, WIDTH)
_ZERO, _EMPTY = ir.Constant(_VECTOR, None), ir.Constant(_VECTOR, ir.Undefined)


def _multiply(typing: Any, weights: Any, rows: Any, out: Any, shape: Any) -> Any:
    """``out[j lanes + r] = sum_i weights[i down + j across] rows[i lanes + r]`` for i below
    ``inner`` and j below ``outer``, where ``shape`` is (inner, outer, down, across, lanes), int64.

    The arrays are flat, ``out`` of int64 and the others of int32; sums are to fit. They must not
    overlap, and indices are not checked.
    """

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        arrays = [
            context.make_array(kind)(context, builder, value).data
            for kind, value in zip(signature.args[:3], values[:3], strict=True)
        ]
        sizes = cgutils.unpack_tuple(builder, values[3], 5)  # type: ignore[no-untyped-call]
        step = _LONG(_BLOCK)
        whole = builder.mul(builder.sdiv(sizes[1], step), step)
        with cgutils.for_range_slice(builder, _LONG(0), whole, step) as (j, _):
            _panel(builder, arrays, sizes, j, _BLOCK)
        with cgutils.for_range_slice(builder, whole, sizes[1], _LONG(1)) as (j, _):
            _panel(builder, arrays, sizes, j, 1)
        return context.get_dummy_value()

    if (weights.dtype, rows.dtype, out.dtype) != (types.int32, types.int32, types.int64):
        return None
    shape = types.UniTuple(types.int64, 5)  # type: ignore[no-untyped-call]
    return types.void(weights, rows, out, shape), generate


def _panel(builder: Any, arrays: Any, sizes: Any, first: Any, outputs: int) -> None:
    """The outputs from ``first`` on, ``outputs`` of them, for all lanes."""
    weights, rows, out = arrays
    inner, _, down, across, lanes = sizes

    def at(array: Any, i: Any, stride: Any, j: Any) -> Any:
        return builder.gep(array, [builder.add(builder.mul(i, stride), j)])

    with cgutils.for_range_slice(builder, _LONG(0), lanes, _LONG(WIDTH)) as (r, _):
        sums = [
            cgutils.alloca_once_value(builder, _ZERO)  # type: ignore[no-untyped-call]
            for _ in range(outputs)
        ]
        for place in sums:
            builder.store(_ZERO, place)
        with cgutils.for_range(builder, inner) as loop:
            source = builder.bitcast(at(rows, loop.index, lanes, r), _PLACES.as_pointer())
            row = builder.sext(builder.load(source, align=4), _VECTOR)
            for k, place in enumerate(sums):
                j = builder.mul(builder.add(first, _LONG(k)), across)
                weight = builder.sext(builder.load(at(weights, loop.index, down, j)), _LONG)
                alone = builder.insert_element(_EMPTY, weight, _SHORT(0))
                spread = builder.shuffle_vector(alone, _EMPTY, ir.Constant(_PLACES, [0] * WIDTH))
                builder.store(builder.add(builder.load(place), builder.mul(row, spread)), place)
        for k, place in enumerate(sums):
            to = at(out, builder.add(first, _LONG(k)), lanes, r)
            builder.store(builder.load(place), builder.bitcast(to, _VECTOR.as_pointer()), align=8)


multiply: Any = intrinsic(_multiply)
