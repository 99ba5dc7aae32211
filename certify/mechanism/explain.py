"""``certify explain``: all studies of one model together."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from certify.certificate import Certificate
from certify.claims import NOMINAL_RATIO, Inputs, Pair, RatioRange, all_pairs
from certify.errors import NothingDecidedError
from certify.impulse.sweep import Sweep, sweep
from certify.mechanism.census import CellFormula, Census, cell_formula, take_census
from certify.mechanism.circuit import CircuitStudy, circuit_certificate
from certify.mechanism.offsets import OffsetStudy, study_offsets
from certify.mechanism.readout import Readout, study_readout
from certify.mechanism.roles import UnitRole, find_roles, unit_groups
from certify.mechanism.samples import Progress
from certify.mechanism.search import BAND, study_circuit
from certify.model import Network
from certify.result import PairAnswer, Result

SAMPLES = 100_000
ROLE_SAMPLES = 10_000
INPUTS: tuple[Inputs, ...] = ("gaussian", "uniform")


@dataclass(frozen=True, repr=False)
class Explanation(Result[PairAnswer]):
    """What is measured and what is proved about one model's mechanism.

    ``offsets`` and ``census`` are taken at S/M = 4/5; ``formula`` are the logits on the cell of
    the smallest margin there; ``units`` are the roles and ``readouts`` the
    measurements under Gaussian and under uniform inputs, with the groups of the roles under
    Gaussian inputs; ``circuit`` holds the proved statements, None where no pair is right over the
    whole range of ratios.
    """

    claim: ClassVar[str] = "circuit"

    offsets: OffsetStudy
    census: Census
    formula: CellFormula
    units: Mapping[Inputs, tuple[UnitRole, ...]]
    readouts: tuple[Readout, ...]
    circuit: CircuitStudy | None

    @property
    def verdict(self) -> Literal["proved", "measured"]:
        """Proved where there are statements that are; the rest is measured."""
        return "measured" if self.circuit is None else "proved"

    def certificate(self) -> Certificate:
        """The certificate of the proved statements, of kind ``circuit``.

        Raises:
            NothingDecidedError: nothing is proved.
        """
        if self.circuit is None:
            raise NothingDecidedError("no pair is right over the whole range: nothing is proved")
        return circuit_certificate(self.circuit)

    def _answer(self) -> dict[str, Any]:
        """Every study under its name."""
        return {
            "offsets": self.offsets.to_json(),
            "census": self.census.to_json(),
            "cell_formula": self.formula.to_json(),
            "units": {name: [u.to_json() for u in found] for name, found in self.units.items()},
            "readout": {r.inputs: r.to_json() for r in self.readouts},
            "circuit": self.circuit and self.circuit.to_json(),
        }


def explain(
    network: Network,
    *,
    samples: int = SAMPLES,
    seed: int = 0,
    ratios: RatioRange = BAND,
    progress: Progress | None = None,
) -> Explanation:
    """Take a model apart. Deterministic for a seed.

    ``samples`` is the number of inputs for each kind of inputs (the roles take at most
    ROLE_SAMPLES, of the next seed); ``ratios`` the range that the
    proved statements speak of. ``progress`` is called with what is being done, the work done and
    the work in all.

    Raises:
        UsageError: fewer than 2 samples.
    """
    started = time.perf_counter()
    pairs = all_pairs(network.seq_len)
    sweeps: dict[Pair, Sweep] = {}
    for done, pair in enumerate(pairs):
        if progress is not None:
            progress("sweeps", done, len(pairs))
        sweeps[pair] = sweep(network, pair)
    units = {
        inputs: find_roles(network.floats, inputs, min(samples, ROLE_SAMPLES), seed + 1)
        for inputs in INPUTS
    }
    groups = unit_groups(units["gaussian"])
    readouts = tuple(
        study_readout(network, inputs, groups, samples=samples, seed=seed, progress=progress)
        for inputs in INPUTS
    )
    return Explanation(
        network,
        study_offsets(sweeps),
        take_census(sweeps),
        cell_formula(min(sweeps.values(), key=lambda s: s.margin_at(NOMINAL_RATIO).value)),
        units,
        readouts,
        study_circuit(network, sweeps, ratios, groups, progress=progress),
        seconds=time.perf_counter() - started,
    )
