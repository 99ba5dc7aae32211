"""Mutations of a valid certificate of kind circuit are rejected, each at its place."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.checker import Rejected, check
from certify.checker.circuit import _decimal, check_circuit
from certify.checker.reader import read_weights
from certify.claims import RatioRange
from certify.impulse.prove import ImpulseResult
from certify.impulse.sweep import sweep_all
from certify.mechanism.circuit import CircuitStudy, Kept, circuit_certificate
from certify.mechanism.search import study_circuit
from certify.model import Network
from certify.testing import networks
from tests.examples import MODELS, ROOT, TWO_INTERVALS, save_npz

Document = dict[str, Any]
RATIOS = RatioRange(Fraction(3, 5), Fraction(4, 5))


def padded(network: Network) -> Network:
    """One unit more, which feeds on others but which nothing reads: it can go."""
    return Network(
        network.shift,
        (*network.w_ih, 5),
        (*((*row, 0) for row in network.w_hh), (1,) * (network.hidden_size + 1)),
        tuple((*row, 0) for row in network.w_out),
    )


def prove(network: Network, ratios: RatioRange = RATIOS) -> CircuitStudy | None:
    groups = {"first": (0,), "rest": tuple(range(1, network.hidden_size)) or (0,)}
    groups = {name: found for name, found in groups.items() if name == "first" or found != (0,)}
    return study_circuit(network, sweep_all(network), ratios, groups)


@pytest.fixture(scope="module")
def network() -> Network:
    return padded(TWO_INTERVALS)


@pytest.fixture(scope="module")
def document(network: Network) -> Document:
    found = prove(network)
    assert found is not None
    loaded = json.loads(circuit_certificate(found).to_bytes())
    assert isinstance(loaded, dict)
    return loaded


@pytest.fixture(scope="module")
def model(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_npz(network, tmp_path_factory.mktemp("model") / "model.npz")


def decide(document: Document, model: Path, folder: Path) -> tuple[str, ...]:
    path = folder / "certificate.json"
    path.write_text(json.dumps(document))
    return check(path, model).establishes


def statement(document: Document, kind: str, index: int = 0) -> Document:
    found = [s for s in document["claim"]["statements"] if s["type"] == kind][index]
    assert isinstance(found, dict)
    return found


def flip(bits: str, place: int) -> str:
    return bits[:place] + ("0" if bits[place] == "1" else "1") + bits[place + 1 :]


def test_accepted(document: Document, model: Path, tmp_path: Path) -> None:
    lines = decide(document, model, tmp_path)
    assert any("are enough" in line for line in lines)
    assert any("is wrong on" in line for line in lines)
    assert any("at most" in line for line in lines)
    assert any("each of them is necessary" in line for line in lines)


def test_the_schema_describes_it(document: Document) -> None:
    schema = json.loads((ROOT / "certify" / "schema" / "circuit-2.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)
    broken = copy.deepcopy(document)
    broken["claim"]["statements"][0]["bound"] = 0.5
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema)


@given(st.fractions(max_denominator=10**9))
def test_a_bound_is_shown_rounded_to_the_safe_side(value: Fraction) -> None:
    low, high = Fraction(_decimal(value, up=False)), Fraction(_decimal(value, up=True))
    assert low <= value <= high
    assert high - low <= Fraction(1, 10**6)


def no_evidence(d: Document) -> None:
    d["evidence"]["proofs"].pop()


def too_much_evidence(d: Document) -> None:
    d["evidence"]["proofs"].append(d["evidence"]["proofs"][0])


def change_bound(d: Document) -> None:
    found = statement(d, "contribution")
    found["bound"] = str(Fraction(found["bound"]) - Fraction(1, 10**9))


def turn_relation(d: Document) -> None:
    found = statement(d, "contribution")
    found["relation"] = "at most" if found["relation"] == "at least" else "at least"


def foreign_pair(d: Document) -> None:
    d["claim"]["pairs"].pop()
    for nodes in (d["evidence"], *d["evidence"]["proofs"]):
        nodes["nodes"].pop()


def drop_weight(d: Document) -> None:
    """A minimal circuit without one of its weights is no circuit."""
    kept = statement(d, "circuit", -1)["kept"]
    name, row = next(
        (name, i) for name in ("w_hh", "w_out") for i, bits in enumerate(kept[name]) if "1" in bits
    )
    kept[name][row] = flip(kept[name][row], kept[name][row].index("1"))
    d["evidence"]["proofs"][-1]["removals"] = [
        r
        for r in d["evidence"]["proofs"][-1]["removals"]
        if r["element"][0] != name or r["element"][1] != row
    ]


def failure_of_nothing(d: Document) -> None:
    found = statement(d, "failure")
    found["removed"] = []


def dispensable_unit_fails(d: Document) -> None:
    statement(d, "failure")["removed"] = [5]


def outside_ratio(d: Document) -> None:
    statement(d, "failure")["ratio"] = "1/1000"


def removal_of_another_element(d: Document) -> None:
    removals = d["evidence"]["proofs"][-1]["removals"]
    removals[0]["element"], removals[1]["element"] = removals[1]["element"], removals[0]["element"]


def missing_removal(d: Document) -> None:
    d["evidence"]["proofs"][-1]["removals"].pop()


def not_minimal(d: Document) -> None:
    """The circuit without the padded unit, called minimal by weights without any removal."""
    next(s for s in d["claim"]["statements"] if s.get("minimal", 0) is None)["minimal"] = "weights"


MUTATIONS: list[tuple[Callable[[Document], object], str]] = [
    (lambda d: d["claim"]["statements"].clear(), "claims nothing"),
    (lambda d: d["claim"]["pairs"].clear(), "claims nothing"),
    (lambda d: d["claim"]["statements"].append(d["claim"]["statements"][0]), "stands twice"),
    (lambda d: d["claim"]["ratio"].reverse(), "0 < lo"),
    (lambda d: d["claim"].update(ratio=["1/2", "4/5"]), "expected to run from 1/2"),
    (lambda d: d["claim"].update(ratio=["0", "4/5"]), "0 < lo"),
    (lambda d: d["claim"]["pairs"].reverse(), "not in order"),
    (lambda d: d["claim"]["pairs"][0].append(0), "a list of 2"),
    (lambda d: d["claim"]["pairs"][0].__setitem__(0, True), "an integer"),
    (lambda d: d["claim"]["pairs"][1].__setitem__(1, 7), "not two of 2 positions"),
    (foreign_pair, "not what the claim speaks of"),
    (lambda d: d["evidence"]["nodes"].pop(), "a list of 2"),
    (lambda d: d["evidence"]["nodes"][1].pop(1), "changes sign"),
    (lambda d: d["evidence"]["nodes"][0].reverse(), "expected to run from"),
    (lambda d: d["evidence"]["nodes"][1].pop(), "expected to run from"),
    (lambda d: d["evidence"]["nodes"][1].pop(0), "expected to run from"),
    (lambda d: d["evidence"]["nodes"][0].insert(1, d["evidence"]["nodes"][0][0]), "increase"),
    (lambda d: d["evidence"]["nodes"][0].clear(), "expected to run from"),
    (lambda d: d["evidence"].update(more=1), "'more' is unknown"),
    (lambda d: d["settings"].update(skip=True), "settings"),
    (lambda d: d.update(offset={}), "'offset' is unknown"),
    (no_evidence, "expected an object"),
    (too_much_evidence, "more than the statements need"),
    (change_bound, "bound"),
    (turn_relation, "bound|stands twice"),
    (lambda d: statement(d, "contribution")["units"].clear(), "at least one"),
    (lambda d: statement(d, "contribution").update(units=[0, 0]), "in order"),
    (lambda d: statement(d, "contribution").update(units=[-1]), "units from 0 to 5"),
    (lambda d: statement(d, "contribution").update(units=[6]), "units from 0 to 5"),
    (lambda d: statement(d, "contribution").update(at="elsewhere"), "no such position"),
    (lambda d: statement(d, "contribution").update(at=["max"]), "expected one of"),
    (lambda d: statement(d, "contribution").update(relation="about"), "expected one of"),
    (lambda d: statement(d, "contribution")["pairs"].clear(), "claims nothing"),
    (lambda d: statement(d, "contribution").update(type="theorem"), "unknown"),
    (lambda d: statement(d, "contribution").update(bound="0.5"), "not a rational"),
    (lambda d: statement(d, "failure").update(units=[1]), "'units' is unknown"),
    (failure_of_nothing, "at least one"),
    (dispensable_unit_fails, "it is right on"),
    (outside_ratio, "not what the claim speaks of"),
    (drop_weight, "wrong on the pair|changes sign|removals"),
    (removal_of_another_element, "element"),
    (missing_removal, "expected a list of"),
    (not_minimal, "expected a list of"),
    (lambda d: statement(d, "circuit").update(minimal=False), "units, weights or null"),
    (lambda d: statement(d, "circuit")["kept"].update(w_ih="11"), "6 characters"),
    (lambda d: statement(d, "circuit")["kept"].update(w_ih="11111x"), "6 characters"),
    (lambda d: statement(d, "circuit")["kept"]["w_out"].pop(), "a list of 2"),
    (lambda d: d["model"].update(sha256="0" * 64), "model.sha256"),
]


@pytest.mark.parametrize(("mutate", "reason"), MUTATIONS)
def test_rejected(
    mutate: Callable[[Document], object],
    reason: str,
    document: Document,
    model: Path,
    tmp_path: Path,
) -> None:
    changed = copy.deepcopy(document)
    mutate(changed)
    with pytest.raises(Rejected, match=reason):
        decide(changed, model, tmp_path)


def test_rejected_for_another_model(document: Document, network: Network, tmp_path: Path) -> None:
    other = Network(network.shift, (1, *network.w_ih[1:]), network.w_hh, network.w_out)
    with pytest.raises(Rejected, match="model"):
        decide(document, save_npz(other, tmp_path / "other.npz"), tmp_path)


def test_the_same_statements_of_another_network_are_false(
    document: Document, network: Network
) -> None:
    """The hash apart: a rule that believed the certificate would accept these."""
    other = Network(network.shift, network.w_ih, network.w_hh, network.w_out[::-1])
    with pytest.raises(Rejected):
        check_circuit(other, document, b"")


def test_a_tie_is_no_circuit_and_is_a_failure() -> None:
    """On the pair (0, 1) the logits are (4, 5 r): a tie exactly at 4/5."""
    tie = Network(0, (1, 0), ((0, 0), (1, 0)), ((0, 4), (5, 0)))
    whole = Kept.of_units(tie, [0, 1]).to_json()

    def claim(lo: str, statements: list[Document], proofs: list[Document]) -> Document:
        return {
            "settings": {},
            "claim": {"ratio": [lo, "9/10"], "pairs": [[0, 1]], "statements": statements},
            "evidence": {"nodes": [[lo, "9/10"]], "proofs": proofs},
        }

    circuit = {"type": "circuit", "kept": whole, "minimal": None}
    proof = {"nodes": [["4/5", "9/10"]], "removals": []}
    with pytest.raises(Rejected, match="wrong on the pair"):
        check_circuit(tie, claim("4/5", [circuit], [proof]), b"")
    proof = {"nodes": [["5/6", "9/10"]], "removals": []}
    assert check_circuit(tie, claim("5/6", [circuit], [proof]), b"")

    # Without unit 0 both logits are 0: a tie is wrong.
    failure = {"type": "failure", "removed": [0], "max": 0, "second": 1, "ratio": "5/6"}
    assert check_circuit(tie, claim("5/6", [failure], []), b"")


@settings(max_examples=20)
@given(networks(max_hidden=4, max_length=4))
def test_the_checker_accepts_what_the_search_finds(network: Network) -> None:
    found = prove(network)
    if found is not None:
        body = json.loads(circuit_certificate(found).to_bytes())
        assert check_circuit(network, body, b"")


def test_a_trained_model(m16_10_impulse: ImpulseResult, tmp_path: Path) -> None:
    ratios = RatioRange(Fraction(4, 5), Fraction(4, 5))
    groups = {"comparator": (1, 5, 11, 13)}
    found = study_circuit(m16_10_impulse.model, sweep_all(m16_10_impulse.model), ratios, groups)
    assert found is not None
    path = tmp_path / "circuit.json"
    circuit_certificate(found).write(path)
    assert check(path, MODELS / "m16_10.pt").kind == "circuit"
    assert read_weights(MODELS / "m16_10.pt").sha256 == m16_10_impulse.model.sha256
