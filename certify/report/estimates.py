"""Estimates beside what is certified, and their benchmark against sampling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from certify.estimate import Certified, Estimate
from certify.estimate.benchmark import Benchmark, Ratio
from certify.report.tables import as_text, rich_table, stacked

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HEADER = ("method", "reads", "predicts", "estimate", "certified", "against it", "operations", "s")


def estimates_text(
    estimates: Sequence[Estimate], certified: Mapping[str, Certified] | None = None
) -> str:
    """One row for each estimate; ``certified`` is keyed by what is predicted, "pairs right" and
    "accuracy", as in :attr:`Estimate.predicts`.
    """
    brackets = certified or {}
    rows = [_row(estimate, brackets.get(estimate.predicts)) for estimate in estimates]
    return as_text(rich_table(HEADER, rows, words=3), 100)


def benchmark_text(found: Benchmark) -> str:
    """The accuracies of the models, every score, and whether the control holds."""
    spread = ", ".join(
        f"{sigma:g}: {np.mean(row):.3f} +- {np.std(row):.3f}"
        for sigma, row in zip(found.levels, found.accuracies, strict=True)
    )
    rows = [
        (
            s.method,
            s.budget,
            f"{s.cost:.0f}",
            f"{s.mse:.2e}",
            *map(_ratio, (s.in_operations, s.in_time, s.in_time_with_placing)),
        )
        for s in found.scores
    ]
    header = ("method", "budget", "cost", "MSE", "operations", "time", "with placing points")
    return stacked(
        [
            f"{found.models} models at each level of noise, accuracy {spread}",
            f"truth: {found.truth_samples:,} samples each; one sample takes "
            f"{found.sample_seconds * 1e9:.0f} ns; the last columns are ratios to sampling, above "
            "1 beats it (95 % interval)",
            as_text(rich_table(header, rows, words=2), 100),
            f"control (sampling, operations) at 1: {'yes' if found.control_holds else 'NO'}",
        ]
    )


def benchmark_figure(found: Benchmark) -> Figure:
    """Mean squared error against operations and against time, one curve a method."""
    from certify.report.style import INK, OKABE_ITO, STYLES, legend_below, new_figure, style

    with style():
        figure = new_figure(7.2, 3.8)
        left, right = figure.subplots(1, 2, sharey=True)
        for k, method in enumerate(dict.fromkeys(s.method for s in found.scores)):
            scores = sorted((s for s in found.scores if s.method == method), key=lambda s: s.cost)
            mse = [max(s.mse, 1e-9) for s in scores]
            look: dict[str, Any] = {
                "color": OKABE_ITO[k % len(OKABE_ITO)],
                "ls": STYLES[k // len(OKABE_ITO) % len(STYLES)],
                "marker": "osD^v<>"[k % 7],
                "ms": 4,
                "label": method,
            }
            left.plot([s.cost for s in scores], mse, **look)
            right.plot([s.seconds for s in scores], mse, **look)
        spread = float(np.mean([p * (1 - p) for row in found.accuracies for p in row]))
        paid = [max(s.cost, 1.0) for s in found.scores]
        costs = np.geomspace(min(paid), max(paid))
        left.plot(costs, spread / costs, ":", color=INK, label="p (1 - p) / N")
        right.plot(costs * found.sample_seconds, spread / costs, ":", color=INK)
        for axes, label in ((left, "operations, in samples"), (right, "time, s")):
            axes.set(xscale="log", yscale="log", xlabel=label)
        left.set_ylabel("mean squared error of the accuracy")
        legend_below(figure, left, 4)
    return figure


def _row(estimate: Estimate, certified: Certified | None) -> tuple[str, ...]:
    value = f"{estimate.value:.4f}" if estimate.predicts == "accuracy" else f"{estimate.value:g}"
    if estimate.interval:
        lo, hi = estimate.interval
        value += f" ({lo:.4f} to {hi:.4f})"
    return (
        estimate.method,
        estimate.reads,
        estimate.predicts,
        value,
        _bracket(certified) if certified else "",
        certified.place(estimate.value) if certified else "",
        f"{estimate.operations:,}",
        f"{estimate.seconds:.4f}",
    )


def _bracket(certified: Certified) -> str:
    if certified.lower == certified.upper:
        return f"{certified.lower:.6g}"
    return f"[{certified.lower:.6g}, {certified.upper:.6g}]"


def _ratio(ratio: Ratio) -> str:
    return f"{ratio.value:.3g} ({ratio.low:.3g}, {ratio.high:.3g})"
