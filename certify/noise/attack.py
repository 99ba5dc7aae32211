"""Search for noise that makes a pair wrong; every answer is replayed in exact arithmetic.

Floats propose: random corners of the noise box, then coordinate ascent among the corners (for
every input in turn, the end that makes the worst margin smaller). Exact arithmetic disposes.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from certify.claims import Pair, RatioRange, rivals
from certify.model import FloatArray, Network


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
    n = network.seq_len
    rng = np.random.default_rng(seed)
    lo, hi = np.full(n, -float(eps)), np.full(n, float(eps))
    lo[pair.max] = hi[pair.max] = 1.0
    lo[pair.second], hi[pair.second] = float(ratio.lo), float(ratio.hi)
    others = [j for j in range(n) if j != pair.second]

    def least(x: FloatArray) -> FloatArray:
        logits = network.floats.logits(x)
        margins: FloatArray = logits[:, [pair.second]] - logits[:, others]
        return np.asarray(margins.min(axis=1))

    x = np.where(rng.random((tries, n)) < 0.5, lo, hi)
    values = least(x)
    for _ in range(4):
        before = values.copy()
        for t in rng.permutation([t for t in range(n) if lo[t] < hi[t]]):
            for value in (lo[t], hi[t], lo[t] + (hi[t] - lo[t]) * rng.random()):
                other = x.copy()
                other[:, t] = value
                found = least(other)
                better = found < values
                x[better], values[better] = other[better], found[better]
        if (values == before).all():
            break
    for i in np.argsort(values)[:3]:
        if values[i] < 1e-6 and (wrong := replay(network, pair, ratio, eps, x[i].tolist())):
            return wrong
    return None
