"""Inputs drawn at random, in integers: each is a small cell of the true distribution.

A sample is n numbers, each the cell ``[X, X + 1) / 2**64`` that its digits leave; the digits that
were not drawn are uniform, so a statement about all of the cell holds whatever they are. Digits
come in words of 32 bits from SHAKE-256, in blocks that anybody can regenerate. A comparison
that the first 32 digits of both sides leave open would need more of them; the sample is then
*doubtful for good* (about one in 10^8), and whoever counts must count it against himself.

Uniform numbers are their digits. Normal ones follow C. F. F. Karney, "Sampling exactly from the
normal distribution" (ACM Trans. Math. Softw. 42, 2016), algorithm N: an integer part k with weight
``exp(-k/2)``, accepted with probability ``exp(-k(k-1)/2)``; a fraction x accepted with probability
``exp(-x(2k+x)/2)``; a sign. Each exponential is the parity of the length of a falling run of
uniform numbers (von Neumann), so that nothing but comparisons is needed.

The kernels are plain Python over arrays of integers; compiled as they stand they give the same
integers, all of which fit 62 bits.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from hashlib import shake_256
from struct import unpack

LARGEST = 15  #: integer part of a normal number; beyond (less than 10^-50) a sample is doubtful
OUT_OF_WORDS = -1
DOUBTFUL = 1  #: bit of a flag: some comparison was not decided by 32 digits
HALF = 1 << 31
WORD = 1 << 32


def seed_of(model: str, inputs: str, samples: int, nonce: str, proof: str = "") -> bytes:
    """The seed of a sample: follows from what the sample is of, so that no author picks it.

    ``proof`` is the digest of what is proved, where the sample is one of the rest.
    """
    more = f"{proof}\n" if proof else ""
    return f"certify-sample 1\n{model}\n{inputs}\n{samples}\n{nonce}\n{more}".encode()


def words_of(seed: bytes, block: int, count: int) -> tuple[int, ...]:
    """The first ``count`` words of a block's stream, little-endian."""
    data = shake_256(seed + str(block).encode("ascii")).digest(4 * count)
    return unpack(f"<{count}I", data)


def exponential_half(words: Sequence[int], at: int, flags: MutableSequence[int]) -> tuple[int, int]:
    """A trial with probability ``exp(-1/2)``: 1 or 0, and the place after the words used.

    The run ``1/2 > u_1 > u_2 > ..`` has length j or more with probability ``(1/2)**j / j!``.
    """
    bound, length = HALF, 0
    while at < len(words):
        word = int(words[at])
        at += 1
        if length and word == bound:
            flags[0] = DOUBTFUL
        if word >= bound:
            return 1 - length % 2, at
        bound = word
        length += 1
    return OUT_OF_WORDS, at


def accept_fraction(
    words: Sequence[int], at: int, k: int, x: int, flags: MutableSequence[int]
) -> tuple[int, int]:
    """A trial with probability ``exp(-x (2k + x) / (2k + 2))`` for the fraction of the word x.

    A falling run ``x > z_1 > z_2 > ..`` that also ends, at each step, with the probability
    ``1 - (2k + x) / (2k + 2)``.
    """
    bound, length = x, 0
    share = 2 * k * WORD + x
    while at + 1 < len(words):
        word = int(words[at])
        at += 1
        if word == bound:
            flags[0] = DOUBTFUL
        if word >= bound:
            return 1 - length % 2, at
        trial = (2 * k + 2) * int(words[at])
        at += 1
        if share - (2 * k + 2) < trial < share + 1:
            flags[0] = DOUBTFUL
        if trial >= share:
            return 1 - length % 2, at
        bound = word
        length += 1
    return OUT_OF_WORDS, at


def draw_normal(
    words: Sequence[int], at: int, cells: MutableSequence[int], c: int, flags: MutableSequence[int]
) -> int:
    """One standard normal number, its cell in ``cells[c : c + 2]`` as for :func:`draw`.

    Returns the place after the words used, or ``OUT_OF_WORDS``.
    """
    while True:
        k = 0
        while True:
            good, at = exponential_half(words, at, flags)
            if good < 0:
                return OUT_OF_WORDS
            if not good:
                break
            k += 1
        good = 1
        for _ in range(k * (k - 1)):
            good, at = exponential_half(words, at, flags)
            if good < 0:
                return OUT_OF_WORDS
            if not good:
                break
        if not good:
            continue
        if k > LARGEST:
            flags[0] = DOUBTFUL
            k = LARGEST
        if at >= len(words):
            return OUT_OF_WORDS
        x = int(words[at])
        at += 1
        for _ in range(k + 1):
            good, at = accept_fraction(words, at, k, x, flags)
            if good < 0:
                return OUT_OF_WORDS
            if not good:
                break
        if not good:
            continue
        if at + 1 >= len(words):
            return OUT_OF_WORDS
        first, second = k * WORD + x, int(words[at])
        if words[at + 1] >= HALF:  # -(X + t) for t in [0, 1) is the cell of -X - 1, ends apart
            first, second = -first - 1, WORD - 1 - second
        cells[c], cells[c + 1] = first, second
        return at + 2


def draw(
    words: Sequence[int],
    at: int,
    cells: MutableSequence[int],
    base: int,
    n: int,
    flags: MutableSequence[int],
    normal: bool,
) -> int:
    """One sample of n numbers: number t is in the cell of width ``2**-64`` from
    ``cells[base + 2t] / 2**32 + cells[base + 2t + 1] / 2**64``. Returns the next place in the
    words.
    """
    flags[0] = 0
    for t in range(n):
        if normal:
            at = draw_normal(words, at, cells, base + 2 * t, flags)
            if at < 0:
                return OUT_OF_WORDS
        else:
            if at + 1 >= len(words):
                return OUT_OF_WORDS
            cells[base + 2 * t] = int(words[at])
            cells[base + 2 * t + 1] = int(words[at + 1])
            at += 2
    return at
