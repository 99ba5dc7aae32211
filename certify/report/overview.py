"""Several certificates together: one table of models, and what longer proofs buy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from certify.report.content import Figure, Report, Table
from certify.report.impulse_figures import length_chart
from certify.report.words import literal


@dataclass(frozen=True)
class Overview:
    """Reports, and what is said of all of them where there are several."""

    reports: tuple[Report, ...]
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    details: bool = True

    @property
    def title(self) -> str:
        """Of the page."""
        return self.reports[0].title if len(self.reports) == 1 else "Certificates"


def overview_of(reports: Sequence[Report], *, details: bool = True) -> Overview:
    """Two tables of several reports, of the models and of the lengths of their proofs, and a figure
    for each model with several proofs of one bound.

    Without ``details`` the reports themselves are left out of the layouts.
    """
    if len(reports) < 2:
        return Overview(tuple(reports))
    tables = (_models(reports), _lengths(reports))
    return Overview(tuple(reports), tables, tuple(_figures(reports)), details)


def _models(reports: Sequence[Report]) -> Table:
    models: dict[str, list[Report]] = {}
    for report in reports:
        models.setdefault(report.model_sha256, []).append(report)
    unchecked = sum(report.checked is None for report in reports)
    checked = f"{unchecked} of {len(reports)} not checked" if unchecked else "all checked"
    plural = "s" if len(models) > 1 else ""
    return Table(
        f"{len(reports)} certificates of {len(models)} model{plural} ({checked}). Per model: its "
        "pairs proved, the interval of ratios on which all of them are right (rounded), the noise "
        "that they stand, the bracket of the accuracy.",
        ("model", "pairs", "ratios", "noise", "accuracy", "status"),
        tuple(_model(sha, members) for sha, members in models.items()),
    )


def _model(sha: str, members: Sequence[Report]) -> tuple[str, ...]:
    names = {r.certificate.name.partition(".")[0] for r in members}
    name = f"{literal(names.pop())} ({sha[:8]})" if len(names) == 1 else sha[:8]

    def first(fact: str) -> str:
        return next((dict(r.facts)[fact] for r in members if fact in dict(r.facts)), "-")

    ratios = first("Common interval").replace("$S/M$ in ", "").replace(", open", "")
    statuses = dict.fromkeys(r.statement.status for r in members)
    return (
        name,
        first("Pairs").replace(" proved", ""),
        ratios,
        first("Noise"),
        _bracket(members),
        ", ".join(statuses),
    )


def _bracket(members: Sequence[Report]) -> str:
    """What follows from all proofs about inputs of one kind, the first that occurs."""
    found = [facts for r in members if "Lower" in (facts := dict(r.facts))]
    if not found:
        return "-"
    alike = [facts for facts in found if facts["Inputs"] == found[0]["Inputs"]]
    low = max(Decimal(facts["Lower"]) for facts in alike)
    high = min(Decimal(facts["Upper"]) for facts in alike)
    return f"[{_cut(low, ROUND_FLOOR)}, {_cut(high, ROUND_CEILING)}]"


def _cut(value: Decimal, rounding: str) -> str:
    """Four decimals, rounded outwards: a bracket stays one."""
    return str(value.quantize(Decimal("0.0001"), rounding))


def _lengths(reports: Sequence[Report]) -> Table:
    return Table(
        "The lengths of the proofs: leaves, multiply-adds to check (about), bytes.",
        ("certificate", "status", "leaves", "multiply-adds", "bytes"),
        tuple(
            (
                literal(r.certificate.name),
                r.statement.status,
                f"{r.length.leaves:,}",
                f"{r.length.multiply_adds:.1e}",
                f"{r.length.size:,}",
            )
            for r in reports
            if r.length
        ),
    )


def _figures(reports: Sequence[Report]) -> list[Figure]:
    groups: dict[tuple[str, str], list[Report]] = {}
    for report in reports:
        if report.bound and report.length:
            groups.setdefault((report.model_sha256, report.bound[0]), []).append(report)
    found: list[Figure] = []
    for (model, name), members in groups.items():
        if len(members) < 2:
            continue
        points = [
            (r.certificate.name, float(r.length.multiply_adds), r.bound[1])
            for r in members
            if r.length and r.bound
        ]
        found.append(
            Figure(
                f"length-{len(found) + 1}",
                f"The {name} against the length of its proof, for the model {model[:8]}.",
                lambda points=points, name=name: length_chart(points, name),  # type: ignore[misc]
            )
        )
    return found
