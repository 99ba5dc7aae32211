"""Changes of weights and states: as they are written, and as edits of single numbers."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from certify.checker.expressions import inside
from certify.checker.forms import Cell, Misread, Node, Work
from certify.checker.grammar import INDEXED, WEIGHTS, Reader
from certify.checker.runs import Edit, Indices, bare_cell


@dataclass(frozen=True)
class Slice:
    """``lo:hi``, half-open; None stands for an end."""

    lo: Node | None
    hi: Node | None


@dataclass(frozen=True)
class Change:
    """One change as it is written: ``target[indices] = value``, or ``*= value`` if ``scales``.

    ``value`` is None for ``= swapped``. ``limits`` says what the indices count and how many there
    are.
    """

    at: int
    target: str
    indices: tuple[Node | Slice, ...]
    limits: tuple[tuple[str, int], ...]
    scales: bool
    value: Node | None


def edits(changes: Sequence[Change], names: dict[str, int], work: Work) -> tuple[Edit, ...]:
    """What the changes mean for one pair, in order.

    Raises:
        Misread: an index that does not exist.
    """
    found, cell = [], bare_cell(names, work)
    for change in changes:
        places: list[Indices] = [()]
        for index, (word, limit) in zip(change.indices, change.limits, strict=True):
            chosen = _chosen(index, word, limit, change, cell)
            work.look(len(places) * len(chosen))
            places = [(*place, i) for place in places for i in chosen]
        value = None if change.value is None else Fraction(change.value(cell))
        found += [Edit(change.target, place, change.scales, value) for place in places]
    return tuple(found)


def _chosen(
    index: Node | Slice, word: str, limit: int, change: Change, cell: Cell
) -> Sequence[int]:
    if isinstance(index, Slice):
        lo = 0 if index.lo is None else index.lo(cell)
        hi = limit if index.hi is None else index.hi(cell)
        for end in (lo, hi):
            if not 0 <= end <= limit:
                raise Misread(
                    f"a slice of {change.target} ends at {end}, not in 0 .. {limit}", change.at
                )
        return range(lo, hi)
    found = index(cell)
    chosen = (found,) if index.kind == "integer" else found
    for i in chosen:
        inside(i, word, limit, index.at, change.target)
    return tuple(chosen)


def read_change(text: str, groups: Mapping[str, Sequence[int]], d: int, n: int) -> Change:
    """Read one change.

    Raises:
        Misread: it is none.
    """
    reader = _ChangeReader(
        text, groups, d, n, only_integers="indices and values are constants here"
    )
    return reader.change()


class _ChangeReader(Reader):
    def change(self) -> Change:
        """``TARGET[indices] = constant``, ``*= constant`` or ``= swapped``."""
        body = self.tree(lambda text: ast.parse(text).body)
        match body:
            case [ast.Assign(targets=[ast.Subscript() as target], value=value)]:
                scales = False
            case [ast.AugAssign(target=ast.Subscript() as target, op=ast.Mult(), value=value)]:
                scales = True
            case _:
                raise self.no_change()
        if not isinstance(target.value, ast.Name):
            raise self.no_change()
        name, at = target.value.id, self.span(target)[0]
        if name not in ("h", *WEIGHTS):
            raise Misread(f"{name} cannot be changed: expected h, {', '.join(WEIGHTS)}", at)
        (words,) = INDEXED[name]
        listed = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
        if len(listed) != len(words):
            raise Misread(f"{name} with {len(listed)} indices: expected {', '.join(words)}", at)
        indices = tuple(map(self._places, listed))
        limits = tuple((w, self._limit(w)) for w in words)
        if isinstance(value, ast.Name) and value.id == "swapped" and not scales:
            if name != "h":
                raise Misread(f"{name} is the same in the swapped run: only h takes it", at)
            return Change(at, name, indices, limits, False, None)
        return Change(at, name, indices, limits, scales, self.number(value))

    def no_change(self) -> Misread:
        """What to say of what is no change."""
        return Misread(
            "expected one change, such as W_hh[4, 2] = 0, h[t, 4] *= 1/2 or h[t, 4] = swapped",
            self.lead,
        )

    def _places(self, node: ast.expr) -> Node | Slice:
        if isinstance(node, ast.Slice):
            if node.step is not None:
                raise Misread("expected a slice without a step", self.span(node)[0])
            lo = None if node.lower is None else self.integer(node.lower)
            return Slice(lo, None if node.upper is None else self.integer(node.upper))
        found = self.read(node)
        if found.kind not in ("integer", "sequence"):
            raise Misread(
                f"expected an integer, a list, a group or a slice, found a {found.kind}", found.at
            )
        return found
