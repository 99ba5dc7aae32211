"""The checker's kernels for samples, compiled as they stand: the same integers, sooner."""

from __future__ import annotations

from types import FunctionType
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
        names |= {k: v for k, v in vars(module).items() if k not in names}
        for name in functions:
            code = getattr(module, name).__code__
            names[name] = njit(nogil=True)(FunctionType(code, names, name))
    return names["decide_block"]


_decide_block = _compiled()


def compiled_block(
    words: memoryview, normal: bool, count: int, table: Table
) -> tuple[list[int], list[list[int]]] | None:
    """What :func:`certify.checker.statistical.bare_block` gives."""
    verdicts = np.full(count, OPEN)
    cells = np.zeros((count, 2 * table.length), dtype=np.int64)
    work = np.zeros((4, table.hidden), dtype=np.int64)
    weights: dict[str, Any] = {
        k: np.array(getattr(table, k), dtype=np.int64) for k in ("high", "low", "most")
    }
    digits = np.frombuffer(words, dtype="<u4").astype(np.int64)
    flags = np.zeros(1, dtype=np.int64)
    if not _decide_block(table._replace(**weights), normal, digits, verdicts, cells, work, flags):
        return None
    return verdicts.tolist(), cells.tolist()
