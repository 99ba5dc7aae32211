from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import ctx

from certify.probability.closed_form.cells import chambers
from certify.probability.closed_form.solid_angles import gaussian_share, uniform_share


@pytest.mark.parametrize("n", [2, 3])
def test_chambers_have_the_measure_of_their_order_among_signs(n: int) -> None:
    total = Fraction(0)
    for chamber in chambers(n):
        lower, upper = gaussian_share([chamber.rays], 20)
        # P(order) / P(k positive) by symmetry: 2^-n binomial(n, k) / n! = 2^-n / (k! (n-k)!)
        k = chamber.above
        true = Fraction(1, 2**n * [1, 1, 2, 6][k] * [1, 1, 2, 6][n - k])
        assert lower <= true <= upper
        assert upper - lower <= Fraction(2, 10**21)
        total += true
    assert total == 1


def test_known_solid_angle_of_a_narrow_cone() -> None:
    # A right-angled spherical triangle at the pole with legs of angle e has about the area e^2/2.
    big = 10**12
    lower, upper = gaussian_share([((0, 0, 1), (1, 0, big), (0, 1, big))], 60)
    assert upper - lower <= Fraction(2, 10**61)
    assert float(lower) == pytest.approx(1e-24 / 2 / (4 * np.pi), rel=1e-12)


def test_the_precision_of_others_is_left_alone() -> None:
    before = ctx.prec
    gaussian_share([((1, 0), (0, 1))], 200)
    assert ctx.prec == before


def test_four_inputs_have_no_closed_form_here() -> None:
    with pytest.raises(ValueError, match=r"R\^4"):
        gaussian_share([next(chambers(4)).rays], 10)


def test_uniform_share_of_a_corner() -> None:
    assert uniform_share([((1, 0), (1, 1))]) == Fraction(1, 2)
    assert uniform_share([((1, 0), (2, 1))]) == Fraction(1, 4)
