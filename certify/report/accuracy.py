"""The report of an accuracy certificate."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from certify.model import Network
from certify.probability.prove import decimal
from certify.report.content import Report, Statement, short

LAWS = {"gaussian": "standard normal", "uniform": "uniform [0, 1]"}


def accuracy_report(
    path: Path,
    sha256: str,
    document: dict[str, Any],
    _: Network | None,
    checked: tuple[str, ...] | None,
) -> Report:
    """Lay out the bracket that an accuracy certificate proves."""
    claim, model = document["claim"], document["model"]
    lower, upper = Fraction(claim["lower"]), Fraction(claim["upper"])
    places = _places(upper - lower)
    low, high = decimal(lower, places, up=False), decimal(upper, places, up=True)
    law, n = LAWS[claim["inputs"]], model["seq_len"]
    return Report(
        title=f"{path.name}: how accurate is it?",
        statement=Statement(
            "proved",
            f"For {n} i.i.d. {law} inputs, {low} <= P(the largest logit stands, alone, at the "
            f"position of the second-largest input) <= {high}.",
            f"For $n = {n}$ i.i.d. {law} inputs, ${low} \\le P(\\text{{the largest logit stands, "
            f"alone, at the position of the second-largest input}}) \\le {high}$.",
        ),
        certificate=path,
        certificate_sha256=sha256,
        model_sha256=model["sha256"],
        facts=(
            (
                "Model",
                f"{model['hidden_size']} units, {n} inputs, {model['parameters']} weights",
            ),
            ("Inputs", f"i.i.d. {law}"),
            ("Lower", low),
            ("Upper", high),
            ("Width", short(upper - lower, 3)),
            ("Library", f"certify {document['library']['version']}"),
        ),
        checked=checked,
    )


def statistical_report(
    path: Path,
    sha256: str,
    document: dict[str, Any],
    _: Network | None,
    checked: tuple[str, ...] | None,
) -> Report:
    """Lay out the bracket that a sample supports, with its error probability."""
    claim, model, counts = document["claim"], document["model"], document["evidence"]
    lower, upper = Fraction(claim["lower"]), Fraction(claim["upper"])
    places = _places(upper - lower)
    low, high = decimal(lower, places, up=False), decimal(upper, places, up=True)
    law, n, samples = LAWS[claim["inputs"]], model["seq_len"], claim["samples"]
    risk = short(Fraction(claim["error_probability"]), 3)
    return Report(
        title=f"{path.name}: how accurate is it on a sample?",
        statement=Statement(
            "statistical",
            f"For {n} i.i.d. {law} inputs, {low} <= P(the largest logit stands, alone, at the "
            f"position of the second-largest input) <= {high}, with an error probability of at "
            f"most {risk}. This is a statement about a sample of {samples} inputs and no proof.",
            f"For $n = {n}$ i.i.d. {law} inputs, ${low} \\le P(\\text{{the largest logit stands, "
            f"alone, at the position of the second-largest input}}) \\le {high}$, with an error "
            f"probability of at most {risk}. This is a statement about a sample of {samples} "
            "inputs and no proof.",
        ),
        certificate=path,
        certificate_sha256=sha256,
        model_sha256=model["sha256"],
        facts=(
            ("Inputs", f"i.i.d. {law}"),
            ("Samples", str(samples)),
            ("Right", str(counts["right"])),
            ("Wrong", str(counts["wrong"])),
            ("Undecided", str(samples - counts["right"] - counts["wrong"])),
            ("Error probability", risk),
            ("Library", f"certify {document['library']['version']}"),
        ),
        checked=checked,
    )


def _places(width: Fraction) -> int:
    """Decimals that show a bracket of this width: two more than agree."""
    places = 6
    while width and places < 40 and width * 10 ** (places - 2) < 1:
        places += 1
    return places
