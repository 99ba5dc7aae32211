"""Reading the expressions of hypotheses: a subset of Python's syntax, never executed.

``ast`` turns the text into a tree, and only what is listed here is taken from it. Whatever kind of
value stands where another is expected, or depends on a run where it must not, is refused before
anything is evaluated, with its place in the text.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from fractions import Fraction

from certify.checker import expressions as ex
from certify.checker.forms import Misread, Node, Run
from certify.checker.syntax import Syntax

NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
    ast.And: "and", ast.Or: "or", ast.Not: "not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
PAIR_NAMES = ("m", "s", "first", "last")
STEP, UNIT, POSITION = "step", "unit", "position"
INDEXED: dict[str, tuple[tuple[str, ...], ...]] = {
    "h": ((STEP, UNIT),),
    "z": ((STEP, UNIT),),
    "on": ((STEP, UNIT),),
    "logit": ((POSITION,),),
    "margin": ((), (POSITION,)),
    "right": ((),),
    "W_ih": ((UNIT,),),
    "W_hh": ((UNIT, UNIT),),
    "W_out": ((POSITION, UNIT),),
}
WEIGHTS = ("W_ih", "W_hh", "W_out")
FUNCTIONS = ("of", "abs", "min", "max", "sum", "all", "any", "count", "range")
RESERVED = frozenset(
    {*PAIR_NAMES, "n", "d", "M", "S", "r", *INDEXED, *FUNCTIONS, "swapped", "base"}
)
OUTSIDE: dict[type[ast.AST], str] = {
    ast.Tuple: "a tuple (write a list, in square brackets)",
    ast.Set: "a set",
    ast.Dict: "a dictionary",
    ast.ListComp: "a list comprehension (all, any, sum, min and max take a generator)",
    ast.SetComp: "a set comprehension",
    ast.DictComp: "a dictionary comprehension",
    ast.GeneratorExp: "a generator outside of all, any, sum, min and max",
    ast.Lambda: "a lambda",
    ast.JoinedStr: "a string",
    ast.NamedExpr: "an assignment :=",
    ast.Starred: "a starred argument",
    ast.Slice: "a slice (slices stand in changes only)",
    ast.Await: "await",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
}


@dataclass
class Reader(Syntax):
    """Reads one expression, and remembers what it looks at."""

    runs: set[Run] = field(default_factory=set)
    counts: list[ex.Count] = field(default_factory=list)
    bound: list[tuple[int, int, str, int]] = field(default_factory=list)
    pair_names: list[tuple[int, str]] = field(default_factory=list)
    scopes: dict[str, int] = field(default_factory=dict)
    in_count: bool = False

    # -- expressions -----------------------------------------------------------------------------

    def take(self, node: ast.expr) -> Node:
        """Any part."""
        at, end = self.span(node)
        match node:
            case ast.Constant():
                return self._literal(at, end)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self._named(node)
            case ast.Call():
                return self._call(node)
            case ast.BinOp() | ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                return self._arithmetic(node)
            case ast.UnaryOp(op=ast.Not()):
                inner = self.truth(node.operand)
                return ex.Logic(at, end, "truth", inner.fixed, inner.size, "not", (inner,))
            case ast.UnaryOp():
                raise self.outside(node, "the operator ~")
            case ast.BoolOp():
                parts = tuple(map(self.truth, node.values))
                word = OPERATORS[type(node.op)]
                return ex.Logic(at, end, "truth", _fixed(parts), _size(parts), word, parts)
            case ast.Compare():
                return self._compare(node)
            case ast.IfExp():
                return self._choice(node)
            case ast.List():
                items = tuple(map(self.integer, node.elts))
                return ex.Listed(at, end, "sequence", True, _size(items), items)
        raise self.outside(node, OUTSIDE.get(type(node), type(node).__name__))

    def _literal(self, at: int, end: int) -> Node:
        text = self.text[at:end]
        if not NUMBER.fullmatch(text):
            raise Misread(f"expected a number in decimal digits, found {text[:40]}", at)
        if text.isdigit():
            return ex.Literal(at, end, "integer", True, 1, int(text))
        return ex.Literal(at, end, "number", True, 1, Fraction(text))

    def _named(self, node: ast.expr) -> Node:
        """A name, an indexed name, with its run before it: ``base.swapped.h[t, i]``."""
        at, end = self.span(node)
        indices: Sequence[ast.expr] | None = None
        inner = node
        if isinstance(node, ast.Subscript):
            inner = node.value
            indices = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        run, name = self._run(inner)
        prefixed = isinstance(inner, ast.Attribute)
        if name in INDEXED:
            return self._indexed(at, end, run, name, indices or ())
        if name in ("of", "swapped", "base") or (name in FUNCTIONS and not prefixed):
            shown = {"of": "of(GROUP, j)", "swapped": "swapped.X", "base": "base.X"}
            raise Misread(f"expected {shown.get(name, name + '(...)')}", at)
        if prefixed:
            raise Misread(f"{name} is no part of a run: expected h, z, on, logit, ...", at)
        if indices is not None:
            raise Misread(f"{name} takes no index", at)
        return self._name(at, end, name)

    def _name(self, at: int, end: int, name: str) -> Node:
        if name in self.scopes:
            self.bound.append((at, end, name, self.scopes[name]))
            return ex.Name(at, end, "integer", True, 1, name)
        if name in PAIR_NAMES:
            self._of_pair(at, name)
        if name in (*PAIR_NAMES, "n", "d"):
            return ex.Name(at, end, "integer", True, 1, name)
        if name in self.groups:
            members = tuple(self.groups[name])
            return ex.Group(at, end, "sequence", True, len(members), members)
        if name in ("M", "S", "r"):
            self._demand_runs(at, name)
            if name == "M":
                return ex.Literal(at, end, "integer", True, 1, 1)
            return ex.Ratio(at, end, "number", False, 1)
        known = [*RESERVED, *self.groups, *self.scopes]
        close = get_close_matches(name, known, 1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise Misread(f"{name[:40]} is no name, no group and not bound by a generator{hint}", at)

    def _of_pair(self, at: int, name: str) -> None:
        if not self.in_count:
            self.pair_names.append((at, name))

    def _demand_runs(self, at: int, name: str) -> None:
        if self.only_integers:
            raise Misread(f"{self.only_integers}, found {name}", at)

    def _run(self, node: ast.expr) -> tuple[Run, str]:
        """The run that is named before the last dot, and the last name."""
        prefixes: list[str] = []
        last = node
        while isinstance(last, ast.Attribute):
            prefixes.insert(0, last.attr)
            last = last.value
        if not isinstance(last, ast.Name):
            raise self.outside(node, "an attribute or index of this")
        *runs, name = [last.id, *prefixes]
        if runs not in ([], ["swapped"], ["base"], ["base", "swapped"]):
            raise Misread(
                f"{'.'.join(runs)[:40]} is no run: expected swapped., base. or base.swapped.",
                self.span(node)[0],
            )
        return ("base" in runs, "swapped" in runs), name

    def _indexed(self, at: int, end: int, run: Run, name: str, indices: Sequence[ast.expr]) -> Node:
        self._demand_runs(at, name)
        shapes = INDEXED[name]
        words = next((w for w in shapes if len(w) == len(indices)), None)
        if words is None:
            expected = " or ".join(f"{name}[{', '.join(w)}]" if w else name for w in shapes)
            raise Misread(f"{name} with {len(indices)} indices: expected {expected}", at)
        places = tuple(map(self.integer, indices))
        limits = tuple((w, self._limit(w)) for w in words)
        if name in WEIGHTS:
            if run[1]:
                raise Misread(f"{name} is the same in the swapped run: leave out swapped.", at)
            if not run[0]:  # changes may differ from pair to pair
                self._of_pair(at, name)
            return ex.Weight(
                at, end, "number", True, 1 + _size(places), name, places, limits, run[0]
            )
        self._uses(at, run, name)
        kind = "truth" if name in ("on", "right") else "number"
        size = _size(places) + (self.n if name in ("margin", "right") else 1)
        return ex.Quantity(at, end, kind, False, size, name, places, limits, run)

    def _limit(self, word: str) -> int:
        return self.d if word == UNIT else self.n

    def _uses(self, at: int, run: Run, name: str) -> None:
        self.runs.add(run)
        self._of_pair(at, name)

    def _arithmetic(self, node: ast.BinOp | ast.UnaryOp) -> Node:
        at, end = self.span(node)
        if isinstance(node, ast.UnaryOp):
            x = self.number(node.operand, truth=True)
            if isinstance(node.op, ast.UAdd):
                return x
            kind = "integer" if x.kind == "integer" else "number"
            return ex.Arithmetic(at, end, kind, x.fixed, x.size + 1, "-", x, None)
        word = OPERATORS.get(type(node.op))
        if word is None:
            name = {ast.Pow: "the power **", ast.MatMult: "the product @"}
            raise self.outside(node, name.get(type(node.op), "an operator on bits"))
        x, y = self.number(node.left, truth=True), self.number(node.right, truth=True)
        integers = x.kind == y.kind == "integer"
        if word in ("//", "%") and not integers:
            raise Misread(f"{word} is for integers of m, s, first, last, n, d and bound names", at)
        if word == "*" and not (x.fixed or y.fixed):
            raise Misread(
                "a product of two quantities that depend on a run or on r: expected one factor "
                "to be constant",
                at,
            )
        if word == "/" and not y.fixed:
            raise Misread("a division by what depends on a run or on r: expected a constant", y.at)
        kind = "integer" if integers and word != "/" else "number"
        return ex.Arithmetic(at, end, kind, x.fixed and y.fixed, x.size + y.size + 1, word, x, y)

    def _compare(self, node: ast.Compare) -> Node:
        at, end = self.span(node)
        words = tuple(OPERATORS.get(type(op), "") for op in node.ops)
        if "" in words:
            raise self.outside(node, "the comparison is")
        if any(word.endswith("in") for word in words):
            if len(words) > 1:
                raise Misread(f"{words[0]} in a chain of comparisons: write and", at)
            x, y = self.integer(node.left), self.sequence(node.comparators[0])
            return ex.Member(at, end, "truth", True, x.size + y.size, x, y, words[0] == "not in")
        # Truth values compare by == and != alone, numbers by all.
        sides = [node.left, *node.comparators]
        ordered = [
            any(word[0] in "<>" for word in words[max(k - 1, 0) : k + 1]) for k in range(len(sides))
        ]
        terms = tuple(
            self.number(side, truth=not order) for side, order in zip(sides, ordered, strict=True)
        )
        return ex.Compare(at, end, "truth", _fixed(terms), _size(terms) + 1, terms, words)

    def _choice(self, node: ast.IfExp) -> Node:
        at, end = self.span(node)
        condition = self.condition(node.test)
        yes, no = self.read(node.body), self.read(node.orelse)
        kinds = {yes.kind, no.kind}
        if "sequence" in kinds or ("truth" in kinds and len(kinds) > 1):
            raise Misread(
                f"the branches of if are a {yes.kind} and a {no.kind}: expected two numbers or "
                "two truth values",
                at,
            )
        kind = yes.kind if len(kinds) == 1 else "number"
        size = condition.size + max(yes.size, no.size)
        fixed = yes.fixed and no.fixed
        return ex.Choice(at, end, kind, fixed, size, condition, yes, no)

    # -- functions -------------------------------------------------------------------------------

    def _call(self, node: ast.Call) -> Node:
        at, end = self.span(node)
        run, name = self._run(node.func)
        if isinstance(node.func, ast.Attribute) and name != "of":
            raise Misread(f"{name} is no part of a run: expected of(GROUP, j)", at)
        if name not in FUNCTIONS:
            raise Misread(f"{name[:40]} is no function: expected one of {', '.join(FUNCTIONS)}", at)
        if node.keywords:
            raise Misread(f"{name} takes no named arguments", at)
        arguments = node.args
        if arguments and isinstance(arguments[0], ast.GeneratorExp):
            return self._fold(node, name, arguments[0])
        low, high = {
            "of": (2, 2), "abs": (1, 1), "min": (2, 99), "max": (2, 99), "count": (1, 1),
            "range": (1, 3), "sum": (0, 0), "all": (0, 0), "any": (0, 0),
        }[name]  # fmt: skip
        if not low <= len(arguments) <= high or high == 0:
            shown = {
                "of": "of(GROUP, j)", "abs": "abs(X)", "count": "count(C)",
                "range": "range(END), range(START, END) or range(START, END, STEP)",
            }  # fmt: skip
            forms = shown.get(name, f"{name}(X for NAME in ...)")
            forms += f" or {name}(X, Y, ...)" if name in ("min", "max") else ""
            raise Misread(f"expected {forms}", at)
        if name == "of":
            return self._of(at, end, run, arguments)
        if name == "count":
            return self._count(at, end, arguments[0])
        if name == "range":
            parts = tuple(map(self.integer, arguments))
            return ex.Range(at, end, "sequence", True, _size(parts), parts)
        parts = tuple(map(self.number, arguments))
        kind = "integer" if all(p.kind == "integer" for p in parts) else "number"
        return ex.Extreme(at, end, kind, _fixed(parts), _size(parts) + 1, name, parts)

    def _of(self, at: int, end: int, run: Run, arguments: Sequence[ast.expr]) -> Node:
        self._demand_runs(at, "of")
        group, j = self.sequence(arguments[0]), self.integer(arguments[1])
        if not isinstance(group, ex.Group | ex.Listed):
            raise Misread("expected a group or a list of units", group.at)
        self._uses(at, run, "of")
        limits = ((POSITION, self.n),)
        size = j.size + group.size + 1
        return ex.Contribution(
            at, end, "number", False, size, "of", (j,), limits, run, group, self.d
        )

    def _count(self, at: int, end: int, argument: ast.expr) -> Node:
        self._demand_runs(at, "count")
        if self.in_count:
            raise Misread("a count inside a count", at)
        if self.scopes:
            raise Misread("a count inside a generator", at)
        self.in_count = True
        inner = self.truth(argument)
        self.in_count = False
        self.counts.append(ex.Count(at, end, "number", False, 1, len(self.counts), inner))
        return self.counts[-1]

    def _fold(self, node: ast.Call, name: str, generator: ast.GeneratorExp) -> Node:
        at, end = self.span(node)
        if name not in ("sum", "all", "any", "min", "max") or len(node.args) > 1:
            raise Misread(f"{name} of a generator: expected sum, all, any, min or max", at)
        clauses = []
        with self._scope():
            for clause in generator.generators:
                if clause.is_async or not isinstance(clause.target, ast.Name):
                    raise Misread("expected 'for NAME in ...' with one name", at)
                bound = clause.target.id
                place = self.span(clause.target)[0]
                if bound in RESERVED or bound in self.groups:
                    raise Misread(f"{bound} has a meaning already: bind another name", place)
                sequence = self.sequence(clause.iter)
                self.scopes[bound] = at
                conditions = tuple(map(self.condition, clause.ifs))
                clauses.append(ex.Clause(bound, sequence, conditions))
            if name in ("all", "any"):
                element = self.truth(generator.elt)
            else:
                element = self.number(generator.elt, truth=name == "sum")
        kind = "truth" if name in ("all", "any") else "number"
        if element.kind == "integer":
            kind = "integer"
        return ex.Fold(at, end, kind, element.fixed, 1, name, element, tuple(clauses))

    @contextmanager
    def _scope(self) -> Iterator[None]:
        outer = dict(self.scopes)
        yield
        self.scopes = outer


def _fixed(parts: Sequence[Node]) -> bool:
    return all(part.fixed for part in parts)


def _size(parts: Sequence[Node]) -> int:
    return sum(part.size for part in parts)
