from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cvc5
import pytest
import z3

from certify.claims import Pair, RatioRange, all_pairs
from certify.errors import UsageError
from certify.model import Network
from certify.smt import decide, export_smt2
from certify.smt.trajectory import trajectory_pieces
from tests.examples import EXAMPLES, HANDCRAFTED, TWO_INTERVALS, Example, Golden

HALF_TO_NINE_TENTHS = RatioRange(Fraction(1, 2), Fraction(9, 10))
RIGHT = RatioRange(Fraction(3, 5), Fraction(4, 5))  #: TWO_INTERVALS is right here


def z3_answer(path: Path) -> str:
    """What the front end for SMT-LIB says, as the command line tool does."""
    context = z3.Context()  # must outlive the call
    answer: str = z3.Z3_eval_smtlib2_string(context.ref(), path.read_text())
    return answer.strip()


def cvc5_answer(path: Path) -> str:
    terms = cvc5.TermManager()
    solver = cvc5.Solver(terms)
    parser = cvc5.InputParser(solver)
    parser.setFileInput(cvc5.InputLanguage.SMT_LIB_2_6, str(path))
    symbols = parser.getSymbolManager()
    printed: list[str] = []
    while not (command := parser.nextCommand()).isNull():
        printed.append(command.invoke(solver, symbols).strip())
    return "\n".join(filter(None, printed))


def status(path: Path) -> str:
    (found,) = re.findall(r"^\(set-info :status (\w+)\)$", path.read_text(), re.MULTILINE)
    return str(found)


@pytest.mark.parametrize("case", EXAMPLES, ids=lambda e: e.name)
def test_both_solvers_answer_every_file_as_decide_does(case: Example, tmp_path: Path) -> None:
    network = case.network
    for pair in all_pairs(network.seq_len):
        paths = export_smt2(network, [pair], HALF_TO_NINE_TENTHS, tmp_path)
        assert len(paths) == 1 + len(trajectory_pieces(network, pair, HALF_TO_NINE_TENTHS))
        for path in paths:
            assert z3_answer(path) == cvc5_answer(path) == status(path)
        (verdict,) = decide(network, [pair], HALF_TO_NINE_TENTHS, jobs=1, timeout=60.0)
        assert ("sat" in map(status, paths)) == (verdict.verdict == "sat")


def test_a_right_model_gives_unsat_from_all_files(tmp_path: Path) -> None:
    paths = export_smt2(TWO_INTERVALS, all_pairs(2), RIGHT, tmp_path / "new" / "folder")
    assert sorted(p.name for p in paths) == [
        "max0_second1_cover.smt2",
        "max0_second1_piece0.smt2",
        "max1_second0_cover.smt2",
        "max1_second0_piece0.smt2",
        "max1_second0_piece1.smt2",
    ]
    assert {z3_answer(p) for p in paths} == {cvc5_answer(p) for p in paths} == {"unsat"}
    assert {status(p) for p in paths} == {"unsat"}


def test_a_changed_weight_or_guess_is_seen_by_both_solvers(tmp_path: Path) -> None:
    paths = export_smt2(TWO_INTERVALS, [Pair(1, 0)], RIGHT, tmp_path)
    piece = next(p for p in paths if p.name.endswith("piece1.smt2"))
    text = piece.read_text().replace(":status unsat", ":status unknown")
    changes = {
        "weight": (r"(define-fun pre_1 .*\(\* )8.0 x", r"\g<1>9.0 x"),
        "guess": (r"(define-fun h2_1_on0 \(\) Real ).*\)\n", r"\1(* 1.0 r))\n"),
        "margin": (r"\(<= \(logit_0 (.*)\) \(logit_1", r"(>= (logit_0 \1) (logit_1"),
    }
    for name, (old, new) in changes.items():
        changed, count = re.subn(old, new, text)
        assert count >= 1, name
        piece.write_text(changed)
        assert (z3_answer(piece), cvc5_answer(piece)) == ("sat", "sat"), name


def test_files_are_plain_smtlib_and_say_what_they_are_about(tmp_path: Path) -> None:
    (cover, piece) = export_smt2(HANDCRAFTED, [Pair(0, 1)], HALF_TO_NINE_TENTHS, tmp_path)
    for path in (cover, piece):
        text = path.read_text()
        assert text.isascii()
        assert HANDCRAFTED.sha256 in text
        assert "; Pair m = 0, s = 1, 1/2 <= r <= 9/10" in text
        assert "; unsat means" in text
        assert "(set-info :smt-lib-version 2.6)" in text
        assert "(set-logic QF_LRA)" in text
        assert text.count("(check-sat)") == 1
        code = re.sub(r";.*", "", text)
        assert code.count("(") == code.count(")")
        assert not re.search(r"[ (]-\d", code)  # a negative number is an application of minus
        assert not re.search(r"(?<![\w.])\d+(?![\d.])", code.split("QF_LRA)")[1])  # reals only


def test_every_relu_and_every_weight_is_in_the_file(tmp_path: Path) -> None:
    _, *pieces = export_smt2(TWO_INTERVALS, [Pair(0, 1)], RIGHT, tmp_path)
    for path in pieces:
        text = path.read_text()
        d, n = TWO_INTERVALS.hidden_size, TWO_INTERVALS.seq_len
        assert len(re.findall(r"\(is_relu h\d", text)) == d * n
        for i, (row, w) in enumerate(zip(TWO_INTERVALS.w_hh, TWO_INTERVALS.w_ih, strict=True)):
            (line,) = re.findall(rf"^\(define-fun pre_{i} .*$", text, re.MULTILINE)
            found = re.findall(r"\(\* (\(- )?(\d+)\.0\)? (\w+)\)", line)
            weights = [-int(size) if minus else int(size) for minus, size, _ in found]
            assert weights == [*row, w]
            assert [name for _, _, name in found] == [*(f"h{j}" for j in range(d)), "x"]


def test_a_wrong_model_is_marked_sat(tmp_path: Path) -> None:
    wrong = replace(HANDCRAFTED, w_out=HANDCRAFTED.w_out[::-1])
    cover, piece = export_smt2(wrong, [Pair(0, 1)], HALF_TO_NINE_TENTHS, tmp_path)
    assert (status(cover), status(piece)) == ("unsat", "sat")


def test_senseless_arguments_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="different positions"):
        export_smt2(HANDCRAFTED, [Pair(0, 2)], HALF_TO_NINE_TENTHS, tmp_path)
    with pytest.raises(UsageError, match="lo <= hi"):
        export_smt2(HANDCRAFTED, [Pair(0, 1)], RatioRange(Fraction(1), Fraction(1)), tmp_path)
    assert not [*tmp_path.iterdir()]


def test_golden_pairs(golden: Golden, golden_network: Network, tmp_path: Path) -> None:
    ratio_range = RatioRange(*golden.ratio)
    for pair in (golden.worst, Pair(0, 2)):
        cover, first, *_, last = export_smt2(golden_network, [pair], ratio_range, tmp_path)
        for path in (cover, first, last):
            assert (z3_answer(path), cvc5_answer(path), status(path)) == ("unsat",) * 3
