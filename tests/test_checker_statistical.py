"""The sample of a statistical certificate: its law, its verdicts, its counts, its bracket."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, kstest

from certify.checker.binomial import PLACES, tail_is_at_most
from certify.checker.deciding import OPEN, RIGHT, WRONG, Exact, decide, table_of
from certify.checker.drawing import WORD, draw, seed_of, words_of
from certify.checker.errors import Rejected
from certify.checker.reader import read_weights
from certify.checker.running import BARE
from certify.checker.statistical import Counts, Sampler, check_statistical, ends, supports
from certify.model import Network
from certify.relaxation.compiled import COMPILED
from certify.testing import networks

MODELS = Path(__file__).parent.parent / "models"


def drawn(seed: bytes, count: int, length: int, *, normal: bool) -> list[list[int]]:
    words, at, flags, cells = words_of(seed, 0, count * length * 40), 0, [0], []
    for _ in range(count):
        cell = [0] * (2 * length)
        at = draw(words, at, cell, 0, length, flags, normal)
        assert at > 0
        assert not flags[0]
        cells.append(cell)
    return cells


@pytest.mark.parametrize(("normal", "law"), [(True, "norm"), (False, "uniform")])
def test_numbers_have_the_law_they_should(normal: bool, law: str) -> None:
    x = np.array(drawn(b"law", 3000, 6, normal=normal), dtype=float)
    values = x[:, ::2] / WORD + x[:, 1::2] / WORD**2
    assert kstest(values.ravel(), law).pvalue > 1e-3
    assert abs(np.corrcoef(values.T) - np.eye(6)).max() < 0.1


def test_both_words_are_used() -> None:
    second = np.array(drawn(b"words", 3000, 4, normal=True), dtype=float)[:, 1::2]
    assert kstest(second.ravel() / WORD, "uniform").pvalue > 1e-3


def test_a_stream_is_the_beginning_of_a_longer_one() -> None:
    seed = seed_of("ab", "gaussian", 10, "")
    assert words_of(seed, 3, 10) == words_of(seed, 3, 20)[:10]
    assert words_of(seed, 3, 10) != words_of(seed, 4, 10)


def exact_verdicts(network: Network, cell: list[int], rng: np.random.Generator) -> set[bool]:
    """Right or not at some points of a cell, the corners among them."""
    n = network.seq_len
    corner = [cell[2 * t] * WORD + cell[2 * t + 1] for t in range(n)]
    shifts = [*rng.random((3, n)).tolist(), [0.25] * n, [0.75] * n]
    return {
        network.is_right([Fraction(c) + Fraction(u) for c, u in zip(corner, shift, strict=True)])
        for shift in shifts
    }


@settings(deadline=None, max_examples=60)
@given(networks(max_length=6), st.integers(0, 2**32))
def test_verdicts_hold_on_all_of_a_cell(network: Network, seed: int) -> None:
    rng = np.random.default_rng(seed)
    table, exact = table_of(network), Exact(network)
    work = [[0] * network.hidden_size for _ in range(4)]
    for cell in drawn(str(seed).encode(), 8, network.seq_len, normal=True):
        quick = decide(table, cell, 0, work) if table.usable else OPEN
        sure = exact.decide(cell)
        assert quick in (OPEN, sure)
        if sure != OPEN:
            assert exact_verdicts(network, cell, rng) == {sure == RIGHT}


def test_equal_inputs_are_open() -> None:
    network = Network(0, (1,), ((1,),), ((1,), (2,), (0,)))
    cell = [5, 7, 5, 7, 1, 1]
    assert decide(table_of(network), cell, 0, [[0]] * 4) == OPEN
    assert Exact(network).decide(cell) == OPEN


def test_a_model_that_always_ties_is_wrong() -> None:
    network = Network(0, (1, 1), ((1, 0), (0, 1)), ((1, 1), (1, 1)))
    counts = Sampler(network, "gaussian", 500).total(BARE)
    assert (counts.right, counts.wrong) == (0, 500)


@pytest.mark.parametrize("name", ["m3_3", "m8_5", "m16_10"])
@pytest.mark.parametrize("inputs", ["gaussian", "uniform"])
def test_compiled_and_bare_kernels_give_the_same_integers(name: str, inputs: str) -> None:
    weights = read_weights(MODELS / f"{name}.pt")
    sampler = Sampler(weights, inputs, 1200)
    for number in range(2):
        words = words_of(sampler.seed, number, 300 * sampler.table.length * 40)
        assert sampler.decide(BARE, words, 300) == sampler.decide(COMPILED, words, 300)


@pytest.mark.parametrize("name", ["m4_3", "m8_5"])
def test_counts_agree_with_another_sampler(name: str) -> None:
    from certify.reading.weights import read_network

    network = read_network(MODELS / f"{name}.pt")
    counts = Sampler(network, "gaussian", 20_000).total(COMPILED)
    rng = np.random.default_rng(5)
    x = rng.standard_normal((100_000, network.seq_len))
    logits = network.floats.logits(x)
    best = np.sort(logits, axis=1)[:, -2:]
    right = (logits.argmax(1) == np.argsort(x, 1)[:, -2]) & (best[:, 0] < best[:, 1])
    p = right.mean()
    assert abs(counts.right / 20_000 - p) < 6 * (p * (1 - p) / 16_000) ** 0.5


def test_too_few_words_are_drawn_again() -> None:
    weights = read_weights(MODELS / "m2_2.pt")
    assert Sampler(weights, "gaussian", 10).decide(BARE, words_of(b"", 0, 100), 1000) is None


@given(
    st.integers(1, 3000),
    st.floats(0, 1),
    st.fractions(min_value=Fraction(1, 100), max_value=Fraction(99, 100), max_denominator=1000),
)
def test_the_tail_is_the_binomial_one(n: int, share: float, p: Fraction) -> None:
    count = round(share * n)
    tail = float(binom.sf(count - 1, n, float(p)))
    if 1e-250 < tail < 1 - 1e-9:
        assert tail_is_at_most(n, count, p, Fraction(tail) * Fraction(100001, 100000))
        assert not tail_is_at_most(n, count, p, Fraction(tail) * Fraction(99999, 100000))


def test_the_tail_at_its_ends() -> None:
    one = Fraction(1)
    assert not tail_is_at_most(5, 0, Fraction(1, 2), Fraction(1, 2))
    assert tail_is_at_most(5, 1, Fraction(0), Fraction(0))
    assert not tail_is_at_most(5, 5, one, Fraction(1, 2))
    assert tail_is_at_most(5, 5, Fraction(1, 2), Fraction(1, 32) + Fraction(1, 2**80))
    assert not tail_is_at_most(5, 5, Fraction(1, 2), Fraction(1, 32) - Fraction(1, 2**80))


def body(**changes: object) -> dict[str, object]:
    weights = read_weights(MODELS / "m2_2.pt")
    counts = Sampler(weights, "gaussian", 300).total(BARE)
    claim: dict[str, object] = {
        "inputs": "gaussian", "lower": "9/10", "upper": "1", "error_probability": "1/1000",
        "samples": 300,
    }  # fmt: skip
    evidence: dict[str, object] = {"right": counts.right, "wrong": counts.wrong}
    for key, value in changes.items():
        (claim if key in claim else evidence)[key] = value
    return {"claim": claim, "evidence": evidence}


def test_a_true_claim_is_accepted_as_statistical() -> None:
    weights = read_weights(MODELS / "m2_2.pt")
    for nonce in ("", "heads"):
        lines = check_statistical(weights, body(), b"", nonce=nonce)
        assert lines[0].startswith("STATISTICAL, no proof")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lower": "999/1000"}, "do not support"),
        ({"upper": "99/100", "lower": "49/50"}, "do not support"),
        ({"right": 299, "wrong": 1}, "found 300 right, 0 wrong"),
        ({"right": 301}, "do not fit"),
        ({"wrong": -1}, "do not fit"),
        ({"wrong": False}, "expected an integer"),
        ({"samples": 299}, "do not fit"),
        ({"samples": 301}, "claimed 300 right"),
        ({"samples": 0}, "expected 1 to"),
        ({"error_probability": "0"}, "between 0 and 1"),
        ({"error_probability": "1/1000000000000000"}, "do not support"),
        ({"inputs": "cauchy"}, "expected one of"),
        ({"lower": "1", "upper": "9/10"}, "expected 0 <= lower"),
        ({"extra": 1}, "unknown"),
    ],
)
def test_mutated_claims_are_rejected(changes: dict[str, object], message: str) -> None:
    weights = read_weights(MODELS / "m2_2.pt")
    with pytest.raises(Rejected, match=message):
        check_statistical(weights, body(**changes), b"")


def test_a_fresh_sample_refutes_what_an_author_made_up() -> None:
    weights = read_weights(MODELS / "m3_3.pt")  # right on about 785 of 1000
    claim = {"inputs": "gaussian", "lower": "49/50", "upper": "1", "error_probability": "1/1000",
             "samples": 1000}  # fmt: skip
    made_up = {"claim": claim, "evidence": {"right": 1000, "wrong": 0}}
    with pytest.raises(Rejected, match="contradicts"):
        check_statistical(weights, made_up, b"", nonce="tails")


def test_counts_support_what_they_should() -> None:
    counts = Counts(1000, 950, 50, 1000)
    assert supports(counts, Fraction(92, 100), Fraction(97, 100), Fraction(1, 100))
    assert not supports(counts, Fraction(94, 100), Fraction(97, 100), Fraction(1, 100))
    assert not supports(counts, Fraction(92, 100), Fraction(96, 100), Fraction(1, 100))
    assert WRONG != RIGHT


@pytest.mark.parametrize(("right", "wrong"), [(950, 50), (0, 1000), (1000, 0), (940, 40), (1, 998)])
def test_ends_are_the_narrowest_of_their_grid(right: int, wrong: int) -> None:
    counts, risk, step = Counts(1000, right, wrong, 1000), Fraction(1, 1000), Fraction(1, PLACES)
    lower, upper = ends(counts, risk)
    assert supports(counts, lower, upper, risk)
    if lower > 0:
        assert not supports(counts, lower + step, upper, risk)
    if upper < 1:
        assert not supports(counts, lower, upper - step, risk)
