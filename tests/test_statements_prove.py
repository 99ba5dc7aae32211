"""Hypotheses decided by the engine agree with direct evaluation in Fractions, wherever it looks."""

from __future__ import annotations

import json
import re
import signal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.checker import check
from certify.claims import Pair, RatioRange, all_pairs
from certify.errors import NothingDecidedError
from certify.impulse.sweep import sweep
from certify.model import Network
from certify.statements.note import Entry, Note, parse_note
from certify.statements.prove import Failing, HypothesesResult, hypotheses
from certify.testing import networks
from tests.direct import Setting, as_claim, holds, names
from tests.examples import TWO_INTERVALS, Golden, save_npz

GROUP = (0, 1)
LO, HI = BAND = RatioRange(Fraction(1, 3), Fraction(9, 10))


def decide(
    network: Network,
    text: str,
    change: tuple[str, ...] = (),
    ratio: RatioRange = BAND,
    pairs: str | None = None,
) -> HypothesesResult:
    entry = Entry("claim", "", as_claim(text), pairs, ratio, change)
    return hypotheses(Note("", "", {"G": GROUP}, (entry,)), network)


# -- random claims ---------------------------------------------------------------------------------

index = st.sampled_from(["m", "s", "first", "last", "0", "n - 1", "(m + s) // 2", "abs(m - s)"])
unit = st.sampled_from(["0", "1", "d - 1", "m % d"])
prefix = st.sampled_from(["", "", "swapped.", "base.", "base.swapped."])
constant = st.builds("C({}, {})".format, st.integers(-9, 9), st.integers(1, 7))
fixed = st.one_of(
    constant, index, st.builds("W_ih[{}]".format, unit), st.builds("base.W_hh[{}, 0]".format, unit)
)
leaf = st.one_of(
    st.builds("{}{}[{}, {}]".format, prefix, st.sampled_from("hz"), index, unit),
    st.builds("{}{}[{}]".format, prefix, st.sampled_from(["logit", "margin"]), index),
    st.builds("{}margin".format, prefix),
    st.builds("{}of(G, {})".format, prefix, index),
    st.sampled_from(["r", "S", "M"]),
    fixed,
)
truth_leaf = st.one_of(
    st.builds("{}right".format, prefix), st.builds("{}on[{}, {}]".format, prefix, index, unit)
)
condition = st.sampled_from(["m < s", "n > 2", "m in [0, 2]", "s not in G", "W_ih[0] > 0"])


def number_of(inner: st.SearchStrategy[str], truth: st.SearchStrategy[str]) -> object:
    return st.one_of(
        st.builds("({} + {})".format, inner, inner),
        st.builds("({} - {})".format, inner, inner),
        st.builds("{} * {}".format, fixed, inner.map("({})".format)),
        st.builds("abs({})".format, inner),
        st.builds("min({}, {})".format, inner, inner),
        st.builds("max({}, {})".format, inner, inner),
        st.builds("max({} + k for k in range(1, 3))".format, inner),
        st.builds("sum(h[t, 0] - {} for t in range(n) if t != m)".format, constant),
        st.builds("sum({} for k in range(2))".format, truth),
        st.builds("({} if {} else {})".format, inner, condition, inner),
        st.builds("(({}) + {})".format, truth, inner),
    )


numbers = st.recursive(leaf, lambda inner: number_of(inner, truth_leaf), max_leaves=4)  # type: ignore[arg-type,return-value]
comparison = st.builds(
    "{} {} {}".format, numbers, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), numbers
)
claims = st.recursive(
    st.one_of(
        comparison,
        comparison,
        truth_leaf,
        st.builds("{} < {} <= {}".format, numbers, numbers, numbers),
        st.builds("all(z[t, i] <= {} for t in range(n) for i in range(d))".format, numbers),
        st.builds("any(h[t, 0] == {} for t in range(first, last + 1))".format, numbers),
    ),
    lambda inner: st.one_of(
        st.builds("({}) and ({})".format, inner, inner),
        st.builds("({}) or ({})".format, inner, inner),
        st.builds("not ({})".format, inner),
        st.builds("(({}) == ({}))".format, inner, truth_leaf),
    ),
    max_leaves=3,
)
CHANGES: list[tuple[tuple[str, ...], tuple[Setting, ...]]] = [
    ((), ()),
    (("W_ih[0] = 0",), (("W_ih", (0,), "=", Fraction(0)),)),
    (("W_hh[0, 0] *= 1/3",), (("W_hh", (0, 0), "*=", Fraction(1, 3)),)),
    (
        ("h[0, 0] = 2/7", "W_out[1, 0] = 0.1"),
        (("h", (0, 0), "=", Fraction(2, 7)), ("W_out", (1, 0), "=", Fraction(1, 10))),
    ),
    (
        ("h[1, 0] = swapped", "h[1, 0] *= -1/2"),
        (("h", (1, 0), "swapped", Fraction(0)), ("h", (1, 0), "*=", Fraction(-1, 2))),
    ),
]
NEAR = Fraction(1, 10**40)


