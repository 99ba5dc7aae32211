"""Deciding claims about the runs of one model, pair by pair: for every ratio of a range at once.

The range is cut until every quantity that a claim looks at keeps its sign on each part
(:mod:`certify.checker.forms`), and then the claim is the same on all of it. The prover calls what
is here too, so that no two can read a claim differently.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any

from certify.checker.changes import Change, edits, read_change
from certify.checker.claim import Claim, read_claim, read_pairs
from certify.checker.forms import Cell, End, Misread, Node, Run, Split, Work, between
from certify.checker.network import Weights
from certify.checker.runs import Edit, Line, Model, Pair, bare_cell, cell_at, changed
from certify.checker.work import products


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
    ``counts`` the values of the counts.
    """

    pairs: list[Pair] = field(default_factory=list)
    failures: dict[Pair | None, list[tuple[Fraction, Fraction]]] = field(default_factory=dict)
    slacks: dict[Pair | None, Fraction] = field(default_factory=dict)
    counts: list[int] = field(default_factory=list)
    compared: int = 0

    @classmethod
    def of(cls, entry: Hypothesis) -> Outcome:
        """What is known of an entry at first."""
        return cls(counts=[0] * len(entry.claim.counts))

    def look(self, claim: Claim, pair: Pair, cell: Cell) -> bool:
        """Look at a claim on one cell: whether it holds, or what it counts."""
        if claim.of_domain:
            for count in claim.counts:
                cell.work.look(count.condition.size)
                self.counts[count.index] += count.condition(cell)
            return True
        cell.work.look(claim.root.size)
        holds = bool(claim.root(cell))
        if not holds:
            self.fail(pair, cell.start, cell.end)
        least = cell.least(self.slacks.get(pair))
        if least is not None:
            self.slacks[pair] = least
        self.compared += cell.compared
        return holds

    def fail(self, pair: Pair, start: End, end: End) -> None:
        """Note a cell on which the claim is false."""
        self.failures.setdefault(pair, []).append((start.ratio, end.ratio))

    @property
    def slack(self) -> Fraction | None:
        """The least difference of the sides over all pairs, where the claim has one."""
        return min(self.slacks.values(), default=None)

    @property
    def verdict(self) -> str:
        """``proved`` or ``refuted``, where all pairs were looked at."""
        return "refuted" if self.failures else "proved"


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
        #: Each beside the one with m and s exchanged, with which it shares its runs.
        self.pairs = [p for a, b in combinations(range(self.n), 2) for p in ((a, b), (b, a))]
        self._models: dict[tuple[Edit, ...], Model] = {}
        self._pair: Pair = (-1, -1)
        self._traces: dict[tuple[int, Pair, Fraction], Any] = {}
        self._lines: dict[tuple[int, frozenset[Run]], Line] = {}
        self._changes: dict[tuple[str, ...], Model] = {}

    def decide(self, entries: Sequence[Hypothesis], work: Work) -> list[Outcome]:
        """What becomes of each entry.

        Raises:
            Exhausted: more work than is allowed.
            Faulty: an index outside of its range, a division by zero, the least of nothing; no
                pair in a domain, or nothing compared on any pair.
        """
        outcomes = [Outcome.of(entry) for entry in entries]
        for pair in self.pairs:
            for entry, outcome in zip(entries, outcomes, strict=True):
                self.look(entry, pair, work, outcome)
        for entry, outcome in zip(entries, outcomes, strict=True):
            self.conclude(entry, work, outcome)
        return outcomes

    def look(self, entry: Hypothesis, pair: Pair, work: Work, outcome: Outcome) -> None:
        """Decide an entry for one pair, if it is about it. Pair by pair runs are shared."""
        if self._concerns(entry, pair, work):
            outcome.pairs.append(pair)
            self._decide(entry, pair, work, outcome)

    def line(self, entry: Hypothesis, pair: Pair, work: Work) -> Line:
        """The runs that an entry looks at, for one pair."""
        if pair != self._pair:
            if sorted(pair) != sorted(self._pair):
                self._traces = {}
            self._pair, self._lines, self._changes = pair, {}, {}
        models = self._changed(entry, pair, work), self._model(())
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
        cell = self._at(entry, pair, ratio, work)
        with located(entry.name, f"claim, pair {_shown(pair)}", entry.claim.text):
            return bool(entry.claim.root(cell)), cell

    def domain_cell(self, entry: Hypothesis, counts: Sequence[int], work: Work) -> Cell:
        """Where a claim about the whole domain is looked at."""
        base = self._model(())
        line = Line((0, 1), self.n, (base, base), frozenset(), work, {})
        point = line.point(entry.lo)
        return cell_at(point, {"n": self.n, "d": self.d}, work, counts)

    def cell_names(self, pair: Pair) -> dict[str, int]:
        """What the names of a pair stand for."""
        m, s = pair
        return {
            "m": m, "s": s, "first": min(pair), "last": max(pair), "n": self.n, "d": self.d
        }  # fmt: skip

    def _changed(self, entry: Hypothesis, pair: Pair, work: Work) -> Model:
        if entry.change_texts not in self._changes:
            listed: tuple[Edit, ...] = ()
            for index, text in enumerate(entry.change_texts):
                with located(entry.name, f"change {index + 1}, pair {_shown(pair)}", text):
                    listed += edits([entry.changes[index]], self.cell_names(pair), work)
            self._changes[entry.change_texts] = self._model(listed)
        return self._changes[entry.change_texts]

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

    def _at(self, entry: Hypothesis, pair: Pair, ratio: Fraction, work: Work) -> Cell:
        names, nodes = self.cell_names(pair), self.line(entry, pair, work).nodes(entry.lo, entry.hi)
        place = bisect_right(nodes, ratio, key=lambda node: node.ratio)
        left = nodes[place - 1]
        if left.ratio == ratio:
            return cell_at(left, names, work)
        at = between(left, nodes[place], ratio)
        return Cell(names, left, nodes[place], at, at, work)

    def _decide(self, entry: Hypothesis, pair: Pair, work: Work, outcome: Outcome) -> None:
        claim, names = entry.claim, self.cell_names(pair)
        nodes = self.line(entry, pair, work).nodes(entry.lo, entry.hi)
        points = [(node, node, node.alone) for node in nodes]
        intervals = [(a, b, a.alone, End(b.ratio, 0, 1, b.scale)) for a, b in pairwise(nodes)]
        known: dict[Fraction, bool] = {}  # where the claim is at a ratio what it is beside it
        with located(entry.name, f"claim, pair {_shown(pair)}", claim.text):
            while intervals:
                left, right, start, end = intervals.pop()
                cell = Cell({**names}, left, right, start, end, work)
                try:
                    holds = outcome.look(claim, pair, cell)
                except Split as cut:
                    middle = between(left, right, cut.ratio)
                    points.append((left, right, middle))
                    intervals += [(left, right, start, middle), (left, right, middle, end)]
                    continue
                if cell.as_left:
                    known[start.ratio] = holds
                if cell.as_right:
                    known[end.ratio] = holds
            for left, right, at in points:
                if at.ratio not in known:
                    outcome.look(claim, pair, Cell({**names}, left, right, at, at, work))
                elif not known[at.ratio]:
                    outcome.fail(pair, at, at)

    def conclude(self, entry: Hypothesis, work: Work, outcome: Outcome) -> None:
        """What follows when all pairs were looked at: the claims about the whole domain."""
        if not outcome.pairs:
            raise Faulty(f"hypothesis {entry.name!r}, pairs: no pair is in the domain")
        if entry.claim.of_domain:
            cell = self.domain_cell(entry, outcome.counts, work)
            with located(entry.name, "claim", entry.claim.text):
                if not entry.claim.root(cell):
                    outcome.failures[None] = [(entry.lo, entry.hi)]
            outcome.compared = cell.compared
            least = cell.least()
            outcome.slacks = {} if least is None else {None: least}
        if not outcome.compared:
            raise Faulty(
                f"hypothesis {entry.name!r}, claim: nothing is compared on any pair of the domain, "
                "so there is nothing to prove"
            )


def _shown(pair: Pair) -> str:
    return f"(m={pair[0]}, s={pair[1]})"
