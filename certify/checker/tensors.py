"""Tensors as files describe them, and their numbers as exact pairs ``(a, e)`` of integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, Literal

from certify.checker.errors import Unreadable

FORMATS = {  # (bytes, bits of the exponent)
    **dict.fromkeys(("safetensors F16", "torch HalfStorage", "npy f2"), (2, 5)),
    **dict.fromkeys(("safetensors BF16", "torch BFloat16Storage"), (2, 8)),
    **dict.fromkeys(("safetensors F32", "torch FloatStorage", "npy f4"), (4, 8)),
    **dict.fromkeys(("safetensors F64", "torch DoubleStorage", "npy f8"), (8, 11)),
}

Order = Literal["little", "big"]


@dataclass(frozen=True)
class Tensor:
    """Entry ``(i, j)`` stands at place ``start + i * strides[0] + j * strides[1]`` of ``raw``.

    ``format`` is one of :data:`FORMATS`; of a tensor of another format only the shape is known.
    """

    format: str
    shape: Sequence[int]
    raw: bytes = b""
    order: Order = "little"
    strides: Sequence[int] | None = None  # row after row
    start: int = 0

    def __post_init__(self) -> None:
        naturals = (*self.shape, *(self.strides or ()), self.start)
        if any(type(v) is not int or not 0 <= v < 1 << 31 for v in naturals):
            raise Unreadable("a shape or position is not an integer, or impossible")

    @property
    def is_float(self) -> bool:
        """Whether the numbers can be read."""
        return self.format in FORMATS

    def numbers(self) -> list[tuple[int, int]]:
        """The numbers in row-major order; ``(a, e)`` is ``a * 2**e``, a odd or (0, 0)."""
        strides = self.strides
        if strides is None:
            strides = [prod(self.shape[i + 1 :]) for i in range(len(self.shape))]
        size = FORMATS[self.format][0]
        numbers = []
        for index in product(*map(range, self.shape)):
            at = size * (self.start + sum(i * step for i, step in zip(index, strides, strict=True)))
            if at + size > len(self.raw):
                raise Unreadable(f"a tensor of shape {self.shape} reaches beyond its storage")
            bits = int.from_bytes(self.raw[at : at + size], self.order)
            numbers.append(_number(bits, self.format))
        return numbers


def _number(bits: int, format: str) -> tuple[int, int]:
    """The value of an IEEE number or bfloat16: sign, biased exponent, fraction."""
    size, exponent_bits = FORMATS[format]
    fraction_bits = 8 * size - 1 - exponent_bits
    top = (1 << exponent_bits) - 1
    fraction = bits & ((1 << fraction_bits) - 1)
    exponent = bits >> fraction_bits & top
    if exponent == top:
        raise Unreadable("a weight is NaN or infinite")
    a = fraction | (1 << fraction_bits) if exponent else fraction
    if not a:
        return 0, 0
    twos = (a & -a).bit_length() - 1
    signed = -(a >> twos) if bits >> (8 * size - 1) else a >> twos
    return signed, max(exponent, 1) - (top >> 1) - fraction_bits + twos


def whole(format: str, size: int, shape: Any, raw: bytes, **layout: Any) -> Tensor:
    """The tensor whose numbers, of ``size`` bytes each, are all of ``raw``."""
    tensor = Tensor(format, tuple(shape), raw, **layout)
    if len(raw) != size * prod(tensor.shape):
        raise Unreadable(f"{len(raw)} bytes of data do not fit to the shape {list(tensor.shape)}")
    return tensor
