"""What a report is built from, and what all reports have in common."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from certify.model import Network
from certify.report.content import Figure, Report, Statement, Table
from certify.report.length import proof_length
from certify.report.words import literal


@dataclass(frozen=True)
class Source:
    """A certificate: its path, size and SHA-256, its JSON and binary evidence; the model where
    it is at hand.

    ``checked`` is what the checker established, None where nothing was checked.
    """

    path: Path
    sha256: str
    size: int
    document: dict[str, Any]
    evidence: bytes = b""
    model: Path | None = None
    network: Network | None = None
    checked: tuple[str, ...] | None = None

    def report(
        self,
        question: str,
        statement: Statement,
        facts: tuple[tuple[str, str], ...],
        *,
        tables: tuple[Table, ...] = (),
        figures: tuple[Figure, ...] = (),
        panel: Figure | None = None,
        notes: tuple[str, ...] = (),
        bound: tuple[str, tuple[float, ...]] | None = None,
    ) -> Report:
        """The report of this certificate."""
        return Report(
            f"{literal(self.path.name)}: {question}",
            statement,
            self.path,
            self.sha256,
            str(self.document["model"]["sha256"]),
            facts,
            self.checked,
            tuple(table for table in tables if table.rows),
            figures,
            panel or (figures[0] if figures else None),
            notes,
            proof_length(self.document, self.evidence, self.size),
            bound,
            model=self.model,
        )
