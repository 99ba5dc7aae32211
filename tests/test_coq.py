from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.claims import Pair, RatioRange, all_pairs
from certify.coq import check_coq, export_coq
from certify.coq.export import development
from certify.coq.kernel import CLOSED
from certify.errors import CertificateFormatError, MissingExtraError, UsageError
from certify.impulse.prove import prove_impulse
from certify.impulse.sweep import sweep_all
from certify.model import Network
from certify.reading.weights import read_network
from tests.examples import HANDCRAFTED, MODELS, PROOFS, TWO_INTERVALS

needs_coqc = pytest.mark.skipif(shutil.which("coqc") is None, reason="coqc is not installed")

WIDE = RatioRange(Fraction(1, 100), Fraction(99, 100))
NARROW = RatioRange(Fraction(51, 100), Fraction(83, 100))

AXIOMS = """Axioms:
ClassicalDedekindReals.sig_forall_dec
  : forall P : nat -> Prop, (forall n : nat, {P n} + {~ P n}) -> True
"""


def breaks_of(network: Network) -> dict[Pair, Sequence[Fraction]]:
    return {pair: found.breaks for pair, found in sweep_all(network).items()}


def coqc(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "file.v").write_text(text)
    return subprocess.run(
        ["coqc", "-q", "file.v"], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture
def handcrafted(tmp_path: Path) -> Path:
    path = tmp_path / "handcrafted.v"
    export_coq(HANDCRAFTED, WIDE, breaks_of(HANDCRAFTED), path)
    return path


def fake_coqc(folder: Path, monkeypatch: pytest.MonkeyPatch, output: str, status: int = 0) -> None:
    script = folder / "coqc"
    script.write_text(f"#!/bin/sh\ncat <<'EOF'\n{output}EOF\nexit {status}\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


# What Coq says.


@needs_coqc
def test_a_true_claim_is_accepted_and_rests_on_no_axiom_needs_coqc(tmp_path: Path) -> None:
    path = tmp_path / "two.v"
    export_coq(TWO_INTERVALS, NARROW, breaks_of(TWO_INTERVALS), path)
    before = path.read_bytes()
    verdict = check_coq(path, TWO_INTERVALS)
    assert verdict.accepted, verdict.reason
    assert verdict.assumptions.startswith(f"model_is_right: {CLOSED}\n")
    assert "(51 # 100) <= S / M <= (83 # 100)" in verdict.statement
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def moved(breaks: Mapping[Pair, Sequence[Fraction]]) -> dict[Pair, Sequence[Fraction]]:
    """The same break points, one of those inside the range moved."""
    pair = Pair(1, 0)
    inside = [b for b in breaks[pair] if NARROW.lo < b < NARROW.hi]
    return {**breaks, pair: [b + Fraction(1, 10**6) * (b == inside[0]) for b in breaks[pair]]}


@needs_coqc
@pytest.mark.parametrize(
    "wrong", ["a moved cell border", "a range too wide", "no cell borders", "one ratio too many"]
)
def test_a_wrong_certificate_is_rejected_by_coqc_needs_coqc(wrong: str, tmp_path: Path) -> None:
    path, ratios, breaks = tmp_path / "wrong.v", NARROW, breaks_of(TWO_INTERVALS)
    if wrong == "a moved cell border":
        breaks = moved(breaks)
    elif wrong == "no cell borders":
        breaks = {pair: [] for pair in breaks}
    elif wrong == "a range too wide":
        ratios = RatioRange(NARROW.lo, Fraction(84, 100))
    else:
        ratios = RatioRange(Fraction(84, 100), Fraction(84, 100))
    export_coq(TWO_INTERVALS, ratios, breaks, path)
    verdict = check_coq(path, TWO_INTERVALS)
    assert not verdict.accepted
    assert "coqc rejects the file" in verdict.reason
    assert "certificate_holds" in verdict.reason or "check" in verdict.reason
    assert verdict.assumptions == ""


@needs_coqc
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "[1; -1];\n  [-1; 1]\n]%Z.\n\nDefinition model",
            "[1; -1];\n  [1; 1]\n]%Z.\n\nDefinition model",
        )
    ],
    ids=["a wrong weight"],
)
def test_coqc_alone_rejects_needs_coqc(
    old: str, new: str, handcrafted: Path, tmp_path: Path
) -> None:
    text = handcrafted.read_text()
    assert text.count(old) == 1
    done = coqc(text.replace(old, new), tmp_path)
    assert done.returncode != 0
    assert CLOSED not in done.stdout


