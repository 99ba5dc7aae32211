"""What a terminal report prints as an input is that input, or one that shows the same."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

from certify.cli import main
from certify.model import Network
from certify.report.terminal import shown_input
from tests.examples import save_npz

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
