"""The rule for certificates of kind ``statistical``: a bracket that a sample supports, no proof.

The sample is drawn anew (:mod:`certify.checker.drawing`; its seed follows from the model, the
distribution and the number of samples), every input is decided (:mod:`certify.checker.deciding`),
and the bracket must hold Clopper and Pearson's ends for the counts: if the accuracy were below
``lower``, so many right inputs, or more, would come with probability at most half the error
probability, and likewise above ``upper``. Inputs that stay open count as wrong for ``lower`` and as
right for ``upper``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from certify.checker.deciding import OPEN, RIGHT, WRONG, Exact, decide_block, table_of
from certify.checker.document import fields, integer, rational
from certify.checker.drawing import seed_of, words_of
from certify.checker.errors import Rejected
from certify.checker.network import Weights
from certify.checker.running import BARE, Kernels
from certify.checker.work import ALL, demand, run_steps

BLOCK = 1 << 10
MAX_SAMPLES = 1 << 40
CELL_BITS = 1 << 7  #: more than an input that is decided exactly has
WORDS_EACH = 32  #: drawn at first for each number; more where they do not suffice
PRECISION = 192
INPUTS = {"gaussian": "i.i.d. standard normal inputs", "uniform": "i.i.d. uniform [0, 1] inputs"}


@dataclass(frozen=True)
class Counts:
    """Of ``samples`` inputs ``right`` are right for certain, ``wrong`` wrong for certain."""

    samples: int
    right: int
    wrong: int


class Sampler:
    """Counts of one sample, block by block."""

    def __init__(self, weights: Weights, inputs: str, samples: int, nonce: str = "") -> None:
        self.samples, self.normal = samples, inputs == "gaussian"
        self.seed = seed_of(weights.sha256, inputs, samples, nonce)
        self.table, self.exact = table_of(weights), Exact(weights)

    def total(self, kernels: Kernels) -> Counts:
        """The counts of the whole sample."""
        sizes = [BLOCK] * (self.samples // BLOCK)
        if rest := self.samples % BLOCK:
            sizes.append(rest)
        parts = kernels.spread(count_block, self, list(enumerate(sizes)), sizes)
        right, wrong = sum(p.right for p in parts), sum(p.wrong for p in parts)
        return Counts(self.samples, right, wrong)

    def decide(
        self, kernels: Kernels, words: Sequence[int], count: int
    ) -> tuple[list[int], list[int]] | None:
        """Verdicts and cells of a block as fixed point leaves them; None: not enough words."""
        table, wide = self.table, kernels.wide
        weights = {"high": wide(table.high), "low": wide(table.low), "most": wide(table.most)}
        verdicts, cells = wide([OPEN] * count), wide([0] * (2 * table.length * count))
        work = tuple(wide([0] * table.hidden) for _ in range(4))
        run = kernels.function(decide_block)
        arguments = table._replace(**weights), self.normal, wide(words), verdicts, cells, work
        done = run(*arguments, wide([0]))
        return ([int(v) for v in verdicts], [int(v) for v in cells]) if done else None


def count_block(
    kernels: Kernels, more: Callable[[int], None], sampler: Sampler, block: tuple[int, int]
) -> Counts:
    """The counts of one block, given by its number and its size."""
    number, count = block
    each = 2 * sampler.table.length
    length = count * sampler.table.length * (WORDS_EACH if sampler.normal else 2)
    while True:
        found = sampler.decide(kernels, words_of(sampler.seed, number, length), count)
        if found is not None:
            break
        length *= 2
    verdicts, cells = found
    for i, verdict in enumerate(verdicts):
        if verdict == OPEN:
            verdicts[i] = sampler.exact.decide(cells[each * i : each * (i + 1)])
    more(count)
    return Counts(count, verdicts.count(RIGHT), verdicts.count(WRONG))


def tail_is_at_most(samples: int, count: int, p: Fraction, limit: Fraction) -> bool:
    """Whether ``P(Bin(samples, p) >= count) <= limit``, from an upper bound of the sum.

    Terms are ``m 2**e`` with m of :data:`PRECISION` bits, rounded up. From ``count`` on they fall
    as soon as ``k >= samples p``; what is left out is bounded by a geometric series.
    """
    if count <= 0:
        return limit >= 1
    if p <= 0 or count > samples:
        return limit >= 0
    if p >= 1:
        return limit >= 1
    a, b = p.numerator, p.denominator - p.numerator
    term = _product(_power(p, count), _power(1 - p, samples - count))
    for i in range(1, min(count, samples - count) + 1):
        term = _rounded((term[0] * (samples - i + 1) // i + 1, term[1]))
    total, k = term, count
    while True:
        rising, falling = (samples - k) * a, (k + 1) * b  # the next term over this one
        if rising < falling and term[1] + PRECISION < total[1]:
            rest = term[0] * rising // (falling - rising) + 1
            total = _sum(total, (rest, term[1]))
            break
        if not rising:
            break
        term = _rounded((term[0] * rising // falling + 1, term[1]))
        total = _sum(total, term)
        k += 1
    mantissa, exponent = total
    if exponent >= 0:
        return mantissa << exponent <= limit
    return mantissa * limit.denominator <= limit.numerator << -exponent


Upper = tuple[int, int]


def _rounded(value: Upper) -> Upper:
    mantissa, exponent = value
    excess = mantissa.bit_length() - PRECISION
    return (mantissa, exponent) if excess <= 0 else (-(-mantissa >> excess), exponent + excess)


def _product(a: Upper, b: Upper) -> Upper:
    return _rounded((a[0] * b[0], a[1] + b[1]))


def _sum(a: Upper, b: Upper) -> Upper:
    if a[1] < b[1]:
        a, b = b, a
    distance = min(a[1] - b[1], 4 * PRECISION)  # beyond, b is less than one unit of a
    if distance == 4 * PRECISION:
        return _rounded((a[0] + 1, a[1]))
    return _rounded(((a[0] << distance) + b[0], b[1]))


def _power(p: Fraction, exponent: int) -> Upper:
    result: Upper = (1, 0)
    base = _rounded((-(-(p.numerator << PRECISION) // p.denominator), -PRECISION))
    while exponent:
        if exponent & 1:
            result = _product(result, base)
        base = _product(base, base)
        exponent >>= 1
    return result


def supports(counts: Counts, lower: Fraction, upper: Fraction, error: Fraction) -> bool:
    """Whether the counts support the bracket with this error probability, half of it a side."""
    n, half = counts.samples, error / 2
    return (lower == 0 or tail_is_at_most(n, counts.right, lower, half)) and (
        upper == 1 or tail_is_at_most(n, counts.wrong, 1 - upper, half)
    )


def check_statistical(
    weights: Weights,
    body: dict[str, Any],
    evidence: bytes,
    kernels: Kernels = BARE,
    *,
    nonce: str = "",
) -> list[str]:
    """Check a certificate of kind ``statistical``; returns what it establishes, line by line.

    With a ``nonce`` the sample is a fresh one that the author cannot have chosen: its own bracket
    is returned too, and a claim that lies outside it is rejected.
    """
    place = "claim"
    names = ("inputs", "lower", "upper", "error_probability", "samples")
    inputs, low, high, error, samples = fields(body["claim"], place, names)
    if not isinstance(inputs, str) or inputs not in INPUTS:
        raise Rejected(f"claim.inputs: expected one of {', '.join(INPUTS)}")
    lower, upper = rational(low, "claim.lower"), rational(high, "claim.upper")
    chance = rational(error, "claim.error_probability")
    if not 0 <= lower <= upper <= 1:
        raise Rejected("claim: expected 0 <= lower <= upper <= 1")
    if not 0 < chance < 1:
        raise Rejected("claim.error_probability: expected a number between 0 and 1")
    if not 0 < integer(samples, "claim.samples") <= MAX_SAMPLES:
        raise Rejected(f"claim.samples: expected 1 to {MAX_SAMPLES}")
    demand(samples * run_steps(weights, CELL_BITS), ALL, "this certificate")
    claimed = fields(body["evidence"], "evidence", ("right", "wrong"))
    if evidence:
        raise Rejected("evidence.bin: not expected beside counts")
    right, wrong = (integer(value, "evidence") for value in claimed)
    if min(right, wrong) < 0 or right + wrong > samples:
        raise Rejected("evidence: the counts do not fit the number of samples")
    if not supports(Counts(samples, right, wrong), lower, upper, chance):
        raise Rejected("claim: the counts do not support the bracket at this error probability")
    found = Sampler(weights, inputs, samples, nonce).total(kernels)
    if nonce:
        return _fresh(found, inputs, lower, upper, chance, nonce)
    if (found.right, found.wrong) != (right, wrong):
        raise Rejected(
            f"evidence: claimed {right} right and {wrong} wrong, "
            f"found {found.right} and {found.wrong}"
        )
    return [
        f"STATISTICAL, no proof: {_percent(lower)} <= P(right) <= {_percent(upper)} for "
        f"{INPUTS[inputs]}, wrong with a probability of at most {float(chance):g}",
        f"{samples} inputs replayed: {right} right, {wrong} wrong, {samples - right - wrong} open",
    ]


def _fresh(
    found: Counts, inputs: str, lower: Fraction, upper: Fraction, chance: Fraction, nonce: str
) -> list[str]:
    n = found.samples
    if tail_is_at_most(n, found.right, upper, chance / 2) or tail_is_at_most(
        n, found.wrong, 1 - lower, chance / 2
    ):
        raise Rejected(
            f"claim: a fresh sample ({found.right} right, {found.wrong} wrong of {n}) contradicts "
            "the bracket at its own error probability"
        )
    return [
        f"STATISTICAL, no proof: a fresh sample does not contradict {_percent(lower)} <= P(right) "
        f"<= {_percent(upper)} for {INPUTS[inputs]}",
        f"{n} inputs drawn with the nonce {nonce!r:.60}: {found.right} right, {found.wrong} wrong, "
        f"{n - found.right - found.wrong} open",
    ]


def _percent(value: Fraction) -> str:
    return f"{float(value):.6f}"
