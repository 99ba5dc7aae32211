"""certify itself, a pair at a time: the exact sweep for impulses, branch and bound for noise."""

from __future__ import annotations

from fractions import Fraction

from benchmarks.peers.adapters.protocol import Answer, Query, serve
from certify.claims import Pair, RatioRange
from certify.impulse.sweep import sweep
from certify.model import Network
from certify.noise.prove import decide_pair


def solve(query: Query) -> Answer:
    network = Network.from_arrays(query.w_ih, query.w_hh, query.w_out)
    pair, ratios = Pair(query.max, query.second), RatioRange(query.lo, query.hi)
    if query.eps:
        found = decide_pair(network, pair, ratios, query.eps)
        wrong = found.counterexample
        return Answer(found.verdict, None if wrong is None else list(wrong), found.reason)
    least = sweep(network, pair).min_margin(ratios)
    if least.value > 0:
        return Answer("proved")
    point = [Fraction(0)] * network.seq_len
    point[pair.max], point[pair.second] = Fraction(1), least.ratio
    return Answer("refuted", point)


def warm(query: Query) -> None:
    """Compile the kernels, as those of the other tools are."""
    network = Network.from_arrays(query.w_ih, query.w_hh, query.w_out)
    nominal = RatioRange(Fraction(4, 5), Fraction(4, 5))
    decide_pair(network, Pair(query.max, query.second), nominal, Fraction(1, 100), 5)


if __name__ == "__main__":
    serve(solve, warm)
