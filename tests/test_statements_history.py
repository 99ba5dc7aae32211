"""A file of hypotheses over checkpoints: since when each sentence holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from certify.cli import main
from certify.report.hypotheses import history_text
from certify.statements.history import follow
from certify.statements.note import parse_note
from tests.examples import EXAMPLES, MODELS, TWO_INTERVALS

BY_NAME = {e.name: e.network for e in EXAMPLES}
NOTE = """
model = "0123456789abcdef"
[[hypothesis]]
name = "right"
claim = "right"
[[hypothesis]]
name = "always"
claim = "h[0, 0] >= 0"
[[hypothesis]]
name = "never"
claim = "margin > 1000"
"""


def test_since_when() -> None:
    wrong, right = BY_NAME["wrong way round"], BY_NAME["handcrafted"]
    models = [("a", right), ("b", wrong), ("c", right), ("d", right)]
    seen: list[str] = []
    history = follow(parse_note(NOTE), models, progress=lambda name, done, total: seen.append(name))
    assert len(seen) == 4
    first, always, never = history.sentences
    assert (first.holds, first.since, first.after) == ((True, False, True, True), "c", "b")
    assert (always.since, always.after) == ("a", None)
    assert (never.since, never.after) == (None, None)
    assert history_text(history).splitlines() == [
        "right   +.++  since c, after b",
        "always  ++++  always",
        "never   ....  not true at the end",
    ]


def test_measured_sentences_count_where_the_sample_agrees() -> None:
    text = (
        NOTE + '[[hypothesis]]\nname = "m"\nclaim = "accuracy < 2"\nover = "gaussian"\nsamples = 50'
    )
    history = follow(parse_note(text), [("a", TWO_INTERVALS)])
    assert history.sentences[3].holds == (True,)
    assert history.to_json()[3]["verdicts"] == ["measured"]


def test_track_runs_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    note, answer = tmp_path / "note.toml", tmp_path / "a.json"
    note.write_text(NOTE)
    words = ["track", str(MODELS / "m2_2.pt"), "--samples", "20", "--json", str(answer)]
    assert main([*words, "--hypotheses", str(note)]) == 0
    assert "always  +  always" in capsys.readouterr().out
    assert [s["name"] for s in json.loads(answer.read_text())["hypotheses"]] == [
        "right", "always", "never"
    ]  # fmt: skip
