"""Quantiles in integers enclose those of ball arithmetic, closely."""

from __future__ import annotations

import numpy as np
import pytest
from flint import arb, ctx

from certify.checker.corners import BITS, FAR, ONE, half_normal


def true_quantile(v: int) -> tuple[int, int]:
    """The quantile of |x| at ``v 2**-BITS``, enclosed in units of ``2**-BITS``."""
    before = ctx.prec
    ctx.prec = 220
    try:
        u = arb(ONE - v) / ONE
        scaled = (
            arb(2).sqrt() * u.erfcinv() * ONE
            if 2 * v > ONE
            else arb(2).sqrt() * (arb(v) / ONE).erfinv() * ONE
        )
        return int(scaled.lower().floor().fmpz()), int(scaled.upper().ceil().fmpz())
    finally:
        ctx.prec = before


@pytest.mark.parametrize("tail", [0, 1, 2, 8, 16, 23, 30])
def test_quantiles_are_enclosed(tail: int) -> None:
    rng = np.random.default_rng(tail)
    scale = ONE >> tail
    picks = [int(p * scale) for p in rng.random(60)]
    values = [v for p in picks for v in (ONE - 1 - p, p) if 0 < v < ONE]
    edges = [k * ONE // 1024 + e for k in (1, 7, 300, 511, 512, 513) for e in (-1, 0, 1)]
    for v in [*values, *edges, ONE - FAR, ONE - FAR + 1, ONE - FAR - 1]:
        low, high = half_normal(v, False), half_normal(v, True)
        least, most = true_quantile(v)
        assert low <= least <= most <= high
        assert high - low <= max(high >> 40, 1 << (BITS - 44))


def test_the_quantile_of_0_is_0() -> None:
    assert half_normal(0, False) == 0
    assert half_normal(0, True) <= 1 << (BITS - 45)
