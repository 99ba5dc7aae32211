"""The noise theorem: what Coq's kernel accepts, and what it and the comparison reject."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from certify import api
from certify.claims import Pair, RatioRange
from certify.coq import check_coq
from certify.coq.kernel import CLOSED
from certify.coq.noise_export import NoiseClaim, export_noise, noise_development, read_claim
from certify.errors import CertificateFormatError, UsageError
from certify.model import Network
from tests.examples import HANDCRAFTED, MODELS, PROOFS

needs_coqc = pytest.mark.skipif(shutil.which("coqc") is None, reason="coqc is not installed")

#: Weights in quarters, and trees with halves, orders and cases that prove three pairs.
MODEL = Network(
    2,
    (-3, -1, 0, 1),
    ((2, 0, -4, 2), (4, 1, 3, 3), (1, 1, -3, 0), (3, 2, 3, -3)),
    ((3, -4, -1, -4), (-1, 0, -4, -1), (4, -3, 3, -1), (-4, 2, 4, 2)),
)
EPS = Fraction(3, 10)
BOUNDS = {Pair(0, 3): 143352, Pair(1, 3): 198234, Pair(2, 3): 604}  # in units of 2**-22
TAPES = {
    Pair(0, 3): bytes.fromhex("020004010204ff04010101ff04ff01010204ff04ff01"),
    Pair(1, 3): bytes.fromhex("fb0004ff00ff04"),
    Pair(2, 3): bytes.fromhex(
        "fb0004fb0001ff01000103ff00ff04010103010104000101010000000000010000000004ff02ff04"
        "ff04ff04ff04ff04ff04ff04fb0001010103000101010003010101000101000004ff000100020101"
        "02000103ff04ff02ff02ff04010002ff04000101ff02ff04ff01ff01000002010000010002ff0400"
        "0101010003010104ff04000101010004ff04ff02ff04ff02010004ff04010101ff04000104ff02ff"
        "04ff00010000ff04000004010000ff02ff02ff04ff01010103010101010101010101000101000004"
        "000000000000ff02010002010104ff02ff04ff04ff00ff04ff02fd010103ffff0103ffff0103ffff"
        "ff01000101ff02ff04ff02"
    ),
}
PAIRS = tuple(TAPES)
#: The readout of MODEL with the last row negated.
W_OUT = (
    "Definition w_out : list (list Z) := "
    "[[3; -4; -1; -4]; [-1; 0; -4; -1]; [4; -3; 3; -1]; [4; -2; -4; -2]]%Z."
)
CHECK = "(hidden_size model) (seq_len model) scale w_ih w_hh w_out lo hi noise proofs"


@pytest.fixture(scope="module")
def certificate() -> tuple[dict[str, Any], bytes]:
    """A certificate whose trees have halves, orders and cases."""
    claims = [{"max": m, "second": s, "certified": str(EPS)} for m, s in PAIRS]
    trees = [
        {"tree": {"bytes": len(TAPES[pair]), "margin_bound": str(Fraction(BOUNDS[pair], 2**22))}}
        for pair in PAIRS
    ]
    body = {
        "kind": "noise",
        "model": {"sha256": MODEL.sha256},
        "claim": {"ratio": ["4/5", "4/5"], "pairs": claims},
        "evidence": {"pairs": trees},
    }
    return body, b"".join(TAPES.values())


@pytest.fixture
def exported(certificate: tuple[dict[str, Any], bytes], tmp_path: Path) -> tuple[Path, NoiseClaim]:
    path = tmp_path / "noise.v"
    return path, export_noise(MODEL, *certificate, path)


def coqc(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "file.v").write_text(text)
    return subprocess.run(
        ["coqc", "-q", "file.v"], cwd=folder, capture_output=True, text=True, check=False
    )


def proof_of(found: NoiseClaim, pair: Pair) -> str:
    """The proof of one pair, in words."""
    proofs = " ".join(found.proofs.split()).split("; Proof_of ")
    m, s = pair
    return next(
        "Proof_of " + p.removeprefix("Proof_of ")
        for p in proofs
        if p.removeprefix("Proof_of ").startswith(f"{m} {s} ")
    )


# What Coq says.


@needs_coqc
def test_a_true_claim_rests_on_the_integers_of_the_kernel_needs_coqc(
    exported: tuple[Path, NoiseClaim],
) -> None:
    path, found = exported
    assert found.pairs == PAIRS
    words = set(re.findall(r"\w+", found.proofs))
    assert {"Halve", "First", "History", "By_cases", "Split"} <= words
    verdict = check_coq(path, MODEL)
    assert verdict.accepted, verdict.reason
    assert "noisy_impulses 4 m s (4 # 5) (4 # 5) (3 # 10) M x" in verdict.statement
    over_rationals, _, over_reals = verdict.assumptions.partition("model_is_right_over_reals:")
    assert "add_spec" in over_rationals
    assert "Classical" not in over_rationals
    assert "sig_forall_dec" in over_reals


@needs_coqc
def test_the_checker_in_coq_rejects_what_does_not_hold_needs_coqc(
    exported: tuple[Path, NoiseClaim], tmp_path: Path
) -> None:
    """One run of Coq over the library, and then each change by itself; the unchanged proof passes
    over Z too, which makes a theorem without any assumption.
    """
    path, found = exported
    good = proof_of(found, Pair(1, 3))
    parts = re.fullmatch(r"(Proof_of 1 3) (\d+) (.*)", good)
    assert parts is not None
    pair, bound, tree = parts.groups()
    assert tree == "(First 0 4 (Proved 0) (Proved 4))"
    larger = proof_of(found, Pair(2, 3)).split(" ", 4)
    larger[3] = str(int(larger[3]) + 1)
    wrong = {
        "a bound one unit too good": ("", f"{pair} {int(bound) + 1} {tree}"),
        "the same of a larger tree": ("", " ".join(larger)),
        "a leaf dropped": ("", f"{pair} {bound} (First 0 4 Outside (Proved 4))"),
        "a node made a leaf": ("", f"{pair} {bound} (Proved 0)"),
        "another pair": ("", good.replace("1 3", "3 1", 1)),
        "a pair that is none": ("", good.replace("1 3", "3 3", 1)),
        "no bound": ("", f"{pair} 0 {tree}"),
        "noise one step too large": ("Definition noise : Q := (31 # 100).", good),
        "a range too wide": ("Definition lo : Q := (79 # 100).", good),
        "wrong weights": (W_OUT, good),
        "a weight too few": ("Definition w_ih : list Z := [-3; -1; 0]%Z.", good),
    }  # fmt: skip
    text = path.read_text().partition("(** * Part 4.")[0] + "Open Scope Q_scope.\n"
    for k, (changed, proof) in enumerate(wrong.values()):
        text += f"""
