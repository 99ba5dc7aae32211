"""What ``certify explain`` found, as a file of hypotheses: true claims, to be edited."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from certify.claims import Pair, all_pairs
from certify.mechanism.circuit import CircuitStudy, Contribution, Kept
from certify.mechanism.explain import Explanation
from certify.statements.strongest import outward

OFFSET = "(logit[s] - logit[m]) - (swapped.logit[s] - swapped.logit[m])"


def explanation_note(found: Explanation) -> str:
    """The text of the file. Every claim in it is true of the model: bounds are rounded to the
    safe side, and claims are about the pairs for which they were found.
    """
    groups = {name.replace("-", "_"): units for name, units in _groups(found).items()}
    network, study = found.model, found.circuit
    lines = [
        "# Written by certify explain: what it found, as claims that certify hypotheses decides.",
        'title = "What certify explain found"',
        f'model = "{network.sha256}"',
        f'ratio = "{found.offsets.ratio}"',
        "",
        "[groups]",
        *(f"{name} = {list(units)}" for name, units in groups.items()),
    ]
    if found.offsets.min_product > 0:
        bound = outward(found.offsets.min_product, up=False, strict=True)
        lines += _entry(
            "offsets", "Exchanging the values moves the logits at s and m the right way.",
            f"{OFFSET} > {bound}",
        )  # fmt: skip
    lines += _cells(found)
    if study is not None:
        lines += _circuit(study, groups)
    return "\n".join([*lines, ""])


def _groups(found: Explanation) -> dict[str, tuple[int, ...]]:
    named = {} if found.circuit is None else dict(found.circuit.groups)
    return {name: units for name, units in named.items() if units}


def _entry(
    name: str,
    says: str,
    claim: str,
    *,
    ratio: Sequence[object] = (),
    pairs: str = "",
    change: Sequence[str] = (),
) -> list[str]:
    """One entry; JSON's strings and lists are TOML's."""
    lines = ["", "[[hypothesis]]"]
    lines += [
        f"{key} = {json.dumps(text)}"
        for key, text in (("name", name), ("says", says), ("claim", claim))
    ]
    if ratio:
        lines.append(f"ratio = {json.dumps([str(end) for end in ratio])}")
    if pairs:
        lines.append(f"pairs = {json.dumps(pairs)}")
    if change:
        lines.append(f"change = {json.dumps(list(change))}")
    return lines


def _cells(found: Explanation) -> list[str]:
    census = found.census
    dead = list(census.dead_units)
    count = census.final_cells[0][1]

    def runs(prefix: str) -> str:
        on = f"sum({prefix}on[n - 1, i] for i in range(d)) == d - {len(dead)}"
        off = f" and not any({prefix}on[n - 1, i] for i in {dead})" if dead else ""
        return f"count({on}{off})"

    return _entry(
        "final cell",
        f"In {count} of {census.runs} runs, forward and swapped, just the units {dead} are off at "
        "the end.",
        f"{runs('')} + {runs('swapped.')} == {count}",
    )


def _circuit(study: CircuitStudy, groups: dict[str, tuple[int, ...]]) -> list[str]:
    everything = all_pairs(study.network.seq_len)
    ratio = tuple(study.ratios)
    right = pairs_text(study.pairs, everything)
    lines = _entry("right", "It points at the second largest.", "right", ratio=ratio, pairs=right)
    names = {units: name for name, units in groups.items()}
    for number, c in enumerate(study.contributions, start=1):
        claim, says = _contribution(c, names[c.units])
        lines += _entry(
            f"contribution {number}", says, claim, ratio=ratio,
            pairs=pairs_text(c.pairs, everything),
        )  # fmt: skip
    for failure in study.failures:
        unit = failure.element[1]
        lines += _entry(
            f"unit {unit} is needed", f"Without unit {unit} it is wrong.", "not right",
            ratio=(failure.ratio, failure.ratio),
            pairs=f"m == {failure.pair.max} and s == {failure.pair.second}",
            change=_without(unit),
        )  # fmt: skip
    for unit in study.dispensable:
        lines += _entry(
            f"unit {unit} can go", f"Without unit {unit} it is right.", "right",
            ratio=ratio, pairs=right, change=_without(unit),
        )  # fmt: skip
    kept = study.weight_circuit.kept
    return lines + _entry(
        "circuit", f"{len(kept.weights)} weights are enough.", "right",
        ratio=ratio, pairs=right, change=_zeroed(kept),
    )  # fmt: skip


def _contribution(c: Contribution, name: str) -> tuple[str, str]:
    upper = c.relation == "at most"
    relation = "<=" if upper else ">="
    bound = outward(c.bound, up=upper)
    says = f"The units of {name} add {c.relation} {bound} to the logit at {c.at}."
    if c.at == "elsewhere":
        inner = f"of({name}, j) {relation} {bound}"
        return f"all({inner} for j in range(n) if j not in [m, s])", says
    return f"of({name}, {'m' if c.at == 'max' else 's'}) {relation} {bound}", says


def _without(unit: int) -> list[str]:
    places = (f"W_ih[{unit}]", f"W_hh[{unit}, :]", f"W_hh[:, {unit}]", f"W_out[:, {unit}]")
    return [f"{place} = 0" for place in places]


def _zeroed(kept: Kept) -> list[str]:
    """The changes that set every weight outside of a circuit to 0."""

    def lost(row: Iterable[bool]) -> list[int]:
        return [i for i, bit in enumerate(row) if not bit]

    changes = [f"W_ih[{lost(kept.w_ih)}] = 0"] if lost(kept.w_ih) else []
    for name, matrix in (("W_hh", kept.w_hh), ("W_out", kept.w_out)):
        changes += [f"{name}[{j}, {lost(row)}] = 0" for j, row in enumerate(matrix) if lost(row)]
    return changes


def pairs_text(pairs: Sequence[Pair], everything: Sequence[Pair]) -> str:
    """The condition on m and s that names these pairs; empty for all of them."""

    def listed(some: Sequence[Pair]) -> str:
        seconds: dict[int, list[int]] = {}
        for pair in some:
            seconds.setdefault(pair.max, []).append(pair.second)
        return " or ".join(f"m == {m} and s in {found}" for m, found in seconds.items())

    others = [pair for pair in everything if pair not in pairs]
    if not others:
        return ""
    return listed(pairs) if len(pairs) < len(others) else f"not ({listed(others)})"
