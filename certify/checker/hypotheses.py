"""The rule for ``hypotheses`` certificates: claims about runs, decided for all pairs and ratios.

The certificate holds the claims as they were written, and what became of each. Nothing of that is
believed: the expressions are read (:mod:`certify.checker.grammar`), the runs are computed with
their changes, the range of ratios is cut until every quantity that a claim looks at keeps its sign
(:mod:`certify.checker.expressions`), and the verdict, the slack and the counts that come out must
be those that the certificate states. There is one reader of expressions: the prover calls the
functions of this module too, so that no two can read a claim differently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

from certify.checker.changes import Change, edits, read_change
from certify.checker.claim import Claim, failing_sides, read_claim, read_pairs
from certify.checker.document import equal, fields, integer, items, rational, rationals
from certify.checker.errors import Rejected
from certify.checker.forms import Cell, Exhausted, Misread, Node, Run, Split, Work
from certify.checker.grammar import RESERVED
from certify.checker.network import Weights
from certify.checker.runs import Edit, Line, Model, Pair, bare_cell, changed
from certify.checker.work import ALL, demand, products

KEYS = ("name", "says", "claim", "pairs", "ratio", "change")


class Faulty(ValueError):
    """A hypothesis that cannot be decided as it is written; the message names the place."""


@dataclass(frozen=True)
class Hypothesis:
    """One entry as read. ``pairs`` None means all pairs."""

    name: str
    says: str
    claim: Claim
    pairs: Node | None
    pairs_text: str
    lo: Fraction
    hi: Fraction
    changes: tuple[Change, ...]
    change_texts: tuple[str, ...]


@dataclass
class Outcome:
    """What became of an entry: how many pairs it is about, and where it fails.

    ``failures`` holds for a pair the cells on which the claim is false, as (lo, hi): one ratio
    where they are equal, else the open interval. ``slacks`` are the least differences of the sides,
    ``counts`` the values of the counts; ``complete`` is false where the work did not suffice.
    """

    pairs: list[Pair] = field(default_factory=list)
    failures: dict[Pair | None, list[tuple[Fraction, Fraction]]] = field(default_factory=dict)
    slacks: dict[Pair | None, Fraction] = field(default_factory=dict)
    counts: list[int] = field(default_factory=list)
    compared: int = 0
    complete: bool = True

    @property
    def slack(self) -> Fraction | None:
        """The least difference of the sides over all pairs, where the claim has one."""
        return min(self.slacks.values(), default=None)

    @property
    def verdict(self) -> str:
        """``proved``, ``refuted`` or ``unknown``."""
        return "refuted" if self.failures else "proved" if self.complete else "unknown"


@contextmanager
def located(name: str, key: str, text: str) -> Iterator[None]:
    """Say where an expression cannot be read."""
    try:
        yield
    except Misread as error:
        before = text[: max(error.at, 0)]
        line, column = before.count("\n") + 1, error.at - before.rfind("\n")
        where = f"line {line}, column {column}" if "\n" in text else f"column {column}"
        raise Faulty(f"hypothesis {name!r}, {key}, {where}: {error}") from None


def read_hypothesis(
    entry: Mapping[str, Any], groups: Mapping[str, Sequence[int]], d: int, n: int
) -> Hypothesis:
    """Read an entry: ``name``, ``says``, ``claim``, ``pairs`` (or None), ``ratio`` as two
    Fractions, ``change`` as a list of texts.

    Raises:
        Faulty: an expression that means nothing.
    """
    name, text, domain = entry["name"], entry["claim"], entry["pairs"]
    lo, hi = entry["ratio"]
    with located(name, "claim", text):
        claim = read_claim(text, groups, d, n)
        if claim.of_domain and lo != hi:
            raise Misread(
                f"a claim with count is about one ratio, not about [{lo}, {hi}]",
                claim.counts[0].at,
            )
    pairs = None
    if domain is not None:
        with located(name, "pairs", domain):
            pairs = read_pairs(domain, groups, d, n)
    changes = []
    for index, change in enumerate(entry["change"]):
        with located(name, f"change {index + 1}", change):
            changes.append(read_change(change, groups, d, n))
    return Hypothesis(
        name, entry["says"], claim, pairs, domain or "", lo, hi, tuple(changes),
        tuple(entry["change"]),
    )  # fmt: skip


class Engine:
    """Decides hypotheses about one model. Runs are shared among the entries, pair by pair."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.d, self.n = len(weights.w_ih), len(weights.w_out)
        self._models: dict[tuple[Edit, ...], Model] = {}
        self._pair: Pair = (-1, -1)
        self._traces: dict[tuple[int, bool, Fraction], Any] = {}
        self._lines: dict[tuple[int, frozenset[Run]], Line] = {}

    def decide(
        self,
        entries: Sequence[Hypothesis],
        work: Sequence[Work],
        proceed: Callable[[int, int], bool] = lambda done, total: True,
    ) -> list[Outcome]:
        """What becomes of each entry; ``work`` is what each may take. ``proceed`` is asked before
        each pair (pairs done, pairs in all); where it says no, no entry is complete.

        Raises:
            Faulty: an index outside of its range, a division by zero, the least of nothing; no
                pair in a domain, or nothing compared on any pair.
        """
        outcomes = [Outcome(counts=[0] * len(e.claim.counts)) for e in entries]
        pairs = [(m, s) for m in range(self.n) for s in range(self.n) if m != s]
        for done, pair in enumerate(pairs):
            if not proceed(done, len(pairs)):
                for outcome in outcomes:
                    outcome.complete = False
                break
            for entry, outcome, allowed in zip(entries, outcomes, work, strict=True):
                if not outcome.complete:
                    continue
                try:
                    if not self._concerns(entry, pair, allowed):
                        continue
                    outcome.pairs.append(pair)
                    self._decide(entry, pair, allowed, outcome)
                except Exhausted:
                    outcome.complete = False
        for entry, outcome, allowed in zip(entries, outcomes, work, strict=True):
            self._conclude(entry, outcome, allowed)
        return outcomes

    def line(self, entry: Hypothesis, pair: Pair, work: Work) -> Line:
        """The runs that an entry looks at, for one pair."""
        if pair != self._pair:
            self._pair, self._traces, self._lines = pair, {}, {}
        listed: tuple[Edit, ...] = ()
        for index, (change, text) in enumerate(zip(entry.changes, entry.change_texts, strict=True)):
            with located(entry.name, f"change {index + 1}, pair {_shown(pair)}", text):
                listed += edits([change], self.cell_names(pair), work)
        models = self._model(listed), self._model(())
        key = (id(models[0]), entry.claim.runs)
        found = self._lines.get(key)
        if found is None:
            found = Line(pair, self.n, models, entry.claim.runs, work, self._traces)
            self._lines[key] = found
        found.work = work
        # Numbers are as long as runs make them, and what the claim multiplies them with.
        bits = max(model.bits for model in models) + 4 * len(entry.claim.text)
        work.price = 1000 + products(bits, bits)
        return found

    def holds(
        self, entry: Hypothesis, pair: Pair, ratio: Fraction, work: Work
    ) -> tuple[bool, Cell]:
        """Whether the claim holds at one ratio, and the cell that it was looked at in."""
        point = self.line(entry, pair, work).point(ratio)
        cell = Cell(self.cell_names(pair), point, point, work)
        with located(entry.name, f"claim, pair {_shown(pair)}", entry.claim.text):
            return bool(entry.claim.root(cell)), cell

    def domain_cell(self, entry: Hypothesis, counts: Sequence[int], work: Work) -> Cell:
        """Where a claim about the whole domain is looked at."""
        base = self._model(())
        line = Line((0, 1), self.n, (base, base), frozenset(), work, {})
        point = line.point(entry.lo)
        return Cell({"n": self.n, "d": self.d}, point, point, work, counts)

    def cell_names(self, pair: Pair) -> dict[str, int]:
        """What the names of a pair stand for."""
        m, s = pair
        return {
            "m": m, "s": s, "first": min(pair), "last": max(pair), "n": self.n, "d": self.d
        }  # fmt: skip

    def _model(self, listed: tuple[Edit, ...]) -> Model:
        if listed not in self._models:
            self._models[listed] = changed(self.weights, listed)
        return self._models[listed]

    def _concerns(self, entry: Hypothesis, pair: Pair, work: Work) -> bool:
        if entry.pairs is None:
            return True
        with located(entry.name, f"pairs, pair {_shown(pair)}", entry.pairs_text):
            work.look(entry.pairs.size)
            return bool(entry.pairs(bare_cell(self.cell_names(pair), work)))

    def _decide(self, entry: Hypothesis, pair: Pair, work: Work, outcome: Outcome) -> None:
        line, claim = self.line(entry, pair, work), entry.claim
        nodes = line.nodes(entry.lo, entry.hi)
        todo = [(nodes[-1], nodes[-1])]
        for a, b in reversed(list(pairwise(nodes))):
            todo += [(a, b), (a, a)]
        while todo:
            left, right = todo.pop()
            cell = Cell(self.cell_names(pair), left, right, work, (), 0, outcome.slacks.get(pair))
            try:
                with located(entry.name, f"claim, pair {_shown(pair)}", claim.text):
                    if claim.of_domain:
                        for count in claim.counts:
                            work.look(count.condition.size)
                            outcome.counts[count.index] += count.condition(cell)
                    else:
                        work.look(claim.root.size)
                        if not claim.root(cell):
                            cells = outcome.failures.setdefault(pair, [])
                            cells.append((left.ratio, right.ratio))
            except Split as cut:
                point = line.point(cut.ratio)
                todo += [(point, right), (point, point), (left, point)]
            # What was looked at on a cell that was cut is looked at on its parts too.
            if cell.least is not None:
                outcome.slacks[pair] = cell.least
            outcome.compared += cell.compared

    def _conclude(self, entry: Hypothesis, outcome: Outcome, work: Work) -> None:
        if not outcome.complete:
            return
        if not outcome.pairs:
            raise Faulty(f"hypothesis {entry.name!r}, pairs: no pair is in the domain")
        if entry.claim.of_domain:
            cell = self.domain_cell(entry, outcome.counts, work)
            with located(entry.name, "claim", entry.claim.text):
                if not entry.claim.root(cell):
                    outcome.failures[None] = [(entry.lo, entry.hi)]
            outcome.compared = cell.compared
            outcome.slacks = {} if cell.least is None else {None: cell.least}
        if not outcome.compared:
            raise Faulty(
                f"hypothesis {entry.name!r}, claim: nothing is compared on any pair of the domain, "
                "so there is nothing to prove"
            )


