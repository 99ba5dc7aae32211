"""What any command writes is accepted: certificates of small dyadic models of every length.

The models are full of what is special: zero rows, equal rows, units at 0, ties everywhere, slopes
at an exact half.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certify import api
from certify.certificate import Certificate
from certify.checker import check
from certify.cli import main
from certify.errors import NothingDecidedError
from certify.model import Network
from certify.testing import networks
from tests.examples import EXAMPLES, MODELS, save_npz

#: Six inputs are rarer: their 5,040 chambers take the checker a while.
LENGTHS = st.sampled_from([*(2, 3, 4, 5, 7, 8) * 4, 6])


@st.composite
def models(draw: st.DrawFn) -> Network:
    """A network of any length from 2 to 8; some of zeros, some that tie always."""
    n = draw(LENGTHS)
    found: Network = draw(
        networks(max_hidden=3, max_length=n, bits=draw(st.integers(0, 3)), magnitude=4)
    )
    rows = (found.w_out * n)[:n]  # of the length that was drawn: rows come again, and tie
    if draw(st.booleans()):
        rows = tuple(
            tuple(draw(st.integers(-4, 4)) for _ in row) if draw(st.booleans()) else row
            for row in rows
        )
    return Network(found.shift, found.w_ih, found.w_hh, rows)


def certificates(network: Network) -> Iterator[tuple[str, Callable[[], Certificate | None]]]:
    """Every kind that a command writes, by what it is called here."""

    def noise(eps: str, ratio: Any = "4/5", pairs: Any = None) -> Certificate:
        return api.prove_noise(
            network, eps, ratio=ratio, pairs=pairs, budget=0.5, jobs=1
        ).certificate()

    def accuracy(inputs: Any) -> Certificate:
        return api.accuracy(network, inputs, boxes=30, jobs=1).certificate()

    yield "impulse", lambda: api.prove(network).certificate()
    yield "impulse, one ratio", lambda: api.prove(network, "2/3").certificate()
    yield "noise", lambda: noise("1/20")
    yield "noise, a range", lambda: noise("1/50", ("3/5", "4/5"), [(0, 1), (1, 0)])
    yield "noise max", lambda: noise("max", pairs=[(1, 0)])
    yield "accuracy, gaussian", lambda: accuracy("gaussian")
    yield "accuracy, uniform", lambda: accuracy("uniform")
    yield "explain", lambda: api.explain(network, samples=20).certificate()


def accept_all(network: Network, folder: Path, count: Counter[str]) -> None:
    """Write every certificate of a network and have it checked."""
    model = save_npz(network, folder / "model.npz")
    for name, make in certificates(network):
        try:
            certificate = make()
        except NothingDecidedError:
            count[f"{name}: nothing decided"] += 1
            continue
        if certificate is None:
            count[f"{name}: nothing to say"] += 1
            continue
        path = certificate.write(folder / f"certificate{certificate.suffix}")
        check(path, model)
        count[name] += 1


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(models())
def test_what_is_written_is_accepted(network: Network) -> None:
    with tempfile.TemporaryDirectory() as folder:
        accept_all(network, Path(folder), Counter())


@pytest.mark.slow
def test_what_is_written_of_three_thousand_models_is_accepted() -> None:
    count: Counter[str] = Counter()

    @settings(
        max_examples=3000, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(models())
    def one(network: Network) -> None:
        with tempfile.TemporaryDirectory() as folder:
            accept_all(network, Path(folder), count)
        count["models"] += 1

    one()
    print(dict(count))
    assert count["models"] >= 3000


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_handmade_models(example: Any, tmp_path: Path) -> None:
    accept_all(example.network, tmp_path, Counter())


SLOPE_TIE = Network(1, (-1, 2), ((2, 2), (-1, 0)), ((0, 2), (0, 0), (-1, 2), (1, -2)))
"""Four inputs, small halves: slopes at an exact half of a 256th are met at once."""


@pytest.mark.parametrize("inputs", ["gaussian", "uniform"])
def test_a_slope_at_an_exact_half_is_rounded_once(inputs: Any, tmp_path: Path) -> None:
    model = save_npz(SLOPE_TIE, tmp_path / "model.npz")
    for boxes in (50, 100):
        certificate = api.accuracy(SLOPE_TIE, inputs, boxes=boxes, jobs=1).certificate()
        check(certificate.write(tmp_path / f"c{certificate.suffix}"), model)


def test_what_proves_nothing_says_so_and_is_not_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = MODELS / "m16_10.pt"
    result = api.accuracy(model, boxes=5)
    assert (result.lower, result.upper) == (Fraction(0), Fraction(1))
    with pytest.raises(NothingDecidedError, match="nothing is proved right or wrong yet"):
        result.certificate()
    assert main(["accuracy", str(model), "--boxes", "5", "--out", str(tmp_path)]) == 0
    assert "certificate  none: nothing is proved" in capsys.readouterr().out
    assert not list(tmp_path.glob("*.zip"))


def test_a_model_that_always_ties_is_certified_to_be_wrong(tmp_path: Path) -> None:
    for n in (2, 4):
        network = Network(0, (1, 0), ((0, 1), (1, 0)), ((1, 1),) * n)
        model = save_npz(network, tmp_path / f"{n}.npz")
        result = api.accuracy(network, boxes=50)
        assert result.lower == 0
        certificate = result.certificate()
        accepted = check(certificate.write(tmp_path / f"c{certificate.suffix}"), model)
        assert accepted.kind == "accuracy"
