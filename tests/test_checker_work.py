"""The checker knows how much work a certificate makes before it does any of it."""

from __future__ import annotations

import json
import time
import tracemalloc
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from certify import api
from certify.checker import Unreadable, boxes, check, impulse, noise, tree, work
from certify.checker import document as checker_document
from certify.checker.circuit import check_circuit
from certify.checker.cones import check_cones
from certify.checker.document import read_document
from certify.checker.network import run
from certify.claims import NOMINAL_RATIO, Pair, RatioRange, all_pairs
from certify.impulse.sweep import sweep
from certify.model import Network
from certify.probability.prove import prove_accuracy
from certify.relaxation.compiled import COMPILED
from tests.examples import HANDCRAFTED, MODELS, PROOFS, TWO_INTERVALS, save_npz


def huge(size: int) -> Network:
    """Few bytes in a file, hours in an exact run: weights of 1075 bits, a unit for each input."""
    w_ih = np.ones(size)
    w_ih[0] = 5e-324
    return Network.from_arrays(w_ih, np.full((size, size), 1.99902344), np.ones((size, size)))


def circuit_of(network: Network, **claim: Any) -> dict[str, Any]:
    d, n = network.hidden_size, network.seq_len
    model = {"sha256": network.sha256, "hidden_size": d, "seq_len": n}
    return {
        "format": "certify-certificate",
        "version": 2,
        "kind": "circuit",
        "library": "",
        "settings": {},
        "model": model | {"parameters": network.parameters},
        "claim": {"ratio": ["1/3", "1/3"], "pairs": [[0, 1]], "statements": [{}], **claim},
        "evidence": {"nodes": [["1/3"]], "proofs": []},
    }


def test_a_small_certificate_that_would_take_minutes_is_refused_at_once(tmp_path: Path) -> None:
    network = huge(128)
    model = save_npz(network, tmp_path / "model.npz")
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps(circuit_of(network)))
    start = time.process_time()
    with pytest.raises(Unreadable, match=r"may take 19\d,\d{3},\d{3},\d{3} steps.* at most 1,073,"):
        check(path, model)
    assert time.process_time() - start < 2


def test_a_legitimate_certificate_of_64_units_and_20_inputs_passes() -> None:
    rng = np.random.default_rng(0)
    d, n = 64, 20

    def weights(*shape: int) -> Any:
        return (rng.standard_normal(shape) / np.sqrt(d)).astype(np.float32)

    network = Network.from_arrays(weights(d), weights(d, d), weights(n, d))
    found = sweep(network, Pair(0, 19))
    assert len(found.pieces) > 20
    margin = str(found.min_margin(RatioRange(*[NOMINAL_RATIO] * 2)))
    breaks = [str(b) for b in found.breaks] * 3
    float32 = {"pairs": [{"points": breaks}] * 380}
    body = {"evidence": {"pairs": [margin] * 380}, "offset": [margin] * 380, "float32": float32}
    assert len(json.dumps(body)) < checker_document.MAX_JSON
    impulse._demand(network, body, dict.fromkeys(all_pairs(n), 2000))


def test_a_certificate_of_64_units_and_40_inputs_passes_and_one_of_more_pieces_does_not() -> None:
    rng = np.random.default_rng(1)
    d, n = 64, 40
    w_ih, w_hh, w_out = (rng.standard_normal(s).astype(np.float32) for s in ((d,), (d, d), (n, d)))
    network = Network.from_arrays(w_ih, w_hh, w_out)
    body: dict[str, Any] = {"float32": {}}
    impulse._demand(network, body, dict.fromkeys(all_pairs(n), 6000))
    with pytest.raises(Unreadable, match="may take"):
        impulse._demand(network, body, dict.fromkeys(all_pairs(n), 10**6))


