"""What is wrong in a file of hypotheses: each kind of mistake has its own sentence and place."""

from __future__ import annotations

import pytest

from certify.errors import UsageError
from certify.statements.note import parse_note
from certify.statements.prove import hypotheses
from tests.examples import TWO_INTERVALS  # 5 units, 2 inputs

EXPRESSIONS = {
    "right and": "column 10: does not parse, expected an operand",
    "h[0, 0] >": "column 10: does not parse",
    "(h[0, 0] > 0": "column 1: does not parse",
    "h[0, 0]": "column 1: expected a truth value, such as a comparison, found a number",
    "G": "column 1: expected a truth value, such as a comparison, found a sequence",
    "foo > 0": "column 1: foo is no name, no group and not bound by a generator",
    "margn > 0": "did you mean margin",
    "h[0] > 0": r"column 1: h with 1 indices: expected h\[step, unit\]",
    "h > 0": r"column 1: h with 0 indices: expected h\[step, unit\]",
    "margin[0, 1] > 0": r"expected margin or margin\[position\]",
    "h[0, 7] > 0": r"pair \(m=0, s=1\), column 6: h: there is no unit 7, only 0 .. 4",
    "h[2, 0] > 0": r"pair \(m=0, s=1\), column 3: h: there is no step 2, only 0 .. 1",
    "h[last + 1, 0] > 0": r"pair \(m=0, s=1\), column 3: h: there is no step 2",
    "logit[-1] > 0": "column 7: logit: there is no position -1, only 0 .. 1",
    "h[1/2, 0] > 0": "column 3: expected an integer of m, s, first, last, n, d and bound names",
    "h[W_ih[0], 0] > 0": "column 3: expected an integer",
    "h[0:1, 0] > 0": "column 3: a slice .* is outside the subset",
    "of(G, 2) > 0": "column 7: of: there is no position 2",
    "of([7], 0) > 0": "column 4: of: there is no unit 7",
    "of(range(2), 0) > 0": "column 4: expected a group or a list of units",
    "W_ih[5] > 0": "column 6: W_ih: there is no unit 5",
    "h[0, 0] * h[1, 0] > 0": "column 1: a product of two quantities that depend on a run or on r",
    "r * S > 0": "column 1: a product of two quantities",
    "1 / h[0, 0] > 0": "column 5: a division by what depends on a run",
    "h[0, 0] / (m - m) > 0": r"pair \(m=0, s=1\), column 12: division by zero",
    "m // 0 == 0": "column 6: division by zero",
    "h[0, 0] // 2 > 0": "column 1: // is for integers",
    "h[0, 0] ** 2 > 0": r"column 1: the power \*\* is outside the subset",
    "m & 1 == 0": "an operator on bits is outside the subset",
    "~m == 0": "the operator ~ is outside the subset",
    "m is 0": "the comparison is is outside the subset",
    "[m] == [0]": "column 1: expected a number, found a list, a group or a range",
    "m in 3": "column 6: expected a range, a list or a group, found a integer",
    "h[0, 0] in [1]": "column 1: expected an integer",
    "m in (0, 1)": "column 6: a tuple .write a list, in square brackets. is outside the subset",
    "right < 1": "column 1: expected a number, found a truth value, which counts as 0 or 1 in sums",
    "abs(right) == 1": "column 5: expected a number, found a truth value",
    "True": "column 1: expected a number in decimal digits, found True",
    "0x10 > 0": "column 1: expected a number in decimal digits",
    "1j == 0": "column 1: expected a number in decimal digits",
    "m == 'a'": "column 6: expected no character",
    "m == 0 # why": "column 8: expected no character '#'",
    "ｍ == 0": "column 1: expected no character",
    "(lambda: 0) == 0": "column 2: a lambda is outside the subset",
    "[t for t in range(2)] == 0": "a list comprehension",
    "(m := 0) == 0": "column 2: an assignment := is outside the subset",
    "{0: 1} == 0": "a dictionary is outside the subset",
    "len(G) == 2": "column 1: len is no function: expected one of of, abs",
    "sum([m]) == 0": r"column 1: expected sum\(X for NAME in ...\)",
    "max(m) == 0": r"expected max\(X for NAME in ...\) or max\(X, Y, ...\)",
    "abs(t for t in G) > 0": "abs of a generator",
    "min(h[0, t] for t in range(0)) > 0": r"pair \(m=0, s=1\), column 1: min of nothing",
    "all(h[0, m] > 0 for m in G)": "column 21: m has a meaning already: bind another name",
    "all(t > 0 for t, u in G)": "expected 'for NAME in ...' with one name",
    "all(t > 0 for t in G if on[0, t])": "column 25: expected a condition that depends on no run",
    "m > 0 if right else s > 0": "column 10: expected a condition that depends on no run",
    "all(t > 0 for t in range(0, 4, 0))": "column 32: a range with a step of 0",
    "t > 0": "column 1: t is no name",
    "swapped.m == 0": "column 1: m is no part of a run",
    "swapped.W_ih[0] > 0": "W_ih is the same in the swapped run",
    "swapped.base.h[0, 0] > 0": "swapped.base is no run: expected swapped., base. or base.swapped.",
    "swapped > 0": "column 1: expected swapped.X",
    "m.real > 0": "column 1: m is no run",
    "count(right)": "column 1: expected a truth value",
    "count(right) == m": r"column 17: beside count\(...\) m means no one pair",
    "count(count(right) > 0) > 0": "column 7: a count inside a count",
    "all(count(right) > t for t in G)": "column 5: a count inside a generator",
    "all(h[t, 0] > 0 for t in range(0))": "nothing is compared on any pair of the domain",
    "m" + " + (m" * 120 + ")" * 120 + " > 0": "nested more than 100 deep",
}
CHANGES = {
    "W_ih[0]": "column 1: expected one change, such as",
    "W_ih[0] == 0": "expected one change, such as",
    "W_ih[0] += 1": "expected one change, such as",
    "W_ih[9] = 0": r"change 1, pair \(m=0, s=1\), column 6: W_ih: there is no unit 9",
    "W_hh[0] = 0": "column 1: W_hh with 1 indices: expected unit, unit",
    "z[0, 0] = 0": "column 1: z cannot be changed: expected h, W_ih, W_hh, W_out",
    "h[0, 0] = r": "column 11: indices and values are constants here, found r",
    "h[0, 0] = h[1, 0]": "column 11: indices and values are constants here, found h",
    "W_ih[0] = swapped": "only h takes it",
    "h[0, 0] *= swapped": "column 12: expected swapped.X",
    "h[::2, 0] = 0": "column 3: expected a slice without a step",
    "h[0:9, 0] = 0": "a slice of h ends at 9, not in 0 .. 2",
    "h[1/2, 0] = 0": "column 3: expected an integer, a list, a group or a slice",
    "h[0, 0] = 0; h[1, 0] = 0": "expected one change, such as",
    "import os": "expected one change, such as",
}


