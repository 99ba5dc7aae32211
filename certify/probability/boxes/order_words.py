"""Orders of the inputs as forests, in which boxes of uniforms have exact probabilities.

The network keeps track of the two largest inputs so far. An *order word* says for each position
in turn what the input is, relative to the past:

- ``n``  positive, a new maximum,
- ``b``  positive, between the running second (0 if there is none) and the running maximum,
- ``d``  below the running second (0 if there is none), positive or not.

Where fewer than two inputs are positive, the largest negative ones decide:

- one positive input: ``n`` is it, ``s`` the largest of the negative ones, ``d`` the others;
- none: ``t`` is the largest, ``s`` the second largest, ``d`` the others.

Each input outside a null set belongs to exactly one word. The order that a word fixes is a
*chain* of the values that were maximum or second at some time, with every ``d`` below the member
of the chain that was the running second, or below 0.

Measure. Write ``U = Phi(x)`` (uniform inputs: ``U = x``) and, for a chain of positive values,
``V = 2 U - 1`` (uniform inputs: ``V = U``). Given the chain, a ``d`` below ``c_i`` is uniform on
``0 < U < u_i``, which happens with probability ``u_i = (1 + v_i) / 2`` (``v_i``). So with
``e_i`` of them below ``c_i`` the chain ``1 > v_1 > ... > v_k > 0`` has the density
``prod u_i^e_i``, and with the polynomials

    G_k(y) = integral_0^y u(v)^e_k dv,     G_i(y) = integral_0^y u(v)^e_i G_{i+1}(v) dv

the numbers ``W_1 = G_1(v_1) / G_1(1)``, ``W_i = G_i(v_i) / G_i(v_{i-1})`` and ``W_j = U_j / u``
for a ``d`` are independent and uniform on [0, 1]. Hence a box of W has its volume times the
probability of the word, both exact rationals. In the words with fewer than two positive inputs
the chain of negative values is taken in ``V = 2 U`` instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property, lru_cache

import numpy as np

from certify.model import FloatArray

#: The three kinds of words: at least two positive inputs, one, none.
TWO, ONE, NONE = 0, 1, 2

Polynomial = tuple[Fraction, ...]


@dataclass(frozen=True)
class Forest:
    """The order that a word fixes.

    ``chain`` holds positions from the largest down; ``parent[j]``, for a position outside the
    chain, the index in the chain of the member it lies below, or -1 where that is 0. ``levels``
    holds the polynomials ``G_i`` of the chain (coefficients from the constant up).
    """

    word: str
    kind: int
    chain: tuple[int, ...]
    parent: tuple[int, ...]
    levels: tuple[Polynomial, ...]
    probability: Fraction

    @property
    def second(self) -> int:
        """The position of the second largest input."""
        return self.chain[1]

    @cached_property
    def A(self) -> FloatArray:
        """Inputs as combinations of one coordinate per position, (n, n), entries 0 and +-1.

        A chain of positive values is a sum of increments from its lowest member up, everything
        else a gap below what it lies under; the coordinates are not negative.
        """
        n, chain = len(self.word), list(self.chain)
        A = np.zeros((n, n))
        if self.kind == TWO:
            for at, i in enumerate(chain):
                A[i, chain[at:]] = 1.0
        elif self.kind == ONE:
            A[chain[0], chain[0]], A[chain[1], chain[1]] = 1.0, -1.0
        else:
            A[chain[0], chain[0]] = -1.0
            A[chain[1], chain] = -1.0
        for i in set(range(n)) - set(chain):
            if self.parent[i] >= 0:
                A[i] = A[chain[self.parent[i]]]
            A[i, i] = -1.0
        return A


def words(n: int, inputs: str) -> Iterator[str]:
    """All order words of length n for ``gaussian`` or ``uniform`` inputs, in a fixed order."""

    def extend(word: str, chain: int) -> Iterator[str]:
        if len(word) == n:
            if chain >= 2:
                yield word
            return
        letters = "nb" if chain else "n"
        for letter in letters + "d" * (inputs == "gaussian" or chain > 1):
            yield from extend(word + letter, chain + (letter != "d"))

    yield from extend("", 0)
    if inputs == "gaussian":
        for first in "nt":
            for i in range(n):
                for j in range(n):
                    if i != j:
                        yield "".join(first if k == i else "s" if k == j else "d" for k in range(n))


def forest(word: str, inputs: str) -> Forest:
    """The forest of a word of :func:`words`."""
    n = len(word)
    parent = [-1] * n
    if "s" in word:
        kind = NONE if "t" in word else ONE
        chain = [word.index("t" if kind == NONE else "n"), word.index("s")]
        parent = [1 if letter == "d" else -1 for letter in word]
        sizes = (1, n - 1) if kind == ONE else (n, n - 1)
        levels = tuple(_power(size) for size in sizes)
        share = Fraction(1, 2**n * sizes[0] * sizes[1])
        return Forest(word, kind, tuple(chain), tuple(parent), levels, share)
    chain = []
    above: dict[int, int] = {}
    for i, letter in enumerate(word):
        if letter == "n":
            chain.insert(0, i)
        elif letter == "b":
            chain.insert(1, i)
        elif len(chain) > 1:
            above[i] = chain[1]
    for i, member in above.items():
        parent[i] = chain.index(member)
    counts = tuple(parent.count(at) for at in range(len(chain)))
    levels = _levels(counts, inputs)
    halves = 0 if inputs == "uniform" else n - len(above)
    share = _mass(counts, inputs) / 2**halves
    return Forest(word, TWO, tuple(chain), tuple(parent), levels, share)


@lru_cache(maxsize=8)
def words_with_probabilities(n: int, inputs: str) -> tuple[tuple[str, ...], tuple[Fraction, ...]]:
    """All order words of length n, and how probable each is."""
    names = tuple(words(n, inputs))
    return names, tuple(_probability(word, inputs) for word in names)


def _probability(word: str, inputs: str) -> Fraction:
    """That of the word's forest, without building it."""
    if "s" in word:
        return forest(word, inputs).probability
    below: list[int] = []  # how many inputs lie below each member of the chain
    halves = len(word)
    for letter in word:
        if letter == "n":
            below.insert(0, 0)
        elif letter == "b":
            below.insert(1, 0)
        elif len(below) > 1:
            below[1] += 1
            halves -= 1
    return _mass(tuple(below), inputs) * Fraction(1, 1 if inputs == "uniform" else 2**halves)


@cache
def _mass(counts: tuple[int, ...], inputs: str) -> Fraction:
    return sum(_levels(counts, inputs)[0], Fraction(0))


@cache
def _power(size: int) -> Polynomial:
    return (*[Fraction(0)] * size, Fraction(1))


@cache
def _levels(counts: tuple[int, ...], inputs: str) -> tuple[Polynomial, ...]:
    """``G_1 .. G_k`` for a chain with these numbers of inputs below its members."""
    if not counts:
        return ()
    below = _levels(counts[1:], inputs)
    density = list(below[0]) if below else [Fraction(1)]
    for _ in range(counts[0]):
        if inputs == "uniform":
            density.insert(0, Fraction(0))
        else:
            shifted = [Fraction(0), *density]
            density = [(a + b) / 2 for a, b in zip([*density, Fraction(0)], shifted, strict=True)]
    integral = (Fraction(0), *(c / (i + 1) for i, c in enumerate(density)))
    return (integral, *below)