def inside(parts: list[Failing], pair: Pair, ratio: Fraction) -> bool:
    found = [f for f in parts if f.pair == pair]
    return any(
        (lo < ratio or (a and lo == ratio)) and (ratio < hi or (b and hi == ratio))
        for f in found
        for lo, a, hi, b in f.parts
    )


def ratios_to_try(network: Network, pair: Pair, parts: list[Failing]) -> list[Fraction]:
    """Break points of the run and of the swapped one, ends of what fails, between, just beside."""
    ends = {LO, HI}
    for found in (sweep(network, pair), sweep(network, Pair(pair.second, pair.max))):
        ends |= {b for b in found.breaks if LO < b < HI}
    for f in parts:
        if f.pair == pair:
            ends |= {end for lo, _, hi, _ in f.parts for end in (lo, hi)}
    tried = sorted(ends)
    tried += [(a + b) / 2 for a, b in pairwise(sorted(ends))]
    tried += [e + step for e in ends for step in (NEAR, -NEAR)]
    return [r for r in tried if LO <= r <= HI]


@settings(max_examples=60)
@given(networks(max_hidden=3, max_length=3), claims, st.sampled_from(CHANGES))
def test_it_agrees_with_direct_evaluation(
    network: Network, text: str, change: tuple[tuple[str, ...], tuple[Setting, ...]]
) -> None:
    if network.hidden_size < 2:
        return
    written, meant = change
    (found,) = decide(network, text, written).results
    failing = list(found.failing)
    assert found.verdict == ("refuted" if failing else "proved")
    for pair in all_pairs(network.seq_len):
        for ratio in ratios_to_try(network, pair, failing):
            expected = not inside(failing, pair, ratio)
            assert holds(network, text, pair, ratio, meant) == expected, (text, pair, ratio)


@settings(max_examples=30)
@given(networks(max_hidden=3, max_length=3), claims, st.sampled_from(CHANGES))
def test_a_counterexample_is_one_and_shows_its_values(
    network: Network, text: str, change: tuple[tuple[str, ...], tuple[Setting, ...]]
) -> None:
    if network.hidden_size < 2:
        return
    (found,) = decide(network, text, change[0]).results
    example = found.counterexample
    assert (example is None) == (found.verdict == "proved")
    if example is None:
        return
    assert example.pair is not None
    assert not holds(network, text, example.pair, example.ratio, change[1])
    known = names(network, example.pair, example.ratio, change[1])
    for written, value in example.values.items():
        if "k" in written or "t" in written.replace("right", "").replace("logit", ""):
            continue  # names that a generator inside the side binds, or numbers from one outside
        exactly = re.sub(r"\((-?\d+) / (\d+)\)", r"C(\1, \2)", written)
        again = eval(exactly, known)
        assert Fraction(again) == value


@settings(max_examples=25)
@given(networks(max_hidden=3, max_length=3), numbers, constant)
def test_the_slack_is_the_least_difference(network: Network, text: str, bound: str) -> None:
    if network.hidden_size < 2:
        return
    (found,) = decide(network, f"{text} >= {bound}").results
    assert found.slack is not None
    values = [
        eval(f"({text}) - ({bound})", names(network, pair, ratio, ()))
        for pair in all_pairs(network.seq_len)
        for ratio in ratios_to_try(network, pair, list(found.failing))
    ]
    assert min(values) >= found.slack
    if "right" not in text and "on[" not in text:  # else a limit may be less than every value
        assert min(values) == found.slack or found.verdict == "proved"


@settings(max_examples=25)
@given(networks(max_hidden=3, max_length=3), numbers, st.sampled_from(["<", "<=", ">", ">="]))
def test_what_is_called_true_instead_is_true(network: Network, text: str, relation: str) -> None:
    if network.hidden_size < 2:
        return
    (found,) = decide(network, f"{text} {relation} -1").results
    for better in found.strongest:
        (again,) = decide(network, better.claim).results
        assert again.pairs - len(again.failing) >= better.pairs
        if better.pairs == better.of:
            assert again.verdict == "proved"


# -- counts ----------------------------------------------------------------------------------------


@settings(max_examples=20)
@given(networks(max_hidden=3, max_length=4), claims, st.sampled_from(CHANGES))
def test_counts(
    network: Network, text: str, change: tuple[tuple[str, ...], tuple[Setting, ...]]
) -> None:
    if network.hidden_size < 2:
        return
    at = RatioRange(LO, LO)
    (found,) = decide(network, f"count({text}) >= 0", change[0], at).results
    expected = sum(holds(network, text, p, LO, change[1]) for p in all_pairs(network.seq_len))
    assert (found.count, found.verdict) == (expected, "proved")
    assert found.slack == expected
    (found,) = decide(network, f"count({text}) == {expected + 1}", change[0], at).results
    assert found.verdict == "refuted"
    assert found.counterexample is not None
    assert found.counterexample.pair is None
    assert expected in found.counterexample.values.values()


