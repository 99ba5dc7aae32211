"""Claims of hypotheses as formulas: from the expressions that the checker reads to LaTeX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from certify.checker import expressions as ex
from certify.checker.claim import read_claim
from certify.checker.forms import Node, Run

RELATIONS = {"<": "<", "<=": r"\le", ">": ">", ">=": r"\ge", "==": "=", "!=": r"\ne"}
OPERATORS = {"+": "+", "-": "-", "*": r"\cdot", "/": "/", "//": r"\mathrm{div}", "%": r"\bmod"}
LOOSE, SUM, PRODUCT, TIGHT = range(4)
"""How tightly a part binds: what binds less than its place demands is put in brackets."""


def formula(claim: str, groups: Mapping[str, Sequence[int]], d: int, n: int) -> str:
    r"""A claim about a model of d units and n inputs in LaTeX's mathematical mode.

    >>> formula("all(h[t, 4] == 0 for t in range(first + 1, last))", {}, 16, 10)
    '\\forall \\mathrm{first} + 1 \\le t < \\mathrm{last}\\colon h_{t,4} = 0'

    Raises:
        Misread: it is no claim.
    """
    members = {tuple(found): name for name, found in groups.items()}
    return _Typesetter(members)(read_claim(claim, groups, d, n).root)


def _word(name: str) -> str:
    return name if len(name) == 1 else f"\\mathrm{{{name.replace('_', ' ')}}}"


class _Typesetter:
    def __init__(self, groups: Mapping[tuple[int, ...], str]) -> None:
        self.groups = groups

    def __call__(self, node: Node, place: int = LOOSE) -> str:
        text, tightness = self._part(node)
        return f"({text})" if tightness < place else text

    def _part(self, node: Node) -> tuple[str, int]:
        match node:
            case ex.Literal():
                text = str(node.number)
                return text, PRODUCT if "/" in text else TIGHT
            case ex.Name():
                return _word(node.name), TIGHT
            case ex.Ratio():
                return "r", TIGHT
            case ex.Weight():
                name = node.name.removeprefix("W_")
                base = ",0" if node.base else ""
                return f"W^{{\\mathrm{{{name}}}{base}}}_{{{self._list(node.indices)}}}", TIGHT
            case ex.Quantity():
                return self._quantity(node)
            case ex.Contribution():
                of = self._of_run(r"\mathrm{of}", node.run)
                return f"{of}({self(node.group)}, {self._list(node.indices)})", TIGHT
            case ex.Arithmetic():
                return self._arithmetic(node)
            case ex.Logic():
                return self._logic(node)
            case ex.Extreme():
                listed = self._list(node.operands)
                return (f"|{listed}|" if node.name == "abs" else f"\\{node.name}({listed})"), TIGHT
            case ex.Fold():
                return self._fold(node)
            case ex.Count():
                return f"|\\{{(m, s) : {self(node.condition)}\\}}|", TIGHT
        return self._rest(node)

    def _rest(self, node: Node) -> tuple[str, int]:
        match node:
            case ex.Compare():
                parts = [self(node.terms[0], SUM)]
                for operator, term in zip(node.operators, node.terms[1:], strict=True):
                    parts += [RELATIONS[operator], self(term, SUM)]
                return " ".join(parts), LOOSE
            case ex.Member():
                sign = r"\notin" if node.negated else r"\in"
                return f"{self(node.element, SUM)} {sign} {self(node.sequence)}", LOOSE
            case ex.Choice():
                words = (r"\mathrm{\ if\ }", r"\mathrm{\ else\ }")
                parts = [self(part, SUM) for part in (node.yes, node.condition, node.no)]
                return f"{parts[0]}{words[0]}{parts[1]}{words[1]}{parts[2]}", LOOSE
            case ex.Group():
                return _word(self.groups[node.members]), TIGHT
            case ex.Listed():
                return f"\\{{{self._list(node.elements)}\\}}", TIGHT
            case ex.Range():
                return f"\\mathrm{{range}}({self._list(node.arguments)})", TIGHT
        raise TypeError(type(node).__name__)

    def _list(self, nodes: Sequence[Node]) -> str:
        return ",".join(map(self, nodes))

    def _of_run(self, name: str, run: Run) -> str:
        """A base run has a 0 above, a swapped one a prime."""
        return name + ("'" if run[1] else "") + ("^{0}" if run[0] else "")

    def _quantity(self, node: ex.Quantity) -> tuple[str, int]:
        names = {"h": "h", "z": "z", "on": "z", "logit": r"\ell"}
        name = self._of_run(names.get(node.name, f"\\mathrm{{{node.name}}}"), node.run)
        text = f"{name}_{{{self._list(node.indices)}}}" if node.indices else name
        return (f"{text} > 0", LOOSE) if node.name == "on" else (text, TIGHT)

    def _arithmetic(self, node: ex.Arithmetic) -> tuple[str, int]:
        if node.right is None:
            return f"-{self(node.left, PRODUCT)}", SUM
        own = SUM if node.operator in "+-" else PRODUCT
        left = self(node.left, own)
        right = self(node.right, own if node.operator in "+*" else own + 1)
        return f"{left} {OPERATORS[node.operator]} {right}", own

    def _logic(self, node: ex.Logic) -> tuple[str, int]:
        if node.operator == "not":
            return f"\\neg {self(node.operands[0], SUM)}", SUM
        sign = r" \wedge " if node.operator == "and" else r" \vee "
        return sign.join(self(o, SUM) for o in node.operands), LOOSE

    def _fold(self, node: ex.Fold) -> tuple[str, int]:
        domain = ",\\ ".join(map(self._clause, node.clauses))
        if node.name in ("all", "any"):
            sign = r"\forall" if node.name == "all" else r"\exists"
            return f"{sign} {domain}\\colon {self(node.element)}", LOOSE
        name = {"sum": r"\sum", "min": r"\min", "max": r"\max"}[node.name]
        return f"{name}_{{{domain}}} {self(node.element, PRODUCT)}", SUM

    def _clause(self, clause: ex.Clause) -> str:
        name, sequence = _word(clause.name), clause.sequence
        if isinstance(sequence, ex.Range) and len(sequence.arguments) < 3:
            *low, high = map(self, sequence.arguments)
            bounds = f"{low[0] if low else 0} \\le {name} < {high}"
        else:
            bounds = f"{name} \\in {self(sequence)}"
        return ",\\ ".join([bounds, *(self(c) for c in clause.conditions)])