def decide(text: str) -> None:
    hypotheses(parse_note(text, "note.toml"), TWO_INTERVALS)


@pytest.mark.parametrize("claim", EXPRESSIONS)
def test_expressions(claim: str) -> None:
    with pytest.raises(UsageError, match=EXPRESSIONS[claim]) as caught:
        decide(f'[groups]\nG = [0, 1]\n[[hypothesis]]\nname = "sentence"\nclaim = """{claim}"""')
    assert "'sentence', claim" in str(caught.value)


@pytest.mark.parametrize("change", CHANGES)
def test_changes(change: str) -> None:
    with pytest.raises(UsageError, match=CHANGES[change]) as caught:
        decide(f'[[hypothesis]]\nname = "sentence"\nclaim = "right"\nchange = ["{change}"]')
    assert "'sentence', change 1" in str(caught.value)


def test_a_line_is_named_where_there_are_several() -> None:
    with pytest.raises(UsageError, match="claim, line 2, column 7: foo is no name"):
        decide('[[hypothesis]]\nname = "a"\nclaim = """right\n  and foo > 0"""')


HEAD = '[[hypothesis]]\nname = "a"\nclaim = "right"\n'
FILES = {
    "": r"no \[\[hypothesis\]\] in it",
    "title = 1\n" + HEAD: "title: expected a text in quotes, got 1",
    "color = 1\n" + HEAD: "unknown key 'color'; expected one of title, model, ratio",
    'model = "xyz"\n' + HEAD: "model: expected 8 to 64 digits",
    'model = "01234567"\n' + HEAD: "the file is about the model 01234567, this one has SHA-256",
    HEAD + "slack = 1\n": "hypothesis 1 'a': unknown key 'slack'",
    HEAD + HEAD: "hypothesis 2: the name 'a' stands twice",
    '[[hypothesis]]\nclaim = "right"\n': "hypothesis 1: name is missing",
    '[[hypothesis]]\nname = "a"\n': "hypothesis 1 'a': claim is missing",
    '[[hypothesis]]\nname = " "\nclaim = "right"': "name: empty",
    HEAD + 'change = "W_ih[0] = 0"': "change: expected a list of texts",
    HEAD + 'pairs = "m == s"': "hypothesis 'a', pairs: no pair is in the domain",
    HEAD + 'pairs = "h[0, 0] > 0"': "pairs, column 1: a domain is a condition on m, s and n",
    HEAD + 'pairs = "m"': "pairs, column 1: expected a truth value",
    HEAD + 'ratio = "abc"': "ratio",
    HEAD + "ratio = 1.5": "ratio: expected 0 < LO <= HI < 1",
    HEAD + 'ratio = ["4/5", "3/5"]': "ratio: expected 0 < LO <= HI < 1",
    HEAD + 'ratio = ["4/5"]': "ratio: expected one ratio or a range",
    HEAD + "ratio = true": "ratio: expected a number",
    HEAD + "ratio = nan": "ratio",
    HEAD + 'over = "normal"': "over: expected gaussian or uniform, got 'normal'",
    HEAD + "samples = 5": "samples: goes with over",
    HEAD + 'over = "gaussian"': "nothing is measured",
    HEAD + 'over = "gaussian"\nsamples = 1': "samples: expected an integer of at least 2",
    HEAD + 'over = "gaussian"\nratio = 0.5': "a claim about random inputs has none",
    "[groups]\nmargin = [1]\n" + HEAD: "group 'margin': expected a name that has no other meaning",
    "[groups]\nif = [1]\n" + HEAD: "group 'if': expected a name that has no other meaning",
    "[groups]\nA = []\n" + HEAD: "group 'A': expected a list of integers",
    "[groups]\nA = [-1]\n" + HEAD: "group 'A': expected integers from 0",
    "[groups]\nA = [1, 1]\n" + HEAD: "group 'A': a member stands twice",
    HEAD + "claim = 1": "not TOML",
    HEAD + 'says = "\\u001b[2J"': "'a', says: expected printable characters",
    '[[hypothesis]]\nname = "a\\nb"\nclaim = "right"': "name: expected printable characters",
    "hypothesis = 3": r"expected entries \[\[hypothesis\]\]",
    '[[hypothesis]]\nname = "a"\nclaim = "count(right) == 2"\nratio = ["1/2", "4/5"]':
        "claim, column 1: a claim with count is about one ratio",
}  # fmt: skip


@pytest.mark.parametrize("text", FILES)
def test_files(text: str) -> None:
    with pytest.raises(UsageError, match=FILES[text]):
        decide(text)


def test_a_long_sum_is_not_too_deep() -> None:
    decide(f'[[hypothesis]]\nname = "a"\nclaim = "{"h[0, 0] + " * 90}1 > 0"')


def test_what_does_not_decide_is_not_looked_at() -> None:
    decide('[[hypothesis]]\nname = "a"\nclaim = "m < 2 or h[9, 9] > 0"')
    decide('[[hypothesis]]\nname = "a"\nclaim = "(h[0, 0] if m < 2 else h[9, 9]) >= 0"')
    decide('[[hypothesis]]\nname = "a"\nclaim = "not (m > 2 and h[9, 9] > 0)"')


def test_an_answer_that_no_certificate_can_hold() -> None:
    product = " * ".join(["1e999"] * 5)
    with pytest.raises(UsageError, match="'a': an exact number of the answer has more than"):
        decide(f'[[hypothesis]]\nname = "a"\nclaim = "h[0, 0] <= {product}"')
