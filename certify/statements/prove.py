"""Deciding a file of hypotheses: each claim proved or refuted, with what a refutation teaches.

The decision itself is that of :mod:`certify.checker.hypotheses`, so that a claim means the same to
the prover and to the checker. What is added here is what a reader of a refutation wants to know:
the worst pair and ratio, on which pairs and ratios it fails, and the strongest true version.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from certify.certificate import Certificate, describe_model
from certify.checker.claim import failing_sides
from certify.checker.forms import Work
from certify.checker.hypotheses import (
    MAX_WORK,
    Engine,
    Faulty,
    Hypothesis,
    Outcome,
    read_hypothesis,
)
from certify.claims import Pair, impulses
from certify.errors import UsageError
from certify.model import Network
from certify.statements.measured import Measured, measure
from certify.statements.note import Entry, Note, read_note
from certify.statements.strongest import Strongest, strongest

KIND = "hypotheses"
Verdict = Literal["proved", "refuted", "unknown", "measured"]


@dataclass(frozen=True)
class Counterexample:
    """Where a claim is false: ``pair`` is None where the claim is about the whole domain.

    ``values`` are both sides of the first comparison that fails, exact, by their text.
    """

    pair: Pair | None
    ratio: Fraction
    values: Mapping[str, Fraction]

    def input(self, n: int) -> list[Fraction] | None:
        """The input of length n on which it is false."""
        return None if self.pair is None else impulses(self.pair, self.ratio, n)

    def to_dict(self) -> dict[str, Any]:
        """Exact values as ``p/q``."""
        return {
            "max": None if self.pair is None else self.pair.max,
            "second": None if self.pair is None else self.pair.second,
            "ratio": str(self.ratio),
            "values": {text: str(value) for text, value in self.values.items()},
        }


@dataclass(frozen=True)
class Failing:
    """The ratios at which a claim fails for a pair: disjoint intervals, each with its ends."""

    pair: Pair
    parts: tuple[tuple[Fraction, bool, Fraction, bool], ...]
    """Left end, whether it belongs to the part, right end, whether it does."""

    def __str__(self) -> str:
        return ", ".join(
            f"{{{lo}}}" if lo == hi else f"{'[' if a else '('}{lo}, {hi}{']' if b else ')'}"
            for lo, a, hi, b in self.parts
        )


@dataclass(frozen=True)
class HypothesisResult:
    """What became of one entry.

    ``slack`` is by how much the claim holds: the least difference of the sides over pairs and
    ratios, negative where it fails, None where it has none. ``pairs`` is how many pairs the claim
    is about, ``failing`` those on which it is false; ``strongest`` are true claims one number
    away. ``measured`` holds the estimates of a claim about random inputs.
    """

    entry: Entry
    verdict: Verdict
    pairs: int = 0
    slack: Fraction | None = None
    counterexample: Counterexample | None = None
    count: int | None = None
    failing: tuple[Failing, ...] = ()
    strongest: tuple[Strongest, ...] = ()
    measured: Measured | None = None

    @property
    def name(self) -> str:
        """The entry's name."""
        return self.entry.name

    def to_dict(self) -> dict[str, Any]:
        """The answer as ``--json`` prints it: exact numbers as ``p/q``."""
        entry = self.entry
        answer: dict[str, Any] = {
            "name": entry.name,
            "says": entry.says,
            "claim": entry.claim,
            "change": list(entry.change),
            "verdict": self.verdict,
            "slack": None if self.slack is None else str(self.slack),
            "counterexample": self.counterexample and self.counterexample.to_dict(),
            "count": self.count,
        }
        if self.measured is not None:
            return answer | {"measured": self.measured.to_dict()}
        return answer | {
            "domain": {"ratio": [str(v) for v in entry.ratio], "pairs": entry.pairs},
            "slack_float": None if self.slack is None else float(self.slack),
            "pairs": self.pairs,
            "failing": [
                {"max": f.pair.max, "second": f.pair.second, "ratios": str(f)} for f in self.failing
            ],
            "strongest": [s.to_dict() for s in self.strongest],
        }


@dataclass(frozen=True)
class HypothesesResult:
    """What became of all entries of a file, in order.

    ``verdict`` is refuted if one entry is, else unknown if one is, else proved; measured entries
    do not count, and a file of those alone is measured. ``seconds`` is wall time.
    """

    model: Network
    note: Note
    results: tuple[HypothesisResult, ...]
    work: int
    seconds: float = field(compare=False, default=0.0)

    @property
    def verdict(self) -> Verdict:
        """The verdict of the file."""
        found = {r.verdict for r in self.results}
        verdicts: tuple[Verdict, ...] = ("refuted", "unknown", "proved")
        return next((v for v in verdicts if v in found), "measured")

    @cached_property
    def counterexamples(self) -> Mapping[str, Counterexample]:
        """Name of a refuted entry to its counterexample."""
        return {r.name: r.counterexample for r in self.results if r.counterexample is not None}

    def to_dict(self) -> dict[str, Any]:
        """The answer as ``--json`` prints it, but for the path of the certificate."""
        return {
            "claim": KIND,
            "verdict": self.verdict,
            "model": describe_model(self.model),
            "title": self.note.title,
            "hypotheses": [r.to_dict() for r in self.results],
            "seconds": self.seconds,
        }

    def certificate(self) -> Certificate | None:
        """The certificate of what was decided; None where nothing was."""
        decided = [r for r in self.results if r.verdict in ("proved", "refuted")]
        if not decided:
            return None
        return Certificate(
            KIND,
            describe_model(self.model),
            {
                "claim": {
                    "groups": {name: list(found) for name, found in self.note.groups.items()},
                    "hypotheses": [_statement(r) for r in decided],
                },
                "evidence": {"work": self.work},
            },
            {},
        )


