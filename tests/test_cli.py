"""Commands as a user calls them: answers, files and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import certify
from certify.cli import main
from certify.errors import ExitCode
from tests.examples import EXAMPLES, HANDCRAFTED, MODELS, ROOT, Golden, save_npz
from tests.test_probability_statistical import boxes_of

BY_NAME = {e.name: e.network for e in EXAMPLES}


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(save_npz(HANDCRAFTED, tmp_path / "hand.npz"))


def answer(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    code = main([*arguments, "--json", "-"])
    return code, json.loads(capsys.readouterr().out)


def test_prove_then_check(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = answer([model, "--out", str(tmp_path), "--jobs", "1"], capsys)
    assert code == ExitCode.OK
    assert found["claim"] == "impulse"
    assert found["verdict"] == "proved"
    assert found["model"] == {
        "sha256": HANDCRAFTED.sha256,
        "hidden_size": 2,
        "seq_len": 2,
        "parameters": 10,
        "assumed": ["the task is second-argmax, with ReLU: weights do not say"],
    }
    assert found["ratio"] == ["1/1000", "999/1000"]
    assert found["common_interval"] == ["0", "1"]
    assert (found["certified_pairs"], found["total_pairs"]) == (2, 2)
    assert [p["smt"] for p in found["pairs"]] == ["unsat", "unsat"]
    assert set(found["pairs"][0]) == {
        *("max", "second", "verdict", "interval", "right_intervals", "min_margin", "rival"),
        *("cells", "smt", "smt_reason", "counterexample"),
        *("interval_float", "right_intervals_float", "min_margin_float"),
    }
    assert found["offset"]["verdict"] == "proved"
    assert found["float32"]["verdict"] in ("proved", "unknown")
    certificate = found["certificate"]
    assert Path(certificate) == tmp_path / "hand.impulse.json"
    code, checked = answer(["check", certificate, model], capsys)
    assert code == ExitCode.OK
    assert checked["verdict"] == "accepted"
    assert checked["establishes"][0].startswith("PROVED")


def test_a_wrong_model_is_refuted_with_an_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(save_npz(BY_NAME["three inputs"], tmp_path / "wrong.npz"))
    code, found = answer([model, "--out", str(tmp_path), "--jobs", "1"], capsys)
    assert code == ExitCode.REFUTED
    assert found["verdict"] == "refuted"
    assert found["ratio"] == ["4/5", "4/5"]
    assert found["common_interval"] is None
    assert found["pairs"][0]["counterexample"] == ["1", "4/5", "0"]
    assert {p["smt"] for p in found["pairs"]} == {"sat", "unsat"}
    code, checked = answer(["check", found["certificate"], model], capsys)
    assert code == ExitCode.OK
    assert checked["establishes"][0].startswith("REFUTED")


def test_without_smt(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = answer([model, "--out", str(tmp_path), "--no-smt", "--ratio", "0.25"], capsys)
    assert code == ExitCode.OK
    assert found["ratio"] == ["1/4", "1/4"]
    assert [p["smt"] for p in found["pairs"]] == [None, None]


def test_the_report_says_what_was_proved(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([model, "--out", str(tmp_path), "--no-smt", "--ratio", "1/2", "0.9"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("PROVED  hand.npz: 2 of 2 pairs proved right")
    assert "S/M in [1/2, 9/10]" in shown
    assert "logit[s] - logit[rival]" in shown
    assert f"check it with: certify check {tmp_path / 'hand.impulse.json'} {model}" in shown


def test_option_before_the_model(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--no-smt", "--out", str(tmp_path), "--ratio", "1/2", model]
    assert main(arguments) == ExitCode.OK
    assert "S/M = 1/2" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--ratio", "2"],
        ["--ratio", "0.9", "0.8"],
        ["--ratio", "x", "y"],
        ["--jobs", "0"],
        ["--out", "no-such-folder"],
    ],
)
def test_usage_errors(arguments: list[str], model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([model, *arguments]) == ExitCode.USAGE
    assert capsys.readouterr().err.startswith("certify: ")


def test_no_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == ExitCode.USAGE
    assert main(["--no-smt"]) == ExitCode.USAGE
    assert main(["no-such-file.pt"]) == ExitCode.BAD_INPUT
    assert "no-such-file.pt" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("word", "hint"), [("acuracy", "did you mean 'certify accuracy'?"), ("qqq", "certify --help")]
)
def test_a_word_that_is_no_command(
    word: str, hint: str, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([word, model]) == ExitCode.USAGE
    assert hint in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_no_bug(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = str(tmp_path / "missing" / "m.v")
    model = str(MODELS / "m2_2.pt")
    assert main(["export", model, "--format", "coq", "-o", target]) == ExitCode.USAGE
    assert capsys.readouterr().err == f"certify: -o {target}: No such file or directory\n"


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == ExitCode.OK
    assert "certify MODEL" in capsys.readouterr().out
    assert main(["--version"]) == ExitCode.OK


@pytest.mark.parametrize("data", [b"", b"{", b"PK\x03\x04", b'{"format": "certify-certificate"}'])
def test_what_is_no_certificate_is_exit_code_4(
    data: bytes, model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "c.json"
    path.write_bytes(data)
    code, checked = answer(["check", str(path), model], capsys)
    assert code == ExitCode.BAD_INPUT
    assert checked["verdict"] == "unreadable"


def test_a_certificate_for_another_model_is_exit_code_1(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([model, "--out", str(tmp_path), "--no-smt"])
    other = save_npz(BY_NAME["wrong way round"], tmp_path / "other.npz")
    assert main(["check", str(tmp_path / "hand.impulse.json"), str(other)]) == ExitCode.REFUTED
    assert "REJECTED" in capsys.readouterr().out


def test_the_checker_alone(model: str, tmp_path: Path) -> None:
    """The command that a sceptic runs: no third-party package importable."""
    main([model, "--out", str(tmp_path), "--no-smt"])
    certificate = tmp_path / "hand.impulse.json"
    command = [sys.executable, "-S", "-m", "certify.checker"]

    def run(*arguments: str) -> int:
        return subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True).returncode

    assert run(str(certificate), model) == 0
    certificate.write_bytes(certificate.read_bytes().replace(b'"4/5"', b'"3/5"'))
    assert run(str(certificate), model) == 1
    certificate.write_bytes(b"")
    assert run(str(certificate), model) == 4
    assert run(str(certificate)) == 2


def test_importing_the_package_brings_in_nothing_third_party() -> None:
    code = (
        "import sys; before = set(sys.modules); import certify;"
        "new = {m.split('.')[0] for m in set(sys.modules) - before} - {'certify'};"
        "print(sorted(new - sys.stdlib_module_names), 'certify.api' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[] False"


def test_golden_models(golden: Golden, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = answer([str(golden.path), "--no-smt", "--out", str(tmp_path)], capsys)
    assert code == ExitCode.OK
    assert found["certified_pairs"] == 90
    assert found["ratio"] == [str(end) for end in golden.ratio]
    assert found["float32"]["verdict"] == "proved"


def test_noise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(MODELS / "m4_3.pt")
    code, found = answer([model, "--noise", "1/20", "--out", str(tmp_path)], capsys)
    assert code == ExitCode.OK
    assert found["claim"] == "noise"
    assert found["noise"] == "1/20"
    assert found["ratio"] == ["4/5", "4/5"]
    assert all(p["verdict"] == "proved" and p["margin_bound"] for p in found["pairs"])
    assert all(p["min_margin"] is None and p["smt"] is None for p in found["pairs"])
    assert main(["check", found["certificate"], model]) == ExitCode.OK
    assert main(["check", found["certificate"], str(MODELS / "m3_3.pt")]) == ExitCode.REFUTED


def test_noise_goes_on_from_a_certificate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [str(MODELS / "m4_3.pt"), "--noise", "1/20", "--out", str(tmp_path)]
    _, first = answer(command, capsys)
    resumed = [*command, "--resume", first["certificate"]]
    assert main(resumed) == ExitCode.OK
    assert "were not checked here" in capsys.readouterr().out
    _, again = answer(resumed, capsys)
    assert again["pairs"] == first["pairs"]
    other = [str(MODELS / "m3_3.pt"), *command[1:], "--resume", first["certificate"]]
    assert main(other) in (ExitCode.USAGE, ExitCode.BAD_INPUT)


def test_noise_max(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(MODELS / "m4_3.pt")
    arguments = [model, "--noise", "max", "--budget", "120", "--out", str(tmp_path)]
    code, found = answer(arguments, capsys)
    assert code == ExitCode.OK
    assert all(Fraction(p["certified"]) > 0 for p in found["pairs"])
    assert main(["check", found["certificate"], model]) == ExitCode.OK


@pytest.mark.parametrize(
    "options",
    [
        *(["--noise=-1/10"], ["--noise", "4/5"], ["--noise", "x"], ["--budget", "3"]),
        *(["--noise", "1/2", "--ratio", ".4"], ["--noise", "0.1", "--budget", "0"]),
    ],
)
def test_noise_that_means_nothing(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(MODELS / "m4_3.pt"), *options]) == ExitCode.USAGE
    assert capsys.readouterr().err.startswith("certify: ")


def test_accuracy_in_closed_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(save_npz(HANDCRAFTED, tmp_path / "hand.npz"))
    code, found = answer(["accuracy", model, "--out", str(tmp_path)], capsys)
    assert code == ExitCode.OK
    assert (found["lower"], found["upper"], found["exact"]) == ("1", "1", True)
    assert main(["check", found["certificate"], model]) == ExitCode.OK
    capsys.readouterr()
    drawn = tmp_path / "figures"
    arguments = ["accuracy", str(MODELS / "m4_3.pt"), "--out", str(tmp_path)]
    arguments += ["--figures", str(drawn)]
    code, found = answer(arguments, capsys)
    assert Fraction(found["upper"]) - Fraction(found["lower"]) <= Fraction(1, 10**30)
    assert sorted(p.name for p in drawn.iterdir()) == ["sphere.pdf", "sphere.svg"]


def test_accuracy_bracket_goes_on_where_it_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["accuracy", str(MODELS / "m6_4.pt"), "--out", str(tmp_path)]
    _, whole = answer([*command, "--boxes", "8000"], capsys)
    state = ["--resume", str(tmp_path / "state")]
    _, part = answer([*command, "--boxes", "4000", *state], capsys)
    _, rest = answer([*command, "--boxes", "8000", *state], capsys)
    assert (rest["lower"], rest["upper"]) == (whole["lower"], whole["upper"])
    assert Fraction(part["lower"]) <= Fraction(whole["lower"]) <= Fraction(whole["upper"])
    assert main(["check", rest["certificate"], str(MODELS / "m6_4.pt")]) == ExitCode.OK
    report = str(tmp_path / "r.md")
    assert main(["report", rest["certificate"], "--format", "markdown", "-o", report]) == 0
    assert "the probability that" in Path(report).read_text()


def test_sampling_is_called_sampling(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(MODELS / "m4_3.pt")
    command = ["accuracy", model, "--method", "sampling", "--samples", "2000"]
    command += ["--error-probability", "1e-6", "--out", str(tmp_path)]
    code, found = answer(command, capsys)
    assert code == ExitCode.OK
    assert found["verdict"] == "statistical"
    assert (found["error_probability"], found["samples"]) == ("1/1000000", 2000)
    assert Fraction(found["lower"]) < Fraction(987, 1000) < Fraction(found["upper"])
    assert main(command) == ExitCode.OK
    shown = capsys.readouterr().out
    assert shown.startswith("STATISTICAL")
    assert "PROVED" not in shown
    for more in ([], ["--nonce", "four words of mine"]):
        assert main(["check", found["certificate"], model, *more]) == ExitCode.OK
        assert "STATISTICAL, no proof" in capsys.readouterr().out
    assert main(["check", str(ROOT / "proofs/m4_3.impulse.json"), model, "--nonce", "x"]) == 4
    report = tmp_path / "r.md"
    assert main(["report", found["certificate"], "--format", "markdown", "-o", str(report)]) == 0
    assert "no proof" in report.read_text()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("--samples 5", "--samples goes with --method sampling"),
        ("--error-probability 1e-3", "--error-probability goes with --method sampling"),
        ("--method sampling --budget 3", "--budget goes with --method proof"),
        ("--method sampling --figures F", "--figures goes with --method proof"),
        ("--method sampling --digits 3", "--digits goes with --method proof"),
        ("--method sampling --samples 0", "samples needs a number from 1"),
        ("--method sampling --error-probability=", "error probability '' is not a number"),
        ("--method sampling --proved {model}", "is not a certificate"),
    ],
)
def test_options_that_a_method_does_not_take_are_refused(
    words: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(MODELS / "m2_2.pt")
    given = words.format(model=model).split()
    assert main(["accuracy", model, *given, "--out", str(tmp_path)]) in (2, 4)
    assert reason in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_sample_beside_a_proof_says_which_part_is_which(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(MODELS / "m4_3.pt")
    proof = boxes_of(certify.load(model), "gaussian", 2000).write(tmp_path / "proof.zip")
    command = ["accuracy", model, "--method", "sampling", "--samples", "500"]
    command += ["--proved", str(proof), "--out", str(tmp_path)]
    _, found = answer(command, capsys)
    assert found["verdict"] == "statistical"
    assert Path(found["certificate"]).suffix == ".zip"
    assert Fraction(found["proved"]["lower"]) < Fraction(found["lower"])
    assert found["drawn"] > found["samples"] == 500
    assert main(command) == ExitCode.OK
    shown = capsys.readouterr().out
    assert shown.startswith("STATISTICAL")
    assert "proved       [0." in shown
    assert "PROVED" not in shown
    assert main(["check", found["certificate"], model]) == ExitCode.OK
    assert "STATISTICAL, no proof" in capsys.readouterr().out
    report = tmp_path / "r.md"
    assert main(["report", found["certificate"], "--format", "markdown", "-o", str(report)]) == 0
    assert "Sampled part" in report.read_text()
    assert main(["report", found["certificate"], "--format", "text", "-o", str(report)]) == 0
    assert "\nError at most   1e-09\n" in report.read_text()
