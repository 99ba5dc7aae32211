"""The rule for certificates of kind ``statistical``: a bracket that a sample supports, no proof.

The sample is drawn anew (:mod:`certify.checker.drawing`; its seed follows from the model, the
distribution and the number of samples), every input is decided (:mod:`certify.checker.deciding`),
and the bracket must hold Clopper and Pearson's ends for the counts: if the accuracy were below
``lower``, so many right inputs, or more, would come with probability at most half the error
probability, and likewise above ``upper``. Inputs that stay open count as wrong for ``lower`` and as
right for ``upper``.

With the boxes of a proof as evidence the sample is one of the rest: inputs are drawn until so many
lie outside of all that is proved (:mod:`certify.checker.strata`), and with p their share of right
ones ``P(right) = proved right + (1 - proved right - proved wrong) p``, where all but p is exact.
An input of which it is not clear where it lies counts as one outside that stays open: then of as
many inputs that are outside for certain no fewer are right, and no fewer are wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from math import ceil
from typing import Any, NamedTuple

from certify.checker.binomial import PLACES, greatest_share, tail_is_at_most
from certify.checker.boxes import Proof, prove_boxes
from certify.checker.deciding import (
    OPEN,
    RIGHT,
    UNDECIDABLE,
    WRONG,
    Exact,
    decide_block,
    table_of,
)
from certify.checker.document import fields, integer, rational
from certify.checker.drawing import seed_of, words_of
from certify.checker.errors import Rejected
from certify.checker.network import Weights
from certify.checker.running import BARE, Kernels
from certify.checker.strata import INSIDE, UNCLEAR, Strata
from certify.checker.work import ALL, demand, run_steps

BLOCK = 1 << 10
MAX_SAMPLES = 1 << 40
CELL_BITS = 1 << 7  #: more than an input that is decided exactly has
PLACING = 1 << 20  #: steps that finding the place of an input takes, and more, for each number
WORDS_EACH = 32  #: drawn at first for each number; more where they do not suffice
INPUTS = {"gaussian": "i.i.d. standard normal inputs", "uniform": "i.i.d. uniform [0, 1] inputs"}


class Known(NamedTuple):
    """The exact probabilities of what is proved right and of what is proved wrong."""

    right: Fraction = Fraction(0)
    wrong: Fraction = Fraction(0)

    @property
    def rest(self) -> Fraction:
        """The probability of what is sampled."""
        return 1 - self.right - self.wrong


NOTHING = Known()


@dataclass(frozen=True)
class Counts:
    """Of ``samples`` inputs ``right`` are right for certain, ``wrong`` wrong for certain; ``drawn``
    were drawn for them, the others lie in what is proved.
    """

    samples: int
    right: int
    wrong: int
    drawn: int


class Sampler:
    """Counts of one sample, block by block."""

    def __init__(
        self,
        weights: Weights,
        inputs: str,
        samples: int,
        nonce: str = "",
        proof: Proof | None = None,
    ) -> None:
        self.samples, self.normal = samples, inputs == "gaussian"
        self.seed = seed_of(weights.sha256, inputs, samples, nonce, digest_of(proof))
        self.table, self.exact = table_of(weights), Exact(weights)
        self.strata = Strata(proof.tasks) if proof else None
        self.rest = Known(proof.right, proof.wrong).rest if proof else Fraction(1)

    def total(self, kernels: Kernels) -> Counts:
        """The counts of the whole sample: whole blocks, in order, until there are enough."""
        drawn = samples = right = wrong = number = 0
        while samples < self.samples:
            ahead = ceil((self.samples - samples) / self.rest)
            sizes = [BLOCK] * (ahead // BLOCK)
            if rest := ahead % BLOCK:
                sizes.append(BLOCK if self.strata else rest)
            for part in kernels.spread(count_block, self, list(enumerate(sizes, number)), sizes):
                left = self.samples - samples
                if self.strata and part.samples >= left > 0:
                    part = count_block(kernels, lambda size: None, self, (number, BLOCK), left)
                if left:
                    drawn, samples = drawn + part.drawn, samples + part.samples
                    right, wrong = right + part.right, wrong + part.wrong
                number += 1
        return Counts(samples, right, wrong, drawn)

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
    kernels: Kernels,
    more: Callable[[int], None],
    sampler: Sampler,
    block: tuple[int, int],
    most: int = BLOCK,
) -> Counts:
    """The counts of one block, given by its number and its size, up to so many samples."""
    number, count = block
    each = 2 * sampler.table.length
    length = count * sampler.table.length * (WORDS_EACH if sampler.normal else 2)
    while True:
        found = sampler.decide(kernels, words_of(sampler.seed, number, length), count)
        if found is not None:
            break
        length *= 2
    samples = right = wrong = drawn = 0
    for i, verdict in enumerate(found[0]):
        if samples == most:
            break
        drawn += 1
        cell = found[1][each * i : each * (i + 1)]
        if sampler.strata and verdict != UNDECIDABLE:
            place = sampler.strata.place(cell)
            if place == INSIDE:
                continue
            if place == UNCLEAR:
                verdict = UNDECIDABLE
        if verdict == OPEN:
            verdict = sampler.exact.decide(cell)
        samples, right, wrong = samples + 1, right + (verdict == RIGHT), wrong + (verdict == WRONG)
    more(count)
    return Counts(samples, right, wrong, drawn)


def digest_of(proof: Proof | None) -> str:
    """SHA-256 of the words and tapes of a proof, in hexadecimal; nothing without one."""
    if proof is None:
        return ""
    digest = sha256()
    for order, tape in sorted(proof.tasks, key=lambda task: task[0].word):
        digest.update(f"{order.word} {len(tape)}\n".encode("ascii") + tape)
    return digest.hexdigest()


def supports(
    counts: Counts, lower: Fraction, upper: Fraction, error: Fraction, known: Known = NOTHING
) -> bool:
    """Whether the counts support the bracket with this error probability, half of it a side."""
    n, half = counts.samples, error / 2
    return (
        lower <= known.right
        or tail_is_at_most(n, counts.right, (lower - known.right) / known.rest, half)
    ) and (
        1 - upper <= known.wrong
        or tail_is_at_most(n, counts.wrong, (1 - upper - known.wrong) / known.rest, half)
    )


def ends(counts: Counts, error: Fraction, known: Known = NOTHING) -> tuple[Fraction, Fraction]:
    """The narrowest bracket, multiples of ``1 / PLACES``, that the counts support."""
    right, wrong = (
        sure + known.rest * greatest_share(counts.samples, count, error / 2)
        for sure, count in ((known.right, counts.right), (known.wrong, counts.wrong))
    )
    return Fraction(right * PLACES // 1, PLACES), 1 - Fraction(wrong * PLACES // 1, PLACES)


class Claim(NamedTuple):
    """The claim of a certificate; ``proved`` is the part of the bracket that needs no sample."""

    inputs: str
    lower: Fraction
    upper: Fraction
    chance: Fraction
    samples: int
    proved: tuple[Fraction, Fraction] | None


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
    claim = _claim(body["claim"])
    demand(claim.samples * run_steps(weights, CELL_BITS), ALL, "this certificate")
    names = ["right", "wrong", *(["drawn", "proof"] if claim.proved else [])]
    right, wrong, *more = fields(body["evidence"], "evidence", names)
    drawn = integer(more[0], "evidence.drawn") if more else claim.samples
    counts = Counts(
        claim.samples, integer(right, "evidence.right"), integer(wrong, "evidence.wrong"), drawn
    )
    if min(counts.right, counts.wrong, claim.samples - counts.right - counts.wrong) < 0:
        raise Rejected("evidence: the counts do not fit the number of samples")
    if evidence and not more:
        raise Rejected("evidence.bin: not expected beside counts")
    proof = _proof(weights, claim, more[1], evidence, kernels) if more else None
    known = Known(proof.right, proof.wrong) if proof else NOTHING
    if not supports(counts, claim.lower, claim.upper, claim.chance, known):
        raise Rejected("claim: the counts do not support the bracket at this error probability")
    found = Sampler(weights, claim.inputs, claim.samples, nonce, proof).total(kernels)
    if nonce:
        lines = _fresh(found, claim, known, nonce)
    elif found != counts:
        raise Rejected(f"evidence: claimed {_counted(counts)}, found {_counted(found)}")
    else:
        lines = [
            f"STATISTICAL, no proof: {_bracket(claim.lower, claim.upper)} for "
            f"{INPUTS[claim.inputs]}, wrong with a probability of at most {float(claim.chance):g}",
            f"{claim.samples} inputs replayed: {_counted(found)}",
        ]
    if proof and claim.proved:
        lines += [f"proved of it: {_bracket(*claim.proved)}", proof.pieces]
    return lines


def _claim(claim: Any) -> Claim:
    names = ["inputs", "lower", "upper", "error_probability", "samples"]
    proved = isinstance(claim, dict) and "proved" in claim
    inputs, low, high, error, samples, *ends = fields(claim, "claim", names + ["proved"] * proved)
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
    known = None
    if proved:
        low, high = fields(ends[0], "claim.proved", ("lower", "upper"))
        known = rational(low, "claim.proved.lower"), rational(high, "claim.proved.upper")
        if not 0 <= known[0] <= lower <= upper <= known[1] <= 1:
            raise Rejected("claim.proved: expected a bracket in [0, 1] around that of the claim")
    return Claim(inputs, lower, upper, chance, samples, known)


def _proof(weights: Weights, claim: Claim, evidence: Any, binary: bytes, kernels: Kernels) -> Proof:
    """The boxes of a certificate, accepted: they prove what it says they do, and not all."""
    (boxes,) = fields(evidence, "evidence.proof", ("boxes",))
    proof = prove_boxes(weights, claim.inputs, boxes, binary, kernels)
    if claim.proved is None or claim.proved[0] > proof.right or claim.proved[1] < 1 - proof.wrong:
        raise Rejected(f"claim.proved: only {_bracket(proof.right, 1 - proof.wrong)} is proved")
    rest = Known(proof.right, proof.wrong).rest
    if not rest:
        raise Rejected("evidence.proof: all inputs are decided, none are left for a sample")
    each = run_steps(weights, CELL_BITS) + PLACING * len(weights.w_out)
    demand(ceil(claim.samples / rest) * each, ALL, "this certificate")
    return proof


def _fresh(found: Counts, claim: Claim, known: Known, nonce: str) -> list[str]:
    lower, upper = ends(found, claim.chance, known)
    if claim.upper < lower or upper < claim.lower:
        raise Rejected(
            f"claim: a fresh sample ({_counted(found)}) has {_bracket(lower, upper)} at the same "
            "error probability, which the claim contradicts"
        )
    return [
        f"STATISTICAL, no proof: {_bracket(lower, upper)} for {INPUTS[claim.inputs]}, by a fresh "
        f"sample, wrong with a probability of at most {float(claim.chance):g}",
        f"it does not contradict the certificate's {_bracket(claim.lower, claim.upper)}",
        f"{found.samples} inputs drawn with the nonce {nonce!r:.60}: {_counted(found)}",
    ]


def _counted(counts: Counts) -> str:
    left = counts.samples - counts.right - counts.wrong
    more = counts.drawn - counts.samples
    rest = f"; {more} more lie in what is proved" if more else ""
    return f"{counts.right} right, {counts.wrong} wrong, {left} open{rest}"


def _bracket(lower: Fraction, upper: Fraction) -> str:
    """The ends rounded outward to six decimals."""
    low, high = lower * 10**6 // 1, -(-upper * 10**6 // 1)
    return f"{_decimal(low)} <= P(right) <= {_decimal(high)}"


def _decimal(units: int) -> str:
    return f"{units // 10**6}.{units % 10**6:06d}"
