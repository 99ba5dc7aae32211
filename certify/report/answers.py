"""Reports of JSON answers that are no certificates: the bracket over time, and estimates.

``certify accuracy --json`` holds the bracket's history, ``certify benchmark-estimates --json`` the
scores of the estimates. Both are records of a run: there is nothing in them to check.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from certify.report import impulse_figures as figures
from certify.report.accuracy_figures import bracket_over_time
from certify.report.content import MEASURED, Figure, Report, Statement, Table
from certify.report.words import literal

Answer = dict[str, Any]


def is_answer(document: Answer) -> bool:
    """Whether a JSON object is an answer that has a report."""
    bracket = document.get("claim") == "accuracy" and "history" in document
    return bracket or "scores" in document


def answer_report(path: Path, sha256: str, answer: Answer) -> Report:
    """Lay out the record of a run."""
    return (_estimates if "scores" in answer else _bracket)(path, sha256, answer)


def _bracket(path: Path, sha256: str, answer: Answer) -> Report:
    history = [(float(t), float(lo), float(hi)) for t, _, lo, hi in answer["history"]]
    seconds, boxes = answer["seconds"], answer["boxes"]
    inputs = literal(answer["inputs"])
    said = (
        f"After {seconds:g} s and {boxes} boxes the accuracy over {inputs} inputs was "
        f"bracketed by [{answer['lower_decimal']}, {answer['upper_decimal']}]."
    )
    return Report(
        title=f"{literal(path.name)}: the bracket of the accuracy over time",
        statement=Statement(MEASURED, said),
        certificate=path,
        certificate_sha256=sha256,
        model_sha256=answer["model"]["sha256"],
        facts=(
            ("Inputs", literal(answer["inputs"])),
            ("Certificate of the run", literal(answer["certificate"])),
        ),
        checked=None,
        figures=(
            Figure(
                "bracket",
                "Lower and upper end of the proved bracket against wall time.",
                lambda: bracket_over_time(history),
            ),
        ),
    )


def _estimates(path: Path, sha256: str, answer: Answer) -> Report:
    scores = [
        (s["method"], float(s["cost"]), float(s["mse"]), float(s["in_operations"]["value"]))
        for s in answer["scores"]
    ]
    said = (
        f"Mean squared errors of estimates of the accuracy on {answer['models']} noisy copies of "
        f"{literal(answer['model'])} at each of {len(answer['levels'])} levels of weight noise."
    )
    return Report(
        title=f"{literal(path.name)}: estimates against sampling",
        statement=Statement(MEASURED, said),
        certificate=path,
        certificate_sha256=sha256,
        model_sha256=answer["sha256"],
        facts=(("Truth", f"{answer['truth_samples']} samples a model"),),
        checked=None,
        tables=(
            Table(
                "Ratio: how many samples' worth of error for the price of one; above 1 beats "
                "sampling.",
                ("method", "cost in samples", "mean squared error", "ratio"),
                tuple((literal(m), f"{c:.0f}", f"{e:.2e}", f"{r:.3g}") for m, c, e, r in scores),
            ),
        ),
        figures=(
            Figure(
                "estimates",
                "Mean squared error against cost, in samples, one curve a method.",
                lambda: figures.estimates_chart([(m, c, e) for m, c, e, _ in scores]),
            ),
        ),
    )