def check_hypotheses(weights: Weights, body: dict[str, Any], _: bytes) -> list[str]:
    """Check a certificate of kind ``hypotheses``; returns what it establishes, line by line."""
    equal(body["settings"], {}, "settings")
    named, listed = fields(body["claim"], "claim", ("groups", "hypotheses"))
    (steps,) = fields(body["evidence"], "evidence", ("work",))
    if integer(steps, "evidence.work") < 1:
        raise Rejected("evidence.work: expected a number of steps")
    demand(steps, ALL, "this file of hypotheses")
    engine = Engine(weights)
    entries: list[Hypothesis] = []
    stated: list[dict[str, Any]] = []
    groups = _groups(named)
    for index, statement in enumerate(items(listed, "claim.hypotheses")):
        place = f"claim.hypotheses[{index}]"
        keys = (*KEYS, "verdict", "slack", "counterexample", "count")
        values = dict(zip(keys, fields(statement, place, keys), strict=True))
        if any(values["name"] == other["name"] for other in stated):
            raise Rejected(f"{place}.name: stands twice")
        entries.append(_entry(values, groups, engine, place))
        stated.append(values)
    if not entries:
        raise Rejected("claim.hypotheses: claims nothing")
    work = Work(steps)
    try:
        outcomes = engine.decide(entries, [work] * len(entries))
        if work.left < 0:
            raise Exhausted
        for index, parts in enumerate(zip(entries, outcomes, stated, strict=True)):
            _compare(engine, *parts, work, f"claim.hypotheses[{index}]")
    except Faulty as error:
        raise Rejected(f"claim.hypotheses: {error}") from None
    except Exhausted:
        raise Rejected(f"evidence.work: {steps} steps do not suffice") from None
    return [_established(*parts) for parts in zip(entries, outcomes, strict=True)]


