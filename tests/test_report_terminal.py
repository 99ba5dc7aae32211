"""What a terminal report prints as an input is that input, or one that shows the same."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_FLOOR
from fractions import Fraction
from pathlib import Path

import pytest

from certify.claims import Pair, RatioRange, all_pairs
from certify.cli import main
from certify.model import Network
from certify.noise.answers import NoiseResult, PairNoise, Proof
from certify.report import terminal
from certify.report.content import cell
from certify.report.tables import as_text
from certify.report.terminal import shown_input
from tests.examples import HANDCRAFTED, save_npz

TIE_AT_HALF = Network(0, (1, 0), ((0, 0), (1, 0)), ((0, 2), (4, -1)))
"""On (m=0, s=1) the logits are (2, 4 r - 1), so it is wrong up to 3/4 and right above."""


def printed(text: str) -> list[Fraction]:
    found = re.search(r"x = \(([^)]*)\)", re.sub(r"\s+", " ", text))
    assert found is not None, text
    return [Fraction(v.strip()) for v in found[1].split(",")]


@pytest.mark.parametrize("ratio", ["0.5000001", "0.7499999999999999", "3/4", "1/3"])
def test_a_printed_counterexample_is_one(
    ratio: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = save_npz(TIE_AT_HALF, tmp_path / "model.npz")
    assert main([str(model), "--ratio", ratio, "--no-smt", "--out", str(tmp_path)]) == 1
    x = printed(capsys.readouterr().out)
    assert x[1] == Fraction(ratio)
    assert not TIE_AT_HALF.is_right(x)


def test_a_printed_counterexample_with_noise_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ((0, 0, 3), (0, 3, 0), (1, 0, 0))
    network = Network(0, (1, 1, -1), ((1, 0, 0), (0, 0, 1), (0, 0, 1)), rows)
    model = save_npz(network, tmp_path / "model.npz")
    assert main([str(model), "--noise", "0.12345678901234", "--out", str(tmp_path)]) == 1
    x = printed(capsys.readouterr().out)
    assert all(abs(v) <= Fraction("0.12345678901234") for v in x if v not in (1, Fraction(4, 5)))
    assert not network.is_right(x)


def test_the_shortest_that_shows_the_same() -> None:
    x = [Fraction(1), Fraction(123456789123456789, 10**18)]
    assert shown_input(x, lambda _: True) == "1, 123/1000"
    assert shown_input(x, lambda y: y[1] > Fraction("0.1234")) == "1, 123457/1000000"
    assert shown_input(x, lambda _: False) == f"1, {x[1]}"


def test_noise_is_rounded_to_its_safe_side() -> None:
    certified = Fraction(2999, 100_000)
    assert terminal._rounded(certified, ROUND_FLOOR, "?") == ".0299"
    assert terminal._rounded(certified, ROUND_CEILING, "-") == ".03"
    assert terminal._rounded(None, ROUND_FLOOR, "?") == "?"
    assert terminal.within(Fraction(0)) == "equal to 0"
    assert terminal.within(Fraction(1, 50)) == "in [-1/50, 1/50]"


def test_how_far_the_largest_noise_reaches() -> None:
    ratios = RatioRange(Fraction(4, 5), Fraction(4, 5))
    proof = Proof(Fraction(3, 10), Fraction(1), 1, b"", ())
    known = (
        PairNoise(Pair(0, 1), proof, Fraction(31, 100), (Fraction(1),) * 2),
        PairNoise(Pair(1, 0), proof),
    )
    result = NoiseResult(HANDCRAFTED, ratios, None, pairs=known)
    assert terminal._reached(result) == (
        "certified is at least .9 of broken for 1 of 2 pairs; least 0.37, m=1, s=0"
    )
    grid = as_text(terminal._noise_grid(result))
    assert ".3" in grid
    assert ".31" in grid
    assert PairNoise(Pair(0, 1), broken=Fraction(0)).reached(ratios) == 0


def test_grids_of_twelve_inputs_fit_eighty_columns() -> None:
    values = (Fraction(-123456, 1000), Fraction(1, 3), Fraction(1, 81), Fraction(10) ** 400)
    for value in values:
        assert len(cell(value)) <= 8
    noise = PairNoise(Pair(0, 1), broken=Fraction(299, 10_000))
    grid = terminal._grid(12, dict.fromkeys(all_pairs(12), terminal._climbed(noise)))
    assert max(map(len, as_text(grid, 200).splitlines())) <= 80
    margins = terminal._grid(12, {pair: cell(Fraction(123456, 10**5)) for pair in all_pairs(12)})
    assert max(map(len, as_text(margins, 200).splitlines())) <= 80
