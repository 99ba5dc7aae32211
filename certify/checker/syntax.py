"""From the text of a hypothesis to the tree that Python's own parser sees; nothing is executed.

What :mod:`certify.checker.grammar` takes from the tree is of a *kind*: ``truth``, ``number``,
``integer`` (a constant one) or ``sequence``. The methods here read a part and demand a kind.
"""

from __future__ import annotations

import ast
import re
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from certify.checker.forms import Misread, Node

MAX_CHARACTERS = 10_000
MAX_DEPTH = 100
_T = TypeVar("_T")


@dataclass
class Syntax(ABC):
    """The text of one expression, and what its names may stand for."""

    text: str
    groups: Mapping[str, Sequence[int]]
    d: int
    n: int
    only_integers: str = ""
    depth: int = 0
    lead: int = 0

    # -- text ------------------------------------------------------------------------------------

    @abstractmethod
    def take(self, node: ast.expr) -> Node:
        """What a part of the tree means."""

    def read(self, node: ast.expr) -> Node:
        """The same, not too deep."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Misread(f"nested more than {MAX_DEPTH} deep", self.span(node)[0])
        try:
            return self.take(node)
        finally:
            self.depth -= 1

    def parse(self) -> ast.expr:
        """The tree of one expression."""
        return self.tree(lambda text: ast.parse(text, mode="eval").body)

    def tree(self, parse: Callable[[str], _T]) -> _T:
        """What ``parse`` makes of the text, without the white space around it."""
        text = self.text
        if len(text) > MAX_CHARACTERS:
            raise Misread(f"longer than {MAX_CHARACTERS} characters", 0)
        odd = re.search(r"[^\x20-\x7e\t\n]|[#\\'\"]", text)
        if odd:
            raise Misread(f"expected no character {odd[0]!r} in an expression", odd.start())
        # Tabs and line ends are spaces here, so that a column is a place in the text.
        flat = re.sub(r"[\t\n]", " ", text)
        self.lead = len(flat) - len(flat.lstrip(" "))
        if not flat.strip():
            raise Misread("expected an expression, found nothing", 0)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return parse(flat.strip())
        except SyntaxError as error:
            # At the end of the text Python names the line after it, or no column.
            ends = error.lineno != 1 or not error.offset
            at = self.lead + (len(flat.strip()) if ends else (error.offset or 1) - 1)
            message = (error.msg or "invalid syntax").split(" (")[0]
            raise Misread(
                f"does not parse, expected an operand or an operator: {message}", at
            ) from None
        except (ValueError, MemoryError, RecursionError):
            raise Misread("does not parse: nested too deeply, or a number too long", 0) from None

    def span(self, node: ast.expr) -> tuple[int, int]:
        """Where a part stands in the text."""
        return self.lead + node.col_offset, self.lead + (node.end_col_offset or 0)

    def outside(self, node: ast.expr, what: str) -> Misread:
        """What to say of Python that is not in the subset."""
        return Misread(
            f"{what} is outside the subset of Python that claims are written in",
            self.span(node)[0],
        )

    # -- kinds -----------------------------------------------------------------------------------

    def truth(self, node: ast.expr) -> Node:
        """A truth value."""
        found = self.read(node)
        if found.kind != "truth":
            raise Misread(
                f"expected a truth value, such as a comparison, found a {found.kind}", found.at
            )
        return found

    def number(self, node: ast.expr, *, truth: bool = False) -> Node:
        """A number; where it is allowed, a truth value that counts as 0 or 1."""
        found = self.read(node)
        if found.kind == "sequence":
            raise Misread("expected a number, found a list, a group or a range", found.at)
        if found.kind == "truth" and not truth:
            raise Misread(
                "expected a number, found a truth value, which counts as 0 or 1 in sums only and "
                "compares by == and !=",
                found.at,
            )
        return found

    def integer(self, node: ast.expr) -> Node:
        """An integer that depends on no run."""
        found = self.read(node)
        if found.kind != "integer":
            raise Misread(
                "expected an integer of m, s, first, last, n, d and bound names, found a "
                f"{found.kind}",
                found.at,
            )
        return found

    def sequence(self, node: ast.expr) -> Node:
        """A range, a list of integers or a group."""
        found = self.read(node)
        if found.kind != "sequence":
            raise Misread(f"expected a range, a list or a group, found a {found.kind}", found.at)
        return found

    def condition(self, node: ast.expr) -> Node:
        """A condition that depends on no run and not on the ratio."""
        found = self.truth(node)
        if not found.fixed:
            raise Misread("expected a condition that depends on no run and not on r", found.at)
        return found
