"""The float32 program in exact arithmetic with explicit rounding, in any order, fused or not."""

from __future__ import annotations

import random
from fractions import Fraction

from certify.claims import Pair
from certify.model import Network


def rounded(x: Fraction) -> Fraction:
    """The float32 number nearest to x, ties to even, subnormal ones included; no overflow."""
    if not x:
        return x
    size = abs(x)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    exponent -= size < Fraction(2) ** exponent
    ulp = Fraction(2) ** (max(exponent, -126) - 23)
    result = round(x / ulp) * ulp
    assert abs(result) < 2**128
    return result


def dot(a: list[Fraction], b: list[Fraction], rng: random.Random) -> Fraction:
    """A float32 dot product along a random tree, each product fused or not at random."""
    # A pair is a product that is not rounded yet; None in its place stands for a float.
    parts = [(x * y, True) for x, y in zip(a, b, strict=True)]
    if rng.random() < 0.3:
        parts.append((Fraction(0), False))  # an accumulator that starts at zero
    shape = rng.choice(["tree", "chain", "sorted", "reversed"])
    if shape in ("sorted", "reversed"):
        parts.sort(key=lambda part: part[0], reverse=shape == "reversed")
    else:
        rng.shuffle(parts)
    fused = rng.choice([0.0, 0.5, 1.0])
    while len(parts) > 1:
        i = rng.randrange(len(parts) - 1) if shape == "tree" else 0
        (x, x_open), (y, y_open) = parts[i], parts[i + 1]
        if x_open and y_open:  # at most one of them can be fused
            x, x_open = rounded(x), False
        if (x_open or y_open) and rng.random() >= fused:
            x, y = rounded(x), rounded(y)
        parts[i : i + 2] = [(rounded(x + y), False)]
    return rounded(parts[0][0])


def logits(network: Network, x: list[Fraction], rng: random.Random) -> list[Fraction]:
    """The logits (n) that a float32 program computes, in an order of its own for every sum."""
    scale = 2**network.shift
    w_hh = [[Fraction(v, scale) for v in row] for row in network.w_hh]
    state = [Fraction(0)] * network.hidden_size
    for value in x:
        state = [
            max(Fraction(0), dot([*row, Fraction(w, scale)], [*state, value], rng))
            for row, w in zip(w_hh, network.w_ih, strict=True)
        ]
    return [dot([Fraction(v, scale) for v in row], state, rng) for row in network.w_out]


def inputs(pair: Pair, s: Fraction, n: int) -> list[Fraction]:
    x = [Fraction(0)] * n
    x[pair.max], x[pair.second] = Fraction(1), s
    return x
