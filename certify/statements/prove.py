"""Deciding a file of hypotheses: each claim proved or refuted, with what a refutation teaches.

The decision itself is that of :mod:`certify.checker.engine`, so that a claim means the same to
the prover and to the checker. What is added here is what a reader of a refutation wants to know:
the worst pair and ratio, on which pairs and ratios it fails, and the strongest true version.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar, Literal

from certify.certificate import Certificate, describe_model, plain
from certify.checker.claim import failing_sides
from certify.checker.document import MAX_DIGITS
from certify.checker.engine import (
    Engine,
    Faulty,
    Hypothesis,
    Outcome,
    read_hypothesis,
)
from certify.checker.errors import Unreadable
from certify.checker.forms import Exhausted, Work
from certify.checker.work import RUN
from certify.claims import Pair, impulses
from certify.errors import ModelFileError, NothingDecidedError, UsageError
from certify.interrupts import interruptible
from certify.model import Network
from certify.result import Result, with_floats
from certify.statements.measured import Measured, measure
from certify.statements.note import Entry, Note, read_note
from certify.statements.strongest import Strongest, strongest

Verdict = Literal["proved", "refuted", "unknown", "measured"]
MAX_WORK = 1 << 44
"""Steps (:mod:`certify.checker.work`) that a file may take: some hours."""
VERDICTS: tuple[Verdict, ...] = ("proved", "refuted", "unknown", "measured")


@dataclass(frozen=True)
class Counterexample:
    """Where a claim is false: ``pair`` is None where the claim is about the whole domain.

    ``values`` are both sides of the first comparison that fails, exact, by their text.
    """

    pair: Pair | None
    ratio: Fraction
    values: Mapping[str, Fraction]

    def to_dict(self) -> dict[str, Any]:
        """The values as ``p/q``: their names are texts of the claim."""
        return {
            "max": None if self.pair is None else self.pair.max,
            "second": None if self.pair is None else self.pair.second,
            "ratio": self.ratio,
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
    away. ``measured`` holds the estimates of a claim about random inputs. ``complete`` is false
    where the work ended before every pair was looked at: then the claim is unknown, or refuted with
    less to say, and no certificate holds it.
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
    complete: bool = True

    @property
    def name(self) -> str:
        """The entry's name."""
        return self.entry.name

    def to_dict(self) -> dict[str, Any]:
        """The entry of the answer; exact numbers are fractions."""
        entry = self.entry
        answer: dict[str, Any] = {
            "name": entry.name,
            "says": entry.says,
            "claim": entry.claim,
            "change": list(entry.change),
            "verdict": self.verdict,
            "slack": self.slack,
            "counterexample": self.counterexample and self.counterexample.to_dict(),
            "count": self.count,
        }
        if self.measured is not None:
            return answer | {"measured": self.measured.to_dict()}
        return answer | {
            "domain": {"ratio": list(entry.ratio), "pairs": entry.pairs},
            "pairs": self.pairs,
            "failing": [
                {"max": f.pair.max, "second": f.pair.second, "ratios": str(f)} for f in self.failing
            ],
            "strongest": [s.to_dict() for s in self.strongest],
        }


