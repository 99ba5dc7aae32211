"""What the containers describe: tensors by name, and whatever else stands beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from certify.errors import ModelFileError

if TYPE_CHECKING:
    from certify.model import FloatArray

MAX_FILE = 64 << 20  #: bytes in a file, and in all members of an archive once inflated
MAX_HEADER = 1 << 20  #: bytes in a pickle or in the header of a safetensors file
ITEM_SIZE = {"float16": 2, "bfloat16": 2, "float32": 4, "float64": 8}  #: bytes by dtype
EXPECTED = (
    "expected exactly rnn.weight_ih_l0 (d, 1), rnn.weight_hh_l0 (d, d) and linear.weight (n, d)"
)


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor that is described but not yet read; ``load`` gives it as float64."""

    dtype: str
    shape: tuple[int, ...]
    load: Callable[[], FloatArray]


Entries = Mapping[str, object]  #: tensors by name; whatever else a file names is in it as well


def as_numbers(raw: bytes, dtype: str, order: str) -> np.ndarray[Any, Any]:
    """The items in ``raw``, not yet converted: bfloat16, unknown to numpy, as 16 bits each."""
    code = "u2" if dtype == "bfloat16" else f"f{ITEM_SIZE[dtype]}"
    return np.frombuffer(raw, dtype=f"{order}{code}")


def as_floats(numbers: np.ndarray[Any, Any]) -> FloatArray:
    """As float64, which holds all four formats exactly."""
    if numbers.dtype.kind == "u":  # a bfloat16 is the upper half of a float32
        return (numbers.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return numbers.astype(np.float64)


def as_sizes(values: Iterable[Any], name: str) -> tuple[int, ...]:
    """A shape, or positions: up to eight integers from 0 to 2**31 - 1."""
    sizes = tuple(values)
    if len(sizes) > 8 or any(type(v) is not int or not 0 <= v < 2**31 for v in sizes):
        raise ModelFileError(f"{shown(name)} has a shape or position that cannot be")
    return sizes


def shown(name: str) -> str:
    """A name out of a file for a message: quoted, and not too long."""
    return repr(name if len(name) <= 80 else name[:77] + "...")
