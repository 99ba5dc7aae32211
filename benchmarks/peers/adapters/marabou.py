"""Marabou: one query a rival, on the unrolled network with every ReLU a constraint."""

from __future__ import annotations

import importlib
from fractions import Fraction
from typing import Any

from benchmarks.peers.adapters.protocol import Answer, Query, serve


def main() -> None:
    core: Any = importlib.import_module("maraboupy.MarabouCore")

    def decide(query: Query, rival: int) -> Answer:
        n, d = len(query.box), len(query.w_ih)
        problem = core.InputQuery()
        problem.setNumberOfVariables(n + 2 * n * d)
        for t, (lo, hi) in enumerate(query.box):
            problem.setLowerBound(t, float(lo))
            problem.setUpperBound(t, float(hi))
            problem.markInputVariable(t, t)
        state: list[int] = []
        for t in range(n):
            following = []
            for i in range(d):
                z = n + 2 * (t * d + i)
                equation = core.Equation()
                equation.addAddend(-1.0, z)
                equation.addAddend(query.w_ih[i], t)
                for weight, h in zip(query.w_hh[i], state, strict=bool(state)):
                    equation.addAddend(weight, h)
                equation.setScalar(0.0)
                problem.addEquation(equation)
                core.addReluConstraint(problem, z, z + 1)
                problem.setLowerBound(z + 1, 0.0)
                following.append(z + 1)
            state = following
        equation = core.Equation(core.Equation.GE)
        for h, a, b in zip(state, query.w_out[rival], query.w_out[query.second], strict=True):
            equation.addAddend(a - b, h)
        equation.setScalar(0.0)
        problem.addEquation(equation)
        options = core.Options()
        options._verbosity = 0
        options._numWorkers = 1
        status, values, _ = core.solve(problem, options, "")
        if status == "unsat":
            return Answer("proved")
        if status == "sat":
            return Answer("refuted", [Fraction(values[t]) for t in range(n)])
        return Answer("unknown", note=str(status))

    def solve(query: Query) -> Answer:
        for rival in query.rivals:
            answer = decide(query, rival)
            if answer.verdict != "proved":
                return answer
        return Answer("proved")

    serve(solve)


if __name__ == "__main__":
    main()
