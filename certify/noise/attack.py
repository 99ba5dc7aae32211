"""Search for noise that makes a pair wrong; every answer is replayed in exact arithmetic.

Floats propose: from random corners and points of the noise box, steps against the sign of the
gradient of the worst margin, ever shorter. The network is piecewise linear, so within a cell the
gradient is the whole truth; between cells the shorter steps and many starts have to do. Exact
arithmetic disposes.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil

import numpy as np

from certify.claims import Pair, RatioRange, rivals
from certify.model import FloatArray, Network

_STEPS, _SHORTER = 16, 0.82  # of a descent, and by what a step is shorter than the one before
_FIRST, _LAST = 0.8, 0.999  # by what factors noise is lowered, at first and at last


def replay(
    network: Network, pair: Pair, ratio: RatioRange, eps: Fraction, x: Sequence[float | Fraction]
) -> tuple[Fraction, ...] | None:
    """The input nearest to ``x`` (n,) that the claim speaks of, if the model is wrong on it.

    Wrong means that some margin is not positive, exactly.
    """
    box = network.task.noise_box(pair, *ratio, eps, network.seq_len)
    point = tuple(
        min(max(Fraction(v), least), most) for v, (least, most) in zip(x, box, strict=True)
    )
    logits = network.logits(point)
    wrong = any(logits[pair.second] <= logits[j] for j in rivals(pair, network.seq_len))
    return point if wrong else None


def attack(
    network: Network, pair: Pair, ratio: RatioRange, eps: Fraction, *, tries: int, seed: int = 0
) -> tuple[Fraction, ...] | None:
    """A wrong input within the claim's box, or None where ``tries`` starts find none."""
    rng = np.random.default_rng(seed)
    lo, hi = _box(network, pair, ratio, float(eps))
    x, values = _descend(network, pair, _starts(rng, lo, hi, tries), lo, hi)
    for i in np.argsort(values)[:3]:
        if values[i] < 1e-6 and (wrong := replay(network, pair, ratio, eps, x[i].tolist())):
            return wrong
    return None


def least_breaking(
    network: Network,
    pair: Pair,
    ratio: RatioRange,
    below: Fraction,
    *,
    step: Fraction,
    tries: int,
    seed: int = 0,
    known: Sequence[Fraction] | None = None,
) -> tuple[Fraction, tuple[Fraction, ...]] | None:
    """The least multiple of ``step`` up to ``below`` at which the model was found wrong, and the
    input; None where ``tries`` starts, ``known`` one of them, find none.

    The inputs that are wrong at one noise are shrunk and changed a little, and are where the
    search at the next lower noise starts.
    """
    rng = np.random.default_rng(seed)
    noise, factor, found = float(below), _FIRST, None
    lo, hi = _box(network, pair, ratio, noise)
    free = [t for t in range(network.seq_len) if t not in pair]
    starts = _starts(rng, lo, hi, tries)
    if known is not None:
        starts[0] = np.clip(np.array(known, dtype=float), lo, hi)
    x, values = _descend(network, pair, starts, lo, hi)
    if not free or values.min() > 0.0:
        return None
    while factor < _LAST and noise > step:
        best = x[np.argsort(values)]
        worst = float(np.abs(best[0, free]).max())
        eps = min(ceil(Fraction(worst) / step) * step, below)
        if wrong := replay(network, pair, ratio, eps, best[0].tolist()):
            found = eps, wrong
        lower, half = noise * factor, tries // 2
        lo, hi = _box(network, pair, ratio, lower)
        changed = best[rng.integers(0, max(1, half // 2), tries - half)]
        changed[:, free] += rng.normal(0.0, 0.2 * lower, (tries - half, len(free)))
        starts = np.clip(np.concatenate([best[:half], changed]), lo, hi)
        further, lesser = _descend(network, pair, starts, lo, hi)
        if lesser.min() < 0.0:
            noise, x, values = lower, further, lesser
        else:
            factor = factor**0.5
    return found


def _box(
    network: Network, pair: Pair, ratio: RatioRange, noise: float
) -> tuple[FloatArray, FloatArray]:
    n = network.seq_len
    lo, hi = np.full(n, -noise), np.full(n, noise)
    lo[pair.max] = hi[pair.max] = 1.0
    lo[pair.second], hi[pair.second] = float(ratio.lo), float(ratio.hi)
    return lo, hi


def _starts(rng: np.random.Generator, lo: FloatArray, hi: FloatArray, tries: int) -> FloatArray:
    """So many points (tries, n) of the box, half of them corners."""
    share = rng.random((tries, len(lo)))
    share[::2] = share[::2] < 0.5
    points: FloatArray = lo + share * (hi - lo)
    return points


def _descend(
    network: Network, pair: Pair, x: FloatArray, lo: FloatArray, hi: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The best points (tries, n) met on the way down from ``x``, and their worst margins."""
    best, least = x, np.full(len(x), np.inf)
    length = 0.25 * (hi - lo)
    for _ in range(_STEPS):
        values, slopes = _worst_margin(network, pair, x)
        better = values < least
        best, least = np.where(better[:, None], x, best), np.where(better, values, least)
        x = np.clip(x - length * np.sign(slopes), lo, hi)
        length *= _SHORTER
    return best, least


def _worst_margin(network: Network, pair: Pair, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The least margins (k,) at inputs ``x`` (k, n), and their gradients (k, n)."""
    w = network.floats
    state, on = np.zeros((len(x), network.hidden_size)), []
    for t in range(network.seq_len):
        drive = state @ w.w_hh.T + np.outer(x[:, t], w.w_ih)
        on.append(drive > 0.0)
        state = np.where(on[-1], drive, 0.0)
    rows = w.w_out[pair.second] - w.w_out
    margins = state @ rows.T
    margins[:, pair.second] = np.inf
    rival = margins.argmin(axis=1)
    back, slopes = rows[rival], np.empty_like(x)
    for t in reversed(range(network.seq_len)):
        back = np.where(on[t], back, 0.0)
        slopes[:, t] = back @ w.w_ih
        back = back @ w.w_hh
    return margins[np.arange(len(x)), rival], slopes