def test_every_kind_says_how_much_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a limit of a thousand steps nothing passes; each kind says so before it begins."""
    for module in ("boxes", "circuit", "cones", "impulse", "noise", "simplices", "statistical"):
        monkeypatch.setattr(f"certify.checker.{module}.ALL", 1000)
    for name, model in (
        ("m16_10.accuracy.zip", "m16_10.pt"),
        ("m16_10.noise-3_100.zip", "m16_10.pt"),
        ("m16_10.circuit.json", "m16_10.pt"),
        ("m3_3.impulse.json", "m3_3.pt"),
    ):
        with pytest.raises(Unreadable, match=r"this certificate may take .* at most 1,000"):
            check(PROOFS / name, MODELS / model)


def test_a_sample_says_how_much_is_too_much(tmp_path: Path) -> None:
    """With samples that nobody has the time to draw."""
    certificate = api.sample_accuracy(HANDCRAFTED, samples=100).certificate()
    body = json.loads(certificate.to_bytes())
    model = save_npz(HANDCRAFTED, tmp_path / "model.npz")
    body["claim"] |= {"samples": 1 << 40, "lower": "0", "upper": "1"}
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps(body))
    with pytest.raises(Unreadable, match="this certificate may take"):
        check(path, model)


def test_a_tree_of_cones_says_how_much_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    result = prove_accuracy(HANDCRAFTED)
    cones = json.loads(result.certificate().to_bytes())["evidence"]["cones"]
    check_cones(HANDCRAFTED, "gaussian", result.lower, result.upper, cones)
    monkeypatch.setattr("certify.checker.cones.ALL", 1000)
    with pytest.raises(Unreadable, match="this certificate may take"):
        check_cones(HANDCRAFTED, "gaussian", result.lower, result.upper, cones)


@pytest.mark.parametrize("bits", [1, 30, 500, 5000])
def test_a_run_is_as_long_as_its_bound_says_at_most(bits: int) -> None:
    """The bits of the states and logits are within those that the bound counts with."""
    for network in (TWO_INTERVALS, huge(6)):
        n = network.seq_len
        x = [Fraction(2**bits - 1)] * n
        found = run(network, x)
        assert max(map(abs, found.state)).bit_length() <= bits + work.run_bits(network, n)
        assert max(map(abs, found.logits)).bit_length() <= bits + work.run_bits(network, n + 1)


def test_changes_that_make_runs_finer_and_finer_count() -> None:
    value = "1/" + "9" * 3000
    changes = [
        {"unit": i, "step": t, "action": "scale", "value": value}
        for i in range(5) for t in range(2)
    ] * 40  # fmt: skip
    statement = {"type": "intervention", "changes": changes, "max": 0, "second": 1}
    body = circuit_of(TWO_INTERVALS, statements=[statement])
    with pytest.raises(Unreadable, match="may take"):
        check_circuit(TWO_INTERVALS, body, b"")


def test_memory_does_not_grow_with_the_number_of_nodes() -> None:
    """A circuit certificate with 1000 nodes of a run of about a hundred kilobytes each."""
    rng = np.random.default_rng(1)
    d, n = 24, 24
    w_ih, w_hh, w_out = (abs(rng.standard_normal(s)) for s in ((d,), (d, d), (n, d)))
    network = Network.from_arrays(w_ih, w_hh, w_out)
    nodes = [str(Fraction(1, 3) + Fraction(i, 3000)) for i in range(100)]
    units = {"type": "contribution", "units": [0], "pairs": [[0, 1]], "at": "max"}
    statement = units | {"relation": "at most", "bound": "1"}
    body = circuit_of(network, ratio=[nodes[0], nodes[-1]], statements=[statement])
    body["evidence"]["nodes"] = [nodes]
    tracemalloc.start()
    with pytest.raises(Exception, match="bound: claimed"):
        check_circuit(network, body, b"")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000  # all runs take some twenty million


def test_json_of_too_many_values_is_not_even_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checker_document, "MAX_VALUES", 1000)
    path = tmp_path / "certificate.json"
    path.write_text("[" + "[]," * 600 + "[]]")
    with pytest.raises(Unreadable, match="JSON of about 1202 values, more than 1000"):
        read_document(path)


def test_the_largest_noise_after_half_an_hour_is_not_too_much() -> None:
    """1.5 million leaves in 45 MB were refused: each byte was taken for a box."""
    network = api.load(MODELS / "m16_10.pt")
    evidence = bytes([tree.BY_CASES]) * 1_500_000 + bytes(43_500_000)
    noise._demand(network, {}, evidence, compiled=False)
    noise._demand(network, {}, evidence * 8, compiled=True)
    with pytest.raises(Unreadable, match="may take"):
        noise._demand(network, {}, evidence * 16, compiled=False)


def test_cuts_without_a_leaf_are_work_too() -> None:
    """A tape of cuts alone was taken for nothing, and was followed for its 254 open branches."""
    cuts = bytes([0, 0, 8]) * 254
    network = Network.from_arrays(np.ones(256), np.ones((256, 256)), np.ones((8, 256)))
    with pytest.raises(Unreadable, match="may take"):
        noise._demand(network, {}, cuts, compiled=False)


def test_corners_and_orders_of_boxes_are_work_too() -> None:
    """2^28 boxes of a small network were taken for two minutes: their corners are found bare."""
    network = Network.from_arrays([1.0], [[0.0]], [[1.0], [0.0]])
    word = [["nn", 1]]
    with pytest.raises(Unreadable, match="may take"):
        boxes.prove_boxes(
            network, "gaussian", {"words": word}, bytes([boxes.RIGHT]) * 2**30, COMPILED
        )
    many = {"words": [["n" * 256, 1]] * 10**6}
    with pytest.raises(Unreadable, match="may take"):
        boxes.prove_boxes(huge(256), "gaussian", many, b"", COMPILED)
