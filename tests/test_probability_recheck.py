"""The fast second look: what it confirms, what it refuses, and that it never says accepted."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from certify.certificate import Certificate
from certify.checker.document import read_document
from certify.cli import main
from certify.errors import CertificateFormatError, ExitCode, UsageError
from certify.probability import scheduler as shards
from certify.probability.boxes import branch_and_bound as orders
from certify.probability.cones import branch_and_bound as splits
from certify.probability.cones import chambers as chamberruns
from certify.probability.prove import prove_accuracy
from certify.probability.recheck import recheck
from certify.reading.weights import read_network

MODELS = Path(__file__).parents[1] / "models"
PIECES = {"boxes": 3000, "simplices": 300}

Body = dict[str, Any]


@pytest.fixture(scope="module", params=sorted(PIECES))
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A small certificate of each kind, with its model."""
    kind = request.param
    path = tmp_path_factory.mktemp("recheck") / f"{kind}.zip"
    model = MODELS / "m8_4.pt"
    with pytest.MonkeyPatch.context() as patch:
        if kind == "boxes":
            patch.setattr("certify.probability.prove.CONE_LENGTH", 3)
        result = prove_accuracy(read_network(model), boxes=PIECES[kind], jobs=1)
    result.certificate().write(path)
    return path, model, kind


def test_every_leaf_and_a_sample_hold(case: Any) -> None:
    path, model, _ = case
    document = read_document(path)
    found = recheck(path, model, sample=20, seed=3)
    assert found.verdict == "rechecked"
    assert not found.refused
    assert (found.sampled, found.seed) == (20, 3)
    assert found.leaves > 20
    assert str(found.lower) == document.body["claim"]["lower"]
    assert str(found.upper) == document.body["claim"]["upper"]
    assert recheck(path, model, sample=0).sampled == 0


