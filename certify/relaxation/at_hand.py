"""How a check runs here: by the rule compiled where numba and its memory are at hand, else bare."""

from __future__ import annotations

from dataclasses import replace

from certify.checker.running import BARE, Kernels, Progress, silent
from certify.errors import OutOfMemoryError
from certify.memory import KERNELS, demand_memory
from certify.workers import workers


def kernels(progress: Progress = silent) -> Kernels:
    """What a check runs; ``progress`` hears how many bytes of evidence are done, of how many."""
    try:
        demand_memory(KERNELS)  # before numpy, whose libraries end the process where there is less
        from certify.relaxation.compiled import COMPILED
    except (ImportError, OutOfMemoryError):
        return replace(BARE, progress=progress, pool=workers)
    return replace(COMPILED, progress=progress, pool=workers)
