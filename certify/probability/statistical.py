"""The checker's kernels for samples, compiled as they stand."""

from __future__ import annotations
from types import FunctionType, ModuleType
from typing import Any
import numpy as np
from numba import njit
from certify.checker import deciding, drawing
from certify.checker.deciding import OPEN, Table


def _compiled() -> Any:
    names: dict[str, Any] = {}
    for module, functions in (
        (drawing, ("exponential_half", "accept_fraction", "draw_normal", "draw")),
        (deciding, ("advance", "second_largest", "decide", "decide_block")),
    ):
        names |= vars(module) | {k: v for k, v in names.items() if hasattr(v, "py_func")}
        for name in functions:
            code = getattr(module, name).__code__
            names[name] = njit(nogil=True)(FunctionType(code, names, name))
    return names["decide_block"]


_decide_block = _compiled()


def compiled_block(words: memoryview, normal: bool, count: int, table: Table):
    verdicts = np.full(count, OPEN)
    cells = np.zeros((count, 2 * table.length), dtype=np.int64)
    work = np.zeros((4, table.hidden), dtype=np.int64)
    fast = table._replace(
        **{k: np.array(getattr(table, k), dtype=np.int64) for k in ("high", "low", "most")}
    )
    w = np.frombuffer(words, dtype="<u4").astype(np.int64)
    if not _decide_block(fast, normal, w, verdicts, cells, work, np.zeros(1, dtype=np.int64)):
        return None
    return verdicts.tolist(), cells.tolist()
