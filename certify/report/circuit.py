"""The report of a circuit certificate: contributions, necessary units, circuits, interventions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from certify.mechanism.roles import find_roles, unit_groups
from certify.model import Network
from certify.report.content import (
    Figure,
    Report,
    Statement,
    Table,
    describe,
    short,
    tex_range,
    the_network,
)
from certify.report.source import Source
from certify.report.style import INK, PAGE, new_figure, style, whole
from certify.report.words import literal

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

ROLE_SAMPLES = 10_000
"""As many as ``certify explain`` takes: the groups have the same names there."""

Names = Mapping[tuple[int, ...], str]


def circuit_report(source: Source) -> Report:
    """Lay out what a circuit certificate holds; with the model, groups of units have the names of
    their roles.
    """
    claim = source.document["claim"]
    by_type: dict[str, list[dict[str, Any]]] = {}
    for statement in claim["statements"]:
        by_type.setdefault(statement["type"], []).append(statement)
    names = _names(source.network)
    circuits = by_type.get("circuit", [])
    tables = (
        _contributions(by_type.get("contribution", []), len(claim["pairs"]), names),
        _failures(by_type.get("failure", []), names),
        _circuits(circuits),
        _interventions(by_type.get("intervention", []), names),
    )
    minimal = [c for c in circuits if c["minimal"] == "weights"]
    n = int(source.document["model"]["seq_len"])
    sizes, library = describe(source.document)
    roles = (
        ("Roles are described from samples and from single impulses; the statements are proved.",)
        if names
        else ()
    )
    return source.report(
        "what the mechanism does",
        _statement(claim, source.document["model"]),
        (
            sizes,
            ("Pairs", f"{len(claim['pairs'])} of {n * (n - 1)}"),
            ("Statements", str(len(claim["statements"]))),
            library,
        ),
        tables=tables,
        figures=tuple(
            Figure(
                "circuit",
                "The weights of the minimal circuit: kept ones dark, removed ones blank.",
                lambda kept=c["kept"]: _kept_map(kept),  # type: ignore[misc]
            )
            for c in minimal[:1]
        ),
        notes=(
            "Removed means set to 0; of a unit, every weight of it. Minimal means that no single "
            "unit or weight can be removed: another, smaller circuit is not excluded.",
            *roles,
        ),
    )


def _names(network: Network | None) -> Names:
    if network is None:
        return {}
    groups = unit_groups(find_roles(network.floats, "gaussian", ROLE_SAMPLES, 1))
    named = {units: name for name, units in groups.items()}
    for name, units in groups.items():  # a unit has the name of its role, not that of a union
        for unit in units:
            named.setdefault((unit,), name)
    return named


def _units(units: list[int], names: Names) -> str:
    listed = ", ".join(map(str, units))
    name = names.get(tuple(units))
    return f"{name}: {listed}" if name else listed


def _statement(claim: dict[str, Any], model: dict[str, Any]) -> Statement:
    where, count = tex_range(claim["ratio"]), len(claim["pairs"])
    pairs = "one pair" if count == 1 else f"{count} pairs"
    said = (
        f"For {pairs} $(m, s)$ of positions and every $S$ with ${where}$, on the input with "
        "$M = 1$ at $m$, $S$ at $s$ and 0 elsewhere: every statement in the tables holds."
    )
    return Statement("proved", said, f"{the_network(model)} {said}")


def _contributions(found: list[dict[str, Any]], pairs: int, names: Names) -> Table:
    return Table(
        "What groups of units add to a logit, over the pairs and all ratios; bounds are attained.",
        ("units", "logit at", "relation", "bound", "pairs"),
        tuple(
            (
                _units(c["units"], names),
                literal(c["at"]),
                literal(c["relation"]),
                short(c["bound"]),
                f"{len(c['pairs'])} of {pairs}",
            )
            for c in found
        ),
        detail=len(found) > 20,
    )


def _failures(found: list[dict[str, Any]], names: Names) -> Table:
    return Table(
        "Without these units the model is wrong on the pair at the ratio.",
        ("units removed", "$m$", "$s$", "$S/M$"),
        tuple(
            (_units(f["removed"], names), str(f["max"]), str(f["second"]), short(f["ratio"]))
            for f in found
        ),
    )


def _circuits(found: list[dict[str, Any]]) -> Table:
    rows = []
    for circuit in found:
        kept = circuit["kept"]
        counts = [kept["w_ih"].count("1"), *(_ones(kept[name]) for name in ("w_hh", "w_out"))]
        necessary = {"units": "each unit", "weights": "each weight"}.get(circuit["minimal"], "-")
        rows.append((str(sum(counts)), *map(str, counts), necessary))
    return Table(
        "Weights that are enough: with all others 0, every pair is right at every ratio.",
        ("weights", r"$W_{\mathrm{ih}}$", r"$W_{\mathrm{hh}}$", r"$W_{\mathrm{out}}$", "necessary"),
        tuple(rows),
    )


def _interventions(found: list[dict[str, Any]], names: Names) -> Table:
    def words(change: dict[str, Any]) -> str:
        done = "set to" if change["action"] == "set" else "scaled by"
        when = "every step" if change["step"] is None else f"step {change['step']}"
        role = names.get((change["unit"],))
        who = f"unit {change['unit']}" + (f" ({role})" if role else "")
        return literal(f"{who} {done} {change['value']} after {when}")

    return Table(
        "One pair with units changed: its verdict over all ratios, and for which M it holds.",
        ("changes", "$m$", "$s$", "verdict", "smallest margin", "holds for"),
        tuple(
            (
                "; ".join(map(words, i["changes"])) or "none",
                str(i["max"]),
                str(i["second"]),
                i["verdict"],
                short(i["min_margin"]),
                "every $M > 0$" if i["scales"] else "$M = 1$",
            )
            for i in found
        ),
    )


def _ones(rows: list[str]) -> int:
    return sum(row.count("1") for row in rows)


def _kept_map(kept: dict[str, Any]) -> Drawing:
    blocks = (
        ("W_ih", [[b] for b in kept["w_ih"]]),
        ("W_hh", kept["w_hh"]),
        ("W_out", kept["w_out"]),
    )
    with style():
        figure = new_figure(PAGE, 2.6)
        for axes, (name, rows) in zip(
            figure.subplots(1, 3, width_ratios=[1.2, 6, 6]), blocks, strict=True
        ):
            kept_at = [
                (k, i) for i, row in enumerate(rows) for k, bit in enumerate(row) if bit == "1"
            ]
            size = 95 / max(len(rows), len(rows[0]))
            if kept_at:
                axes.plot(*zip(*kept_at, strict=True), "s", color=INK, alpha=0.75, ms=size, mew=0)
            axes.set(xlim=(-0.5, len(rows[0]) - 0.5), ylim=(len(rows) - 0.5, -0.5))
            whole(axes.xaxis)
            whole(axes.yaxis)
            axes.set_title(f"{name}: {len(kept_at)} of {len(rows) * len(rows[0])}")
        figure.axes[0].set_xticks([])
    return figure
