"""One file of hypotheses over the checkpoints of a training run: when each sentence became true."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from certify.model import Network
from certify.statements.note import Note, read_note
from certify.statements.prove import HypothesesResult, HypothesisResult, hypotheses


@dataclass(frozen=True)
class Sentence:
    """What became of one sentence at each checkpoint.

    ``since`` is the first checkpoint from which on it holds to the end, ``after`` the one before:
    it became true, for good, between the two. None where it does not hold at the end, or held
    from the beginning.
    """

    name: str
    results: tuple[HypothesisResult, ...]
    since: str | None
    after: str | None

    @property
    def holds(self) -> tuple[bool, ...]:
        """At which checkpoints it is proved, or agrees with the sample if it is measured."""
        return tuple(map(_holds, self.results))


@dataclass(frozen=True)
class History:
    """A file of hypotheses over checkpoints, in the order given."""

    checkpoints: tuple[str, ...]
    results: tuple[HypothesesResult, ...]

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """Each sentence of the file through the checkpoints."""
        return tuple(
            self._sentence(entries)
            for entries in zip(*(r.results for r in self.results), strict=True)
        )

    def _sentence(self, results: tuple[HypothesisResult, ...]) -> Sentence:
        held = list(map(_holds, results))
        start = len(held)
        while start and held[start - 1]:
            start -= 1
        since = self.checkpoints[start] if start < len(held) else None
        after = self.checkpoints[start - 1] if since and start else None
        return Sentence(results[0].name, results, since, after)

    def to_json(self) -> list[dict[str, Any]]:
        """A sentence: its verdicts, and between which checkpoints it became true for good."""
        return [
            {
                "name": s.name,
                "claim": s.results[0].entry.claim,
                "verdicts": [r.verdict for r in s.results],
                "holds": list(s.holds),
                "since": s.since,
                "after": s.after,
            }
            for s in self.sentences
        ]


def follow(
    file: Path | Note,
    models: Sequence[tuple[str, Network]],
    *,
    progress: Callable[[str, int, int], None] | None = None,
) -> History:
    """Decide a file for every checkpoint, given as (name, model) in order.

    The model that the file names, if it names one, is no condition here.

    Raises:
        UsageError: as :func:`certify.statements.prove.hypotheses`.
    """
    note = replace(file if isinstance(file, Note) else read_note(file), model="")
    results = []
    for done, (name, model) in enumerate(models):
        if progress is not None:
            progress(f"hypotheses at {name}", done, len(models))
        results.append(hypotheses(note, model))
    return History(tuple(name for name, _ in models), tuple(results))


def _holds(result: HypothesisResult) -> bool:
    measured = result.measured
    return result.verdict == "proved" or (measured is not None and measured.holds == "yes")
