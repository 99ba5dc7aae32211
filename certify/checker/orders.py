"""Order words: what they say of the inputs, and how likely they are.

What the words mean and why boxes of W have these probabilities is said in
``docs/accuracy.md``. In short: a word says of each input whether it is a new maximum of 0 and
the past (n), falls between the running second and the maximum (b) or below the second (d); where
fewer than two inputs are positive, which is the largest (n, or t if negative) and which the
second (s). Every input outside a null set belongs to exactly one word.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from certify.checker.errors import Rejected


@dataclass(frozen=True)
class Order:
    """What a word fixes: the chain of maxima and seconds from the top down, what each other
    input lies below (an index in the chain, or -1 for 0), and the integer polynomials of the
    chain (coefficients from the constant up, each over its ``scale``).
    """

    word: str
    uniform: bool
    chain: tuple[int, ...]
    parent: tuple[int, ...]
    levels: tuple[tuple[int, ...], ...]
    probability: Fraction

    @property
    def gauged(self) -> bool:
        """Whether coordinates are those of x over its largest entry, which is positive."""
        return "t" not in self.word

    @property
    def split(self) -> bool:
        """Whether the chain is one positive and one negative input, without a joint density."""
        return "s" in self.word and self.gauged


def order_of(word: str, n: int, uniform: bool) -> Order:
    """Read a word.

    Raises:
        Rejected: it is none for inputs of length n.
    """
    if len(word) != n or set(word) - set("nbdst"):
        raise Rejected(f"{word!r:.40} is no order word")
    chain: list[int] = []
    parent = [-1] * n
    if set(word) & set("st"):
        top = "t" if "t" in word else "n"
        if uniform or sorted(word) != sorted(top + "s" + "d" * (n - 2)):
            raise Rejected(f"{word!r} is no order word")
        chain = [word.index(top), word.index("s")]
        parent = [1 if letter == "d" else -1 for letter in word]
        sizes = (1 if top == "n" else n, n - 1)
        levels = [[Fraction(0)] * size + [Fraction(1)] for size in sizes]
        probability = Fraction(1, 2**n * sizes[0] * sizes[1])
    else:
        below: dict[int, int] = {}
        for i, letter in enumerate(word):
            if letter == "n":
                chain.insert(0, i)
            elif letter == "b" and chain:
                chain.insert(1, i)
            elif letter == "b" or (uniform and len(chain) < 2):
                raise Rejected(f"{word!r} is no order word")
            elif len(chain) > 1:
                below[i] = chain[1]
        if len(chain) < 2:
            raise Rejected(f"{word!r} is no order word")
        for i, above in below.items():
            parent[i] = chain.index(above)
        levels = []
        density = [Fraction(1)]
        for at in reversed(range(len(chain))):
            for _ in range(parent.count(at)):
                longer = [Fraction(0), *density]
                if not uniform:  # times (1 + v) / 2, else times v
                    longer = [
                        (a + b) / 2 for a, b in zip([*density, Fraction(0)], longer, strict=True)
                    ]
                density = longer
            density = [Fraction(0), *(c / (i + 1) for i, c in enumerate(density))]
            levels.insert(0, density)
        probability = sum(levels[0], Fraction(0))
        if not uniform:
            probability /= 2 ** (n - len(below))
    whole = []
    for level in levels:
        scale = lcm(*(c.denominator for c in level))
        whole.append(tuple(int(c * scale) for c in level))
    return Order(word, uniform, tuple(chain), tuple(parent), tuple(whole), probability)


def inputs_map(order: Order) -> list[list[int]]:
    """The rows of A: inputs in the coordinates, one per position, none of them negative."""
    n, chain = len(order.word), order.chain
    rows = [[0] * n for _ in range(n)]
    for at, i in enumerate(chain):
        if "s" not in order.word:
            for j in chain[at:]:
                rows[i][j] = 1
        elif order.gauged:
            rows[i][i] = -1 if at else 1
        else:
            for j in chain[: at + 1]:
                rows[i][j] = -1
    for i in range(n):
        if i not in chain:
            rows[i] = list(rows[chain[order.parent[i]]]) if order.parent[i] >= 0 else rows[i]
            rows[i][i] = -1
    return rows