@dataclass(frozen=True, repr=False)
class HypothesesResult(Result[Any]):
    """What became of all entries of a file, in order.

    ``verdict`` is refuted if one entry is, else unknown if one is, else proved; measured entries
    do not count, and a file of those alone is measured. ``work`` is what the checker may take.
    """

    claim: ClassVar[str] = "hypotheses"

    note: Note
    results: tuple[HypothesisResult, ...]
    work: int

    @classmethod
    def covers(cls, new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
        """The same sentences and perhaps more: a note that was edited takes its place."""
        found, known = ({h["name"] for h in d["claim"]["hypotheses"]} for d in (new, old))
        return known <= found

    @property
    def verdict(self) -> str:
        """The verdict of the file."""
        found = {r.verdict for r in self.results}
        return next((v for v in ("refuted", "unknown", "proved") if v in found), "measured")

    @property
    def counterexamples(self) -> tuple[tuple[Fraction, ...], ...]:
        """Inputs of length n, one for each claim that is refuted on a pair."""
        n = self.model.seq_len
        found = [r.counterexample for r in self.results if r.counterexample is not None]
        return tuple(tuple(impulses(c.pair, c.ratio, n)) for c in found if c.pair is not None)

    @property
    def decided(self) -> tuple[HypothesisResult, ...]:
        """The entries that are proved or refuted, completely."""
        return tuple(r for r in self.results if r.complete and r.verdict in ("proved", "refuted"))

    def certificate(self) -> Certificate:
        """The certificate of what was decided.

        Raises:
            NothingDecidedError: nothing was.
        """
        if not self.decided:
            raise NothingDecidedError("no claim of the file was proved or refuted")
        return Certificate(
            self.claim,
            describe_model(self.model),
            {
                "claim": {
                    "groups": {name: list(found) for name, found in self.note.groups.items()},
                    "hypotheses": [_statement(r) for r in self.decided],
                },
                "evidence": {"work": self.work},
            },
            {},
        )

    def _answer(self) -> dict[str, Any]:
        return {"title": self.note.title, "hypotheses": [r.to_dict() for r in self.results]}

    def _rows(self) -> list[dict[str, Any]]:
        return [with_floats(r.to_dict()) for r in self.results]

    def _about(self) -> str:
        count = {v: sum(r.verdict == v for r in self.results) for v in VERDICTS}
        return "".join(f", {number} {verdict}" for verdict, number in count.items() if number)


def hypotheses(
    file: str | Path | Note,
    model: Network,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> HypothesesResult:
    """Decide every claim of a file (docs/hypotheses.md) about a model, exactly.

    Ctrl-C ends the work with the pair in hand: what is refuted by then is, the rest is unknown.

    Raises:
        UsageError: the file cannot be read, is about another model, or holds an expression that
            means nothing; the message names entry and column.
        ModelFileError: a model with numbers so long that one exact run takes too much work.
    """
    start = time.perf_counter()
    note = file if isinstance(file, Note) else read_note(Path(file))
    note.demand_model(model.sha256)
    exact = [e for e in note.entries if e.over is None]
    engine = Engine(model)
    allowed = MAX_WORK // (2 * max(len(exact), 1))
    try:
        read = [read_hypothesis(_asked(e), note.groups, engine.d, engine.n) for e in exact]
        cases = [_Case(r, Work(allowed), Outcome.of(r)) for r in read]
        with interruptible() as ended:

            def proceed(done: int, total: int) -> bool:
                if progress is not None:
                    progress(done, total)
                return not ended.is_set()

            _decide(engine, cases, proceed)
        found = {e.name: _result(e, case) for e, case in zip(exact, cases, strict=True)}
        for entry in note.entries:
            if entry.over is not None and ended.is_set():
                found[entry.name] = HypothesisResult(entry, "unknown", complete=False)
            elif entry.over is not None:
                measured = measure(model, entry, note.groups)
                found[entry.name] = HypothesisResult(entry, "measured", measured=measured)
    except Faulty as error:
        raise UsageError(str(error)) from None
    except Unreadable as error:
        raise ModelFileError(str(error)) from None
    # Beside this the checker looks at each counterexample once more.
    used = sum(allowed - max(case.work.left, 0) for case in cases)
    return HypothesesResult(
        model,
        note,
        tuple(found[e.name] for e in note.entries),
        2 * used + len(exact) * RUN,
        seconds=time.perf_counter() - start,
    )


def _asked(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "says": entry.says,
        "claim": entry.claim,
        "pairs": entry.pairs,
        "ratio": tuple(entry.ratio),
        "change": list(entry.change),
    }


def _statement(result: HypothesisResult) -> dict[str, Any]:
    answer = result.to_dict()
    keys = ("verdict", "slack", "counterexample", "count")
    statement = _asked(result.entry) | {key: answer[key] for key in keys}
    found: dict[str, Any] = plain(statement)
    return found


@dataclass
class _Case:
    """A claim while it is decided; ``example`` is its worst failure so far, ``worst`` how bad it
    is, and where: of two the first.
    """

    read: Hypothesis
    work: Work
    outcome: Outcome
    complete: bool = True
    worst: tuple[Fraction, Pair, Fraction] | None = None
    example: Counterexample | None = None

    @contextmanager
    def accounted(self) -> Iterator[None]:
        """What the work has to suffice for."""
        try:
            yield
        except Exhausted:
            self.complete = False

    def learn(self, engine: Engine, pair: Pair) -> None:
        """The worst failure: the least difference of the sides where the claim has a slack, else
        the largest difference in the first comparison that fails.
        """
        slack, work = self.outcome.slacks.get(pair), Work(MAX_WORK)
        if slack is not None and self.worst is not None and slack > self.worst[0]:
            return
        for ratio in _candidates(self.outcome.failures.get(pair, ())):
            _, cell = engine.holds(self.read, pair, ratio, work)
            least = cell.least()
            sides = failing_sides(self.read.claim, cell)
            if least is None:
                values = list(sides.values())
                least = -abs(values[0] - values[-1]) if values else Fraction(0)
            if self.worst is None or (least, pair, ratio) < self.worst:
                self.worst = least, pair, ratio
                self.example = Counterexample(pair, ratio, sides)

    def learn_of_domain(self, engine: Engine) -> None:
        """The same for a claim about the whole domain."""
        if None in self.outcome.failures:
            cell = engine.domain_cell(self.read, self.outcome.counts, Work(MAX_WORK))
            sides = failing_sides(self.read.claim, cell)
            self.example = Counterexample(None, self.read.lo, sides)


def _decide(engine: Engine, cases: Sequence[_Case], proceed: Callable[[int, int], bool]) -> None:
    """Decide all cases; where ``proceed`` says no before a pair, none is complete."""
    for done, (m, s) in enumerate(engine.pairs):
        if not proceed(done, len(engine.pairs)):
            for case in cases:
                case.complete = False
            return
        for case in cases:
            if case.complete:
                with case.accounted():
                    engine.look(case.read, (m, s), case.work, case.outcome)
        # Now that the pair is done, no run that the checker needs goes unaccounted for.
        for case in cases:
            case.learn(engine, Pair(m, s))
    for case in cases:
        if case.complete:
            with case.accounted():
                engine.conclude(case.read, case.work, case.outcome)
                case.learn_of_domain(engine)


def _result(entry: Entry, case: _Case) -> HypothesisResult:
    outcome, complete = case.outcome, case.complete
    failing = sorted(
        (
            Failing(Pair(*pair), _joined(cells))
            for pair, cells in outcome.failures.items()
            if pair is not None
        ),
        key=lambda failing: failing.pair,
    )
    example = case.example
    numbers = [*(example.values.values() if example else ()), outcome.slack or Fraction(0)]
    if any(max(abs(v.numerator), v.denominator) >= 10**MAX_DIGITS for v in numbers):
        raise Faulty(
            f"hypothesis {entry.name!r}: an exact number of the answer has more than {MAX_DIGITS} "
            "digits, and no certificate can hold it: expected constants nearer to 1"
        )
    return HypothesisResult(
        entry,
        "refuted" if outcome.failures else "proved" if complete else "unknown",
        len(outcome.pairs),
        outcome.slack if complete else None,
        example,
        outcome.counts[0] if outcome.counts and complete else None,
        tuple(failing),
        strongest(case.read, outcome) if outcome.failures and complete else (),
        complete=complete,
    )


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
