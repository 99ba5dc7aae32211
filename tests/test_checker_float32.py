"""The rule for the float32 section finds what the prover found, and accepts nothing else."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.certificate import plain
from certify.checker.errors import Rejected
from certify.checker.float32 import Float32Section
from certify.checker.network import Weights
from certify.checker.pieces import Trajectory
from certify.claims import RatioRange, all_pairs
from certify.impulse.float32 import float32_section, nearest_float32, prove_float32
from certify.impulse.prove import ImpulseResult
from certify.impulse.rounding import Program
from certify.impulse.sweep import Cuts, sweep, sweep_all
from certify.model import Network
from certify.testing import networks, ratios
from tests import floatsim
from tests.examples import HANDCRAFTED
from tests.test_impulse_float32 import float_networks

Section = dict[str, Any]
Lines = Mapping[tuple[int, int], Trajectory]
HALVES = RatioRange(Fraction(1, 4), Fraction(3, 4))


def lines_of(weights: Weights, pairs: Iterable[tuple[int, int]]) -> Lines:
    lines = {}
    for m, s in pairs:
        lines[m, s] = Trajectory(weights, abs(m - s), forward=m < s)
        for _ in range(len(weights.w_out) - min(m, s)):
            assert lines[m, s].advance(sys.maxsize)
    return lines


def check_float32(
    weights: Weights, lines: Lines, lo: Fraction, hi: Fraction, section: Section
) -> str:
    checked = Float32Section(weights, lo, hi, section, list(lines))
    for index, line in enumerate(lines.values()):
        checked.check(index, line)
    return checked.close()


def section_of(network: Network, cuts: Sequence[Cuts], inside: RatioRange) -> Section:
    """The section as it stands in a certificate."""
    section: Section = plain(float32_section(prove_float32(network, cuts, inside)))
    return section


def prove(network: Network, inside: RatioRange) -> tuple[Lines, Section]:
    sweeps = {p: sweep(network, p) for p in all_pairs(network.seq_len)}
    lines = lines_of(network, sweeps)
    return lines, section_of(network, [s.cuts for s in sweeps.values()], inside)


@given(network=st.one_of(networks(max_hidden=4, max_length=4), float_networks()), data=st.data())
@settings(max_examples=60)
def test_what_the_prover_writes_is_accepted(network: Network, data: st.DataObject) -> None:
    lo, hi = sorted([data.draw(ratios()), data.draw(ratios())])
    lines, section = prove(network, RatioRange(lo, hi))
    said = check_float32(network, lines, lo, hi, section)
    proved = sum(p["verdict"] == "proved" for p in section["pairs"])
    assert f"for {proved} of {len(lines)} pairs" in said


def test_a_trained_model(m16_10_impulse: ImpulseResult) -> None:
    network, (lo, hi) = m16_10_impulse.model, m16_10_impulse.ratios
    some = dict(list(sweep_all(m16_10_impulse.model).items())[::15])
    lines = lines_of(network, some)
    section = section_of(network, [s.cuts for s in some.values()], m16_10_impulse.ratios)
    assert section["verdict"] == "proved"
    assert "for 6 of 6 pairs" in check_float32(network, lines, lo, hi, section)


def at(*keys: int | str, change: Callable[[Any], Any]) -> Callable[[Section], None]:
    def mutate(section: Section) -> None:
        place: Any = section
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = change(place[keys[-1]])

    return mutate


def more(text: str) -> str:
    return str(Fraction(text) + Fraction(1, 2**170))


def less(text: str) -> str:
    return str(Fraction(text) - Fraction(1, 2**170))


MUTATIONS: dict[str, Callable[[Section], object]] = {
    "no verdict": lambda s: s.pop("verdict"),
    "verdict unknown": at("verdict", change=lambda _: "unknown"),
    "verdict refuted": at("verdict", change=lambda _: "refuted"),
    "inputs wider": at("inputs", 1, change=lambda _: "25165825/33554432"),
    "inputs backwards": at("inputs", change=lambda v: v[::-1]),
    "one input": at("inputs", change=lambda v: v[:1]),
    "a pair left out": at("pairs", change=lambda p: p[1:]),
    "pairs swapped": at("pairs", change=lambda p: p[::-1]),
    "pair verdict unknown": at("pairs", 0, "verdict", change=lambda _: "unknown"),
    "pair verdict odd": at("pairs", 0, "verdict", change=lambda _: "proven"),
    "a reason for a proof": at("pairs", 0, "reason", change=lambda _: "because"),
    "another rival": at("pairs", 0, "rival", change=lambda v: 1 - v),
    "a rival that is no number": at("pairs", 0, "rival", change=lambda _: True),
    "margin larger": at("pairs", 0, "margin", change=more),
    "margin smaller": at("pairs", 0, "margin", change=less),
    "margin a float": at("pairs", 0, "margin", change=lambda v: float(Fraction(v))),
    "error larger": at("pairs", 0, "error_bound", change=more),
    "error smaller": at("pairs", 0, "error_bound", change=less),
    "error zero": at("pairs", 0, "error_bound", change=lambda _: "0"),
    "no points": at("pairs", 0, "points", change=lambda _: []),
    "one point": at("pairs", 0, "points", change=lambda p: p[:1]),
    "not from the start": at("pairs", 0, "points", 0, change=lambda _: "26/100"),
    "starts late": at("pairs", 0, "points", change=lambda p: p[1:]),
    "ends early": at("pairs", 0, "points", change=lambda p: p[:-1]),
    "points reversed": at("pairs", 0, "points", change=lambda p: p[::-1]),
    "a point twice": at("pairs", 0, "points", change=lambda p: [p[0], *p]),
    "a point not in lowest terms": at("pairs", 0, "points", 0, change=lambda _: "2/8"),
    "an unknown key": lambda s: s["pairs"][0].update(slack="1"),
    "a key left out": lambda s: s["pairs"][0].pop("reason"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutations_are_rejected(name: str) -> None:
    lines, section = prove(HANDCRAFTED, HALVES)
    assert section["verdict"] == "proved"
    assert "for 2 of 2" in check_float32(HANDCRAFTED, lines, *HALVES, section)
    mutated = copy.deepcopy(section)
    MUTATIONS[name](mutated)
    assert mutated != section
    with pytest.raises(Rejected, match="float32"):
        check_float32(HANDCRAFTED, lines, *HALVES, mutated)


def test_an_interval_across_a_kink_is_rejected(m16_10_impulse: ImpulseResult) -> None:
    network, (lo, hi) = m16_10_impulse.model, m16_10_impulse.ratios
    pair, found = next(iter(sweep_all(m16_10_impulse.model).items()))
    lines = lines_of(network, [pair])
    section = section_of(network, [found.cuts], m16_10_impulse.ratios)
    assert len(section["pairs"][0]["points"]) > 2
    del section["pairs"][0]["points"][1]
    with pytest.raises(Rejected, match="changes sign"):
        check_float32(network, lines, lo, hi, section)


def test_another_model_is_rejected() -> None:
    lines, section = prove(HANDCRAFTED, HALVES)
    other = Network(0, (1, -2), HANDCRAFTED.w_hh, HANDCRAFTED.w_out)
    with pytest.raises(Rejected):
        check_float32(other, lines, *HALVES, section)


def test_claims_that_cannot_be_made_are_rejected() -> None:
    """Where the prover says unknown, a proof that is written by hand is not accepted."""
    big = 1 << 100
    cases = {
        "leave the range": Network(
            0, (big, -big), ((-big, big), (big, -big)), ((big, -big), (-big, big))
        ),
        "no float32 number": Network(25, ((1 << 25) + 1, -1), HANDCRAFTED.w_hh, HANDCRAFTED.w_out),
        "is not above": Network(0, (1, 1), ((1, 1), (1, 1)), ((1, 1), (1, 1))),
    }
    for phrase, network in cases.items():
        lines, section = prove(network, HALVES)
        assert section["verdict"] == "unknown"
        check_float32(network, lines, *HALVES, section)
        section["pairs"][0].update(
            verdict="proved",
            reason=None,
            rival=0,
            margin="1",
            error_bound="0",
            points=["1/4", "3/4"],
        )
        with pytest.raises(Rejected, match=phrase):
            check_float32(network, lines, *HALVES, section)
        for reason in ("", None, 3):
            _, section = prove(network, HALVES)
            section["pairs"][0]["reason"] = reason
            with pytest.raises(Rejected, match="reason"):
                check_float32(network, lines, *HALVES, section)


@given(float_networks(), st.data())
@settings(max_examples=40)
def test_intervals_of_one_point_close_as_the_bound_says(
    network: Network, data: st.DataObject
) -> None:
    """At one S: accepted if and only if every exact margin is above the prover's bound."""
    ratio = data.draw(ratios())
    s = nearest_float32(ratio)
    assert s == floatsim.rounded(ratio)
    lines, section = prove(network, RatioRange(ratio, ratio))
    check_float32(network, lines, ratio, ratio, section)
    program = Program(network)
    for entry in section["pairs"]:
        pair = next(
            p for p in all_pairs(network.seq_len) if [*p] == [entry["max"], entry["second"]]
        )
        if "leave the range" in (entry["reason"] or ""):
            continue
        at_s = program.run(pair, s)
        closed = all(gap.left > 0 for gap in program.gaps(pair, at_s, at_s))
        assert (entry["verdict"] == "proved") == closed
