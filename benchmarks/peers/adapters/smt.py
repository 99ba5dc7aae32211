"""z3 or cvc5 on the unrolled network as it is: every ReLU a disjunction, exact rationals.

cvc5's Python interface follows z3's, so that one text serves both: ``smt z3``, ``smt
cvc5.pythonic``.
"""

from __future__ import annotations

import importlib
import sys
from fractions import Fraction
from typing import Any

from benchmarks.peers.adapters.protocol import Answer, Query, serve


def main(module: str) -> None:
    lib: Any = importlib.import_module(module)

    def number(value: Fraction | float) -> Any:
        exact = Fraction(value)
        return lib.Q(exact.numerator, exact.denominator)

    def combine(weights: list[float], terms: list[Any]) -> Any:
        return lib.Sum([number(w) * term for w, term in zip(weights, terms, strict=True)])

    def solve(query: Query) -> Answer:
        solver = lib.SolverFor("QF_LRA")
        inputs = [lib.Real(f"x{t}") for t in range(len(query.box))]
        for x, (lo, hi) in zip(inputs, query.box, strict=True):
            solver.add(x >= number(lo), x <= number(hi))
        state = [number(0)] * len(query.w_ih)
        for t, x in enumerate(inputs):
            following = []
            for i, row in enumerate(query.w_hh):
                drive = number(query.w_ih[i]) * x + combine(row, state)
                h, z = lib.Real(f"h{t}_{i}"), lib.Real(f"z{t}_{i}")
                solver.add(z == drive)
                solver.add(lib.Or(lib.And(z >= 0, h == z), lib.And(z <= 0, h == 0)))
                following.append(h)
            state = following
        logits = [combine(row, state) for row in query.w_out]
        solver.add(lib.Or([logits[query.second] <= logits[j] for j in query.rivals]))
        found = solver.check()
        if found == lib.unsat:
            return Answer("proved")
        if found != lib.sat:
            return Answer("unknown", note="solver says unknown")
        model = solver.model()
        values = [model[x] for x in inputs]
        return Answer("refuted", [Fraction(v.as_fraction()) for v in values])

    serve(solve)


if __name__ == "__main__":
    main(sys.argv[1])