Module M{k}.
{changed}
Definition proofs : list proof := [{proof}].
Goal check_int {CHECK} = false. Proof. vm_compute. reflexivity. Qed.
End M{k}.
"""
    text += f"""
Definition proofs : list proof := [{good}].
Fail Definition cut_off : list proof := [{good.replace(" (Proved 4)", "")}].
Lemma over_Z : check_Z {CHECK} = true. Proof. vm_compute. reflexivity. Qed.
Definition slow := check_Z_sound _ _ _ _ _ _ _ _ _ _ over_Z.
Print Assumptions slow.
"""
    done = coqc(text, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith(CLOSED)


# What the comparison says, without Coq.


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("  -3; -1; 0; 1\n", "  -3; -1; 0; 2\n", id="a weight"),
        pytest.param("0 < M -> noisy", "0 < M -> False -> noisy", id="a vacuous statement"),
        pytest.param("- (noise * M) <= x t", "0 <= x t", id="other inputs"),
        pytest.param("(0,3); (1,3); (2,3)", "(0,3); (1,3)", id="a pair less in the statement"),
        pytest.param("vm_cast_no_check (eq_refl true). Qed", "Admitted", id="an admitted lemma"),
        pytest.param("(** * Part 4", "Axiom lie : False.\n(** * Part 4", id="an axiom"),
        pytest.param("mul := Z.mul", "mul := Z.add", id="another arithmetic"),
        pytest.param("Print Assumptions model_is_right.\n", "", id="assumptions not printed"),
        pytest.param("noise : Q := (3 # 10)", "noise : Q := (1 # 10)", id="another noise"),
        pytest.param("noise : Q := (3 # 10)", "noise : Q := (9 # 10)", id="noise above the ratio"),
        pytest.param("noise : Q := (3 # 10)", "noise : Q := (3 # 0)", id="a zero denominator"),
        pytest.param("noise : Q := (3 # 10)", "noise : Q := 0", id="no noise"),
        pytest.param("(First 0 4", "(lie 0 4", id="a word that no tree has"),
        pytest.param("(First 0 4", "(* First 0 4 *) (First 0 4", id="a comment in a tree"),
        pytest.param("Definition proofs : list proof", "Definition none", id="no proofs"),
    ],
)  # fmt: skip
def test_another_text_is_rejected_before_coq_runs(
    old: str, new: str, exported: tuple[Path, NoiseClaim]
) -> None:
    path, _ = exported
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    verdict = check_coq(path, MODEL)
    assert not verdict.accepted
    assert verdict.reason
    assert (verdict.statement, verdict.assumptions, verdict.seconds) == ("", "", 0.0)


def test_a_file_about_another_model_is_rejected(exported: tuple[Path, NoiseClaim]) -> None:
    assert "line" in check_coq(exported[0], HANDCRAFTED).reason


def test_the_text_is_a_function_of_the_claim(exported: tuple[Path, NoiseClaim]) -> None:
    path, found = exported
    assert path.read_text() == noise_development(MODEL, found)
    assert found.ratios == RatioRange(Fraction(4, 5), Fraction(4, 5))
    assert found.noise == EPS


# What cannot be exported.


def test_what_coq_cannot_state_is_refused(
    certificate: tuple[dict[str, Any], bytes], tmp_path: Path
) -> None:
    body, evidence = certificate
    path = tmp_path / "none.v"

    def changed(**parts: Any) -> dict[str, Any]:
        return {**json.loads(json.dumps(body)), **parts}

    with pytest.raises(UsageError, match="is about a model"):
        export_noise(HANDCRAFTED, body, evidence, path)
    with pytest.raises(UsageError, match="the kind 'impulse'"):
        export_noise(MODEL, changed(kind="impulse"), evidence, path)
    several = changed()
    several["claim"]["pairs"][0]["certified"] = "1/10"
    with pytest.raises(UsageError, match="different noise"):
        export_noise(MODEL, several, evidence, path)
    nothing = changed()
    for pair in nothing["evidence"]["pairs"]:
        pair["tree"] = None
    with pytest.raises(UsageError, match="proves no pair"):
        export_noise(MODEL, nothing, evidence, path)
    with pytest.raises(CertificateFormatError):
        export_noise(MODEL, changed(claim={}), evidence, path)
    with pytest.raises(CertificateFormatError):
        export_noise(MODEL, body, evidence[:5], path)
    exact = bytes([252]) + evidence[1:]
    with pytest.raises(UsageError, match="exact cells"):
        export_noise(MODEL, body, exact, path)
    assert not path.exists()


@pytest.mark.parametrize(
    "place",
    [
        "0,1)]%nat. Axiom cheat : forall P : Prop, P. Definition junk := [(0",
        '0 (* " *)',
        "0",
        True,
        -1,
        4,
        1.0,
    ],
)
@pytest.mark.parametrize("key", ["max", "second"])
def test_no_text_of_a_certificate_gets_into_the_file(
    key: str, place: Any, certificate: tuple[dict[str, Any], bytes], tmp_path: Path
) -> None:
    """Such a string once made coqc accept a theorem about another network."""
    document = json.loads(json.dumps(certificate[0]))
    document["claim"]["pairs"][0][key] = place
    with pytest.raises(CertificateFormatError, match="is no position"):
        export_noise(MODEL, document, certificate[1], tmp_path / "a.v")
    assert not (tmp_path / "a.v").exists()


def test_a_tape_deeper_than_the_interpreter_goes_is_a_sentence(
    certificate: tuple[dict[str, Any], bytes], tmp_path: Path
) -> None:
    document = json.loads(json.dumps(certificate[0]))
    tape = bytes([0, 0, 4]) * 5000
    document["evidence"]["pairs"][0]["tree"]["bytes"] = len(tape)
    with pytest.raises(CertificateFormatError, match="recursion"):
        export_noise(MODEL, document, tape, tmp_path / "a.v")


def test_numbers_in_unary_are_short(
    certificate: tuple[dict[str, Any], bytes], tmp_path: Path
) -> None:
    """A number of steps of 19 digits would fill the memory before Coq could refuse it."""
    export_noise(MODEL, *certificate, tmp_path / "a.v")
    text = (tmp_path / "a.v").read_text()
    assert read_claim(text).pairs == PAIRS
    with pytest.raises(ValueError, match="other words"):
        read_claim(text.replace("Proved 4", "Proved 9999999999", 1))


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", sorted((PROOFS / "coq").rglob("*.noise-*.v")), ids=lambda path: path.stem
)
def test_shipped_theorems_are_what_export_writes(path: Path, tmp_path: Path) -> None:
    """Of the certificates, with the library as it is; coqc takes long for some."""
    model, certificate = MODELS / f"{path.name.partition('.')[0]}.pt", PROOFS / f"{path.stem}.zip"
    written = api.export_coq(model, tmp_path / "F.v", certificate=certificate)
    assert written.read_bytes() == path.read_bytes()
