"""What every adapter shares: queries in as JSON lines, answers out as JSON lines.

The first line read is ``{"weights": {"w_ih", "w_hh", "w_out"}, "limit": seconds}``; every other
line is a query ``{"id", "max", "second", "lo", "hi", "eps"}`` with rationals as strings. Each
query is decided in a forked process whose CPU time the operating system limits, so that the
limit and the clock are the same for every tool; what a tool prints never mixes with the answers.
Standard library only: this runs in environments that hold nothing but the tool.
"""

from __future__ import annotations

import json
import math
import os
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Matrix = list[list[float]]


@dataclass(frozen=True)
class Query:
    """Is every margin positive on the box? ``box[t]`` are the ends of input t."""

    w_ih: list[float]
    w_hh: Matrix
    w_out: Matrix
    max: int
    second: int
    lo: Fraction
    hi: Fraction
    eps: Fraction

    @property
    def box(self) -> list[tuple[Fraction, Fraction]]:
        ends = [(-self.eps, self.eps)] * len(self.w_out)
        ends[self.max] = (Fraction(1), Fraction(1))
        ends[self.second] = (self.lo, self.hi)
        return ends

    @property
    def rivals(self) -> list[int]:
        return [j for j in range(len(self.w_out)) if j != self.second]


@dataclass(frozen=True)
class Answer:
    """``verdict`` is proved, refuted or unknown; a refutation names an input."""

    verdict: str
    counterexample: list[Fraction] | None = None
    note: str = ""


Solve = Callable[[Query], Answer]


def serve(solve: Solve, warm: Callable[[Query], object] | None = None) -> None:
    """Answer the queries on standard input, one line each.

    ``warm`` is called once, off the clock, for a tool that compiles what others have compiled.
    """
    head = json.loads(sys.stdin.readline())
    for line in sys.stdin:
        asked = json.loads(line)
        query = Query(
            **head["weights"],
            max=asked["max"],
            second=asked["second"],
            lo=Fraction(asked["lo"]),
            hi=Fraction(asked["hi"]),
            eps=Fraction(asked["eps"]),
        )
        if warm:
            warm(query)
            warm = None
        answer = run_limited(solve, query, head["limit"])
        print(json.dumps({"id": asked["id"], **answer}), flush=True)


def run_limited(solve: Solve, query: Query, limit: float) -> dict[str, Any]:
    """Decide in a process of its own, at most ``limit`` CPU seconds; none left over is unknown."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        _child(solve, query, limit, writer)
    os.close(writer)
    with os.fdopen(reader) as stream:
        text = stream.read()
    _, status, usage = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    answer = {"verdict": "unknown", "counterexample": None, "note": f"ended with {code}"}
    if code in (-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGALRM):
        answer["note"] = "limit"
    elif text:
        answer = json.loads(text)
    return {**answer, "seconds": round(usage.ru_utime + usage.ru_stime, 4)}


def _child(solve: Solve, query: Query, limit: float, writer: int) -> None:
    try:
        whole = math.ceil(limit)
        resource.setrlimit(resource.RLIMIT_CPU, (whole, whole + 2))
        signal.alarm(20 * whole)  # for a tool that sleeps
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            answer = solve(query)
        except Exception as error:
            answer = Answer("unknown", note=f"{type(error).__name__}: {error}"[:200])
        point = answer.counterexample
        fields = {
            "verdict": answer.verdict,
            "counterexample": None if point is None else [str(v) for v in point],
            "note": answer.note,
        }
        os.write(writer, json.dumps(fields).encode())
    finally:
        os._exit(0)
