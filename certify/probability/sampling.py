"""Random inputs, what the network points at on each, and the accuracy by sampling.

The sampler of everything that is measured; a statistical certificate has a sample that nobody can
pick (:mod:`certify.probability.statistical`). A sample is the honest baseline: statistics, no
proof. But each input of it is decided exactly: float64 with a bound of its rounding error, and
where that leaves more than one position open, integers. So a tie is a tie here too, never right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from certify.claims import Inputs
from certify.errors import UsageError
from certify.model import UNIT_ROUNDOFF, FloatArray, Network

#: Inputs at a time. A BLAS shares larger products among threads, which wait for each other.
BATCH = 1 << 10
TIE = -1
#: More than underflow takes of a sum.
_TINY = 1e-290

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.intp]


def draw(inputs: str, samples: int, n: int, seed: int) -> Iterator[FloatArray]:
    """Inputs (k, n) in chunks, ``samples`` in all: i.i.d. standard normal or uniform on [0, 1].

    The same seed gives the same inputs, whatever the model and whoever asks.

    Raises:
        UsageError: no samples, or other inputs than ``gaussian`` and ``uniform``.
    """
    if inputs not in ("gaussian", "uniform"):
        raise UsageError(f"inputs are 'gaussian' or 'uniform', not {inputs!r}")
    if samples < 1:
        raise UsageError(f"samples is {samples}, expected at least 1")
    generator = np.random.default_rng(seed)
    for start in range(0, samples, BATCH):
        shape = (min(BATCH, samples - start), n)
        normal = inputs == "gaussian"
        yield generator.standard_normal(shape) if normal else generator.random(shape)


def clopper_pearson(right: int, samples: int, confidence: float = 0.95) -> tuple[float, float]:
    """The interval of Clopper and Pearson for a proportion: it holds the true one with at least
    this confidence, whatever that is.
    """
    from scipy.special import betaincinv

    tail = (1 - confidence) / 2
    lower = float(betaincinv(right, samples - right + 1, tail)) if right else 0.0
    upper = float(betaincinv(right + 1, samples - right, 1 - tail)) if right < samples else 1.0
    return lower, upper


class Judged(NamedTuple):
    """What the network does on inputs: ``choice`` (N,) is the position of the largest logit or
    ``TIE``, ``largest`` and ``second`` (N,) the positions of the two largest inputs, ``right``
    (N,) whether the choice is the second and unique. ``near`` inputs were decided in integers.
    """

    choice: IntArray
    largest: IntArray
    second: IntArray
    right: BoolArray
    near: int

    @property
    def tied(self) -> BoolArray:
        """Where two logits are largest, (N,)."""
        tied: BoolArray = self.choice == TIE
        return tied


def judge(
    network: Network, x: FloatArray, last: tuple[FloatArray, FloatArray] | None = None
) -> Judged:
    """Decide inputs ``x`` (N, n) exactly. A tie, of logits or of the inputs, is never right.

    ``last`` is what :func:`last_states` gives, where that is known already.
    """
    choice, near = choices(network, x, last or last_states(network, x))
    second, tied = network.task.targets(x)
    return Judged(choice, x.argmax(axis=1), second, (choice == second) & ~tied, near)


def last_states(network: Network, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The last states (N, d) on inputs ``x`` (N, n) in float64, and by how much they may be off.

    Rounding. A sum of d + 1 products, of numbers that are off by at most e, is off by at most
    ``|W| e + (d + 3) u |W| (|h| + e)`` (Higham, Accuracy and Stability, section 3.1; 1.1 covers the
    roundings of the bound itself), and by an underflow where any term is not 0. A unit whose
    pre-activation is surely not positive is off exactly, and adds nothing to what reads it.
    """
    net = network.floats
    gamma = _gamma(network)
    h = e = np.zeros((len(x), network.hidden_size))
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(network.seq_len):
            drive = x[:, t : t + 1] * net.w_ih
            z = h @ net.w_hh.T + drive
            e = _rounding(net.w_hh, h, e, gamma) + gamma * np.abs(drive) + _TINY * (drive != 0)
            off = z <= -e
            h, e = np.where(off, 0.0, np.maximum(z, 0.0)), np.where(off, 0.0, e)
    return h, e


