"""certify and its peers on the same queries, on the same machine.

    python -m benchmarks.peers run --envs DIR --model MODEL [--pairs all|N] [-o results.json]
    python -m benchmarks.peers table results.json ...

Seconds are CPU seconds of the process that decides a query, limited by the operating system;
start-up and imports are outside. A query that met the limit isn't asked again.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.peers.queries import Query, judge, make_queries, settle
from benchmarks.peers.table import table
from benchmarks.peers.tools import TOOLS, Tool
from certify.files import atomic_write
from certify.model import Network
from certify.reading.weights import read_network


def measure(
    tool: Tool, envs: Path, network: Network, queries: list[Query], limit: float, runs: int
) -> tuple[str, list[dict[str, Any]]]:
    """Version and judged answers of one tool."""
    python = tool.python(envs)
    floats = network.floats
    weights = {name: getattr(floats, name).tolist() for name in ("w_ih", "w_hh", "w_out")}
    head = {"weights": weights, "limit": limit}
    found: list[dict[str, Any]] = []
    asked = queries
    for run in range(runs):
        answers = tool.ask(python, head, [q.to_json() for q in asked])
        for query, answer in zip(asked, answers, strict=True):
            judged = judge(network, query, answer)
            where = {"tool": tool.name, "family": query.family, "run": run, "judged": judged}
            found.append({**answer, **where})
        asked = [q for q, a in zip(asked, answers, strict=True) if a["note"] != "limit"]
    return tool.version(python), found


def run(arguments: argparse.Namespace) -> None:
    network = read_network(arguments.model)
    tools, answers = [], []
    for tool in TOOLS:
        if arguments.tools and tool.name.split()[0].strip(",") not in arguments.tools:
            continue
        if arguments.pairs is None:
            impulse, noise = tool.sample
        else:
            impulse = noise = None if arguments.pairs == "all" else int(arguments.pairs)
        queries = make_queries(network, impulse, noise)
        print(f"{tool.name}: {len(queries)} queries", file=sys.stderr, flush=True)
        version, found = measure(
            tool, arguments.envs, network, queries, arguments.limit, arguments.runs
        )
        shown = {"exact": tool.exact, "certificate": tool.certificate, "checked": tool.checked}
        tools.append({"name": tool.name, "version": version, **shown})
        answers += found
        settle(answers)
        results = {
            "date": datetime.date.today().isoformat(),
            "model": network.sha256,
            "limit": arguments.limit,
            "runs": arguments.runs,
            "tools": tools,
            "answers": answers,
        }
        atomic_write(arguments.output, (json.dumps(results, indent=1) + "\n").encode())


def merge(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """One set of results from runs of different tools on one model."""
    whole = {**parts[0]}
    for part in parts[1:]:
        if part["model"] != whole["model"] or part["limit"] != whole["limit"]:
            raise SystemExit("the results are of different models or limits")
        whole["tools"] = whole["tools"] + part["tools"]
        whole["answers"] = whole["answers"] + part["answers"]
    settle(whole["answers"])
    return whole


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks.peers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    runner = commands.add_parser("run", help="install, ask, judge")
    runner.add_argument("--envs", type=Path, required=True, help="folder of the environments")
    runner.add_argument("--model", type=Path, required=True)
    runner.add_argument("--limit", type=float, default=10.0, help="CPU seconds a query")
    runner.add_argument("--pairs", help="all or a number; default: each tool's own sample")
    runner.add_argument("--runs", type=int, default=3)
    runner.add_argument("--tools", nargs="+", help="only these (first word of the name)")
    runner.add_argument("-o", "--output", type=Path, required=True)
    shower = commands.add_parser("table", help="results as Markdown")
    shower.add_argument("results", type=Path, nargs="+")
    arguments = parser.parse_args()
    if arguments.command == "run":
        run(arguments)
    else:
        print(table(merge([json.loads(p.read_text()) for p in arguments.results])), end="")


if __name__ == "__main__":
    main()