def _groups(named: Any) -> dict[str, list[int]]:
    if not isinstance(named, dict):
        raise Rejected("claim.groups: expected an object")
    found = {}
    for name, members in named.items():
        place = f"claim.groups.{name:.40}"
        if not name.isascii() or not name.isidentifier() or name in RESERVED:
            raise Rejected(f"{place}: expected another name")
        found[name] = [integer(v, place) for v in items(members, place)]
        if len(set(found[name])) < len(found[name]):
            raise Rejected(f"{place}: a member twice")
    return found


def _entry(
    values: dict[str, Any], groups: Mapping[str, Sequence[int]], engine: Engine, place: str
) -> Hypothesis:
    for key in ("name", "says", "claim"):
        if not isinstance(values[key], str):
            raise Rejected(f"{place}.{key}: expected a text")
    if not (values["pairs"] is None or isinstance(values["pairs"], str)):
        raise Rejected(f"{place}.pairs: expected a text or null")
    for change in items(values["change"], f"{place}.change"):
        if not isinstance(change, str):
            raise Rejected(f"{place}.change: expected texts")
    lo, hi = rationals(values["ratio"], f"{place}.ratio", 2)
    if not 0 < lo <= hi < 1:
        raise Rejected(f"{place}.ratio: expected 0 < lo <= hi < 1")
    try:
        return read_hypothesis({**values, "ratio": (lo, hi)}, groups, engine.d, engine.n)
    except Faulty as error:
        raise Rejected(f"{place}: {error}") from None


