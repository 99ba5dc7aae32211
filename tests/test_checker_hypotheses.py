"""Mutations of a valid certificate of kind hypotheses are rejected, each at its place."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from certify.checker import Rejected, Unreadable, check
from certify.checker.work import ALL
from certify.statements.note import parse_note
from certify.statements.prove import hypotheses
from tests.examples import ROOT, TWO_INTERVALS, save_npz

Document = dict[str, Any]
NOTE = """
ratio = ["3/5", "4/5"]
[groups]
G = [0, 1]
[[hypothesis]]
name = "right"
says = "It is right."
claim = "right"
[[hypothesis]]
name = "bound"
claim = "all(h[t, i] <= 100 for t in range(n) for i in G)"
[[hypothesis]]
name = "false"
claim = "of(G, m) <= -1000"
[[hypothesis]]
name = "changed"
claim = "W_ih[0] == 0 and margin >= -1000"
change = ["W_ih[0] = 0", "h[0, G] *= 1/2"]
[[hypothesis]]
name = "count"
claim = "count(right) == 2"
ratio = "4/5"
[[hypothesis]]
name = "one pair"
claim = "m == 0"
pairs = "m < s"
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_npz(TWO_INTERVALS, tmp_path_factory.mktemp("model") / "model.npz")


@pytest.fixture(scope="module")
def document() -> Document:
    loaded = json.loads(hypotheses(parse_note(NOTE), TWO_INTERVALS).certificate().to_bytes())
    assert isinstance(loaded, dict)
    return loaded


def decide(document: Document, model: Path, folder: Path) -> tuple[str, ...]:
    path = folder / "certificate.json"
    path.write_text(json.dumps(document))
    return check(path, model).establishes


def entry(document: Document, name: str) -> Document:
    found = next(h for h in document["claim"]["hypotheses"] if h["name"] == name)
    assert isinstance(found, dict)
    return found


def test_accepted(document: Document, model: Path, tmp_path: Path) -> None:
    lines = decide(document, model, tmp_path)
    assert len(lines) == 6
    assert lines[0] == "proved 'right' for 2 pairs, M = 1, S/M in [3/5, 4/5]: right"
    assert any(line.startswith("refuted 'false'") for line in lines)
    assert any("changed: W_ih[0] = 0" in line for line in lines)


