"""The checker's integer rule, compiled: the same functions, with the same integers.

``certify.checker`` is plain Python without third-party imports. Here numba compiles the functions
of its rule as they stand, but for the bounds of units, which :mod:`certify.relaxation.lanes` finds
side by side; a test compares what both ways find.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any

import numpy as np

from certify.checker import (
    cases,
    chamber,
    conic,
    deciding,
    drawing,
    kernel,
    leaves,
    portions,
    tree,
)
from certify.checker.running import Kernels
from certify.compiled import kernel as compiled
from certify.relaxation import lanes

#: Of one name the last one counts.
MODULES = (kernel, tree, cases, leaves, drawing, deciding, conic, portions, chamber, lanes)


@cache
def _functions() -> dict[str, Any]:
    """All functions of the rule by name, each calling the others compiled."""
    table: dict[str, Any] = {}
    spaces = []
    for module in MODULES:
        space = dict(vars(module))
        spaces.append(space)
        for name, plain in vars(module).items():
            if isinstance(plain, FunctionType) and plain.__module__ == module.__name__:
                copy = FunctionType(plain.__code__, space, name, plain.__defaults__)
                copy.__module__ = module.__name__
                table[name] = compiled(copy)
    for space in spaces:
        space.update({name: made for name, made in table.items() if name in space})
    return table


def function(plain: Callable[..., Any]) -> Any:
    """What is compiled of a function of the rule."""
    return _functions()[plain.__name__]


def _wide(values: Any) -> Any:
    return np.array(list(values), dtype=np.int64)


def _short(values: Any) -> Any:
    return np.array(list(values), dtype=np.int32)


def _octets(values: bytes) -> Any:
    return np.frombuffer(values, dtype=np.uint8)


def _filled(value: int, count: int) -> Any:
    return np.full(count, value, dtype=np.int64)


COMPILED = Kernels("compiled by numba", _wide, _short, _octets, _filled, function, compiled=True)
