from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings

from certify.checker.impulse import check_impulse
from certify.claims import NOMINAL_RATIO, Pair, RatioRange, all_pairs
from certify.errors import CertificateFormatError, ModelFileError, UsageError
from certify.impulse.prove import ImpulseResult, prove_impulse
from certify.impulse.resuming import read_outlines
from certify.impulse.spreading import Outline
from certify.model import Network
from certify.noise.prove import prove_noise
from certify.reading.weights import read_network
from certify.testing import networks
from tests.examples import (
    EXAMPLES,
    HANDCRAFTED,
    MODELS,
    TWO_INTERVALS,
    Example,
    Golden,
    brute_force_right,
)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_verdict_at_the_nominal_ratio(example: Example) -> None:
    result = prove_impulse(example.network, RatioRange(NOMINAL_RATIO, NOMINAL_RATIO))
    assert result.certified_pairs == example.right_at_nominal
    everything = len(all_pairs(example.network.seq_len))
    assert (result.verdict == "proved") == (example.right_at_nominal == everything)


def test_default_range_is_the_common_interval_rounded_inwards() -> None:
    result = prove_impulse(TWO_INTERVALS)
    assert result.common_interval == (Fraction(1, 2), Fraction(5, 6))
    assert result.ratios == (Fraction(501, 1000), Fraction(833, 1000))
    assert prove_impulse(HANDCRAFTED).ratios == (Fraction(1, 1000), Fraction(999, 1000))


def test_a_wrong_model_is_refuted_at_the_nominal_ratio() -> None:
    result = prove_impulse(next(e.network for e in EXAMPLES if e.name == "tie at 4/5"))
    assert result.ratios == (NOMINAL_RATIO, NOMINAL_RATIO)
    assert result.common_interval is None
    tie = result.pairs[0]
    assert tie.counterexample == (Fraction(1), NOMINAL_RATIO)
    assert tie.min_margin.value == 0
    assert tie.interval is None
    assert tie.right_intervals == ((NOMINAL_RATIO, Fraction(1)),)


def test_a_pair_may_be_right_on_several_intervals_or_nowhere() -> None:
    assert [len(p.right_intervals) for p in prove_impulse(TWO_INTERVALS).pairs] == [1, 2]
    assert all(not p.right_intervals for p in prove_impulse(EXAMPLES[1].network).pairs)


@settings(max_examples=50)
@given(networks())
def test_counterexamples_are_wrong_and_proofs_hold(network: Network) -> None:
    result = prove_impulse(network, RatioRange(Fraction(1, 3), Fraction(9, 10)))
    for found in result.pairs:
        if found.counterexample:
            assert not network.is_right(found.counterexample)
            assert found.interval is None
        else:
            assert found.interval is not None
            for ratio in (*result.ratios, Fraction(1, 2), Fraction(4, 5)):
                assert brute_force_right(network, *found.pair, ratio)


def test_progress_counts_pairs() -> None:
    seen: list[tuple[int, int]] = []
    prove_impulse(HANDCRAFTED, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 2), (1, 2), (1, 2), (2, 2)]  # each pair is swept twice


def test_the_headline(golden: Golden, golden_impulse: ImpulseResult) -> None:
    assert golden_impulse.model.sha256 == golden.sha256
    assert golden_impulse.verdict == "proved"
    assert golden_impulse.certified_pairs == 90
    assert golden_impulse.ratios == golden.ratio
    assert golden_impulse.cells == golden.cells
    assert all(b.proved for b in golden_impulse.offsets)


def test_golden_margin_at_the_nominal_ratio(golden: Golden, golden_network: Network) -> None:
    result = prove_impulse(golden_network, RatioRange(NOMINAL_RATIO, NOMINAL_RATIO))
    assert result.certified_pairs == 90
    assert result.worst.pair == golden.worst
    assert float(result.worst.min_margin.value) == pytest.approx(golden.min_margin, abs=1e-4)


def test_published_m2_2_needs_the_reference_folder(published_m2_2: Network) -> None:
    assert prove_impulse(published_m2_2).verdict == "proved"


def test_numbers_too_long_for_a_certificate_are_refused() -> None:
    fine = Network.from_arrays([2.0**-1074], [[1.0]], [[1.0]] * 24)
    with pytest.raises(ModelFileError, match="exact numbers may have"):
        prove_impulse(fine)


def test_processes_find_what_one_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    network = read_network(MODELS / "m8_5.pt")
    alone = prove_impulse(network)
    monkeypatch.setattr("certify.impulse.spreading.WORTH_PROCESSES", 1)
    told: list[tuple[int, int]] = []
    shared = prove_impulse(network, jobs=2, progress=lambda *now: told.append(now))
    assert shared == alone
    assert shared.certificate().to_bytes() == alone.certificate().to_bytes()
    assert told == sorted(told)
    assert told[-1] == (20, 20)


