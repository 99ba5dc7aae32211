"""Estimates of a network's accuracy from its weights: one interface, one module per idea.

Every method is a function ``(network, *, seed=0) -> Estimate``. Estimates are floats and guide
the reader; none of them is a certified value. ``tropical`` and ``margin-bounds`` are computed in
exact arithmetic and say so in their notes; the certified value is that of ``certify MODEL``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from certify.errors import UsageError
from certify.estimate.base import Estimate, Method, sample_cost
from certify.estimate.canonical_cells import canonical_cells
from certify.estimate.certified import Certified
from certify.estimate.conditional_expectation import conditional_expectation
from certify.estimate.cubature import cubature
from certify.estimate.fixed_point import fixed_point
from certify.estimate.linear import cell_effective, linear
from certify.estimate.margin_bounds import margin_bounds
from certify.estimate.moments import moments
from certify.estimate.projection import projection
from certify.estimate.sampling import sampling
from certify.estimate.tree import tree
from certify.estimate.tropical import tropical
from certify.model import Network

__all__ = [
    "METHODS",
    "Certified",
    "Estimate",
    "Method",
    "Progress",
    "run_estimates",
    "sample_cost",
    "to_json",
]

#: Called with the method about to run, the number of methods done and their number.
Progress = Callable[[str, int, int], None]

METHODS: Mapping[str, Method] = {
    "linear": linear,
    "cell-effective": cell_effective,
    "projection": projection,
    "tropical": tropical,
    "fixed-point": fixed_point,
    "margin-bounds": margin_bounds,
    "conditional-expectation": conditional_expectation,
    "canonical-cells": canonical_cells,
    "moments": moments,
    "cubature": cubature,
    "tree": tree,
    "sampling": sampling,
}


_SMALL = Network(0, (1, -1), ((-1, 1), (1, -1)), ((1, -1), (-1, 1)))


def run_estimates(
    network: Network,
    methods: Sequence[str] | None = None,
    progress: Progress | None = None,
    *,
    seed: int = 0,
) -> tuple[Estimate, ...]:
    """Run the named methods, or all, in the order of the table; each name once.

    Compiling a kernel is not in ``seconds``: a method that has one runs on a small model before.

    Raises:
        UsageError: a name that is no method.
    """
    for name in methods or ():
        if name not in METHODS:
            raise UsageError(f"method {name!r} is unknown, expected one of {', '.join(METHODS)}")
    chosen = [name for name in METHODS if not methods or name in methods]
    found = []
    for done, name in enumerate(chosen):
        if progress:
            progress(name, done, len(chosen))
        found.append(_timed(METHODS[name], network, seed))
    if progress:
        progress("done", len(chosen), len(chosen))
    return tuple(found)


def _timed(method: Method, network: Network, seed: int) -> Estimate:
    if method in (cubature, tree):
        method(_SMALL)  # compiles, the first time
    start = time.perf_counter()
    estimate = method(network, seed=seed)
    return replace(estimate, seconds=time.perf_counter() - start)


def to_json(
    estimates: Sequence[Estimate], certified: Mapping[str, Certified] | None = None
) -> dict[str, Any]:
    """The estimates and, where given, the certified values of the quantities they predict."""
    return {
        "estimates": [estimate.to_json() for estimate in estimates],
        "certified": {name: value.to_json() for name, value in (certified or {}).items()},
    }
