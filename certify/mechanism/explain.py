"""``certify explain``: all studies of one model together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from certify.certificate import Certificate, describe_model
from certify.claims import Pair, RatioRange, all_pairs
from certify.mechanism.census import Census, take_census
from certify.mechanism.circuit import CircuitStudy, circuit_certificate
from certify.mechanism.offsets import OffsetStudy, study_offsets
from certify.mechanism.readout import Readout, study_readout
from certify.mechanism.samples import Inputs, Progress
from certify.mechanism.search import BAND, study_circuit
from certify.model import Network
from certify.tropical import Sweep, sweep

SAMPLES = 100_000
INPUTS: tuple[Inputs, ...] = ("gaussian", "uniform")


@dataclass(frozen=True)
class Explanation:
    """What is measured and what is proved about one model's mechanism.

    ``offsets`` and ``census`` are taken at S/M = 4/5, ``readouts`` under Gaussian and under
    uniform inputs; ``circuit`` holds the proved statements, None where no pair is right over the
    whole range of ratios.
    """

    network: Network
    offsets: OffsetStudy
    census: Census
    readouts: tuple[Readout, ...]
    circuit: CircuitStudy | None

    def certificate(self) -> Certificate | None:
        """The certificate of the proved statements, of kind ``circuit``."""
        return None if self.circuit is None else circuit_certificate(self.circuit)

    def to_json(self) -> dict[str, Any]:
        """Every study under its name."""
        return {
            "model": describe_model(self.network),
            "offsets": self.offsets.to_json(),
            "census": self.census.to_json(),
            "readout": {r.inputs: r.to_json() for r in self.readouts},
            "circuit": self.circuit and self.circuit.to_json(),
        }

    def text(self) -> str:
        """Every study as plain text, one after the other."""
        proved = (
            "No pair is right over the whole range of ratios: nothing is proved of a circuit."
            if self.circuit is None
            else self.circuit.text()
        )
        measured = [self.offsets.text(), self.census.text(), *(r.text() for r in self.readouts)]
        return "\n\n".join([*measured, proved])


def explain(
    network: Network,
    *,
    samples: int = SAMPLES,
    seed: int = 0,
    ratios: RatioRange = BAND,
    progress: Progress | None = None,
) -> Explanation:
    """Take a model apart. Deterministic for a seed.

    ``samples`` is the number of inputs for each kind of inputs; ``ratios`` the range that the
    proved statements speak of. ``progress`` is called with what is being done, the work done and
    the work in all.

    Raises:
        UsageError: fewer than 2 samples.
    """
    pairs = all_pairs(network.seq_len)
    sweeps: dict[Pair, Sweep] = {}
    for done, pair in enumerate(pairs):
        if progress is not None:
            progress("sweeps", done, len(pairs))
        sweeps[pair] = sweep(network, pair)
    readouts = tuple(
        study_readout(network, inputs, samples=samples, seed=seed, progress=progress)
        for inputs in INPUTS
    )
    return Explanation(
        network,
        study_offsets(sweeps),
        take_census(sweeps),
        readouts,
        study_circuit(network, sweeps, ratios, unit_groups(readouts[0]), progress=progress),
    )


def unit_groups(readout: Readout) -> dict[str, tuple[int, ...]]:
    """The units of each role, and all units that see the input together.

    Detectors and comparators share one task, to suppress the position of the maximum, early ones
    by comparing and the last one by detecting: together they are ``input-driven``.
    """
    groups: dict[str, tuple[int, ...]] = {g.role: g.units for g in readout.groups}
    driven = groups.get("detector", ()) + groups.get("comparator", ())
    if driven and driven not in groups.values():
        groups["input-driven"] = tuple(sorted(driven))
    return groups
