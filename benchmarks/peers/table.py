"""Results as Markdown: one table of answers, one of what an answer is worth."""

from __future__ import annotations

from statistics import median
from typing import Any


def cell(answers: list[dict[str, Any]]) -> str:
    """``proved/refuted/unknown``, wrong answers, and CPU seconds a pair."""
    if not answers:
        return "-"
    first = [a for a in answers if a["run"] == 0]
    counts = [sum(a["verdict"] == v for a in first) for v in ("proved", "refuted", "unknown")]
    ids = {a["id"] for a in first}
    seconds = sum(median(a["seconds"] for a in answers if a["id"] == i) for i in ids) / len(ids)
    wrong = sum(a["judged"] == "wrong" for a in first)
    shown = "/".join(map(str, counts)) + (f", **{wrong} wrong**" if wrong else "")
    return f"{shown}, {seconds:.2g} s"


def table(results: dict[str, Any]) -> str:
    """The two tables for a file of results."""
    families = list(dict.fromkeys(a["family"] for a in results["answers"]))
    lines = ["| tool | " + " | ".join(families) + " |", "| --- |" + " --- |" * len(families)]
    for tool in results["tools"]:
        own = [a for a in results["answers"] if a["tool"] == tool["name"]]
        cells = [cell([a for a in own if a["family"] == f]) for f in families]
        lines.append(f"| {tool['name']} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "| tool | version | wrong answers | exact arithmetic | certificate | independent check |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for tool in results["tools"]:
        own = [a for a in results["answers"] if a["tool"] == tool["name"] and a["run"] == 0]
        wrong = sum(a["judged"] == "wrong" for a in own)
        exact = "yes" if tool["exact"] else "no"
        lines.append(
            f"| {tool['name']} | {tool['version']} | {wrong} of {len(own)} | {exact} | "
            f"{tool['certificate']} | {tool['checked']} |"
        )
    return "\n".join(lines) + "\n"
