"""Every mutation of a valid certificate is rejected, or what it then claims is still true."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certify.certificate import Certificate
from certify.checker import Accepted, Rejected, Unreadable, check
from certify.checker.impulse import check_impulse
from certify.claims import Pair, RatioRange, all_pairs
from certify.impulse.prove import prove_impulse
from certify.impulse.sweep import sweep
from certify.model import Network
from certify.testing import networks, ratios
from tests.examples import EXAMPLES, TWO_INTERVALS, Example, Golden, save_npz

Document = dict[str, Any]
Mutation = Callable[[Document], object]


def with_breaks(network: Network) -> Document:
    """A certificate as the first ones were: with the points where pieces meet."""
    document: Document = json.loads(certify(network).to_bytes())
    for entry in document["evidence"]["pairs"]:
        found = sweep(network, Pair(entry["max"], entry["second"]))
        entry["breaks"] = [str(b) for b in found.breaks]
    return document


def certify(network: Network, ratios: RatioRange | None = None) -> Certificate:
    return prove_impulse(network, ratios).certificate()


def decide(document: Document, network: Network, folder: Path) -> Accepted:
    path = folder / "certificate.json"
    path.write_text(json.dumps(document))
    return check(path, save_npz(network, folder / "model.npz"))


def pair(document: Document, index: int = 0) -> Document:
    found = document["evidence"]["pairs"][index]
    assert isinstance(found, dict)
    return found


def shift(value: str, by: Fraction = Fraction(1, 10**12)) -> str:
    return str(Fraction(value) + by)


def set_in(keys: str, change: Callable[[Any], Any]) -> Mutation:
    """Change the value at a path such as ``evidence.pairs.0.breaks``."""

    def mutate(document: Document) -> None:
        *front, last = [int(k) if k.lstrip("-").isdigit() else k for k in keys.split(".")]
        place: Any = document
        for key in front:
            place = place[key]
        place[last] = change(place[last])

    return mutate


def drop(keys: str) -> Mutation:
    def mutate(document: Document) -> None:
        *front, last = [int(k) if k.lstrip("-").isdigit() else k for k in keys.split(".")]
        place: Any = document
        for key in front:
            place = place[key]
        del place[last]

    return mutate


MUTATIONS: dict[str, Mutation] = {
    "claim nothing": drop("claim"),
    "no evidence": drop("evidence"),
    "no offset section": drop("offset"),
    "no float32 section": drop("float32"),
    "an unknown section": lambda d: d.update(extra={}),
    "no pairs": set_in("evidence.pairs", lambda _: []),
    "a pair left out": drop("evidence.pairs.1"),
    "a pair twice": set_in("evidence.pairs", lambda p: [p[0], p[0]]),
    "pairs swapped": set_in("evidence.pairs", lambda p: p[::-1]),
    "pairs too many": set_in("evidence.pairs", lambda p: [*p, p[0]]),
    "another pair's evidence": lambda d: pair(d, 0).update(breaks=pair(d, 1)["breaks"]),
    "a break left out": drop("evidence.pairs.0.breaks.1"),
    "a break moved up": set_in("evidence.pairs.0.breaks.1", shift),
    "a break moved down": set_in(
        "evidence.pairs.0.breaks.1", lambda v: shift(v, -Fraction(1, 10**30))
    ),
    "a break that separates nothing": lambda d: pair(d)["breaks"].insert(1, "1/1000"),
    "that break, and counted": lambda d: (
        pair(d)["breaks"].insert(1, "1/1000"),
        pair(d).update(cells=pair(d)["cells"] + 1),
    ),
    "a break twice": lambda d: pair(d)["breaks"].insert(1, pair(d)["breaks"][1]),
    "breaks not from 0": drop("evidence.pairs.0.breaks.0"),
    "breaks not to 1": drop("evidence.pairs.0.breaks.-1"),
    "breaks reversed": set_in("evidence.pairs.0.breaks", lambda b: b[::-1]),
    "no breaks": set_in("evidence.pairs.0.breaks", lambda _: []),
    "ratio wider below": set_in("claim.ratio.0", lambda v: shift(v, -Fraction(1, 100))),
    "ratio wider above": set_in("claim.ratio.1", lambda v: shift(v, Fraction(1, 100))),
    "ratio narrower": set_in("claim.ratio.0", lambda v: shift(v, Fraction(1, 100))),
    "ratio backwards": set_in("claim.ratio", lambda r: r[::-1]),
    "ratio from 0": set_in("claim.ratio.0", lambda _: "0"),
    "ratio to 1": set_in("claim.ratio.1", lambda _: "1"),
    "verdict turned": set_in("claim.verdict", lambda _: "refuted"),
    "verdict unknown": set_in("claim.verdict", lambda _: "unknown"),
    "pair verdict turned": set_in("evidence.pairs.0.verdict", lambda _: "refuted"),
    "common interval wider": set_in("claim.common_interval.1", shift),
    "common interval gone": set_in("claim.common_interval", lambda _: None),
    "interval wider": set_in("evidence.pairs.0.interval.1", shift),
    "interval narrower": set_in("evidence.pairs.0.interval.0", shift),
    "right intervals joined": set_in(
        "evidence.pairs.1.right_intervals", lambda r: [[r[0][0], r[-1][1]]]
    ),
    "a right interval left out": drop("evidence.pairs.1.right_intervals.0"),
    "margin larger": set_in("evidence.pairs.0.min_margin", shift),
    "margin smaller": set_in("evidence.pairs.0.min_margin", lambda v: shift(v, Fraction(-1, 9))),
    "margin not in lowest terms": set_in("evidence.pairs.0.min_margin", lambda _: "2/4"),
    "margin a float": set_in("evidence.pairs.0.min_margin", lambda v: float(Fraction(v))),
    "rival out of range": set_in("evidence.pairs.0.rival", lambda _: 7),
    "rival is s": set_in("evidence.pairs.0.rival", lambda _: 1),
    "rival true": set_in("evidence.pairs.1.rival", lambda _: True),
    "cells miscounted": set_in("evidence.pairs.0.cells", lambda c: c + 1),
    "a cell too few": set_in("evidence.pairs.0.cells", lambda c: c - 1),
    "no cells": set_in("evidence.pairs.0.cells", lambda _: 0),
    "fewer than no cells": set_in("evidence.pairs.0.cells", lambda _: -(10**30)),
    "cells as text": set_in("evidence.pairs.0.cells", str),
    "a counterexample to a proof": set_in(
        "evidence.pairs.0.counterexample", lambda _: ["1", "4/5"]
    ),
    "positions swapped": lambda d: pair(d).update(max=1, second=0),
    "offset product larger": set_in("offset.pairs.0.min_product", shift),
    "offset verdict turned": set_in("offset.pairs.0.verdict", lambda _: "refuted"),
    "offset at another ratio": set_in("offset.pairs.0.at", shift),
    "offset error smaller": set_in("offset.pairs.0.separable_error", lambda _: "0"),
    "offset margin larger": set_in("offset.pairs.0.margin_left", shift),
    "offset distance smaller": set_in("offset.pairs.0.state_distance", lambda _: "0"),
    "offset fitted elsewhere": set_in("offset.fitted_at", lambda _: "1/2"),
    "offset pair left out": drop("offset.pairs.0"),
    "another model": set_in("model.sha256", lambda v: v[::-1]),
    "another size": set_in("model.hidden_size", lambda v: v + 1),
    "another length": set_in("model.seq_len", lambda v: v + 1),
    "another number of parameters": set_in("model.parameters", lambda v: v - 1),
}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_breaks_may_stand_in_it(example: Example, tmp_path: Path) -> None:
    assert decide(with_breaks(example.network), example.network, tmp_path) == decide(
        json.loads(certify(example.network).to_bytes()), example.network, tmp_path
    )


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(networks(), st.data())
def test_some_pairs_alone_are_followed_no_further_than_they_need(
    tmp_path: Path, network: Network, data: st.DataObject
) -> None:
    everything = all_pairs(network.seq_len)
    some = data.draw(st.sets(st.sampled_from(everything), min_size=1))
    result = prove_impulse(network, pairs=[p for p in everything if p in some])
    if len(some) < len(everything):
        document = json.loads(result.certificate().to_bytes())
        decide(document, network, tmp_path)


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutations_are_rejected(name: str, tmp_path: Path) -> None:
    valid = json.loads(certify(TWO_INTERVALS).to_bytes())
    if "break" in name or name == "another pair's evidence":
        valid = with_breaks(TWO_INTERVALS)
    decide(valid, TWO_INTERVALS, tmp_path)
    mutated = copy.deepcopy(valid)
    MUTATIONS[name](mutated)
    # A float cannot even be read.
    with pytest.raises(Unreadable if name == "margin a float" else Rejected):
        decide(mutated, TWO_INTERVALS, tmp_path)


@pytest.mark.parametrize(
    ("name", "mutation"),
    [
        ("an unknown kind", set_in("kind", lambda _: "impulses")),
        ("no kind", drop("kind")),
        ("an unknown version", set_in("version", lambda _: 3)),
        ("version true", set_in("version", lambda _: True)),
        ("another format", set_in("format", lambda _: "certificate")),
    ],
)
def test_what_is_no_certificate_is_unreadable(
    name: str, mutation: Mutation, tmp_path: Path
) -> None:
    document = json.loads(certify(TWO_INTERVALS).to_bytes())
    mutation(document)
    with pytest.raises(Unreadable):
        decide(document, TWO_INTERVALS, tmp_path)


REFUTED = next(e.network for e in EXAMPLES if e.name == "three inputs")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("gone", lambda _: None),
        ("another input", lambda _: ["1", "4/5", "1/5"]),
        ("another scale", lambda x: [str(2 * Fraction(v)) for v in x]),
        ("a ratio outside the claim", lambda x: ["1", "1/2", "0"]),
        ("too short", lambda x: x[:-1]),
        ("another pair's", lambda _: ["4/5", "1", "0"]),
    ],
)
def test_counterexamples_are_replayed(
    name: str, change: Callable[[Any], Any], tmp_path: Path
) -> None:
    document = json.loads(certify(REFUTED).to_bytes())
    accepted = decide(document, REFUTED, tmp_path)
    assert "REFUTED" in accepted.establishes[0]
    wrong = next(p for p in document["evidence"]["pairs"] if p["verdict"] == "refuted")
    wrong["counterexample"] = change(wrong["counterexample"])
    with pytest.raises(Rejected):
        decide(document, REFUTED, tmp_path)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_examples_are_accepted_and_only_for_their_model(example: Example, tmp_path: Path) -> None:
    document = json.loads(certify(example.network).to_bytes())
    decide(document, example.network, tmp_path)
    for other in EXAMPLES:
        if other is not example:
            with pytest.raises(Rejected, match="model"):
                decide(document, other.network, tmp_path)


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(networks(), ratios(), ratios(), st.booleans())
def test_every_certificate_of_the_prover_is_accepted(
    tmp_path: Path, network: Network, one: Fraction, two: Fraction, default: bool
) -> None:
    given_range = None if default else RatioRange(min(one, two), max(one, two))
    document = json.loads(certify(network, given_range).to_bytes())
    accepted = decide(document, network, tmp_path)
    assert accepted.sha256 == network.sha256


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_random_damage_never_changes_what_is_established(
    tmp_path: Path, data: st.DataObject
) -> None:
    """Replace one leaf of the JSON: rejected, unreadable, or the same thing is established."""
    document = json.loads(certify(TWO_INTERVALS).to_bytes())
    truth = decide(document, TWO_INTERVALS, tmp_path)
    place: Any = document
    while True:
        keys = sorted(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list):
            break
        place = place[key]
    place[key] = data.draw(
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(-2, 20),
            st.sampled_from(["", "0", "1", "4/5", "proved", "refuted", "unknown"]),
            st.fractions(0, 1, max_denominator=1000).map(str),
        )
    )
    try:
        after = decide(document, TWO_INTERVALS, tmp_path)
    except (Rejected, Unreadable):
        return
    assert after == truth


def test_progress_counts_cells() -> None:
    told: list[tuple[int, int]] = []
    body = json.loads(certify(TWO_INTERVALS).to_bytes())
    check_impulse(TWO_INTERVALS, body, b"", lambda done, total: told.append((done, total)))
    total = sum(p["cells"] for p in body["evidence"]["pairs"])
    assert [now[1] for now in told] == [total] * len(body["evidence"]["pairs"])
    assert told == sorted(told)
    assert told[-1] == (total, total)


def test_golden_certificate(golden: Golden, golden_network: Network, tmp_path: Path) -> None:
    document = json.loads(certify(golden_network).to_bytes())
    assert document["claim"]["ratio"] == [str(end) for end in golden.ratio]
    accepted = decide(document, golden_network, tmp_path)
    assert accepted.establishes[0].startswith("PROVED: for every pair")
