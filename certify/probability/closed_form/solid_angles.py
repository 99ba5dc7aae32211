"""Rigorous probabilities of cones of inputs, by exact rationals or ball arithmetic.

The measure of a cone under any rotation-invariant distribution is its share of the sphere:
an angle for n = 2, a solid angle for n = 3 (Van Oosterom and Strackee, "The solid angle of a
plane triangle", 1983). Under i.i.d. uniform [0, 1] inputs it is the volume of its part of the
unit cube.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import factorial, prod

from flint import arb, ctx, fmpz, fmpz_mat

from certify.probability.closed_form.cells import Rays

MAX_PRECISION = 1 << 16  #: bits of a ball, before the enclosure is given up


def gaussian_share(cones: Iterable[Rays], digits: int) -> tuple[Fraction, Fraction]:
    """Enclose the Gaussian measure of a union of disjoint simplicial cones (n = 2 or 3).

    Args:
        cones: integer rays of each cone.
        digits: the bounds are decimals with ``digits + 1`` places, at most two units apart.

    Raises:
        ValueError: another n than 2 or 3.
        ArithmeticError: the precision needed is absurd.
    """
    cones = list(cones)
    unit = 10 ** (digits + 1)
    before = ctx.prec
    try:
        ctx.prec = 64 + 4 * digits
        while ctx.prec <= MAX_PRECISION:
            share = sum((_share(rays) for rays in cones), arb(0))
            scaled = share * unit
            a, b = scaled.lower().floor().unique_fmpz(), scaled.upper().ceil().unique_fmpz()
            if a is not None and b is not None and b - a <= 2:
                return Fraction(max(int(a), 0), unit), Fraction(min(int(b), unit), unit)
            ctx.prec *= 2
    finally:
        ctx.prec = before
    raise ArithmeticError(f"{digits} digits need more than {MAX_PRECISION} bits")


def _share(rays: Rays) -> arb:
    """The share of the sphere of one simplicial cone."""
    if len(rays) == 2:
        a, b = rays
        return arb.atan2(arb(abs(_det(rays))), arb(_dot(a, b))) / (2 * arb.pi())
    if len(rays) == 3:
        a, b, c = rays
        bc, ca, ab = _dot(b, c), _dot(c, a), _dot(a, b)
        na, nb, nc = (arb(_dot(v, v)).sqrt() for v in rays)
        below = na * nb * nc + bc * na + ca * nb + ab * nc
        return arb.atan2(arb(abs(_det(rays))), below) / (2 * arb.pi())
    raise ValueError(f"a cone in R^{len(rays)}: only R^2 and R^3 have a closed form here")


def uniform_share(cones: Iterable[Rays]) -> Fraction:
    """The volume of ``{x in cone: max x <= 1}``, summed over disjoint simplicial cones.

    The rays must be non-negative and have their maximum at the same position within a cone;
    scaled to a maximum of 1 they span, with 0, the simplex whose volume is asked for.
    """
    total = Fraction(0)
    for rays in cones:
        total += Fraction(abs(_det(rays)), prod(max(ray) for ray in rays) * factorial(len(rays)))
    return total


def _dot(a: Sequence[int], b: Sequence[int]) -> fmpz:
    return fmpz(sum(map(int.__mul__, a, b)))


def _det(rays: Rays) -> int:
    return int(fmpz_mat([list(ray) for ray in rays]).det())