def test_it_runs_bare(document: Document, model: Path, tmp_path: Path) -> None:
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps(document))
    command = [sys.executable, "-S", "-m", "certify.checker", str(path), str(model)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ACCEPTED  hypotheses" in done.stdout


def change(name: str, key: str, value: Any) -> Callable[[Document], None]:
    def mutate(d: Document) -> None:
        assert entry(d, name)[key] != value
        entry(d, name)[key] = value

    return mutate


def shift_slack(d: Document) -> None:
    found = entry(d, "bound")
    found["slack"] = str(Fraction(found["slack"]) + Fraction(1, 10**9))


def example(key: str, value: Any) -> Callable[[Document], None]:
    def mutate(d: Document) -> None:
        entry(d, "false")["counterexample"][key] = value

    return mutate


def shift_value(d: Document) -> None:
    values = entry(d, "false")["counterexample"]["values"]
    values["of(G, m)"] = str(Fraction(values["of(G, m)"]) + 1)


def rename_value(d: Document) -> None:
    found = entry(d, "false")["counterexample"]
    found["values"] = {text.replace("m", "s"): v for text, v in found["values"].items()}


def twice(d: Document) -> None:
    d["claim"]["hypotheses"].append(copy.deepcopy(d["claim"]["hypotheses"][0]))


def nothing(d: Document) -> None:
    d["claim"]["hypotheses"] = []


def unread(text: str) -> Callable[[Document], None]:
    return change("right", "claim", text)


def other_group(d: Document) -> None:
    d["claim"]["groups"]["G"] = [0, 2]


MUTATIONS: dict[str, tuple[Callable[[Document], None], str]] = {
    "verdict": (change("right", "verdict", "refuted"), r"\[0\]\.verdict: claimed"),
    "false called proved": (change("false", "verdict", "proved"), r"\[2\]\.verdict: claimed"),
    "unknown": (change("right", "verdict", "unknown"), r"\[0\]\.verdict"),
    "slack": (shift_slack, r"\[1\]\.slack: claimed"),
    "slack where none is": (change("right", "slack", "1"), r"\[0\]\.slack"),
    "slack left out": (change("bound", "slack", None), r"\[1\]\.slack"),
    "count": (change("count", "count", 1), r"\[4\]\.count: claimed 1, found 2"),
    "count of none": (change("right", "count", 0), r"\[0\]\.count"),
    "claim": (change("right", "claim", "not right"), r"\[0\]\.verdict"),
    "wider range": (change("right", "ratio", ["1/100", "4/5"]), r"\[0\]\.verdict"),
    "empty range": (change("right", "ratio", ["4/5", "3/5"]), r"\[0\]\.ratio: expected 0 < lo"),
    "range to 1": (change("right", "ratio", ["4/5", "1"]), r"\[0\]\.ratio: expected 0 < lo"),
    "no ratio": (change("right", "ratio", ["0.7", "4/5"]), r"\[0\]\.ratio\[0\]: '0.7' is not"),
    "no pairs": (change("one pair", "pairs", "m == s"), "no pair is in the domain"),
    "other pairs": (change("one pair", "pairs", "m > s"), r"\[5\]\.verdict"),
    "nothing compared": (
        unread("all(h[t, 0] > 0 for t in range(first, first))"),
        "nothing is compared",
    ),
    "no changes": (change("changed", "change", []), r"\[3\]\."),
    "other change": (change("changed", "change", ["W_out[:, :] *= -1"]), r"\[3\]\."),
    "change of nothing": (change("changed", "change", ["W_ih[9] = 0"]), "there is no unit 9"),
    "change no text": (change("changed", "change", [0]), r"\[3\]\.change: expected texts"),
    "does not parse": (unread("right and"), "column 10: does not parse"),
    "calls": (unread("__import__(m) == 0"), "__import__ is no function"),
    "attributes": (unread("m.real == 0"), "m is no run"),
    "text": (unread("'a' == 'a'"), "expected no character"),
    "not a text": (unread(""), "found nothing"),
    "name twice": (twice, "stands twice"),
    "says no text": (change("right", "says", 1), r"\[0\]\.says: expected a text"),
    "claims nothing": (nothing, "claims nothing"),
    "group": (other_group, r"claim\.hypotheses\["),
    "group of a reserved name": (
        lambda d: d["claim"]["groups"].update(margin=[1]),
        r"groups\.margin: expected another name",
    ),
    "group member twice": (
        lambda d: d["claim"]["groups"].update(G=[1, 1]),
        r"groups\.G: a member twice",
    ),
    "counterexample that is none": (
        change("bound", "counterexample", {}),
        r"\[1\]\.counterexample: claimed",
    ),
    "no counterexample": (
        change("false", "counterexample", None),
        r"\[2\]\.counterexample: expected an object",
    ),
    "counterexample elsewhere": (example("ratio", "9/10"), "outside of the claim's range"),
    "counterexample on no pair": (example("second", 7), "is no pair of the domain"),
    "counterexample on one position": (example("max", 0), r"counterexample"),
    "value": (shift_value, r"\[2\]\.counterexample\.values"),
    "value's name": (rename_value, r"\[2\]\.counterexample\.values"),
    "work": (lambda d: d["evidence"].update(work=10), "10 steps do not suffice"),
    "no work": (lambda d: d["evidence"].update(work=0), "expected a number of steps"),
    "key more": (lambda d: entry(d, "right").update(slck=None), "key 'slck' is unknown"),
    "key less": (lambda d: entry(d, "right").pop("says"), "key 'says' is missing"),
    "settings": (lambda d: d["settings"].update(trust=True), "settings"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutated(name: str, document: Document, model: Path, tmp_path: Path) -> None:
    mutate, reason = MUTATIONS[name]
    mutated = copy.deepcopy(document)
    mutate(mutated)
    if name == "counterexample on one position":
        entry(mutated, "false")["counterexample"]["second"] = 0
    with pytest.raises(Rejected, match=reason):
        decide(mutated, model, tmp_path)


def test_a_refuted_claim_needs_a_counterexample_that_fails(
    document: Document, model: Path, tmp_path: Path
) -> None:
    mutated = copy.deepcopy(document)
    entry(mutated, "false")["claim"] = "m == 1"
    entry(mutated, "false").update(slack=None)
    entry(mutated, "false")["counterexample"] = {
        "max": 1, "second": 0, "ratio": "4/5", "values": {"m": "1", "1": "1"}
    }  # fmt: skip
    with pytest.raises(Rejected, match="the claim holds for"):
        decide(mutated, model, tmp_path)


@pytest.mark.parametrize(
    "claim",
    [
        "sum(h[0, 0] for a in range(10**3))",
        "sum(h[0, 0] for a in range(99999) for b in range(99999)) >= 0",
        "sum(h[0, 0] / (t + 1) for t in range(99999)) >= 0",
        "sum(1 / (t + 1) for t in range(99999)) >= 0",
        "(" * 5000 + "m" + ")" * 5000 + " == 0",
        "-" * 9000 + "1 < 0",
        "m" + " + m" * 2600,
        "9" * 9000 + " * 1e999 > h[0, 0]",
    ],
)
def test_what_takes_long_is_refused_soon(
    claim: str, document: Document, model: Path, tmp_path: Path
) -> None:
    mutated = copy.deepcopy(document)
    entry(mutated, "right")["claim"] = claim
    mutated["evidence"]["work"] = 10**9
    with pytest.raises((Rejected, Unreadable)):
        decide(mutated, model, tmp_path)


def test_more_work_than_any_claim_may_take(document: Document, model: Path, tmp_path: Path) -> None:
    mutated = copy.deepcopy(document)
    mutated["evidence"]["work"] = ALL + 1
    with pytest.raises(Unreadable, match="this file of hypotheses may take"):
        decide(mutated, model, tmp_path)
