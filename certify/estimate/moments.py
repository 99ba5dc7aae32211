"""Moment propagation: Gaussian closure of the states, sector by sector."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import integrate, special

from certify.claims import all_pairs
from certify.estimate.base import Estimate
from certify.model import FloatArray, Network


def moments(network: Network, *, seed: int = 0) -> Estimate:
    """Propagate means and variances through the rectifiers, one run for each pair (m, s).

    In a sector the inputs at m, at s and elsewhere have the exact means and variances that i.i.d.
    standard normal inputs have given the order; correlations between inputs and between units
    are left out and every pre-activation is taken for Gaussian, so that the moments of the
    rectified unit are closed. At the end the logits are Gaussian with the covariance that
    independent units give them, and the probability that the one at s is the largest is that of
    :func:`largest_probability`. The accuracy is the mean over the pairs, which are equally likely.
    """
    w, d, n = network.floats, network.hidden_size, network.seq_len
    pairs = all_pairs(n)
    top, second, other = input_moments(n)
    mean_in = np.full((len(pairs), n), other[0])
    var_in = np.full((len(pairs), n), other[1])
    for row, (m, s) in enumerate(pairs):
        mean_in[row, [m, s]] = top[0], second[0]
        var_in[row, [m, s]] = top[1], second[1]
    mean, var = np.zeros((len(pairs), d)), np.zeros((len(pairs), d))
    for t in range(n):
        before = mean @ w.w_hh.T + mean_in[:, t : t + 1] * w.w_ih
        spread = var @ (w.w_hh**2).T + var_in[:, t : t + 1] * w.w_ih**2
        mean, var = rectified_moments(before, spread)
    logits = mean @ w.w_out.T
    covariance = np.einsum("jd,pd,kd->pjk", w.w_out, var, w.w_out)
    seconds = np.array([s for _, s in pairs])
    probabilities = largest_probability(logits, covariance, seconds)
    per_pair = n * (2 * (d * d + d) + 6 * d) + n * d + n * n * d + n * n
    return Estimate(
        "moments",
        "accuracy",
        float(probabilities.mean()),
        None,
        len(pairs) * per_pair,
        "weights",
        0.0,
        {
            "lowest_pair": float(probabilities.min()),
            "highest_pair": float(probabilities.max()),
        },
        ("what leaves a rectifier is far from Gaussian: not an approximation to rely on",),
    )


def rectified_moments(mean: FloatArray, var: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of ``max(0, X)`` for Gaussian X; zero variance is handled."""
    sd = np.sqrt(var)
    z = mean / np.where(sd > 0, sd, 1.0)
    on = np.where(sd > 0, special.ndtr(z), mean > 0)
    density = np.where(sd > 0, np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi), 0.0)
    first = mean * on + sd * density
    square = (mean**2 + var) * on + mean * sd * density
    return first, np.maximum(square - first**2, 0.0)


def largest_probability(
    mean: FloatArray, covariance: FloatArray, which: NDArray[np.intp]
) -> FloatArray:
    """``P(X[which] > all other X)`` (P,) for Gaussian X with mean (P, n), covariance (P, n, n).

    The maximum of the others is built up one by one and taken for Gaussian every time (C. E.
    Clark, "The greatest of a finite set of random variables", Operations Research 1961).
    """
    size, n = mean.shape
    rows = np.arange(size)
    # The others of every row, in order.
    rivals = np.argsort(np.where(np.arange(n) == which[:, None], n, np.arange(n)), axis=1)[:, :-1]
    first = rivals[:, 0]
    top, spread = mean[rows, first], covariance[rows, first, first]
    shared = covariance[rows, first]  # covariance of the running maximum with every X
    for rival in rivals.T[1:]:
        m, v, c = mean[rows, rival], covariance[rows, rival, rival], shared[rows, rival]
        gap = np.sqrt(np.maximum(spread + v - 2 * c, 1e-300))
        z = (top - m) / gap
        up, down = special.ndtr(z), special.ndtr(-z)
        bump = gap * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
        square = (top**2 + spread) * up + (m**2 + v) * down + (top + m) * bump
        top = top * up + m * down + bump
        spread = np.maximum(square - top**2, 0.0)
        shared = shared * up[:, None] + covariance[rows, rival] * down[:, None]
    own = covariance[rows, which, which]
    gap = np.sqrt(np.maximum(own + spread - 2 * shared[rows, which], 1e-300))
    return np.asarray(special.ndtr((mean[rows, which] - top) / gap), dtype=np.float64)


def input_moments(n: int) -> tuple[tuple[float, float], ...]:
    """(mean, variance) of the largest, of the second largest and of any other of n normals.

    The first two by quadrature of the order statistics' densities (David and Nagaraja, Order
    Statistics, 2003); the others share what is left of the sum (0) and of the squares (n).
    """
    found = []
    for rank, weight in ((0, n), (1, n * (n - 1))):

        def density(x: float, rank: int = rank, weight: int = weight) -> float:
            below, above = special.ndtr(x), special.ndtr(-x)
            power = weight * below ** (n - 1 - rank) * above**rank
            return float(power * np.exp(-x * x / 2) / np.sqrt(2 * np.pi))

        first = integrate.quad(lambda x, f=density: x * f(x), -12, 12)[0]
        square = integrate.quad(lambda x, f=density: x * x * f(x), -12, 12)[0]
        found.append((first, square))
    rest = n - 2
    if rest:
        first = -sum(f for f, _ in found) / rest
        square = (n - sum(q for _, q in found)) / rest
        found.append((first, square))
    else:
        found.append((0.0, 0.0))
    return tuple((f, q - f * f) for f, q in found)
