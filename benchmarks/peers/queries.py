"""The queries, what is known to be true of them, and the exact judgement of answers."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from certify.claims import NOMINAL_RATIO, Pair, RatioRange, all_pairs
from certify.impulse.sweep import sweep
from certify.model import Network
from certify.noise.attack import replay

IMPULSE = RatioRange(Fraction(1, 4), Fraction(19, 20))
NOISES = (Fraction(1, 100), Fraction(3, 100), Fraction(1, 10))
THIN = Fraction(1, 10**6), Fraction(1, 10**9)


@dataclass(frozen=True)
class Query:
    """Is the pair right for every ratio in the range and every noise up to ``eps``?"""

    family: str
    pair: Pair
    ratio: RatioRange
    eps: Fraction = Fraction(0)

    @property
    def id(self) -> str:
        return f"{self.family} ({self.pair.max}, {self.pair.second})"

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "max": self.pair.max,
            "second": self.pair.second,
            "lo": str(self.ratio.lo),
            "hi": str(self.ratio.hi),
            "eps": str(self.eps),
        }

    def known(self, network: Network) -> bool | None:
        """Whether it is true, from the exact sweep; None with noise."""
        if self.eps:
            return None
        return sweep(network, self.pair).min_margin(self.ratio).value > 0


def first_wrong_pair(network: Network) -> Pair:
    """The first pair that is false on the impulse range, else the first pair."""
    pairs = all_pairs(network.seq_len)
    return next((p for p in pairs if not Query("", p, IMPULSE).known(network)), pairs[0])


def sample(network: Network, count: int | None) -> list[Pair]:
    """All pairs, or the false one and others spread by golden-ratio steps; samples are nested."""
    pairs = all_pairs(network.seq_len)
    if count is None:
        return list(pairs)
    wrong = first_wrong_pair(network)
    others = [p for p in pairs if p != wrong]
    spread = [others[round(0.618 * len(others) * i) % len(others)] for i in range(1, 4 * count)]
    return [wrong, *dict.fromkeys(spread)][:count]


def make_queries(network: Network, impulse: int | None, noise: int | None) -> list[Query]:
    """Impulses, three noises at the nominal ratio, and four beside the end of an interval."""
    found = [Query("impulse", p, IMPULSE) for p in sample(network, impulse)]
    nominal = RatioRange(NOMINAL_RATIO, NOMINAL_RATIO)
    for eps in NOISES:
        found += [Query(f"noise {float(eps):g}", p, nominal, eps) for p in sample(network, noise)]
    pair = first_wrong_pair(network)
    interval = sweep(network, pair).interval_around(nominal)
    if interval is not None:
        end = interval[0]
        for thin in THIN:
            size = f"1e-{len(str(thin.denominator)) - 1}"
            hi = end + Fraction(1, 1000)
            found.append(Query(f"thin, true by {size}", pair, RatioRange(end + thin, hi)))
            found.append(Query(f"thin, false by {size}", pair, RatioRange(end - thin, hi)))
    return found


def judge(network: Network, query: Query, answer: dict[str, Any]) -> str:
    """Right, wrong or open, in exact arithmetic.

    A counterexample is moved to the nearest input that the query speaks of and must be wrong
    there: tolerance on the place, none on the margin.
    """
    if answer["verdict"] == "refuted":
        if answer["counterexample"] is None:
            return "wrong"
        point = [Fraction(v) for v in answer["counterexample"]]
        there = replay(network, query.pair, query.ratio, query.eps, point)
        return "wrong" if there is None else "right"
    if answer["verdict"] == "proved":
        known = query.known(network)
        return "open" if known is None else "right" if known else "wrong"
    return "open"


def settle(answers: list[dict[str, Any]]) -> None:
    """A proof of what another tool's replayed counterexample refutes is wrong, in place."""
    false = {a["id"] for a in answers if (a["verdict"], a["judged"]) == ("refuted", "right")}
    for answer in answers:
        if answer["verdict"] == "proved" and answer["id"] in false:
            answer["judged"] = "wrong"