def test_another_seed_draws_other_leaves(case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path, model, _ = case
    drawn = []

    def look(weights: Any, body: Body, binary: bytes) -> list[str]:
        drawn.append(binary)
        return []

    monkeypatch.setattr("certify.probability.recheck.check_accuracy", look)
    for seed in (0, 0, 1):
        recheck(path, model, sample=10, seed=seed)
    assert drawn[0] == drawn[1] != drawn[2]


def test_the_checker_has_the_last_word_on_the_sample(
    case: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the checker proves of the leaves drawn is all that it is asked to accept."""
    path, model, kind = case
    module = shards if kind == "boxes" else chamberruns
    real: Callable[..., Any] = module.confirm_tape
    calls = 0

    def generous(network: Any, inputs: str, name: Any, tape: bytes) -> Any:
        nonlocal calls
        calls += 1
        if kind == "boxes":
            return tape
        kept, right, wrong = real(network, inputs, name, tape)
        return kept, right * 2, wrong

    monkeypatch.setattr(module, "confirm_tape", generous)
    if kind == "boxes":
        path = forged(path, close_a_leaf)
    found = recheck(path, model, sample=10**6)
    assert calls
    assert found.verdict == "not rechecked"
    assert "the checker refuses" in found.refused


def claim_more(body: Body, binary: bytearray, kind: str) -> None:
    body["claim"]["lower"] = str(Fraction(body["claim"]["lower"]) + Fraction(1, 10**6))


def claim_less_wrong(body: Body, binary: bytearray, kind: str) -> None:
    body["claim"]["upper"] = str(Fraction(body["claim"]["upper"]) - Fraction(1, 100))


def flip_a_verdict(body: Body, binary: bytearray, kind: str = "boxes") -> None:
    if kind == "boxes":
        tape = list(orders.nodes(bytes(binary), 3))
        tape[tape.index(bytes([orders.RIGHT]))] = bytes([orders.WRONG])
        binary[:] = b"".join(tape)
    else:
        binary[binary.index(splits.LEAF)] = splits.SKIPPED


def close_a_leaf(body: Body, binary: bytearray, kind: str) -> None:
    tape = list(orders.nodes(bytes(binary), 3))
    tape[tape.index(shards.ROOT)] = bytes([orders.RIGHT])
    binary[:] = b"".join(tape)


def another_model(body: Body, binary: bytearray, kind: str) -> None:
    body["model"]["sha256"] = "0" * 64


def a_byte_too_many(body: Body, binary: bytearray, kind: str) -> None:
    binary.append(orders.OPEN)


def no_tree(body: Body, binary: bytearray, kind: str) -> None:
    binary[-1] = 0


def no_position(body: Body, binary: bytearray, kind: str) -> None:
    binary[0] = 63


def a_word_twice(body: Body, binary: bytearray, kind: str) -> None:
    evidence = body["evidence"][kind]
    if kind == "boxes":
        evidence["words"][1][0] = evidence["words"][0][0]
    else:
        evidence["lengths"].append(1)
        binary.append(splits.SKIPPED)


def other_inputs(body: Body, binary: bytearray, kind: str) -> None:
    body["claim"]["inputs"] = "cauchy"


def forged(path: Path, change: Callable[..., None], kind: str = "boxes") -> Path:
    """The certificate with something changed."""
    document = read_document(path)
    body, binary = copy.deepcopy(document.body), bytearray(document.evidence)
    change(body, binary, kind)
    forgery = path.parent / f"forged-{change.__name__}.zip"
    parts = {name: body[name] for name in ("claim", "evidence")}
    Certificate("accuracy", body["model"], parts, body["settings"], bytes(binary)).write(forgery)
    return forgery


@pytest.mark.parametrize("change", [claim_more, claim_less_wrong, flip_a_verdict])
def test_what_does_not_hold_is_refused(case: Any, change: Callable[..., None]) -> None:
    path, model, kind = case
    found = recheck(forged(path, change, kind), model, sample=5)
    assert found.verdict == "not rechecked"
    assert found.refused


@pytest.mark.parametrize(
    "change", [another_model, a_byte_too_many, no_tree, no_position, a_word_twice, other_inputs]
)
def test_what_is_no_certificate_is_said_to_be_none(case: Any, change: Callable[..., None]) -> None:
    path, model, kind = case
    with pytest.raises(CertificateFormatError, match="forged"):
        recheck(forged(path, change, kind), model, sample=5)


def test_a_tree_may_not_be_deeper_than_the_engine_goes(case: Any) -> None:
    path, model, kind = case

    def deep(body: Body, binary: bytearray, kind: str) -> None:
        leaf, cut = bytes([orders.OPEN]), bytes([1])
        if kind == "simplices":
            leaf, cut = bytes([splits.SKIPPED]), bytes([1, 128])
        tape = cut * 10_000 + leaf * 10_001
        entries = body["evidence"][kind]["words" if kind == "boxes" else "lengths"]
        if kind == "boxes":
            old, entries[0][1] = entries[0][1], len(tape)
        else:
            old, entries[0] = entries[0], len(tape)
        binary[:old] = tape

    with pytest.raises(CertificateFormatError, match="too deep"):
        recheck(forged(path, deep, kind), model)


def test_other_certificates_are_left_to_the_checker() -> None:
    proofs = Path(__file__).parents[1] / "proofs"
    with pytest.raises(UsageError, match="use check"):
        recheck(proofs / "m2_2.impulse.json", MODELS / "m2_2.pt")
    with pytest.raises(UsageError, match="--sample"):
        recheck(proofs / "m2_2.impulse.json", MODELS / "m2_2.pt", sample=-1)


def test_the_command_never_says_accepted(case: Any, capsys: pytest.CaptureFixture[str]) -> None:
    path, model, kind = case
    words = ["recheck", str(path), str(model), "--sample", "5", "--json"]
    assert main([*words, "-"]) == ExitCode.OK
    answer = json.loads(capsys.readouterr().out)
    assert (answer["verdict"], answer["sampled"]) == ("rechecked", 5)
    bad = forged(path, claim_more, kind)
    assert main(["recheck", str(bad), str(model)]) == ExitCode.REFUTED
    shown = capsys.readouterr().out
    assert shown.startswith("NOT RECHECKED")
    assert "the leaves prove only" in shown
    assert "ACCEPTED" not in shown.upper().replace("ACCEPTS", "")
