"""The report of an accuracy certificate."""

from __future__ import annotations

from fractions import Fraction

from certify.probability.prove import decimal
from certify.report.content import Report, Statement, describe, short, the_network
from certify.report.source import Source

LAWS = {"gaussian": "standard normal", "uniform": "uniform [0, 1]"}


def accuracy_report(source: Source) -> Report:
    """Lay out the bracket that an accuracy certificate proves."""
    document = source.document
    claim, model = document["claim"], document["model"]
    lower, upper = Fraction(claim["lower"]), Fraction(claim["upper"])
    places = _places(upper - lower)
    low, high = decimal(lower, places, up=False), decimal(upper, places, up=True)
    law, n = LAWS[claim["inputs"]], int(model["seq_len"])
    right = "the largest logit stands, alone, at the position of the second-largest input"
    sizes, library = describe(document)
    return source.report(
        "how accurate is it?",
        Statement(
            "proved",
            f"For {n} i.i.d. {law} inputs, the probability that {right} is at least {low} and at "
            f"most {high}.",
            f"{the_network(model)} Then for ${n}$ i.i.d.\\ {law} inputs\n"
            f"\\[ {low} \\;\\le\\; \\Pr(\\text{{right}}) \\;\\le\\; {high}, \\]\n"
            f"where right means that {right}.",
        ),
        (
            sizes,
            ("Inputs", f"i.i.d. {law}"),
            ("Lower", low),
            ("Upper", high),
            ("Width", short(upper - lower, 3)),
            library,
        ),
        bound=(f"accuracy over {law} inputs", (float(lower), float(upper))),
    )


def statistical_report(source: Source) -> Report:
    """Lay out the bracket that a sample supports, with its error probability."""
    document = source.document
    claim, counts = document["claim"], document["evidence"]
    lower, upper = Fraction(claim["lower"]), Fraction(claim["upper"])
    places = _places(upper - lower)
    low, high = decimal(lower, places, up=False), decimal(upper, places, up=True)
    law, n, samples = LAWS[claim["inputs"]], int(document["model"]["seq_len"]), claim["samples"]
    right, wrong = int(counts["right"]), int(counts["wrong"])
    risk = short(claim["error_probability"], 3)
    part = ""
    facts: tuple[tuple[str, str], ...] = ()
    if "proved" in claim:
        sure = Fraction(claim["proved"]["lower"]), Fraction(claim["proved"]["upper"])
        least, most = decimal(sure[0], places, up=False), decimal(sure[1], places, up=True)
        part = (
            f" Without the sample it is proved, by boxes, that the probability is at least {least} "
            f"and at most {most}. The sample is of the inputs that the boxes leave open."
        )
        facts = (
            ("Proved right", least),
            ("Proved wrong", decimal(1 - sure[1], places, up=False)),
            ("Sampled part", decimal(sure[1] - sure[0], places, up=True)),
            ("Inputs drawn", str(counts["drawn"])),
        )
    sizes, library = describe(document)
    return source.report(
        "how accurate is it on a sample?",
        Statement(
            "statistical",
            f"For {n} i.i.d. {law} inputs, the probability that the largest logit stands, alone, "
            f"at the position of the second-largest input is at least {low} and at most {high}, "
            f"with an error probability of at most {risk}. This is a statement about a sample of "
            f"{samples} inputs and no proof.{part}",
        ),
        (
            sizes,
            ("Inputs", f"i.i.d. {law}"),
            *facts,
            ("Samples", str(samples)),
            ("Right", str(right)),
            ("Wrong", str(wrong)),
            ("Undecided", str(samples - right - wrong)),
            ("Error at most", risk),
            library,
        ),
    )


def _places(width: Fraction) -> int:
    """Decimals that show a bracket of this width: two more than agree."""
    places = 6
    while width and places < 40 and width * 10 ** (places - 2) < 1:
        places += 1
    return places
