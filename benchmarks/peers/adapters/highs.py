"""HiGHS: the unrolled network as a mixed integer program, big-M from backward linear bounds.

One feasibility problem a rival: is there an input in the box on which the rival is not beaten?
Infeasible for all rivals is a proof, as far as a tolerance of 1e-6 goes.
"""

from __future__ import annotations

import importlib
from fractions import Fraction
from typing import Any

import numpy as np

from benchmarks.peers.adapters.protocol import Answer, Query, serve


def unit_bounds(query: Query) -> list[list[tuple[float, float]]]:
    """Bounds of what enters every unit at every step, (n, d) pairs, backwards through the steps.

    A unit that may be on or off lies below its chord and above 0 or itself, whichever is closer.
    """
    w_ih, w_hh = np.array(query.w_ih), np.array(query.w_hh)
    box = np.array([[float(lo), float(hi)] for lo, hi in query.box])
    lines: list[tuple[Any, Any, Any]] = []  # slope below, slope above, intercept above
    bounds = []
    for t in range(len(box)):
        ends = []
        for sign in (-1.0, 1.0):
            most = np.max(sign * w_ih[:, None] * box[t], axis=1)
            rows = sign * w_hh
            for k in reversed(range(t)):
                below, above, intercept = lines[k]
                plus, minus = np.maximum(rows, 0), np.minimum(rows, 0)
                rows = plus * above + minus * below
                most = most + plus @ intercept + np.max((rows @ w_ih)[:, None] * box[k], axis=1)
                rows = rows @ w_hh
            ends.append(sign * most)
        lo, hi = ends
        bounds.append(list(zip(lo.tolist(), hi.tolist(), strict=True)))
        mixed = (lo < 0) & (hi > 0)
        chord = np.where(mixed, hi / np.where(mixed, hi - lo, 1.0), lo >= 0)
        lines.append((np.where(mixed, hi > -lo, lo >= 0), chord, np.where(mixed, -chord * lo, 0)))
    return bounds


def main() -> None:
    lib: Any = importlib.import_module("highspy")

    def decide(query: Query, rival: int) -> Answer:
        solver = lib.Highs()
        solver.silent()
        solver.setOptionValue("threads", 1)
        inputs = [solver.addVariable(lb=float(lo), ub=float(hi)) for lo, hi in query.box]
        state: list[Any] = []
        for x, step in zip(inputs, unit_bounds(query), strict=True):
            following = []
            for i, (lo, hi) in enumerate(step):
                z = x * query.w_ih[i]
                for weight, h in zip(query.w_hh[i], state, strict=bool(state)):
                    z += h * weight
                h = solver.addVariable(lb=0.0, ub=max(hi, 0.0))
                if lo >= 0:
                    solver.addConstr(h == z)
                elif hi > 0:
                    on = solver.addBinary()
                    solver.addConstr(h >= z)
                    solver.addConstr(h <= z - on * -lo - lo)
                    solver.addConstr(h <= on * hi)
                following.append(h)
            state = following
        rows = query.w_out[rival], query.w_out[query.second]
        margin = sum(h * (a - b) for h, a, b in zip(state, *rows, strict=True))
        solver.addConstr(margin >= 0.0)
        solver.run()
        status = solver.getModelStatus()
        if status == lib.HighsModelStatus.kInfeasible:
            return Answer("proved")
        if status == lib.HighsModelStatus.kOptimal:
            values = solver.getSolution().col_value
            return Answer("refuted", [Fraction(v) for v in values[: len(inputs)]])
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
