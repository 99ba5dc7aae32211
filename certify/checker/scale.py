"""From weights to the numbers of :mod:`certify.checker.kernel`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from certify.checker.errors import Rejected
from certify.checker.kernel import FRACTION, PART, SPARE, WIDE, Rule, Space
from certify.checker.network import Weights
from certify.checker.running import Kernels

HEADROOM = 6  #: Pre-activations may reach ``2**HEADROOM`` times the largest input.


def rule_of(
    weights: Weights, rows: Sequence[Sequence[int]], kernels: Kernels
) -> tuple[Rule, Fraction]:
    """The rule for a network and rows over ``2**shift``; and what a bound of a row that comes out
    as 1 is worth.

    Raises:
        Rejected: the weights are too large, or too many, for sums of 62 bits.
    """
    n, d, bits = len(weights.w_out), len(weights.w_ih), 2 * PART
    drive = _bits(weights.w_ih)
    row = _bits([v for r in rows for v in r])
    ih, cut_ih = _scaled(weights.w_ih, bits - drive)
    hh, cut_hh = _scaled([v for r in weights.w_hh for v in r], bits - weights.shift)
    columns = [hh[i * d + j] for j in range(d) for i in range(d)]
    functionals, _ = _scaled([v for r in rows for v in r], FRACTION - row)
    most = max(abs(v) for v in hh) >> PART
    if n * d > 1 << 12 or d > 1 << 10 or max(d, 2) * (most + 1) >= 1 << 32:
        raise Rejected(
            f"the weights leave 62 bits: {n} steps of {d} units with weights up to "
            f"{most / (1 << PART):.4g}; needed: n d <= 4096, d <= 1024, d |w| < 4096, |w| < 2048"
        )
    cut, low, back = int(cut_ih or cut_hh), (1 << PART) - 1, bits - FRACTION
    rule = Rule(
        n, d, cut,
        kernels.short(v >> PART for v in columns), kernels.short(v & low for v in columns),
        kernels.short(v >> PART for v in ih), kernels.short(v & low for v in ih),
        kernels.wide([v >> back for v in hh] + [(-v - cut) >> back for v in hh]),
        kernels.wide(
            [v >> back + SPARE for v in ih] + [(-v - cut) >> back + SPARE for v in ih]
        ),
        kernels.wide(functionals),
    )  # fmt: skip
    return rule, Fraction(2) ** (drive + row - 2 * weights.shift)


def _bits(values: Sequence[int]) -> int:
    return max((abs(v) for v in values), default=0).bit_length()


def _scaled(values: Sequence[int], bits: int) -> tuple[list[int], bool]:
    """Integers times ``2**bits``, rounded down, and whether that was needed."""
    if bits >= 0:
        return [v << bits for v in values], False
    return [v >> -bits for v in values], any(v & ((1 << -bits) - 1) for v in values)


def space_of(rule: Rule, grid: int, size: int, kernels: Kernels) -> Space:
    """Room for boxes of inputs up to ``size`` units of ``2**-grid``."""
    n, d = rule.n, rule.d
    fine = 31 - HEADROOM - max(size.bit_length() - grid, 0)
    filled = kernels.filled
    return Space(
        grid, fine, 1 << 7, filled(0, n * n), filled(0, n), filled(0, n), filled(0, n + 1),
        filled(0, n + 2), filled(-WIDE, n * d), filled(WIDE, n * d), filled(0, n * d),
        kernels.short([0] * d), filled(0, d), filled(0, n), filled(0, n),
    )  # fmt: skip
