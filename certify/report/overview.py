"""Several certificates together: one table of models, and what longer proofs buy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from certify.report.content import Figure, Report, Table
from certify.report.impulse_figures import length_chart
from certify.report.words import literal


@dataclass(frozen=True)
class Overview:
    """Reports, and what is said of all of them where there are several."""

    reports: tuple[Report, ...]
    table: Table | None = None
    figures: tuple[Figure, ...] = ()
    details: bool = True

    @property
    def title(self) -> str:
        """Of the page."""
        return self.reports[0].title if len(self.reports) == 1 else "Certificates"


def overview_of(reports: Sequence[Report], *, details: bool = True) -> Overview:
    """The table of several reports, and a figure for each model with several proofs of one bound.

    Without ``details`` the reports themselves are left out of the layouts.
    """
    if len(reports) < 2:
        return Overview(tuple(reports))
    return Overview(tuple(reports), _table(reports), tuple(_figures(reports)), details)


def _table(reports: Sequence[Report]) -> Table:
    models = dict.fromkeys(r.model_sha256 for r in reports)
    order = {sha: at for at, sha in enumerate(models)}

    def row(report: Report) -> tuple[str, ...]:
        facts = dict(report.facts)
        found = facts.get("Common interval") or facts.get("Noise") or ""
        if "Lower" in facts:
            found = f"accuracy in [{facts['Lower'][:9]}, {facts['Upper'][:9]}]"
        elif "Common interval" in facts:
            found = found.replace("$S/M$ in ", "ratio in ").replace(", open", "")
        elif "Noise" in facts:
            found = f"noise {found}"
        length = report.length
        return (
            literal(report.model_sha256[:8]),
            literal(report.certificate.name),
            report.statement.status + ("" if report.checked is not None else ", not checked"),
            facts.get("Pairs", "-").replace(" proved", ""),
            found,
            *(
                (f"{length.leaves:,}", f"{length.multiply_adds:.2g}", f"{length.size:,}")
                if length
                else ("-", "-", "-")
            ),
        )

    return Table(
        f"{len(reports)} certificates of {len(models)} model{'s' if len(models) > 1 else ''}; the "
        "length of a proof is its leaves, the multiply-adds to check it (at most) and its bytes.",
        ("model", "certificate", "status", "pairs", "what", "leaves", "multiply-adds", "bytes"),
        tuple(map(row, sorted(reports, key=lambda r: order[r.model_sha256]))),
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
