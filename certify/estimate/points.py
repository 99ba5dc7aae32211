"""Deterministic points for Gaussian inputs, in coordinates in which the accuracy is smooth.

*Sector coordinates* of p i.i.d. standard normal inputs: one uniform picks the ordered pair of
positions of the largest and the second largest (all ``p (p-1)`` are equally likely), and in
uniforms ``u = Phi(x)`` the values are ``u_m = w_1^(1/p)``, ``u_s = u_m w_2^(1/(p-1))`` and
``u_s w_j`` for the others. Low-discrepancy points (Sobol, scrambled by Owen's method) in w become
points whose order statistics are evenly spread too.
"""

from __future__ import annotations

import warnings
from functools import lru_cache

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

from certify.model import FloatArray


def sector_points(uniforms: FloatArray, p: int) -> FloatArray:
    """Inputs (N, p) from sector coordinates (N, p + 1); for p < 2 plain quantiles of (N, p)."""
    size = len(uniforms)
    if p < 2:
        return np.asarray(ndtri(uniforms[:, :p]), dtype=np.float64)
    pair = np.minimum((uniforms[:, 0] * p * (p - 1)).astype(np.intp), p * (p - 1) - 1)
    m, s = np.divmod(pair, p - 1)
    s += s >= m
    rows = np.arange(size)
    largest = uniforms[:, 1] ** (1 / p)
    second = largest * uniforms[:, 2] ** (1 / (p - 1))
    others = np.ones((size, p), dtype=bool)
    others[rows, m] = others[rows, s] = False
    levels = np.empty((size, p))
    levels[others] = (second[:, None] * uniforms[:, 3:]).ravel()
    levels[rows, m], levels[rows, s] = largest, second
    return _quantiles(levels)


@lru_cache(maxsize=8)
def tree_points(
    n: int, prefixes: int, branches: int, leaves: int, seed: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Prefixes (N, n - 2), branches (N, k) of the last input but one, leaves (N, k, m) of the last.

    Each prefix has k values of the next input, one in each of k equally likely strata, at the
    same place in its stratum; each branch has m values of the last one likewise, where the
    branches of a prefix take places 1/k apart. With m = 0 there are no leaves.
    """
    p = n - 2
    dimensions = (p + 1 if p >= 2 else p) + 1 + (leaves > 0)
    with warnings.catch_warnings():
        # Sobol points are balanced for powers of two; a warning says so for other numbers.
        warnings.simplefilter("ignore", UserWarning)
        uniforms = qmc.Sobol(dimensions, rng=np.random.default_rng(seed)).random(prefixes)
    place = p + 1 if p >= 2 else p
    levels = (np.arange(branches) + uniforms[:, place : place + 1]) / branches
    if leaves:
        places = (uniforms[:, -1:] + np.arange(branches) / branches) % 1.0
        last = (np.arange(leaves) + places[:, :, None]) / leaves
    else:
        last = np.empty((prefixes, branches, 0))
    return sector_points(uniforms[:, :place], p), _quantiles(levels), _quantiles(last)


def _quantiles(levels: FloatArray) -> FloatArray:
    return np.asarray(ndtri(np.clip(levels, 1e-15, 1 - 1e-15)), dtype=np.float64)
