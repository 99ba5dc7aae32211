from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import certify
from certify import checker
from certify.certificate import Certificate
from certify.checker.binomial import PLACES
from certify.checker.errors import Rejected
from certify.checker.statistical import check_statistical
from certify.claims import Inputs
from certify.kinds import covers
from certify.model import Network
from certify.probability.prove import prove_accuracy
from certify.probability.statistical import StatisticalResult, sample_bracket
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


def boxes_of(network: Network, inputs: Inputs, boxes: int) -> Certificate:
    """A proof by boxes, though the inputs are few."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("certify.probability.prove.EXACT_LENGTH", 2)
        patch.setattr("certify.probability.prove.CONE_LENGTH", 2)
        return prove_accuracy(network, inputs, boxes=boxes, jobs=1).certificate()


@pytest.fixture(scope="module")
def gaussian() -> StatisticalResult:
    """A sample beside a proof."""
    network = certify.load(MODELS / "m4_3.pt")
    return sample_bracket(network, samples=1500, proved=boxes_of(network, "gaussian", 3000))


@pytest.mark.parametrize("inputs", ["gaussian", "uniform"])
def test_beside_a_proof_the_bracket_holds_the_exact_value_and_is_narrower(inputs: Inputs) -> None:
    network = certify.load(MODELS / "m4_3.pt")
    exact = prove_accuracy(network, inputs, digits=12)
    proof = boxes_of(network, inputs, 3000)
    plain = sample_bracket(network, inputs, samples=3000)
    found = sample_bracket(network, inputs, samples=3000, proved=proof)
    assert found.proved is not None
    assert found.proved.upper - found.proved.lower < Fraction(1, 2)
    assert found.proved.lower <= found.lower <= exact.lower
    assert exact.upper <= found.upper <= found.proved.upper
    assert Fraction(10, 9) * (found.upper - found.lower) < plain.upper - plain.lower
    assert found.drawn * found.proved.known.rest == pytest.approx(3000, rel=0.2)


def test_beside_a_proof_it_is_replayed_and_answered_with_fresh_inputs(
    gaussian: StatisticalResult, tmp_path: Path
) -> None:
    written = gaussian.certificate().write(tmp_path / "c.zip")
    model = MODELS / "m4_3.pt"
    lines = certify.check(written, model).establishes
    assert lines == checker.check(written, model).establishes  # bare
    assert lines[0].startswith("STATISTICAL, no proof")
    assert "proved of it" in lines[2]
    fresh = certify.check(written, model, nonce="a word of mine").establishes
    assert "by a fresh sample" in fresh[0]
    assert "not contradict" in fresh[1]


def test_its_seed_follows_from_the_proof_too(gaussian: StatisticalResult) -> None:
    network = gaussian.model
    plain = sample_bracket(network, samples=1500)
    other = sample_bracket(network, samples=1500, proved=boxes_of(network, "gaussian", 2900))
    assert len({plain.seed, gaussian.seed, other.seed}) == 3
    assert covers_documents(gaussian, plain)
    assert not covers_documents(plain, gaussian)


def covers_documents(new: StatisticalResult, old: StatisticalResult) -> bool:
    documents = [json.loads(result.certificate().to_bytes()) for result in (new, old)]
    return covers(*documents)


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("claim.proved.lower", lambda r: r.upper, "around that of the claim"),
        ("claim.proved.lower", lambda r: r.proved.lower + Fraction(1, 10**6), "is proved"),
        ("claim.proved.upper", lambda r: r.lower, "around that of the claim"),
        ("claim.proved.upper", lambda r: r.proved.upper - Fraction(1, 10**6), "is proved"),
        ("claim.proved.upper", lambda r: 2, "a bracket in"),
        ("claim.proved", None, "expected an object"),
        ("claim.samples", 1501, "claimed|do not support"),
        ("claim.upper", lambda r: r.lower, "do not support"),
        ("evidence.drawn", 1500, "claimed"),
        ("evidence.drawn", True, "expected an integer"),
        ("evidence.right", 1500, "do not fit"),
        ("evidence.proof", {"cones": {}}, "is missing"),
        ("evidence.proof.boxes.words", [], "left over"),
        ("claim.inputs", "uniform", "not proved|no order word|is proved"),
    ],
)
def test_a_changed_certificate_is_rejected(
    gaussian: StatisticalResult, path: str, value: Any, reason: str
) -> None:
    body = json.loads(gaussian.certificate().to_bytes())
    *keys, last = path.split(".")
    place = body
    for key in keys:
        place = place[key]
    place[last] = str(value(gaussian)) if callable(value) else value
    with pytest.raises(Rejected, match=reason):
        check_statistical(gaussian.model, body, gaussian.certificate().evidence)


def test_another_proof_or_model_is_rejected(gaussian: StatisticalResult) -> None:
    made = gaussian.certificate()
    body = json.loads(made.to_bytes())
    other = boxes_of(gaussian.model, "gaussian", 3100)
    swapped = body | {"evidence": body["evidence"] | {"proof": other.body["evidence"]}}
    with pytest.raises(Rejected, match=r"claimed|is proved|do not support"):
        check_statistical(gaussian.model, json.loads(json.dumps(swapped)), other.evidence)
    stranger = replace(gaussian.model, w_out=gaussian.model.w_out[::-1])
    with pytest.raises(Rejected):
        check_statistical(stranger, body, made.evidence)
    without = {key: value for key, value in body["claim"].items() if key != "proved"}
    with pytest.raises(Rejected, match="unknown"):
        check_statistical(gaussian.model, body | {"claim": without}, made.evidence)


def test_what_is_no_proof_for_the_sample_is_named(tmp_path: Path) -> None:
    model = MODELS / "m4_3.pt"
    network = certify.load(model)
    proof = boxes_of(network, "gaussian", 500)
    place = proof.write(tmp_path / "proof.zip")
    with pytest.raises(certify.UsageError, match="for the model"):
        certify.sample_accuracy(MODELS / "m3_3.pt", samples=5, proved=place)
    with pytest.raises(certify.UsageError, match="about gaussian inputs"):
        certify.sample_accuracy(model, "uniform", samples=5, proved=str(place))
    with pytest.raises(certify.UsageError, match="proof by cones"):
        certify.sample_accuracy(model, samples=5, proved=prove_accuracy(network).certificate())
    statistical = certify.sample_accuracy(model, samples=5).certificate()
    with pytest.raises(certify.UsageError, match="of kind 'statistical'"):
        certify.sample_accuracy(model, samples=5, proved=statistical)
    too_much = replace(proof, body=proof.body | {"claim": proof.body["claim"] | {"lower": "1"}})
    with pytest.raises(certify.Rejected, match="claims more"):
        certify.sample_accuracy(model, samples=5, proved=too_much)
    words = [["nnn", 1]]
    broken = replace(
        proof, body=proof.body | {"evidence": {"boxes": {"words": words}}}, evidence=b"\xff"
    )
    with pytest.raises(certify.Rejected, match="nnn, node 0"):
        certify.sample_accuracy(model, samples=5, proved=broken)
    (tmp_path / "empty.json").write_text("")
    with pytest.raises(certify.CertificateFormatError, match=r"empty\.json"):
        certify.sample_accuracy(model, samples=5, proved=tmp_path / "empty.json")
