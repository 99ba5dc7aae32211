from __future__ import annotations

from fractions import Fraction

import pytest

from certify.claims import Pair, RatioRange, all_pairs, impulses, parse_ratio_range, rivals
from certify.errors import UsageError


def test_pairs_and_rivals() -> None:
    assert all_pairs(3) == ((0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1))
    assert len(all_pairs(10)) == 90
    assert rivals(Pair(0, 2), 4) == (0, 1, 3)


def test_impulses() -> None:
    assert impulses(Pair(2, 0), Fraction(1, 2), 3) == [Fraction(1, 2), 0, 1]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["0.8"], (Fraction(4, 5), Fraction(4, 5))),
        (["277/1000", "0.96"], (Fraction(277, 1000), Fraction(24, 25))),
        (["0." + "1" * 500], (Fraction("0." + "1" * 500),) * 2),
        (["1/3", "1/3"], (Fraction(1, 3), Fraction(1, 3))),
        (["1e-3"], (Fraction(1, 1000),) * 2),
    ],
)
def test_ratios_are_read_exactly(texts: list[str], expected: RatioRange) -> None:
    assert parse_ratio_range(texts) == expected


@pytest.mark.parametrize(
    "texts",
    [
        *(["0"], ["1"], ["-1/2"], ["0.9", "0.8"], ["1/0"], ["half"], ["nan"], ["inf"]),
        *([""], ["0.1", "0.2", "0.3"], ["0.5", "1"], ["0.0"], ["0." + "1" * 4000], ["1e-9999999"]),
    ],
)
def test_anything_else_is_a_usage_error(texts: list[str]) -> None:
    with pytest.raises(UsageError):
        parse_ratio_range(texts)
