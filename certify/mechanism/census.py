"""The tropical census: which cells the impulse family visits, and how far they reach.

A *cell* of a step is the set of units that are on after it (pre-activation > 0), kept as a bit
mask (bit i is unit i). The *sequence* of a run is its n cells, a *transition* two successive
cells of a run (also from a cell to itself). A *run* is a pair with 1 at m and the ratio at s; as
in the published notes the census counts each pair forward and swapped, 2 n (n-1) runs in all, so
every input is counted twice: once as the pair (m, s) and once as (s, m) swapped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import sympy
from flint import fmpz_mat

from certify.claims import NOMINAL_RATIO, Pair
from certify.impulse.sweep import Sweep
from certify.mechanism.maxplus import CriticalCycle, product_eigenvalue, sum_eigenvalue
from certify.model import Network


@dataclass(frozen=True)
class Stability:
    """How far one pair's cells reach around the nominal ratio, exact from the sweep.

    ``sequence`` is the largest interval around the ratio on which no cell of any step changes,
    ``final`` the same for the last cell alone; ``pieces`` counts the pieces of 0 < r < 1.
    """

    pair: Pair
    sequence: tuple[Fraction, Fraction]
    final: tuple[Fraction, Fraction]
    pieces: int


@dataclass(frozen=True)
class Spectrum:
    """The eigenvalues of a square integer matrix over a power of two, with proved enclosures.

    ``values`` are midpoints of balls (python-flint's ``complex_roots`` isolates the roots of the
    exact characteristic polynomial), largest modulus first, with multiplicities; ``radius`` is
    the largest error of them. ``factors`` holds the degrees of the irreducible factors over Q.
    """

    values: tuple[complex, ...]
    radius: float
    factors: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """Each eigenvalue as [real, imaginary]."""
        return {
            "eigenvalues": [[z.real, z.imag] for z in self.values],
            "error": self.radius,
            "irreducible_factors": list(self.factors),
        }


@dataclass(frozen=True)
class Census:
    """The census at one ratio, and over all ratios. Everything here is exact but the spectra.

    ``final_cells`` counts the runs by their last cell, most frequent first. ``all_ratios`` holds
    what the pieces of 0 < r < 1 add: distinct last cells and sequences over all pairs and
    ratios, and the number of pieces. ``common`` is the open interval around the ratio on which
    no cell of any pair changes. ``frozen`` is the spectrum of ``D W_hh D`` with D the units of
    the most frequent last cell.
    """

    ratio: Fraction
    hidden_size: int
    runs: int
    final_cells: tuple[tuple[int, int], ...]
    sequences: int
    transitions: int
    all_ratios: tuple[int, int, int]
    stability: tuple[Stability, ...]
    common: tuple[Fraction, Fraction]
    sum_cycle: CriticalCycle
    product_cycle: CriticalCycle | None
    excitatory_cycle: CriticalCycle | None
    spectrum: Spectrum
    frozen: Spectrum

    @property
    def dead_units(self) -> tuple[int, ...]:
        """The units that are off in the most frequent last cell."""
        return tuple(i for i in range(self.hidden_size) if not self.final_cells[0][0] >> i & 1)

    def to_json(self) -> dict[str, Any]:
        """Cells as lists of the units that are on; rationals as strings."""
        cells, sequences, pieces = self.all_ratios
        return {
            "ratio": self.ratio,
            "runs": self.runs,
            "final_cells": [
                {"on": list(on_units(cell)), "runs": count} for cell, count in self.final_cells
            ],
            "dominant_dead_units": list(self.dead_units),
            "sequences": self.sequences,
            "transitions": self.transitions,
            "over_all_ratios": {
                "final_cells": cells,
                "sequences": sequences,
                "pieces": pieces,
            },
            "common_interval_of_cells": list(self.common),
            "stability": [
                {
                    "max": s.pair.max,
                    "second": s.pair.second,
                    "sequence": list(s.sequence),
                    "final_cell": list(s.final),
                    "pieces": s.pieces,
                }
                for s in self.stability
            ],
            "max_plus": {
                "sum": self.sum_cycle.to_json(),
                "product": self.product_cycle and self.product_cycle.to_json(),
                "excitatory_product": self.excitatory_cycle and self.excitatory_cycle.to_json(),
            },
            "spectrum": self.spectrum.to_json(),
            "frozen_spectrum": self.frozen.to_json(),
        }


def take_census(sweeps: Mapping[Pair, Sweep], ratio: Fraction = NOMINAL_RATIO) -> Census:
    """Count the cells of all pairs (``sweeps`` must hold every pair) around one ratio.

    At a break point the cells are those at the ratio itself, where a unit at its kink is off.
    """
    network = next(iter(sweeps.values())).network
    runs = {pair: _sequence_at(sweep, ratio) for pair, sweep in sweeps.items()}
    final = Counter({cell: 2 * k for cell, k in Counter(r[-1] for r in runs.values()).items()})
    pieces = [piece for sweep in sweeps.values() for piece in sweep.pieces]
    stability = tuple(_stability(sweep, ratio) for sweep in sweeps.values())
    frequent = tuple(sorted(final.items(), key=lambda item: (-item[1], item[0])))
    return Census(
        ratio,
        network.hidden_size,
        2 * len(runs),
        frequent,
        len(set(runs.values())),
        len({step for run in runs.values() for step in pairwise(run)}),
        (
            len({piece.pattern[-1] for piece in pieces}),
            len({piece.pattern for piece in pieces}),
            len(pieces),
        ),
        stability,
        (max(s.sequence[0] for s in stability), min(s.sequence[1] for s in stability)),
        sum_eigenvalue(network),
        product_eigenvalue(network),
        product_eigenvalue(network, excitatory=True),
        spectrum(network, range(network.hidden_size)),
        spectrum(network, on_units(frequent[0][0])),
    )


def on_units(cell: int) -> tuple[int, ...]:
    """The units of a bit mask, in order."""
    return tuple(i for i in range(cell.bit_length()) if cell >> i & 1)


def spectrum(network: Network, kept: range | tuple[int, ...]) -> Spectrum:
    """The eigenvalues of the block of W_hh of these units."""
    if not kept:
        return Spectrum((), 0.0, ())
    # flint's type information takes complex_roots for a plain list of roots.
    polynomial: Any = fmpz_mat([[network.w_hh[i][j] for j in kept] for i in kept]).charpoly()
    scale = 1 << network.shift
    values: list[complex] = []
    radius = 0.0
    for root, multiplicity in polynomial.complex_roots():
        values += [complex(float(root.real.mid()), float(root.imag.mid())) / scale] * multiplicity
        radius = max(radius, float(root.rad()) / scale)
    values.sort(key=lambda z: (-abs(z), -z.imag))
    factors = sorted(int(f.degree()) for f, k in polynomial.factor()[1] for _ in range(k))
    return Spectrum(tuple(values), radius, tuple(factors))


@dataclass(frozen=True)
class CellFormula:
    """The logits of one pair on one piece, as exact sympy expressions in the symbols M and S.

    They are linear; ``interval`` says for which ``r = S/M`` they hold.
    """

    pair: Pair
    interval: tuple[Fraction, Fraction]
    logits: tuple[sympy.Expr, ...]

    def to_json(self) -> dict[str, Any]:
        """Coefficients of M and S of each logit, as strings ``p/q``."""
        big, small = sympy.symbols("M S", positive=True)
        return {
            "max": self.pair.max,
            "second": self.pair.second,
            "interval": list(self.interval),
            "logits": [[str(e.coeff(big)), str(e.coeff(small))] for e in self.logits],
        }

    def latex(self) -> str:
        """The logits as LaTeX, coefficients rounded to six digits."""
        rows = [rf"\ell_{{{j}}} &= {sympy.latex(sympy.N(e, 6))}" for j, e in enumerate(self.logits)]
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def cell_formula(sweep: Sweep, ratio: Fraction = NOMINAL_RATIO) -> CellFormula:
    """The logits of the pair on the piece that holds ``ratio``."""
    big, small = sympy.symbols("M S", positive=True)
    network, piece = sweep.network, sweep.piece_at(ratio)
    scale = sympy.Integer(2) ** (network.shift * (network.seq_len + 1))
    return CellFormula(
        sweep.pair,
        (piece.lo, piece.hi),
        tuple(
            sympy.Rational(a, scale) * big + sympy.Rational(b, scale) * small
            for a, b in piece.logits
        ),
    )


def _sequence_at(sweep: Sweep, ratio: Fraction) -> tuple[int, ...]:
    """The cells at one ratio: at a break point, what is on in both neighbouring pieces."""
    here = sweep.piece_at(ratio).pattern
    touching = [piece.pattern for piece in sweep.pieces if piece.hi == ratio]
    for other in touching:
        here = tuple(a & b for a, b in zip(here, other, strict=True))
    return here


def _stability(sweep: Sweep, ratio: Fraction) -> Stability:
    here = sweep.pieces.index(sweep.piece_at(ratio))
    low = high = here
    cell = sweep.pieces[here].pattern[-1]
    while low > 0 and sweep.pieces[low - 1].pattern[-1] == cell:
        low -= 1
    while high + 1 < len(sweep.pieces) and sweep.pieces[high + 1].pattern[-1] == cell:
        high += 1
    piece = sweep.pieces[here]
    return Stability(
        sweep.pair,
        (piece.lo, piece.hi),
        (sweep.pieces[low].lo, sweep.pieces[high].hi),
        len(sweep.pieces),
    )
