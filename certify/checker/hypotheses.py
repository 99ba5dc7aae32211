"""The rule for ``hypotheses`` certificates: claims about runs, decided for all pairs and ratios.

The certificate holds the claims as they were written, and what became of each. Nothing of that is
believed: the expressions are read (:mod:`certify.checker.grammar`), the runs are computed with
their changes, every claim is decided (:mod:`certify.checker.engine`), and the verdict, the slack
and the counts that come out must be those that the certificate states.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from certify.checker.claim import failing_sides
from certify.checker.document import equal, fields, integer, items, rational, rationals
from certify.checker.engine import Engine, Faulty, Hypothesis, Outcome, read_hypothesis
from certify.checker.errors import Rejected
from certify.checker.forms import Exhausted, Work
from certify.checker.grammar import RESERVED
from certify.checker.network import Weights
from certify.checker.work import ALL, demand

KEYS = ("name", "says", "claim", "pairs", "ratio", "change")


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
        outcomes = engine.decide(entries, work)
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