@needs_coqc
def test_the_network_in_coq_is_the_network_of_the_model_needs_coqc(
    handcrafted: Path, tmp_path: Path
) -> None:
    """The definitions compute, on inputs that are no impulses too, what Network.logits does."""
    networks = [HANDCRAFTED, TWO_INTERVALS]
    text = handcrafted.read_text().partition("(** * Part 2.")[0]
    for k, network in enumerate(networks):
        part = development(network, WIDE, {pair: [] for pair in all_pairs(2)})
        tables = part.partition("(** * Part 2.")[2].partition("Definition lo")[0]
        text += f"Module M{k}.\n(** {tables}"
        inputs = {
            "fun t => nth t [3 # 1; -7 # 5] 0": [Fraction(3), Fraction(-7, 5)],
            "fun t => nth t [-1 # 3; 2 # 1] 0": [Fraction(-1, 3), Fraction(2)],
            "impulses 0 1 (5 # 1) (4 # 1)": [Fraction(5), Fraction(4)],
            "impulses 1 0 (5 # 3) (4 # 3)": [Fraction(4, 3), Fraction(5, 3)],
        }
        for x, values in inputs.items():
            for j, value in enumerate(network.logits(values)):
                text += (
                    f"Goal Qred (logit model ({x}) {j}) = "
                    f"{value.numerator} # {value.denominator}. vm_compute. reflexivity. Qed.\n"
                )
        text += f"End M{k}.\n"
    done = coqc(text, tmp_path)
    assert done.returncode == 0, done.stderr


# What the comparison says, without Coq.


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("  1; -1\n", "  1; -2\n", id="a weight"),
        pytest.param("0 < M -> (1 # 100)", "0 < M -> False -> (1 # 100)", id="a vacuous statement"),
        pytest.param("j <> s ->\n", "j <> s -> j <> m ->\n", id="one rival less"),
        pytest.param("Qmax 0 x", "x", id="a relu that is none"),
        pytest.param("(** * Part 4", "Axiom lie : False.\n(** * Part 4", id="an axiom"),
        pytest.param("vm_cast_no_check (eq_refl true). Qed", "Admitted", id="an admitted lemma"),
        pytest.param("hi a\n", "hi hi\n", id="another checker"),
        pytest.param("Print Assumptions model_is_right.\n", "", id="assumptions not printed"),
        pytest.param("(1 # 100) <= S", "(2 # 100) <= S", id="a statement for another range"),
        pytest.param("lo : Q := (1 # 100)", "lo : Q := (1 # 10)", id="another lo"),
        pytest.param("lo : Q := (1 # 100)", "lo : Q := (-1 # 100)", id="a negative ratio"),
        pytest.param("hi : Q := (99 # 100)", "hi : Q := (99 # 0)", id="a zero denominator"),
        pytest.param("hi : Q := (99 # 100)", "hi : Q := 1", id="no range"),
        pytest.param("(* m = 1, s = 0 *)", "(* m = 0, s = 1 *)", id="a pair twice"),
        pytest.param("  [ (* m = 1, s = 0 *)", "  [", id="a pair less"),
        pytest.param("(99 # 100) ]", "(99 # 100) + 0 ]", id="a ratio that is a formula"),
        pytest.param(
            "From Coq Require Import Bool", "From Coq Require Import Bool Fake", id="import"
        ),
    ],
)
def test_another_text_is_rejected_before_coq_runs(old: str, new: str, handcrafted: Path) -> None:
    text = handcrafted.read_text()
    assert old in text
    handcrafted.write_text(text.replace(old, new))
    verdict = check_coq(handcrafted, HANDCRAFTED)
    assert not verdict.accepted
    assert verdict.reason
    assert (verdict.statement, verdict.assumptions, verdict.seconds) == ("", "", 0.0)


@pytest.mark.parametrize(
    "tail", ["x", "\nthe end", "\nAxiom lie : False.\n", "\nDefinition hi : Q := (1 # 2)."]
)
def test_nothing_may_follow(tail: str, handcrafted: Path) -> None:
    handcrafted.write_text(handcrafted.read_text() + tail)
    assert "line" in check_coq(handcrafted, HANDCRAFTED).reason