def test_without_workers_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    class Dead:
        def submit(self, *_: object) -> object:
            raise BrokenProcessPool

    monkeypatch.setattr("certify.impulse.spreading.WORTH_PROCESSES", 1)
    monkeypatch.setattr("certify.impulse.spreading.workers", lambda _: nullcontext(Dead()))
    network = read_network(MODELS / "m4_3.pt")
    assert prove_impulse(network, jobs=2) == prove_impulse(network)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupt_keeps_the_pairs_that_were_decided(
    jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("certify.impulse.spreading.WORTH_PROCESSES", 1)
    network, ratios = read_network(MODELS / "m8_5.pt"), RatioRange(Fraction(3, 4), NOMINAL_RATIO)
    sent: list[int] = []

    def end(done: int, total: int) -> None:
        if done >= 6 and not sent:
            sent.append(done)
            os.kill(os.getpid(), signal.SIGINT)

    found = prove_impulse(network, ratios, jobs=jobs, progress=end)
    whole = {p.pair: p for p in prove_impulse(network, ratios).pairs}
    assert found.interrupted
    assert found.subset
    assert 6 <= len(found.pairs) < 20
    assert all(whole[p.pair] == p for p in found.pairs)
    lines = check_impulse(network, json.loads(found.certificate().to_bytes()), b"")
    assert f"the {len(found.pairs)} chosen pairs out of 20" in lines[0]


def interrupt_at(count: int) -> Callable[[int, int], None]:
    def end(done: int, total: int) -> None:
        if done == count:
            os.kill(os.getpid(), signal.SIGINT)

    return end


def outlines_of(result: ImpulseResult, folder: Path) -> dict[Pair, Outline]:
    return read_outlines(result.certificate().write(folder / "kept.json"), result.model)


@pytest.mark.parametrize("count", [3, 9, 10, 14])
def test_an_interrupt_keeps_pairs_at_the_nominal_ratio_and_is_taken_up(
    count: int, tmp_path: Path
) -> None:
    """Before the range is known (10 of 20 by this count), and after that."""
    network = read_network(MODELS / "m8_5.pt")
    whole = prove_impulse(network)
    found = prove_impulse(network, progress=interrupt_at(count))
    assert found.interrupted
    assert found.ratios == RatioRange(NOMINAL_RATIO, NOMINAL_RATIO)
    assert min(2 * count, 20) <= len(found.pairs) <= min(2 * count + 2, 20)
    assert found.subset == (len(found.pairs) < 20)
    check_impulse(network, json.loads(found.certificate().to_bytes()), b"")
    told: list[int] = []
    resumed = prove_impulse(
        network,
        resume=outlines_of(found, tmp_path),
        progress=lambda done, total: told.append(done),
    )
    assert told[0] >= min(count, 10) - 1
    assert resumed == whole
    assert resumed.certificate().to_bytes() == whole.certificate().to_bytes()


@pytest.mark.parametrize("known", [0, 7, 20])
def test_a_given_range_is_gone_on_with(known: int, tmp_path: Path) -> None:
    network, ratios = read_network(MODELS / "m8_5.pt"), RatioRange(Fraction(3, 4), NOMINAL_RATIO)
    whole = prove_impulse(network, ratios)
    some = outlines_of(whole, tmp_path)
    some = {pair: some[pair] for pair in list(some)[:known]}
    resumed = prove_impulse(network, ratios, resume=some)
    assert resumed.pairs == whole.pairs
    assert resumed.certificate().to_bytes() == whole.certificate().to_bytes()


def test_what_is_decided_is_kept_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certify.files._FIRST_KEPT", 0)
    network = read_network(MODELS / "m4_3.pt")
    for ratios in (None, RatioRange(Fraction(3, 4), NOMINAL_RATIO)):
        kept: list[ImpulseResult] = []
        prove_impulse(network, ratios, keep=kept.append)
        assert kept
        for now in kept:
            check_impulse(network, json.loads(now.certificate().to_bytes()), b"")
        sizes = [len(now.pairs) for now in kept]
        assert sizes == sorted(set(sizes))


def test_only_an_impulse_certificate_of_the_model_is_taken_up(tmp_path: Path) -> None:
    network, other = read_network(MODELS / "m4_3.pt"), read_network(MODELS / "m3_3.pt")
    written = prove_impulse(network).certificate().write(tmp_path / "kept.json")
    with pytest.raises(UsageError, match="of another model"):
        read_outlines(written, other)
    noise = prove_noise(network, RatioRange(NOMINAL_RATIO, NOMINAL_RATIO), Fraction(1, 100))
    tree = noise.certificate().write(tmp_path / "noise.zip")
    with pytest.raises(UsageError, match="of kind noise"):
        read_outlines(tree, network)
    document = json.loads(written.read_bytes())
    del document["evidence"]["pairs"][0]["cells"]
    written.write_text(json.dumps(document))
    with pytest.raises(CertificateFormatError, match="not an impulse certificate"):
        read_outlines(written, network)