def _compare(
    engine: Engine,
    entry: Hypothesis,
    outcome: Outcome,
    stated: dict[str, Any],
    work: Work,
    place: str,
) -> None:
    """Demand that the stated answer is the one that was found."""
    equal(stated["verdict"], outcome.verdict, f"{place}.verdict")
    slack = outcome.slack
    equal(stated["slack"], None if slack is None else str(slack), f"{place}.slack")
    equal(stated["count"], outcome.counts[0] if outcome.counts else None, f"{place}.count")
    example = stated["counterexample"]
    if outcome.verdict == "proved":
        equal(example, None, f"{place}.counterexample")
        return
    place = f"{place}.counterexample"
    m, s, ratio, values = fields(example, place, ("max", "second", "ratio", "values"))
    at = rational(ratio, f"{place}.ratio")
    if not entry.lo <= at <= entry.hi:
        raise Rejected(f"{place}.ratio: outside of the claim's range")
    if entry.claim.of_domain:
        equal([m, s], [None, None], place)
        cell = engine.domain_cell(entry, outcome.counts, work)
    else:
        pair = integer(m, f"{place}.max"), integer(s, f"{place}.second")
        if pair not in outcome.pairs:
            raise Rejected(f"{place}: {pair} is no pair of the domain")
        holds, cell = engine.holds(entry, pair, at, work)
        if holds:
            raise Rejected(f"{place}: the claim holds for {pair} at {at}")
    sides = failing_sides(entry.claim, cell)
    equal(values, {text: str(value) for text, value in sides.items()}, f"{place}.values")


def _established(entry: Hypothesis, outcome: Outcome) -> str:
    where = f"S/M = {entry.lo}" if entry.lo == entry.hi else f"S/M in [{entry.lo}, {entry.hi}]"
    pairs = f"{len(outcome.pairs)} pairs" + (f" ({entry.pairs_text})" if entry.pairs else "")
    changes = "".join(f"; changed: {text}" for text in entry.change_texts)
    return (
        f"{outcome.verdict} {entry.name!r} for {pairs}, M = 1, {where}{changes}: {entry.claim.text}"
    )


def _shown(pair: Pair) -> str:
    return f"(m={pair[0]}, s={pair[1]})"
