"""certify itself, a pair at a time: the exact sweep for impulses, branch and bound for noise."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from benchmarks.peers.adapters.protocol import Answer, Query, serve
from certify.claims import Pair, RatioRange
from certify.model import Network
from certify.noise import Clock, decide_pair
from certify.tropical import sweep


def solve(query: Query) -> Answer:
    network = Network.from_arrays(query.w_ih, query.w_hh, query.w_out)
    pair, ratios = Pair(query.max, query.second), RatioRange(query.lo, query.hi)
    if query.eps:
        found = decide_pair(network, pair, ratios, query.eps, Clock())
        wrong = found.counterexample
        return Answer(found.verdict, None if wrong is None else list(wrong), found.reason)
    least = sweep(network, pair).min_margin(ratios)
    if least.value > 0:
        return Answer("proved")
    point = [Fraction(0)] * network.seq_len
    point[pair.max], point[pair.second] = Fraction(1), least.ratio
    return Answer("refuted", point)


if __name__ == "__main__":
    # The kernels are compiled before the clock runs, as those of the other tools are.
    one = np.eye(3)
    decide_pair(
        Network.from_arrays(one[0], one, one),
        Pair(0, 1),
        RatioRange(Fraction(4, 5), Fraction(4, 5)),
        Fraction(1, 100),
        Clock(5),
    )
    serve(solve)