def test_a_file_that_is_cut_off_is_rejected(handcrafted: Path) -> None:
    text = handcrafted.read_text()
    for length in range(len(text) // 3, len(text), 997):
        handcrafted.write_text(text[:length])
        assert not check_coq(handcrafted, HANDCRAFTED).accepted


def test_the_file_of_another_model_is_rejected(handcrafted: Path) -> None:
    verdict = check_coq(handcrafted, TWO_INTERVALS)
    assert "the header" in verdict.reason


@pytest.mark.parametrize("content", [b"", b"Theorem x : True.", "(** é".encode()])
def test_a_file_that_is_no_export_is_unreadable(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.v"
    path.write_bytes(content)
    with pytest.raises(CertificateFormatError):
        check_coq(path, HANDCRAFTED)


def test_without_coqc_the_error_says_how_to_get_it(
    handcrafted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingExtraError, match="apt install coq"):
        check_coq(handcrafted, HANDCRAFTED)


@pytest.mark.parametrize(
    ("output", "status", "reason"),
    [
        (f"{CLOSED}\n{AXIOMS}", 0, ""),
        (f"{CLOSED}\n{AXIOMS}", 1, "coqc rejects the file"),
        ("", 0, "two lists of assumptions, found 0"),
        (f"{AXIOMS}{AXIOMS}", 0, "model_is_right assumes ClassicalDedekindReals.sig_forall_dec"),
        (f"{CLOSED}\n", 0, "two lists of assumptions, found 1"),
        (f"{CLOSED}\nAxioms:\n", 0, "model_is_right_over_reals assumes what is not named"),
        (f"{CLOSED}\n{AXIOMS}lie : False\n", 0, "assumes lie"),
    ],
)
def test_exit_status_and_assumptions_are_read(
    output: str,
    status: int,
    reason: str,
    handcrafted: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake_coqc(tmp_path, monkeypatch, output, status)
    verdict = check_coq(handcrafted, HANDCRAFTED)
    assert verdict.accepted == (not reason)
    assert reason in verdict.reason


# The export.


@st.composite
def chains(draw: st.DrawFn) -> dict[Pair, list[Fraction]]:
    ratios = st.fractions(Fraction(1, 100), Fraction(99, 100), max_denominator=10**40)
    return {pair: draw(st.lists(ratios, max_size=3)) for pair in all_pairs(2)}


@settings(max_examples=25)
@given(breaks=chains())
def test_what_is_exported_passes_the_comparison(
    breaks: dict[Pair, list[Fraction]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("coq") / "any.v"
    export_coq(HANDCRAFTED, WIDE, breaks, path)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("PATH", "")
        with pytest.raises(MissingExtraError):  # the comparison is over, Coq would be next
            check_coq(path, HANDCRAFTED)


def test_the_lines_of_the_export_are_short_and_ascii(handcrafted: Path) -> None:
    text = handcrafted.read_bytes().decode("ascii")
    assert max(map(len, text.split("\n"))) <= 100
    assert not re.search(r"Admitted|admit|Axiom\b|Parameter\b", text)


def test_long_integers_stay_whole(tmp_path: Path) -> None:
    """Of a float64 weight of 1e-100, longer than a line."""
    network = Network.from_arrays([1e-100], [[-1.5]], [[-1e-100], [1.0]])
    path = tmp_path / "long.v"
    breaks = {pair: [Fraction(1, 2)] for pair in all_pairs(2)}
    export_coq(network, RatioRange(Fraction(1, 2), Fraction(1, 2)), breaks, path)
    longest = max(map(str, network.w_out[0] + network.w_out[1]), key=len)
    assert len(longest) > 98
    assert longest in path.read_text()


def test_a_pair_without_break_points_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"pair \(m, s\) = \(1, 0\)"):
        export_coq(HANDCRAFTED, WIDE, {Pair(0, 1): []}, tmp_path / "x.v")


def test_a_break_point_of_absurd_length_is_an_error(tmp_path: Path) -> None:
    breaks = {pair: [Fraction(1, 2) + Fraction(1, 10**4000)] for pair in all_pairs(2)}
    with pytest.raises(UsageError, match="4000 digits"):
        export_coq(HANDCRAFTED, WIDE, breaks, tmp_path / "x.v")


def test_one_ratio_is_a_range(tmp_path: Path) -> None:
    path = tmp_path / "one.v"
    ratio = Fraction(4, 5)
    export_coq(HANDCRAFTED, RatioRange(ratio, ratio), breaks_of(HANDCRAFTED), path)
    assert path.read_text().count("    (4 # 5)") == 2


# Trained models.


@needs_coqc
@pytest.mark.slow
def test_the_published_m2_2_is_right_needs_coqc_and_the_reference_folder(
    published_m2_2: Network, tmp_path: Path
) -> None:
    result = prove_impulse(published_m2_2)
    path = tmp_path / "m2_2.v"
    export_coq(published_m2_2, result.ratios, breaks_of(published_m2_2), path)
    assert check_coq(path, published_m2_2).accepted


@needs_coqc
@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((PROOFS / "coq").glob("*.v")), ids=lambda path: path.stem)
def test_shipped_theorems_hold_needs_coqc(path: Path) -> None:
    network = read_network(MODELS / f"{path.name.partition('.')[0]}.pt")
    verdict = check_coq(path, network)
    assert verdict.accepted, verdict.reason
