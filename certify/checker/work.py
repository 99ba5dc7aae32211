"""How much work a certificate can make: a bound from sizes alone, before any of it is done.

A few hundred bytes may name a network whose exact runs take hours, and ask for many of them. So
every rule begins with a bound of what it will do, in *steps*: a step is a product of two digits
of 30 bits, about a nanosecond, and whatever is multiplied costs ``OVERHEAD`` steps besides. What
is beyond the limits is refused as unreadable, with the figure.
"""

from __future__ import annotations

from typing import Any

from certify.checker.errors import Unreadable
from certify.checker.network import Weights

RUN = 1 << 30  # steps of one exact run: about a second
LEAF = 1 << 36  # steps of one leaf of a tree: about a minute
ALL = 1 << 50  # steps of a whole certificate: about two weeks of one core, bare
OVERHEAD = 64
DIGIT = 30


def demand(steps: int, limit: int, what: str) -> int:
    """The number of steps, unless they are more than the limit.

    Raises:
        Unreadable: they are; the message has both figures.
    """
    if steps > limit:
        raise Unreadable(f"{what} may take {steps:,} steps, this checker takes at most {limit:,}")
    return steps


def products(a: int, b: int) -> int:
    """The steps of a product of numbers of ``a`` and ``b`` bits."""
    return OVERHEAD + (a // DIGIT + 1) * (b // DIGIT + 1)


def weight_bits(weights: Weights) -> int:
    """The bits of the largest weight."""
    rows = (weights.w_ih, *weights.w_hh, *weights.w_out)
    return max(abs(v) for row in rows for v in row).bit_length()


def run_bits(weights: Weights, step: int) -> int:
    """By how many bits the state after so many steps is longer than the input: each step has
    products with weights and a sum over the units, or a drive of ``shift`` bits more.
    """
    more = weight_bits(weights) + len(weights.w_ih).bit_length() + 1
    return step * max(more, weights.shift)


def run_steps(weights: Weights, bits: int) -> int:
    """The steps of one exact run on an input that takes so many bits, and of its margins.

    Raises:
        Unreadable: they are more than ``RUN``.
    """
    d, n, widest = len(weights.w_ih), len(weights.w_out), weight_bits(weights)
    steps = sum(
        d * (d + 1) * products(widest, bits + run_bits(weights, t)) for t in range(1, n + 1)
    )
    last = bits + run_bits(weights, n + 1)
    # A margin becomes a fraction in lowest terms: a greatest common divisor.
    steps += n * d * products(widest, last) + 4 * n * products(last, last)
    return demand(steps, RUN, "one exact run of this model")


def box_steps(weights: Weights, bits: int = 2 * DIGIT) -> int:
    """The steps of the linear bounds of all units and margins on one box, with coefficients of so
    many bits: at each step two targets a unit, each carried back through all steps before.

    Raises:
        Unreadable: they are more than ``LEAF``.
    """
    d, n = len(weights.w_ih), len(weights.w_out)
    steps = (n + 1) ** 2 * d * d * (d + n) * products(weight_bits(weights), bits)
    return demand(steps, LEAF, "one box of this model")


def row_steps(weights: Weights, compiled: bool) -> int:
    """The steps of carrying a row back by one step in the integer rule, whose weights have two
    parts.
    """
    d, n = len(weights.w_ih), len(weights.w_out)
    return 2 * (d + 1) * (d + n) * (1 if compiled else OVERHEAD)


def count(value: Any) -> tuple[int, int]:
    """How many strings, lists and objects a JSON value holds, and the bits of the longest
    string as a number.
    """
    found = longest = 0
    stack = [value]
    while stack:
        top = stack.pop()
        if isinstance(top, str):
            longest = max(longest, len(top))
        elif isinstance(top, (list, dict)):
            stack += top.values() if isinstance(top, dict) else top
        else:
            continue
        found += 1
    return found, longest * 10 // 3 + 1
