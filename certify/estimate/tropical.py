"""Tropical enumeration: which cells the impulse family visits, with their composed maps."""

from __future__ import annotations

from collections.abc import Iterable

from certify.claims import NOMINAL_RATIO
from certify.estimate.base import Estimate
from certify.impulse.sweep import Sweep, sweep_all
from certify.model import Network


def tropical(network: Network, *, seed: int = 0) -> Estimate:
    """Tropical enumeration: the cells of every pair for all ratios, composed maps, exact.

    Right is a pair whose every margin is positive at the nominal ratio; the certified command
    decides the same from the same sweep and adds the certificate.
    """
    sweeps = sweep_all(network)
    margins = {pair: sweep.margin_at(NOMINAL_RATIO) for pair, sweep in sweeps.items()}
    pair, least = min(margins.items(), key=lambda item: item[1].value)
    sequences = {piece.pattern for sweep in sweeps.values() for piece in sweep.pieces}
    return Estimate(
        "tropical",
        "pairs right",
        float(sum(m.value > 0 for m in margins.values())),
        None,
        sweep_cost(network, sweeps.values()),
        "weights",
        0.0,
        {
            "smallest_margin": float(least.value),
            "smallest_margin_pair": list(pair),
            "pieces": sum(len(sweep.pieces) for sweep in sweeps.values()),
            "cell_sequences": len(sequences),
            "cell_sequences_at_nominal": len(
                {sweep.piece_at(NOMINAL_RATIO).pattern for sweep in sweeps.values()}
            ),
        },
        ("exact on impulses; following the cells is as much work as running them",),
    )


def sweep_cost(network: Network, sweeps: Iterable[Sweep]) -> int:
    """Integer multiply-adds: a (d, d) by (d, 2) product for each piece and step, the readout.

    Pieces are counted as if all were there from the first step on, an upper bound.
    """
    d, n = network.hidden_size, network.seq_len
    return sum(len(sweep.pieces) for sweep in sweeps) * (n * 2 * d * d + 2 * n * d)
