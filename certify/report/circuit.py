"""The report of a circuit certificate: contributions, necessary units, circuits, interventions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from certify.model import Network
from certify.report.content import Figure, Report, Statement, Table, short
from certify.report.style import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


def circuit_report(
    path: Path,
    sha256: str,
    document: dict[str, Any],
    network: Network | None,
    checked: tuple[str, ...] | None,
) -> Report:
    """Lay out what a circuit certificate holds; the model adds nothing but the check."""
    model, claim = document["model"], document["claim"]
    by_type: dict[str, list[dict[str, Any]]] = {}
    for statement in claim["statements"]:
        by_type.setdefault(statement["type"], []).append(statement)
    circuits = by_type.get("circuit", [])
    tables = (
        _contributions(by_type.get("contribution", []), len(claim["pairs"])),
        _failures(by_type.get("failure", [])),
        _circuits(circuits),
        _interventions(by_type.get("intervention", [])),
    )
    minimal = [c for c in circuits if c["minimal"] == "weights"]
    return Report(
        title=f"{path.name}: what the mechanism does",
        statement=_statement(claim),
        certificate=path,
        certificate_sha256=sha256,
        model_sha256=model["sha256"],
        facts=(
            (
                "Model",
                f"{model['hidden_size']} units, {model['seq_len']} inputs, "
                f"{model['parameters']} weights",
            ),
            ("Pairs", f"{len(claim['pairs'])} of {model['seq_len'] * (model['seq_len'] - 1)}"),
            ("Statements", str(len(claim["statements"]))),
            ("Library", f"certify {document['library']['version']}"),
        ),
        checked=checked,
        tables=tuple(table for table in tables if table.rows),
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
        ),
    )


def _statement(claim: dict[str, Any]) -> Statement:
    lo, hi = claim["ratio"]
    count = len(claim["pairs"])
    pairs = "one pair" if count == 1 else f"{count} pairs"
    return Statement(
        "proved",
        f"For {pairs} (m, s) of positions and every ratio S/M in [{lo}, {hi}], on the input with "
        "M = 1 at m, S at s and 0 elsewhere: every statement in the tables holds.",
        f"For {pairs} $(m, s)$ of positions and every $S$ with ${lo} \\le S \\le {hi}$, on the "
        "input with $M = 1$ at $m$, $S$ at $s$ and $0$ elsewhere: every statement in the tables "
        "holds.",
    )


def _contributions(found: list[dict[str, Any]], pairs: int) -> Table:
    return Table(
        "What groups of units add to a logit, over the pairs and all ratios; bounds are attained.",
        ("units", "logit at", "relation", "bound", "pairs"),
        tuple(
            (
                ", ".join(map(str, c["units"])),
                c["at"],
                c["relation"],
                short(c["bound"]),
                f"{len(c['pairs'])} of {pairs}",
            )
            for c in found
        ),
    )


def _failures(found: list[dict[str, Any]]) -> Table:
    return Table(
        "Without these units the model is wrong on the pair at the ratio.",
        ("units removed", "m", "s", "S/M"),
        tuple(
            (", ".join(map(str, f["removed"])), str(f["max"]), str(f["second"]), f["ratio"])
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
        ("weights", "W_ih", "W_hh", "W_out", "necessary"),
        tuple(rows),
    )


def _interventions(found: list[dict[str, Any]]) -> Table:
    def words(change: dict[str, Any]) -> str:
        done = "set to" if change["action"] == "set" else "scaled by"
        when = "every step" if change["step"] is None else f"step {change['step']}"
        return f"unit {change['unit']} {done} {change['value']} after {when}"

    return Table(
        "One pair with units changed: its verdict over all ratios, and for which M it holds.",
        ("changes", "m", "s", "verdict", "smallest margin", "holds for"),
        tuple(
            (
                "; ".join(map(words, i["changes"])) or "none",
                str(i["max"]),
                str(i["second"]),
                i["verdict"],
                short(i["min_margin"]),
                "every M > 0" if i["scales"] else "M = 1",
            )
            for i in found
        ),
    )


def _ones(rows: list[str]) -> int:
    return sum(row.count("1") for row in rows)


def _kept_map(kept: dict[str, Any]) -> Drawing:
    figure = new_figure(6.4, 3.2)
    axes = figure.subplots(1, 3, width_ratios=[1, 6, 6])
    blocks = (("W_ih", list(kept["w_ih"])), ("W_hh", kept["w_hh"]), ("W_out", kept["w_out"]))
    for axis, (name, rows) in zip(axes, blocks, strict=True):
        bits = np.array([[bit == "1" for bit in row] for row in rows], dtype=float)
        axis.imshow(bits, cmap="Greys", vmin=0, vmax=1.4, aspect="auto")
        axis.set_title(f"{name}: {int(bits.sum())} of {bits.size}", fontsize=9)
    axes[0].set_xticks([])
    return figure
