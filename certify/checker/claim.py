"""A claim as read, and the comparison that makes it false."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from certify.checker import expressions as ex
from certify.checker.forms import Cell, Misread, Node, Run, add
from certify.checker.grammar import Reader


@dataclass(frozen=True)
class Claim:
    """A claim as read.

    ``runs`` are those that it looks at; ``counts`` its counts, and ``of_domain`` says that it is
    about all pairs together. ``has_slack`` says that it is one order comparison, or an ``all`` or
    ``and`` of such.
    """

    text: str
    root: Node
    runs: frozenset[Run]
    counts: tuple[ex.Count, ...]
    has_slack: bool
    bound: tuple[tuple[int, int, str, int], ...]

    @property
    def of_domain(self) -> bool:
        """Whether the claim is about the whole domain."""
        return bool(self.counts)

    def words(self, node: Node, names: Mapping[str, int]) -> str:
        """A part as written, with the names that are bound outside of it filled in."""
        parts, start = [], node.at
        for at, end, name, scope in self.bound:
            if node.at <= at < node.end and not node.at <= scope < node.end and name in names:
                parts += [self.text[start:at], str(names[name])]
                start = end
        return "".join([*parts, self.text[start : node.end]])


def read_claim(text: str, groups: Mapping[str, Sequence[int]], d: int, n: int) -> Claim:
    """Read a claim about a model of d units and n inputs.

    Raises:
        Misread: it is no claim.
    """
    reader = Reader(text, groups, d, n)
    root = reader.truth(reader.parse())
    if reader.counts and reader.pair_names:
        at, name = min(reader.pair_names)
        raise Misread(f"beside count(...) {name} means no one pair: it stands only inside it", at)
    slack = _has_slack(root)
    if slack:
        _mark(root)
    bound = tuple(sorted(reader.bound))
    return Claim(text, root, frozenset(reader.runs), tuple(reader.counts), slack, bound)


def read_pairs(text: str, groups: Mapping[str, Sequence[int]], d: int, n: int) -> Node:
    """Read the condition on m, s and n that names a domain.

    Raises:
        Misread: it is none.
    """
    reader = Reader(text, groups, d, n, only_integers="a domain is a condition on m, s and n")
    return reader.truth(reader.parse())


def _has_slack(node: Node) -> bool:
    if isinstance(node, ex.Compare):
        return all(operator[0] in "<>" for operator in node.operators)
    if isinstance(node, ex.Logic):
        return node.operator == "and" and all(map(_has_slack, node.operands))
    return isinstance(node, ex.Fold) and node.name == "all" and _has_slack(node.element)


def _mark(node: Node) -> None:
    if isinstance(node, ex.Compare):
        node.has_slack = True
    for inner in node.operands if isinstance(node, ex.Logic) else ():
        _mark(inner)
    if isinstance(node, ex.Fold):
        _mark(node.element)


def failing_sides(claim: Claim, cell: Cell) -> dict[str, Fraction]:
    """Both sides of the first comparison that makes the claim false, as written, at one ratio."""
    return _sides(claim, claim.root, cell, True) or {}


def _sides(claim: Claim, node: Node, cell: Cell, want: bool) -> dict[str, Fraction] | None:
    """The comparison for which ``node`` is not ``want``; None where there is none."""
    if isinstance(node, ex.Logic) and node.operator == "not":
        return _sides(claim, node.operands[0], cell, not want)
    if isinstance(node, ex.Logic):
        decides = (node.operator == "and") == want
        for operand in node.operands:
            if operand(cell) != want:
                found = _sides(claim, operand, cell, want)
                if found is not None or decides:
                    return found
    elif isinstance(node, ex.Fold):
        for _ in node.each(cell):
            if node.element(cell) != want:
                found = _sides(claim, node.element, cell, want)
                if found is not None:
                    return found
    elif isinstance(node, ex.Choice):
        return _sides(claim, node.chosen(cell), cell, want)
    elif isinstance(node, ex.Compare):
        for k, operator in enumerate(node.operators):
            sides = node.terms[k], node.terms[k + 1]
            x, y = (cell.lift(side(cell)) for side in sides)
            if ex.RELATIONS[operator](cell.sign(add(x, y, -1))) != want or not want:
                texts = (claim.words(side, cell.names) for side in sides)
                return dict(zip(texts, (cell.value(x), cell.value(y)), strict=True))
    elif isinstance(node, ex.Member):
        element = Fraction(node.element(cell))
        return {claim.words(node.element, cell.names): element}
    elif isinstance(node, ex.Quantity):
        return _own_sides(claim, node, cell)
    return None


def _own_sides(claim: Claim, node: ex.Quantity, cell: Cell) -> dict[str, Fraction]:
    """``right`` compares the margin with 0, ``on`` the pre-activation."""
    name = {"right": "margin", "on": "z"}[node.name]
    kind = ex.Quantity(
        node.at, node.end, "number", False, 1, name, node.indices, node.limits, node.run
    )
    words = claim.words(node, cell.names)
    place = words.rindex(node.name)
    text = words[:place] + name + words[place + len(node.name) :]
    return {text: cell.value(cell.lift(kind(cell))), "0": Fraction(0)}