def hypotheses(
    file: str | Path | Note,
    model: Network,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> HypothesesResult:
    """Decide every claim of a file (docs/hypotheses.md) about a model, exactly.

    Raises:
        UsageError: the file cannot be read, is about another model, or holds an expression that
            means nothing; the message names entry and column.
    """
    start = time.perf_counter()
    note = file if isinstance(file, Note) else read_note(Path(file))
    note.demand_model(model.sha256)
    exact = [e for e in note.entries if e.over is None]
    engine = Engine(model)
    allowed = MAX_WORK // (2 * max(len(exact), 1))
    work = [Work(allowed) for _ in exact]
    try:
        read = [read_hypothesis(_asked(e), note.groups, engine.d, engine.n) for e in exact]
        outcomes = engine.decide(read, work, progress)
        found = {
            entry.name: _result(engine, hypothesis, outcome, entry)
            for entry, hypothesis, outcome in zip(exact, read, outcomes, strict=True)
        }
    except Faulty as error:
        raise UsageError(str(error)) from None
    for entry in note.entries:
        if entry.over is not None:
            measured = measure(model, entry, note.groups)
            found[entry.name] = HypothesisResult(entry, "measured", measured=measured)
    # Looking at counterexamples again costs the checker a few runs each.
    used = sum(allowed - max(w.left, 0) for w in work)
    runs = 4 * len(exact) * model.hidden_size**2 * model.seq_len
    return HypothesesResult(
        model,
        note,
        tuple(found[e.name] for e in note.entries),
        2 * used + runs,
        round(time.perf_counter() - start, 3),
    )


def _asked(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "says": entry.says,
        "claim": entry.claim,
        "pairs": entry.pairs,
        "ratio": entry.ratio,
        "change": list(entry.change),
    }


def _statement(result: HypothesisResult) -> dict[str, Any]:
    answer = result.to_dict()
    keys = ("verdict", "slack", "counterexample", "count")
    ratio = [str(v) for v in result.entry.ratio]
    return _asked(result.entry) | {"ratio": ratio} | {key: answer[key] for key in keys}


def _result(engine: Engine, read: Hypothesis, outcome: Outcome, entry: Entry) -> HypothesisResult:
    verdict: Verdict = outcome.verdict  # type: ignore[assignment]
    failing = tuple(
        Failing(Pair(*pair), _joined(cells))
        for pair, cells in outcome.failures.items()
        if pair is not None
    )
    return HypothesisResult(
        entry,
        verdict,
        len(outcome.pairs),
        outcome.slack if outcome.complete else None,
        _counterexample(engine, read, outcome) if outcome.failures else None,
        outcome.counts[0] if outcome.counts and outcome.complete else None,
        failing,
        strongest(read, outcome) if outcome.failures and outcome.complete else (),
    )


def _counterexample(engine: Engine, read: Hypothesis, outcome: Outcome) -> Counterexample:
    """The worst failure: the least difference of the sides where the claim has a slack, else the
    largest difference in the first comparison that fails.
    """
    work = Work(MAX_WORK)
    if read.claim.of_domain:
        cell = engine.domain_cell(read, outcome.counts, work)
        return Counterexample(None, read.lo, failing_sides(read.claim, cell))
    worst: tuple[Fraction, Counterexample] | None = None
    for pair, cells in outcome.failures.items():
        assert pair is not None
        for ratio in _candidates(cells):
            _, cell = engine.holds(read, pair, ratio, work)
            least = cell.least
            sides = failing_sides(read.claim, cell)
            if least is None:
                values = list(sides.values())
                least = -abs(values[0] - values[-1]) if values else Fraction(0)
            if worst is None or least < worst[0]:
                worst = least, Counterexample(Pair(*pair), ratio, sides)
    assert worst is not None
    return worst[1]


def _candidates(cells: Sequence[tuple[Fraction, Fraction]]) -> list[Fraction]:
    """The single ratios that fail, and the middle of an interval that fails between two that do
    not: quantities are affine inside, so the rest is no worse.
    """
    points = {lo for lo, hi in cells if lo == hi}
    inner = [(lo + hi) / 2 for lo, hi in cells if lo < hi and not points & {lo, hi}]
    return sorted(points | set(inner))


def _joined(
    cells: Sequence[tuple[Fraction, Fraction]],
) -> tuple[tuple[Fraction, bool, Fraction, bool], ...]:
    """Neighbouring cells as one part."""
    parts: list[tuple[Fraction, bool, Fraction, bool]] = []
    for lo, hi in sorted(cells, key=lambda c: (c[0], c[0] != c[1], c[1])):
        closed = lo == hi
        if parts and parts[-1][2] == lo and (parts[-1][3] or closed):
            parts[-1] = (*parts[-1][:2], hi, closed)
        else:
            parts.append((lo, closed, hi, closed))
    return tuple(parts)
