"""The certified values of what estimates predict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Certified:
    """A certified bracket ``lower <= value <= upper`` of a predicted quantity.

    ``source`` says what certified it, such as the command or the certificate's name. For "pairs
    right" lower is the number of proved pairs and upper that of pairs not refuted.
    """

    lower: float
    upper: float
    source: str

    def place(self, value: float) -> Literal["inside", "too low", "too high"]:
        """Where an estimate lies."""
        if value < self.lower:
            return "too low"
        return "too high" if value > self.upper else "inside"

    def to_json(self) -> dict[str, Any]:
        """The bracket as JSON values."""
        return {"lower": self.lower, "upper": self.upper, "source": self.source}