def choices(
    network: Network, x: FloatArray, last: tuple[FloatArray, FloatArray]
) -> tuple[IntArray, int]:
    """Where the largest logit stands on inputs ``x`` (N, n), or ``TIE``, exactly; and how many
    inputs took integers. ``last`` is what :func:`last_states` gives, for these or other readouts.

    What reads only units that are off for certain is exactly 0, and equal rows of W_out give equal
    logits: so ties need no integers as a rule.
    """
    net, (h, e) = network.floats, last
    rows = np.arange(len(x))
    with np.errstate(over="ignore", invalid="ignore"):
        logits = h @ net.w_out.T
        error = _rounding(net.w_out, h, e, _gamma(network))
        best = logits.argmax(axis=1)
        least = (logits - error).max(axis=1)
        possible = ~(logits + error < least[:, None])  # the position of the largest logit
    found = np.where(possible.sum(axis=1) == 1, best, TIE)
    names = {row: name for name, row in enumerate(network.w_out)}
    kind = np.array([names[row] for row in network.w_out])
    alike = ~possible | (kind[None, :] == kind[best][:, None])
    zero = ~possible | ((logits == 0) & (error == 0))
    sure = (found != TIE) | alike.all(axis=1) | zero.all(axis=1)
    sure &= np.isfinite(logits[rows, best]) & np.isfinite(least)
    for i in np.flatnonzero(~sure):
        choice = network.choice([Fraction(float(v)) for v in x[i]])
        found[i] = TIE if choice is None else choice
    return found, int((~sure).sum())


def _gamma(network: Network) -> float:
    return 1.1 * (network.hidden_size + 3) * UNIT_ROUNDOFF


def _rounding(weights: FloatArray, h: FloatArray, e: FloatArray, gamma: float) -> FloatArray:
    """What rounding may cost the products of ``weights`` (k, d) with states (N, d)."""
    sizes = np.abs(weights).T
    least = sizes[sizes > 0].min(initial=1.0)  # so each term that is not 0 adds _TINY or more
    bound: FloatArray = ((1 + gamma) * e + gamma * h + _TINY / least * (h + e != 0)) @ sizes
    return bound


@dataclass(frozen=True)
class Sampled:
    """``right`` of ``samples`` inputs were right and ``tied`` were ties; ``lower`` and ``upper``
    are the ends of the Clopper-Pearson interval at ``confidence``; ``near`` inputs were decided
    in integers.
    """

    network: Network
    inputs: Inputs
    samples: int
    right: int
    tied: int
    near: int
    seed: int
    confidence: float
    lower: float
    upper: float


def measure_accuracy(
    network: Network,
    inputs: Inputs = "gaussian",
    *,
    samples: int = 100_000,
    seed: int = 0,
    confidence: float = 0.99,
) -> Sampled:
    """Sample the accuracy, as an estimate; certificates of samples are those of
    :mod:`certify.probability.statistical`.

    Raises:
        UsageError: an argument is out of its range.
    """
    if not 0 < confidence < 1:
        raise UsageError(f"the confidence lies strictly between 0 and 1, got {confidence}")
    right = tied = near = 0
    for x in draw(inputs, samples, network.seq_len, seed):
        judged = judge(network, x)
        right += int(judged.right.sum())
        tied += int(judged.tied.sum())
        near += judged.near
    lower, upper = clopper_pearson(right, samples, confidence)
    return Sampled(
        network, inputs, samples, right, tied, near, seed, confidence, lower, upper
    )  # fmt: skip


def tie_words(tied: int, samples: int) -> str:
    """What an answer says of ties: nothing where there are none."""
    if not tied:
        return ""
    return f"{tied / samples:.4g} of the inputs tie: two logits are largest, which is never right"