COUNTS = """
ratio = "4/5"
[[hypothesis]]
name = "all right"
claim = "count(right) == 90"
[[hypothesis]]
name = "without unit 4"
claim = "count(right) == 90"
change = ["W_ih[4] = 0"]
[[hypothesis]]
name = "without unit 1"
claim = "count(right) == 15"
change = ["W_ih[1] = 0"]
"""


def test_golden_counts(golden: Golden, golden_network: Network) -> None:
    found = hypotheses(parse_note(COUNTS), golden_network)
    counts = (90, *golden.right_without_input)
    assert tuple(r.count for r in found.results) == counts
    expected = [
        "proved" if c == k else "refuted" for c, k in zip(counts, (90, 90, 15), strict=True)
    ]
    assert [r.verdict for r in found.results] == expected


# -- the certificate -------------------------------------------------------------------------------


@settings(max_examples=10)
@given(networks(max_hidden=3, max_length=3), claims, st.sampled_from(CHANGES))
def test_the_checker_accepts_what_was_decided(
    tmp_path_factory: pytest.TempPathFactory,
    network: Network,
    text: str,
    change: tuple[tuple[str, ...], tuple[Setting, ...]],
) -> None:
    if network.hidden_size < 2:
        return
    folder = tmp_path_factory.mktemp("certificate")
    result = decide(network, text, change[0])
    certificate = result.certificate()
    certificate.write(folder / "c.json")
    lines = check(folder / "c.json", save_npz(network, folder / "model.npz")).establishes
    assert lines[0].startswith(f"{result.verdict} 'claim' for ")


def test_an_answer_has_the_fixed_fields() -> None:
    result = decide(TWO_INTERVALS, "margin >= C(100, 1)")
    answer = json.loads(json.dumps(result.to_dict()))
    assert (answer["claim"], answer["verdict"]) == ("hypotheses", "refuted")
    (entry,) = answer["hypotheses"]
    assert {"name", "says", "claim", "verdict", "slack", "counterexample", "count"} <= set(entry)
    assert {"max", "second", "ratio", "values"} <= set(entry["counterexample"])
    assert Fraction(entry["slack"]) < 0


def test_an_expensive_claim_is_unknown_and_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("certify.statements.prove.MAX_WORK", 40_000_000)
    text = """
    [[hypothesis]]
    name = "long"
    claim = "sum(h[0, 0] for k in range(10000000)) >= 0"
    [[hypothesis]]
    name = "short"
    claim = "h[0, 0] >= 0"
    """
    result = hypotheses(parse_note(text), TWO_INTERVALS)
    assert [r.verdict for r in result.results] == ["unknown", "proved"]
    assert result.verdict == "unknown"
    certificate = result.certificate()
    assert len(certificate.body["claim"]["hypotheses"]) == 1


def test_a_claim_that_is_refuted_before_the_work_ends_is_in_no_certificate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("certify.statements.prove.MAX_WORK", 40_000_000)
    text = """
    [[hypothesis]]
    name = "long"
    claim = "m == 1 and h[0, 0] < 0 or m == 1 and sum(h[0, 0] for k in range(10000000)) >= 0"
    [[hypothesis]]
    name = "short"
    claim = "h[0, 0] >= 0"
    """
    result = hypotheses(parse_note(text), TWO_INTERVALS)
    assert [r.verdict for r in result.results] == ["refuted", "proved"]
    assert [r.name for r in result.decided] == ["short"]


def test_an_interrupt_keeps_what_is_refuted() -> None:
    def interrupt(done: int, total: int) -> None:
        if done == 1:
            signal.raise_signal(signal.SIGINT)

    text = """
    [[hypothesis]]
    name = "false"
    claim = "m == 1"
    [[hypothesis]]
    name = "true"
    claim = "h[0, 0] >= 0"
    [[hypothesis]]
    name = "measured"
    claim = "accuracy >= 0"
    over = "gaussian"
    """
    result = hypotheses(parse_note(text), TWO_INTERVALS, progress=interrupt)
    assert [r.verdict for r in result.results] == ["refuted", "unknown", "unknown"]
    with pytest.raises(NothingDecidedError):
        result.certificate()


def test_pairs_restrict_the_domain() -> None:
    (found,) = decide(TWO_INTERVALS, "m == 0 and s == 1", pairs="m < s").results
    assert (found.verdict, found.pairs) == ("proved", 1)


def test_a_path_is_read(tmp_path: Path) -> None:
    path = tmp_path / "note.toml"
    path.write_text('[[hypothesis]]\nname = "a"\nclaim = "h[0, 0] >= 0"\n')
    assert hypotheses(path, TWO_INTERVALS).verdict == "proved"
    assert hypotheses(str(path), TWO_INTERVALS).counterexamples == ()
