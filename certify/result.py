"""The one shape that every claim's result has.

A result is frozen, exact, and knows nothing of terminals or pages: :mod:`certify.report` lays out
what it holds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from certify.certificate import Certificate, answer_model, plain
from certify.claims import Pair
from certify.errors import MissingExtraError
from certify.model import Network

if TYPE_CHECKING:
    import pandas


class PairAnswer(Protocol):
    """What every claim says of one pair; a counterexample is an input of length n."""

    @property
    def pair(self) -> Pair: ...  # noqa: D102
    @property
    def verdict(self) -> str: ...  # noqa: D102
    @property
    def counterexample(self) -> tuple[Fraction, ...] | None: ...  # noqa: D102
    def to_dict(self) -> dict[str, Any]:
        """The pair's entry in the answer; exact numbers are fractions."""


P = TypeVar("P", bound=PairAnswer)


@dataclass(frozen=True, repr=False)
class Result(ABC, Generic[P]):
    """What was found out about ``model``, within ``seconds`` of wall time.

    ``pairs`` holds what was decided pair by pair; it is empty for a claim that is not about pairs.
    ``subset`` says that these were chosen, and are not all that the model has.
    """

    claim: ClassVar[str]

    model: Network
    pairs: tuple[P, ...] = field(default=(), kw_only=True)
    subset: bool = field(default=False, kw_only=True)
    seconds: float = field(default=0.0, kw_only=True, compare=False)

    @property
    @abstractmethod
    def verdict(self) -> str:
        """``proved``, ``refuted`` or ``unknown``; outside proofs ``measured``, ``statistical``."""

    @abstractmethod
    def certificate(self) -> Certificate:
        """The certificate of what was decided.

        Raises:
            NothingDecidedError: nothing was.
        """

    @classmethod
    def covers(cls, new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
        """Whether one certificate of this claim (a document) says all that another one says of
        the same model, so that it may take its place. Here: they claim the same.
        """
        return bool(new["claim"] == old["claim"])

    @abstractmethod
    def _answer(self) -> dict[str, Any]:
        """What :meth:`to_dict` holds beyond claim, verdict, task, model, seconds."""

    @property
    def counterexamples(self) -> tuple[tuple[Fraction, ...], ...]:
        """Inputs of length n on which the model is wrong, one for each refuted pair."""
        return tuple(p.counterexample for p in self.pairs if p.counterexample)

    @property
    def certified_pairs(self) -> int:
        """The number of pairs proved."""
        return sum(p.verdict == "proved" for p in self.pairs)

    def to_dict(self) -> dict[str, Any]:
        """The answer as ``--json`` prints it: JSON values only.

        Exact numbers are ``"p/q"``; beside each stands the nearest float under the same name with
        ``_float`` (null where it is beyond all floats).
        """
        return with_floats(
            {
                "claim": self.claim,
                "verdict": self.verdict,
                "task": self.model.task.name,
                "model": answer_model(self.model),
                "seconds": round(self.seconds, 3),
                **self._answer(),
            }
        )

    def to_dataframe(self) -> pandas.DataFrame:
        """A pandas table: a row a pair, or one row for a claim that is not about pairs.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise MissingExtraError("to_dataframe needs pandas: pip install pandas") from None
        return pandas.DataFrame(self._rows())

    def _rows(self) -> list[dict[str, Any]]:
        if self.pairs:
            return [with_floats(p.to_dict()) for p in self.pairs]
        answer = self.to_dict()
        return [{name: v for name, v in answer.items() if not isinstance(v, list | dict)}]

    def _about(self) -> str:
        if not self.pairs:
            return ""
        chosen = "chosen " if self.subset else ""
        return f", {self.certified_pairs} of {len(self.pairs)} {chosen}pairs proved"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.verdict}{self._about()}, {self.seconds:.2f} s>"

    def _repr_html_(self) -> str:
        """For a notebook: the verdict, and a table of what is short enough for one."""
        rows = self._rows()
        names = [
            name
            for name in rows[0]
            if f"{name}_float" not in rows[0]
            and any(row.get(name) is not None for row in rows)
            and not any(isinstance(row.get(name), list | dict) for row in rows)
        ]
        heads = "".join(f"<th>{escape(name.removesuffix('_float'))}</th>" for name in names)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(_cell(row.get(name)))}</td>" for name in names) + "</tr>"
            for row in rows
        )
        head = f"<b>{self.verdict.upper()}</b> {escape(self.claim + self._about())}"
        return f"<p>{head}</p><table><tr>{heads}</tr>{body}</table>"


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)


def with_floats(answer: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object: exact numbers as ``p/q``, the nearest float beside them under the same name
    with ``_float``.

    >>> with_floats({"margin": Fraction(1, 3), "ends": (Fraction(0), Fraction(1, 2)), "n": 2})
    {'margin': '1/3', 'margin_float': 0.3333333333333333, 'ends': ['0', '1/2'], \
'ends_float': [0.0, 0.5], 'n': 2}
    """
    found: dict[str, Any] = {}
    for name, value in answer.items():
        found[name] = _nested(value)
        if _is_exact(value):
            found[f"{name}_float"] = _floats(value)
    return found


def _nested(value: Any) -> Any:
    if isinstance(value, Mapping):
        return with_floats(value)
    if isinstance(value, list | tuple):
        return [_nested(entry) for entry in value]
    return plain(value)


def _is_exact(value: Any) -> bool:
    """Whether this is a fraction, or lists that hold nothing else."""
    if isinstance(value, list | tuple):
        return bool(value) and all(_is_exact(entry) for entry in value)
    return isinstance(value, Fraction)


def _floats(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_floats(entry) for entry in value]
    try:
        return float(value)
    except OverflowError:
        return None
