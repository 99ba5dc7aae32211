"""Claims about random inputs against samples drawn by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from certify.errors import UsageError
from certify.model import Network
from certify.probability.sampling import draw
from certify.reading.weights import read_network
from certify.statements.measured import Measured
from certify.statements.note import parse_note
from certify.statements.prove import hypotheses
from tests.direct import Setting, names
from tests.examples import MODELS, TWO_INTERVALS


def measure(network: Network, claim: str, more: str = "", samples: int = 400) -> Measured:
    text = f'[groups]\nG = [0, 1]\n[[hypothesis]]\nname = "a"\nclaim = "{claim}"\n'
    note = parse_note(f'{text}over = "gaussian"\nsamples = {samples}\nseed = 3\n{more}')
    (found,) = hypotheses(note, network).results
    assert found.verdict == "measured"
    assert found.measured is not None
    return found.measured


CASES = [
    ("share(right or M < S)", "right"),
    ("share(choice == m)", "logit[m] > logit[s]"),
    ("mean(of(G, m) - 2 * margin)", "of(G, m) - 2 * margin"),
    ("mean(h[first, 0] + sum(on[t, i] for t in range(n) for i in G))",
     "h[first, 0] + sum(on[t, i] for t in range(n) for i in G)"),
    ("share(swapped.right or base.margin > 1)", "swapped.right or base.margin > 1"),
    ("mean(max(abs(z[last, 1]), W_ih[2] * M - S / 3))",
     "max(abs(z[last, 1]), W_ih[2] * M - S / 3)"),
]  # fmt: skip
CHANGES: list[tuple[str, tuple[Setting, ...]]] = [
    ("", ()),
    (
        'change = ["W_ih[0] *= 1/2", "h[0, 1] = swapped"]',
        (
            ("W_ih", (0,), "*=", Fraction(1, 2)),
            ("h", (0, 1), "swapped", Fraction(0)),
        ),
    ),
]


@pytest.mark.parametrize(("claim", "meant"), CASES)
@pytest.mark.parametrize(("change", "settings"), CHANGES)
def test_an_estimate_is_the_mean_over_the_sample(
    claim: str, meant: str, change: str, settings: tuple[Setting, ...]
) -> None:
    found = measure(TWO_INTERVALS, f"{claim} > -1000", change, 40)
    values = []
    for x in np.concatenate(list(draw("gaussian", 40, 2, 3))):
        order = np.argsort(x)
        pair = int(order[-1]), int(order[-2])
        big, small = (Fraction(float(x[i])) for i in pair)
        known = names(TWO_INTERVALS, pair, small, settings, big)
        values.append(float(eval(meant, known)))
    (estimate,) = found.estimates
    assert estimate.value == pytest.approx(np.mean(values), abs=1e-9)
    assert estimate.lower <= estimate.value <= estimate.upper


@pytest.mark.parametrize(
    ("claim", "holds"),
    [
        ("accuracy > 0.01", "yes"),
        ("accuracy > 2", "no"),
        ("0 <= share(right) <= 1 and accuracy < 2", "yes"),
        ("not accuracy < 2", "no"),
        ("abs(mean(z[0, 0])) >= 0 or accuracy > 2", "yes"),
        ("mean(z[0, 0]) == mean(z[0, 1])", "open"),
        ("min(accuracy, 2) - max(accuracy, 0) <= 1", "yes"),
        ("-2 * accuracy / 2 < base.W_ih[1] + n", "yes"),
    ],
)
def test_what_the_intervals_say(claim: str, holds: str) -> None:
    assert measure(TWO_INTERVALS, claim).holds == holds


def test_the_accuracy_of_a_short_model_is_bracketed_by_proof() -> None:
    (estimate,) = measure(read_network(MODELS / "m2_2.pt"), "accuracy > 0.9").estimates
    assert estimate.proved
    assert estimate.upper - estimate.lower < 1e-9
    (estimate,) = measure(
        read_network(MODELS / "m2_2.pt"), "accuracy > 0.9", 'change = ["W_ih[0] *= 2"]'
    ).estimates
    assert not estimate.proved


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ("right", "nothing is measured"),
        ("accuracy", "expected a truth value"),
        ("share(right) > margin", r"margin stands only inside share\(...\) or mean\(...\)"),
        ("share(share(right) > 0) > 0", "in no other and no generator"),
        ("share(right, right) > 0", "of one expression"),
        ("share(margin) > 0", "expected a truth value"),
        ("mean(right) > 0", "expected a number, found a truth value"),
        ("mean(r) > 0", "r is no affine quantity of random inputs"),
        ("count(right) > 0", r"column 1: count is about pairs: expected share or mean"),
        ("mean(h[5, 0]) > 0", "there is no step 5"),
        ("mean(h[0, 0] / (n - n)) > 0", "division by zero"),
        ("accuracy * accuracy > 0", "a product of two quantities"),
        ("all(accuracy > t for t in G)", "expected a comparison of estimates"),
    ],
)
def test_errors(claim: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        measure(TWO_INTERVALS, claim)
