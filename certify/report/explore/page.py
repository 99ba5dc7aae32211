"""The page of ``certify explore``: exact data, one template, hand-written script and style.

What is decided here, in exact arithmetic, goes into the page as data: the verdict, the intervals
and the smallest margin of every pair, and the intervals with each unit removed. The script sweeps
pairs by itself, in the browser's big integers, and says so where the two disagree.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

import certify
from certify.claims import all_pairs
from certify.impulse.prove import ImpulseResult, prove_impulse
from certify.impulse.sweep import sweep
from certify.mechanism.roles import find_roles, unit_groups
from certify.model import Network

ROLE_SAMPLES = 10_000
REMOVAL_LIMIT = 400_000_000
"""Most products of weights, about a minute of them, for which removals are decided ahead."""

SCRIPTS = ("exact.js", "draw.js", "page.js", "events.js")

Progress = Callable[[str, int, int], None]


def explore_page(network: Network, name: str, *, progress: Progress | None = None) -> str:
    """The HTML of the page for one model; ``name`` is what it is called there.

    The same model gives the same page. ``progress`` is called with what is being done, the work
    done and the work in all.

    Raises:
        ModelFileError: exact numbers would be longer than a certificate may hold.
    """
    report = progress or (lambda title, done, total: None)
    result = prove_impulse(network, progress=lambda done, total: report("sweeps", done, total))
    room = files("certify.report.explore")
    template = Environment(
        loader=PackageLoader("certify.report.explore", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("page.html.j2")
    return template.render(
        name=name,
        network=network,
        result=result,
        version=certify.__version__,
        style=(room / "page.css").read_text(encoding="utf-8"),
        script="\n".join((room / part).read_text(encoding="utf-8") for part in SCRIPTS),
        data=_embedded(page_data(result, name, report)),
    )


def page_data(result: ImpulseResult, name: str, report: Progress) -> dict[str, Any]:
    """What the script reads; weights are doubles, which hold them exactly."""
    network = result.model
    floats = network.floats
    roles = find_roles(floats, "gaussian", ROLE_SAMPLES, 1)
    groups = unit_groups(roles)
    return {
        "name": name,
        "w_ih": floats.w_ih.tolist(),
        "w_hh": floats.w_hh.tolist(),
        "w_out": floats.w_out.tolist(),
        "groups": [[role, groups[role]] for role in dict.fromkeys(u.role for u in roles)],
        "range": [str(end) for end in result.ratios],
        "pairs": [
            {
                "m": p.pair.max,
                "s": p.pair.second,
                "right": _intervals(p.right_intervals),
                "margin": str(p.min_margin.value),
                "rival": p.min_margin.rival,
                "at": str(p.min_margin.ratio),
                "cells": p.cells,
            }
            for p in result.pairs
        ],
        "without": _removals(result, report),
    }


def _removals(result: ImpulseResult, report: Progress) -> list[list[list[list[str]]]] | None:
    """Per unit and pair, where the pair is right with every weight of the unit 0.

    None where that would take long; the page then finds it when it is asked.
    """
    network = result.model
    d = network.hidden_size
    # A piece has a price of its own, beside that of its matrix.
    if result.cells * (d * d + 200) * network.seq_len * d > REMOVAL_LIMIT:
        return None
    found = []
    for unit in range(d):
        report("units removed", unit, d)
        smaller = without_unit(network, unit)
        found.append(
            [_intervals(sweep(smaller, p).right_intervals) for p in all_pairs(network.seq_len)]
        )
    return found


def without_unit(network: Network, unit: int) -> Network:
    """The network with every weight of a unit set to 0."""

    def cleared(row: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(0 if i == unit else v for i, v in enumerate(row))

    return replace(
        network,
        w_ih=cleared(network.w_ih),
        w_hh=tuple(
            (0,) * network.hidden_size if i == unit else cleared(row)
            for i, row in enumerate(network.w_hh)
        ),
        w_out=tuple(map(cleared, network.w_out)),
    )


def _intervals(found: tuple[tuple[Fraction, Fraction], ...]) -> list[list[str]]:
    return [[str(lo), str(hi)] for lo, hi in found]


def _embedded(data: dict[str, Any]) -> str:
    """JSON that cannot end the script element that holds it."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")
