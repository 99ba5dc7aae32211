"""The integer rule over simplicial cones: linear bounds, each a vector of its values at the rays.

A cone is ``x = sum_k s_k x_k``, ``s >= 0``. As there are no biases, a bound over it is a linear
function of s. A coefficient ``c < 0`` of a state ``relu(z)``, z between the vectors L and U, gives
way to ``c' z + K`` with any ``c <= c' <= 0`` and ``K_k = min(-c' L_k, (c - c') U_k)``: the function
``c relu(z) - c' z`` is concave and homogeneous, so it is least at an end of ``L <= z <= U``, and
there at least the sum of its values at the rays. The rest is as in
:mod:`certify.checker.kernel`, whose numbers and whose part of Python these are; ``docs/rule.md``
says why no sum leaves 62 bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from certify.checker.kernel import (
    FRACTION,
    HALF,
    LEAST,
    LIMIT,
    ON,
    PART,
    SLOPE,
    SPARE,
    WIDE,
    Ints,
    Rule,
)

COORDINATE = 28  #: Coordinates of rays are multiples of ``2**-COORDINATE``, at most 1 in size,
EXCESS = 2  #: rounded down by no more than so many units.
FINE = 25  #: Bounds are multiples of ``2**-FINE``.
NEAR = 1 << 7  #: Units count as settled that are no farther than this on the other side of 0.


class Cone(NamedTuple):
    """One cone, what is known of the units on it, and room to work.

    ``rays`` (n n), ray by ray; ``low``, ``up`` (n d n) the vectors of all units, ``slope`` (n d),
    ``clear`` (n d): 1 where a unit is on or off at all rays, else 0. ``lower``, ``upper`` (R n) are
    the vectors of the margins, ``found`` and ``constant`` (n) one vector; ``drive``, ``spare`` (n)
    the coefficients of the inputs and what they may lack; ``live`` and ``guess`` (d).
    """

    rays: Ints
    low: Ints
    up: Ints
    slope: Ints
    clear: Ints
    lower: Ints
    upper: Ints
    found: Ints
    constant: Ints
    row: Ints
    new: Ints
    drive: Ints
    spare: Ints
    live: Ints
    guess: Ints


def vector_back(rule: Rule, cone: Cone, step: int, fraction: int) -> bool:
    """Make ``found`` a vector below ``row . h + drive[step] x_step``, h the state that step
    ``step`` reads; ``row`` is in units of ``2**-fraction``. False if a number gets large.
    """
    n, d = rule.n, rule.d
    row, new, live = cone.row, cone.new, cone.live
    first = step
    for k in range(n):
        cone.constant[k] = 0
    for t in range(step - 1, -1, -1):
        count, drive_high, drive_low = 0, 0, 0
        for i in range(d):
            unit, c = t * d + i, row[i]
            if c < 0:
                kept = (c * cone.slope[unit]) >> SLOPE
                if cone.clear[unit] == 0:
                    for k in range(n):
                        at = unit * n + k
                        more = min(-kept * cone.low[at], (c - kept) * cone.up[at])
                        cone.constant[k] += more >> fraction
                c = kept
            elif cone.slope[unit] < HALF:
                c = 0
            if c != 0:
                row[i] = c
                live[count] = i
                count += 1
                drive_high += c * rule.ih_high[i]
                drive_low += c * rule.ih_low[i]
        if count == 0:  # nothing is left, and nothing is lost
            break
        g = ((drive_high + (drive_low >> PART)) >> (PART + SPARE)) - rule.cut
        if g > LIMIT or g < -LIMIT:
            return False
        cone.drive[t], cone.spare[t] = g, 1 + 2 * rule.cut
        first = t
        if t == 0:
            break
        for j in range(d):
            high, low = 0, 0
            for a in range(count):
                i = live[a]
                c = row[i]
                high += c * rule.hh_high[j * d + i]
                low += c * rule.hh_low[j * d + i]
            new[j] = min(((high + (low >> PART)) >> PART) - rule.cut, LIMIT)
        for j in range(d):
            if new[j] < -LIMIT:
                return False
            row[j] = new[j]
    shift = fraction - SPARE + COORDINATE - FINE
    last = min(step + 1, n)
    for k in range(n):
        total = 0
        for t in range(first, last):
            x, g = cone.rays[k * n + t], cone.drive[t]
            total += g * x
            if x < 0:
                total += cone.spare[t] * x
            if g < 0:
                total += EXCESS * g
        cone.found[k] = min((total >> shift) + cone.constant[k], WIDE)
        if cone.found[k] < -WIDE:
            return False
    return True


def vector_below(
    rule: Rule, cone: Cone, step: int, rows: Sequence[int], at: int, drive: int, spare: int
) -> bool:
    """The same for the row at ``rows[at]``, with as many bits as fit."""
    fraction = FRACTION
    while fraction >= LEAST:
        less, fits = FRACTION - fraction, True
        for j in range(rule.d):
            v = rows[at + j] >> less
            fits = fits and v >= -LIMIT
            cone.row[j] = max(min(v, LIMIT), -LIMIT)
        if step < rule.n:
            cone.drive[step], cone.spare[step] = drive >> less, spare
        if fits and vector_back(rule, cone, step, fraction):
            return True
        fraction -= SPARE
    return False


def bound_unit(rule: Rule, cone: Cone, t: int, i: int, on: bool) -> bool:
    """Find the vectors of a unit, and its slope; False where there is no bound. If it is likely
    ``on`` the vector below comes first, and the other only if that leaves it open.
    """
    n, d = rule.n, rule.d
    unit = t * d + i
    spare = 0 if rule.ih_high[i] == rule.ih_low[i] == rule.cut == 0 else 1 + 2 * rule.cut
    least, most = -WIDE, WIDE
    for k in range(n):
        cone.low[unit * n + k], cone.up[unit * n + k] = -WIDE, WIDE
    for turn in range(2):
        below = on == (turn == 0)
        target = i if below else d + i
        if not vector_below(rule, cone, t, rule.units, target * d, rule.drives[target], spare):
            return False
        value = WIDE
        for k in range(n):
            value = min(value, cone.found[k])
            if below:
                cone.low[unit * n + k] = cone.found[k]
            else:
                cone.up[unit * n + k] = -cone.found[k]
        if below:
            least = value
        else:
            most = -value
        if value >= -NEAR:
            break
    cone.clear[unit] = 1 if least >= 0 or most <= 0 else 0
    if least >= -NEAR:
        cone.slope[unit] = ON
    elif most <= NEAR:
        cone.slope[unit] = 0
    else:
        cone.slope[unit] = (ON * most + (most - least) // 2) // (most - least)
    return True


def guess_step(rule: Rule, cone: Cone, t: int) -> None:
    """Put a guess of the pre-activations of step t at the middle of the rays into ``guess``, from
    those of the step before. Nothing depends on it but what is tried first.
    """
    n, d = rule.n, rule.d
    x = 0
    for k in range(n):
        x += cone.rays[k * n + t] >> (COORDINATE - FINE)
    for i in range(d):
        cone.new[i] = (rule.ih_high[i] * (x // n)) >> PART
    if t > 0:
        for j in range(d):
            h = min(max(cone.guess[j], 0), LIMIT >> 1)
            for i in range(d):
                cone.new[i] += (rule.hh_high[j * d + i] * h) >> PART
    for i in range(d):
        cone.guess[i] = cone.new[i]


def bound_cone(rule: Rule, cone: Cone) -> bool:
    """Find the vectors of all units and of all margins; False where there is no bound.

    The rows of the rule are the margins, then their negatives.
    """
    n, d = rule.n, rule.d
    for t in range(n):
        guess_step(rule, cone, t)
        for i in range(d):
            if not bound_unit(rule, cone, t, i, cone.guess[i] > 0):
                return False
    rivals = len(rule.rows) // d // 2
    for r in range(rivals):
        if not vector_below(rule, cone, n, rule.rows, r * d, 0, 0):
            return False
        for k in range(n):
            cone.lower[r * n + k] = cone.found[k]
        if not vector_below(rule, cone, n, rule.rows, (rivals + r) * d, 0, 0):
            return False
        for k in range(n):
            cone.upper[r * n + k] = -cone.found[k]
    return True
