from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

import certify
from certify.checker.statistical import Counts, supports
from certify.model import Network
from certify.probability.prove import Inputs, prove_accuracy
from certify.probability.statistical import PLACES, ends, sample_bracket
from tests.examples import HANDCRAFTED, MODELS


@pytest.mark.parametrize("inputs", ["gaussian", "uniform"])
def test_the_bracket_holds_the_exact_value(inputs: Inputs) -> None:
    network = certify.load(MODELS / "m3_3.pt")  # which ties on every fifth input
    exact = prove_accuracy(network, inputs, digits=12)
    found = sample_bracket(network, inputs, samples=20_000, error_probability=Fraction(1, 10**6))
    assert found.lower <= exact.lower <= exact.upper <= found.upper
    assert found.upper - found.lower < Fraction(4, 100)
    assert found.right + found.wrong == found.samples


def test_it_follows_from_model_inputs_and_samples_alone() -> None:
    network = certify.load(MODELS / "m4_3.pt")
    first = sample_bracket(network, samples=3000)
    assert first == sample_bracket(network, samples=3000)
    seeds = {first.seed, sample_bracket(network, samples=2999).seed}
    seeds.add(sample_bracket(network, "uniform", samples=3000).seed)
    assert len(seeds) == 3
    assert network.sha256 in first.seed


@pytest.mark.parametrize(("right", "wrong"), [(950, 50), (0, 1000), (1000, 0), (940, 40), (1, 998)])
def test_ends_are_the_narrowest_of_their_grid(right: int, wrong: int) -> None:
    counts, risk, step = Counts(1000, right, wrong), Fraction(1, 1000), Fraction(1, PLACES)
    lower, upper = ends(counts, risk)
    assert supports(counts, lower, upper, risk)
    if lower > 0:
        assert not supports(counts, lower + step, upper, risk)
    if upper < 1:
        assert not supports(counts, lower, upper - step, risk)


def test_a_certificate_is_accepted_and_a_narrower_one_is_not(tmp_path: Path) -> None:
    found = certify.sample_accuracy(MODELS / "m8_5.pt", samples=1500)
    accepted = certify.check(found.certificate(), MODELS / "m8_5.pt")
    assert accepted.kind == "statistical"
    assert not any("PROVED" in line for line in accepted.establishes)
    narrower = replace(found, lower=found.lower + Fraction(1, PLACES))
    with pytest.raises(certify.Rejected, match="do not support"):
        certify.check(narrower.certificate(), MODELS / "m8_5.pt")
    wide = replace(found, lower=Fraction(0), upper=Fraction(1))
    luckier = replace(wide, right=found.right + 1, wrong=found.wrong - 1)
    with pytest.raises(certify.Rejected, match="found"):
        certify.check(luckier.certificate(), MODELS / "m8_5.pt")


def test_extremes() -> None:
    zero = sample_bracket(Network(0, (0,), ((0,),), ((0,), (0,))), samples=500)
    assert (zero.right, zero.wrong, zero.lower) == (0, 500, Fraction(0))
    perfect = sample_bracket(HANDCRAFTED, samples=500)
    assert (perfect.right, perfect.wrong, perfect.upper) == (500, 0, Fraction(1))


def test_bad_arguments_are_named() -> None:
    with pytest.raises(certify.UsageError, match="samples"):
        certify.sample_accuracy(HANDCRAFTED, samples=0)
    with pytest.raises(certify.UsageError, match="error probability"):
        certify.sample_accuracy(HANDCRAFTED, samples=5, error_probability="1")
    with pytest.raises(certify.UsageError, match="inputs"):
        certify.sample_accuracy(HANDCRAFTED, "laplace", samples=5)  # type: ignore[arg-type]
