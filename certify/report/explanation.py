"""An explanation: first what a person would say of the model, then every study."""

from __future__ import annotations

from certify.claims import NOMINAL_RATIO, impulses
from certify.mechanism.explain import Explanation
from certify.mechanism.roles import ROLES
from certify.report.content import short
from certify.report.studies import (
    census_text,
    circuit_text,
    formula_text,
    offsets_text,
    readout_text,
    units_text,
)
from certify.report.tables import stacked, units

TELLS = {
    "detector": "an input larger than all before it",
    "comparator": "the input beside the largest so far",
    "latch": "keeps what it was given",
    "wave": "turns with the time since an impulse",
    "position": "how long ago an impulse was",
    "other": "fits no role",
    "dead": "never on",
}


def summary_text(found: Explanation, name: str) -> str:
    """Some ten lines to read aloud: verdict, what the units do, what limits it, what is proved."""
    network = found.model
    accuracies = ", ".join(f"{r.accuracy} ({r.inputs})" for r in found.readouts)
    return stacked(
        [
            f"{name} (sha256 {network.sha256[:16]}): {network.hidden_size} units, "
            f"{network.seq_len} inputs, {network.parameters} weights.",
            *_proved(found),
            "Its units (what they add to the logit at m, and at s, on average):",
            *_roles(found),
            _limit(found),
            f"Measured accuracy: {accuracies}.",
            *(
                f"{r.ties} of the {r.inputs} inputs tie: two logits are largest, never right."
                for r in found.readouts
                if r.ties.value
            ),
        ]
    )


def explanation_text(found: Explanation) -> str:
    """Every study, one after the other."""
    studies = [
        offsets_text(found.offsets),
        census_text(found.census),
        formula_text(found.formula),
        units_text(found.units["gaussian"], found.units["uniform"]),
        *map(readout_text, found.readouts),
    ]
    if found.circuit is not None:
        studies.append(circuit_text(found.circuit))
    return "\n\n".join(studies)


def _proved(found: Explanation) -> list[str]:
    pairs = found.model.seq_len * (found.model.seq_len - 1)
    study = found.circuit
    if study is None:
        return ["NOT PROVED: no pair is right over the whole range; no circuit is proved."]
    lo, hi = study.ratios
    size = [
        sum(study.weight_circuit.kept.w_ih),
        sum(map(sum, study.weight_circuit.kept.w_hh)),
        sum(map(sum, study.weight_circuit.kept.w_out)),
    ]
    spare = sorted(study.dispensable)
    if spare:
        units_said = f"It can spare unit {' or '.join(map(str, spare))}"
    elif len(study.failures) == found.model.hidden_size:
        units_said = "It can spare no unit"
    else:
        units_said = f"It cannot spare units {units(f.element[1] for f in study.failures)}"
    right = len(study.pairs)
    word = "PROVED" if right == pairs else "PROVED IN PART:"
    return [
        f"{word} right on {right} of {pairs} pairs, for every S/M in [{lo}, {hi}].",
        f"{units_said}; {sum(size)} of its weights suffice, and none of these can go.",
    ]


def _roles(found: Explanation) -> list[str]:
    groups = {group.name: group for group in found.readouts[0].groups}
    said = []
    for role in ROLES:
        members = [u.unit for u in found.units["gaussian"] if u.role == role]
        if members:
            group = groups[role]
            adds = f"{group.at_max.value:+.1f}, {group.at_second.value:+.1f}"
            said.append(f"  {role} {units(members)} ({adds}): {TELLS[role]}")
    return said


def _limit(found: Explanation) -> str:
    pair = found.formula.pair
    logits = found.model.logits(impulses(pair, NOMINAL_RATIO, found.model.seq_len))
    rival = max((j for j in range(len(logits)) if j != pair.second), key=logits.__getitem__)
    margin = logits[pair.second] - logits[rival]
    return (
        f"Thinnest at S/M = {NOMINAL_RATIO}: m={pair.max}, s={pair.second}, by {short(margin)} "
        f"over position {rival}. {found.census.all_ratios[2]} cells in all."
    )
