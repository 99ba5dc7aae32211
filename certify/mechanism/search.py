"""Finding what :mod:`certify.mechanism.circuit` states: floats propose, exact sweeps decide."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

import numpy as np

from certify.claims import NOMINAL_RATIO, Pair, RatioRange, impulses
from certify.impulse.sweep import Sweep, sweep
from certify.mechanism.circuit import (
    Circuit,
    CircuitStudy,
    Contribution,
    Element,
    Failure,
    Kept,
    Place,
    bound_contribution,
)
from certify.mechanism.samples import Progress
from certify.model import FloatArray, Network

_GRID = 9
BAND = RatioRange(Fraction(7, 10), Fraction(9, 10))
"""The default range of the statements, where the model is right on all of it."""


def study_circuit(
    network: Network,
    sweeps: Mapping[Pair, Sweep],
    ratios: RatioRange,
    groups: Mapping[str, tuple[int, ...]],
    *,
    progress: Progress | None = None,
) -> CircuitStudy | None:
    """Prove what a group contributes, which units are necessary, and find minimal circuits.

    The statements speak of the pairs that are right over all of ``ratios``; None if there is
    none. Deterministic.
    """
    right = {p: s for p, s in sweeps.items() if s.min_margin(ratios).value > 0}
    if not right:
        return None
    pairs = tuple(right)
    whole = Kept.of_units(network, range(network.hidden_size))
    contributions = [
        c for group in dict.fromkeys(groups.values()) for c in _contributions(right, ratios, group)
    ]
    search = _Search(network, pairs, ratios)
    failures, dispensable = [], {}
    for k in range(network.hidden_size):
        if progress is not None:
            progress("necessary units", k, network.hidden_size)
        found = search.decide(whole, ("unit", k))
        if isinstance(found, Failure):
            failures.append(found)
        else:
            dispensable[k] = found
    return CircuitStudy(
        network,
        pairs,
        ratios,
        tuple(tuple(s.nodes(ratios)) for s in right.values()),
        groups,
        tuple(contributions),
        tuple(failures),
        dispensable,
        search.minimal(whole, "units", progress),
        search.minimal(whole, "weights", progress),
    )


def _contributions(
    right: Mapping[Pair, Sweep], ratios: RatioRange, group: tuple[int, ...]
) -> list[Contribution]:
    """Bounds over all pairs; and over those pairs where the group suppresses the maximum's logit,
    or supports that of the second largest, at every ratio.
    """
    found = []
    places: tuple[Place, ...] = ("max", "second", "elsewhere")
    for at in places:
        bounds = {
            pair: both
            for pair, found_sweep in right.items()
            if (both := bound_contribution(found_sweep, ratios, group, at)) is not None
        }
        if not bounds:
            continue
        everything = tuple(bounds)
        lowest, highest = min(b[0] for b in bounds.values()), max(b[1] for b in bounds.values())
        found.append(Contribution(group, everything, at, "at least", lowest))
        found.append(Contribution(group, everything, at, "at most", highest))
        negative = tuple(pair for pair, b in bounds.items() if b[1] < 0)
        positive = tuple(pair for pair, b in bounds.items() if b[0] > 0)
        if at == "max" and negative and negative != everything:
            bound = max(bounds[pair][1] for pair in negative)
            found.append(Contribution(group, negative, at, "at most", bound))
        if at == "second" and positive and positive != everything:
            bound = min(bounds[pair][0] for pair in positive)
            found.append(Contribution(group, positive, at, "at least", bound))
    return found


class _Search:
    """Removals from one network, for fixed pairs and ratios.

    A float64 screen at a few ratios proposes; a circuit is accepted after an exact sweep of every
    pair, a removal counts as impossible after an exact replay. Where a sweep finds a failure
    that the screen missed, its ratio joins the screen (for all pairs) and the search starts anew.
    """

    def __init__(self, network: Network, pairs: tuple[Pair, ...], ratios: RatioRange) -> None:
        self.network, self.pairs, self.ratios = network, pairs, ratios
        step = (ratios.hi - ratios.lo) / (_GRID - 1)
        grid = {ratios.lo + k * step for k in range(_GRID)}
        if ratios.lo <= NOMINAL_RATIO <= ratios.hi:
            grid.add(NOMINAL_RATIO)
        # The nominal ratio first: a failure there is the easiest to read.
        self.grid = sorted(grid, key=lambda r: (r != NOMINAL_RATIO, r))
        self.threshold = 0.0

    def decide(self, kept: Kept, element: Element) -> Failure | Circuit:
        """Without one element: a failure, replayed exactly, or the proof that there is none."""
        less = kept.minus(element)
        reduced = less.applied(self.network)
        margins = self._margins(_arrays(reduced))
        for row, ratio in zip(margins, self.grid, strict=True):
            pair = self.pairs[int(np.argmin(row))]
            if row.min() <= 0 and not _is_right(reduced, pair, ratio):
                return Failure(element, pair, ratio)
        proof = self._prove(less, None)
        if isinstance(proof, Circuit):
            return proof
        return Failure(element, *proof)

    def minimal(
        self, start: Kept, by: Literal["units", "weights"], progress: Progress | None
    ) -> Circuit:
        """A 1-minimal circuit inside ``start``, smallest weights tried first."""
        kept = start
        while True:
            kept = self._shrink(kept, by, progress)
            proof = self._prove(kept, by)
            if not isinstance(proof, Circuit):
                self._learn(proof[1])
                kept = start
                continue
            removals = []
            elements = _elements(kept, by)
            for done, element in enumerate(elements):
                if progress is not None:
                    progress(f"necessary {by}", done, len(elements))
                found = self.decide(kept, element)
                if isinstance(found, Circuit):  # the screen was too strict here
                    kept = kept.minus(element)
                    break
                removals.append(found)
            else:
                return Circuit(kept, by, proof.nodes, tuple(removals), proof.min_margin)

    def _prove(
        self, kept: Kept, minimal: Literal["units", "weights"] | None
    ) -> Circuit | tuple[Pair, Fraction]:
        """The circuit if it is right everywhere, else where it is wrong."""
        reduced = kept.applied(self.network)
        nodes, smallest = [], None
        for pair in self.pairs:
            found = sweep(reduced, pair)
            margin = found.min_margin(self.ratios)
            if margin.value <= 0:
                return pair, margin.ratio
            nodes.append(tuple(found.nodes(self.ratios)))
            smallest = margin.value if smallest is None else min(smallest, margin.value)
        return Circuit(kept, minimal, tuple(nodes), (), smallest or Fraction(0))

    def _shrink(self, kept: Kept, by: str, progress: Progress | None) -> Kept:
        """Remove elements, smallest first, while the screen stays right, until none can go."""
        network = self.network
        size = {element: _size(network, element) for element in _elements(kept, by)}
        order = sorted(size, key=lambda e: (size[e], e))
        arrays = _arrays(kept.applied(network))
        shrinking = True
        while shrinking:
            shrinking = False
            todo = list(order)
            for done, element in enumerate(todo):
                if progress is not None:
                    progress(f"minimal {by}", done, len(todo))
                saved = [a.copy() for a in arrays]
                _zero(arrays, element)
                if self._margins(arrays).min() > self.threshold:
                    kept = kept.minus(element)
                    order.remove(element)
                    shrinking = True
                else:
                    arrays = saved
        return kept

    def _learn(self, ratio: Fraction) -> None:
        """Make the screen see a ratio that it missed; demand more if it was there already."""
        if ratio in self.grid:
            self.threshold = max(2 * self.threshold, 1e-9)
        else:
            self.grid.append(ratio)

    def _margins(self, arrays: list[FloatArray]) -> FloatArray:
        """Smallest margin over the rivals in float64, (ratios, pairs)."""
        w_ih, w_hh, w_out = arrays
        n, count = len(w_out), len(self.pairs)
        m, s = np.array(self.pairs).T
        every = np.arange(count)
        x = np.zeros((len(self.grid), count, n))
        x[:, every, m] = 1
        x[:, every, s] = [[float(r)] for r in self.grid]
        inputs = x.reshape(-1, n)
        state = np.zeros((len(inputs), len(w_ih)))
        for t in range(n):
            state = np.maximum(state @ w_hh.T + inputs[:, t : t + 1] * w_ih, 0.0)
        logits = (state @ w_out.T).reshape(len(self.grid), count, n)
        own = logits[:, every, s].copy()
        logits[:, every, s] = -np.inf
        margins: FloatArray = own - logits.max(axis=2)
        return margins


def _is_right(network: Network, pair: Pair, ratio: Fraction) -> bool:
    return network.choice(impulses(pair, ratio, network.seq_len)) == pair.second


def _arrays(network: Network) -> list[FloatArray]:
    floats = network.floats
    return [floats.w_ih.copy(), floats.w_hh.copy(), floats.w_out.copy()]


def _zero(arrays: list[FloatArray], element: Element) -> None:
    w_ih, w_hh, w_out = arrays
    name, *index = element
    if name == "unit":
        (k,) = index
        w_ih[k] = w_hh[k] = w_hh[:, k] = w_out[:, k] = 0
    else:
        {"w_ih": w_ih, "w_hh": w_hh, "w_out": w_out}[name][tuple(index)] = 0


def _elements(kept: Kept, by: str) -> tuple[Element, ...]:
    return tuple(("unit", k) for k in kept.units) if by == "units" else kept.weights


def _size(network: Network, element: Element) -> int:
    """The modulus of a weight; of a unit that of its largest weight in W_out."""
    name, *index = element
    if name == "unit":
        return max(abs(row[index[0]]) for row in network.w_out)
    if name == "w_ih":
        return abs(network.w_ih[index[0]])
    matrix = network.w_hh if name == "w_hh" else network.w_out
    return abs(matrix[index[0]][index[1]])
