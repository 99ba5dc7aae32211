"""The studies of an explanation as text for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from math import atan2, pi

import sympy

from certify.claims import Pair
from certify.mechanism.census import CellFormula, Census, Spectrum
from certify.mechanism.circuit import CircuitStudy
from certify.mechanism.maxplus import CriticalCycle
from certify.mechanism.offsets import OffsetStudy
from certify.mechanism.readout import Readout
from certify.mechanism.roles import Sinusoid, UnitRole
from certify.report.tables import decimal, heading, stacked, table, units


def offsets_text(found: OffsetStudy) -> str:
    """The study as plain text."""
    shares = ", ".join(f"{share:.3f}" for share in found.shares[:6])
    rows = [
        (age, pairs, f"{norm:.3f}", "" if factor is None else f"{factor:.3f}")
        for age, (norm, pairs, factor) in enumerate(found.growth)
    ]
    return stacked(
        [
            heading(f"Offsets at S/M = {found.ratio}"),
            f"(W_out[s] - W_out[m]) . offset: positive for {found.positive} of {found.pairs} "
            f"pairs, smallest {decimal(found.min_product)} (exact)",
            f"separable fit f(m) - f(s): R^2 {decimal(found.r_squared)}; its product is "
            f"positive for {found.separable_positive} of {found.pairs}, smallest "
            f"{decimal(found.separable_product)} (exact)",
            f"principal components, share of the variance: {shares}"
            f" (participation ratio {found.dimension:.2f})",
            f"f(p) over p along components 1 and 2, best sinusoid: {_turning(found.turning)}",
            f"share of the states that changes sign when M and S are swapped: "
            f"{found.antisymmetric_share:.4f}",
            f"squared offset: within cells {found.within:.3f}, across their boundaries "
            f"{found.boundary:.3f}, cross term {found.cross:.3f}",
            "growth of |h_t - swapped h_t| after the second impulse:",
            table(("steps", "pairs", "mean norm", "factor"), rows),
        ]
    )


def _turning(found: tuple[Sinusoid | None, ...]) -> str:
    shown = [
        "-" if sine is None else f"period {sine.period:.2f}, R^2 {sine.r_squared:.3f}"
        for sine in found
    ]
    return "; ".join(shown)


def census_text(found: Census) -> str:
    """The census as plain text."""
    cells, sequences, pieces = found.all_ratios
    rows = []
    for cell, count in found.final_cells[:5]:
        off = [i for i in range(found.hidden_size) if not cell >> i & 1]
        rows.append((units(off), count))
    widths = sorted(s.sequence[1] - s.sequence[0] for s in found.stability)
    finals = sorted(s.final[1] - s.final[0] for s in found.stability)
    middle = len(widths) // 2
    lines = [
        heading(f"Cells at S/M = {found.ratio} (exact)"),
        f"{len(found.final_cells)} distinct final cells over {found.runs} runs, "
        f"{found.sequences} distinct sequences, {found.transitions} distinct transitions",
        table(("units off at the end", "runs"), rows),
        f"over all ratios: {cells} final cells, {sequences} sequences, {pieces} pieces",
        f"no cell of any pair changes for r in ({decimal(found.common[0], 6)}, "
        f"{decimal(found.common[1], 6)})",
        f"width in r of a sequence: smallest {decimal(widths[0], 6)}, median "
        f"{decimal(widths[middle])}, largest {decimal(widths[-1])}; of a final cell: "
        f"median {decimal(finals[middle])}",
        _cycle_line("max-plus eigenvalue of W_hh (entries, mean of a cycle)", found.sum_cycle),
        _cycle_line("max-times eigenvalue of |W_hh| (geometric mean)", found.product_cycle),
        _cycle_line("the same over excitatory weights alone", found.excitatory_cycle),
        f"W_hh: {_spectrum_line(found.spectrum)}",
        f"frozen in the most frequent final cell: {_spectrum_line(found.frozen)}",
    ]
    return stacked(lines)


def formula_text(found: CellFormula) -> str:
    """The logits with coefficients rounded to six digits."""
    lo, hi = found.interval
    rows = [
        (
            f"logit {j}{' m' * (j == found.pair.max)}{' s' * (j == found.pair.second)}",
            f"{sympy.N(e, 6)}",
        )
        for j, e in enumerate(found.logits)
    ]
    title = (
        f"The cell of the smallest margin: pair (m={found.pair.max}, s={found.pair.second}), "
        f"S/M in [{decimal(lo, 6)}, {decimal(hi, 6)}] (exact map, shown rounded)"
    )
    return stacked([title, table(("", "value"), rows)])


def _cycle_line(name: str, cycle: CriticalCycle | None) -> str:
    if cycle is None:
        return f"{name}: none, there is no cycle"
    return f"{name}: {cycle.mean:.4f}, critical cycle {' -> '.join(map(str, cycle.cycle))}"


def _spectrum_line(found: Spectrum) -> str:
    shown = [
        f"{z.real:.4f}" if z.imag == 0 else f"{z.real:.4f} +- {z.imag:.4f}i"
        for z in found.values
        if z.imag >= 0
    ]
    return (
        f"eigenvalues {', '.join(shown[:3])}; spectral radius {abs(found.values[0]):.4f}"
        if (found.values)
        else "no unit is on"
    )


def readout_text(found: Readout) -> str:
    """The readout as plain text."""
    group_rows = [
        (
            f"{g.name}: {units(g.units)}",
            f"{g.at_max.value:.2f}",
            f"{g.at_second.value:.2f}",
            f"{g.elsewhere.value:.2f}" if g.elsewhere.samples else "-",
            g.without,
            _leading(g.eigenvalues),
        )
        for g in found.groups
    ]
    position_rows = [
        (p, first, second, found.by_distance[p - 1] if p else "")
        for p, (first, second) in enumerate(zip(found.by_max, found.by_second, strict=True))
    ]
    off = zip(*found.clip, strict=True)
    clip_rows = [(unit, *(f"{100 * v:.0f}" for v in row)) for unit, row in enumerate(off)]
    names = ("maximum", "mirror", *(("tie",) if found.ties.value else ()), "other")
    kinds = ", ".join(f"{name} {found.errors[name]}" for name in names)
    ties = f"{found.ties} of the inputs tie (two logits are largest), which is never right"
    return stacked(
        [
            heading(f"Readout, {found.inputs} inputs ({found.samples} samples, value +- s.e.)"),
            f"accuracy {found.accuracy}; forward (m < s) {found.forward}, reverse {found.reverse}",
            *([ties] if found.ties.value else []),
            "mean contribution to the logit at m, at s and elsewhere:",
            table(("group", "m", "s", "else", "accuracy without", "eigenvalues"), group_rows),
            "accuracy by position and by distance |m - s|:",
            table(("p", "max at p", "second at p", "distance p"), position_rows),
            f"wrong answers: {kinds}; of all, the third largest: {found.errors['third']}",
            "runs in which a unit is off, in per cent, by unit (down) and step (across):",
            table(("unit", *map(str, range(len(found.clip)))), clip_rows),
        ]
    )


def _leading(values: Sequence[complex]) -> str:
    """The largest eigenvalue, and the largest pair that rotates, with its period in steps."""
    shown = [f"{values[0].real:.3f}"] if not values[0].imag else []
    turning = next((z for z in values if z.imag > 0), None)
    if turning is not None:
        period = 2 * pi / atan2(turning.imag, turning.real)
        shown.append(f"{turning.real:.3f} +- {turning.imag:.3f}i (period {period:.2f})")
    return "; ".join(shown)


def circuit_text(found: CircuitStudy) -> str:
    """The statements as plain text."""
    lo, hi = found.ratios
    names = {members: name for name, members in found.groups.items()}
    rows = [
        (
            f"{names[c.units]}: {units(c.units)}",
            c.at,
            c.relation,
            decimal(c.bound),
            f"{len(c.pairs)} of {len(found.pairs)}",
            _exceptions(found.pairs, c.pairs),
        )
        for c in found.contributions
    ]
    lost = [(f.element[1], f"({f.pair.max}, {f.pair.second})", f.ratio) for f in found.failures]
    kept, counts = found.weight_circuit.kept, found.network
    size = [sum(kept.w_ih), sum(map(sum, kept.w_hh)), sum(map(sum, kept.w_out))]
    return stacked(
        [
            heading(f"Proved on {len(found.pairs)} pairs, every S/M in [{lo}, {hi}], M = 1"),
            "contribution of a group to a logit over all ratios (bounds exact, shown rounded):",
            table(("group", "logit at", "is", "bound", "pairs", "not for (m, s)"), rows),
            "without the unit the model is wrong on the pair at the ratio:",
            table(("unit", "pair", "S/M"), lost),
            f"not needed, proved: {units(sorted(found.dispensable))}",
            f"minimal set of units: {units(found.unit_circuit.kept.units)} "
            f"(smallest margin {decimal(found.unit_circuit.min_margin)})",
            f"minimal set of weights: {sum(size)} of {counts.parameters} "
            f"(W_ih {size[0]}, W_hh {size[1]}, W_out {size[2]}; smallest margin "
            f"{decimal(found.weight_circuit.min_margin)}); each one is necessary",
        ]
    )


def _exceptions(everything: tuple[Pair, ...], listed: tuple[Pair, ...]) -> str:
    missing = [f"({m}, {s})" for m, s in everything if (m, s) not in listed]
    return " ".join(missing[:4]) + (" ..." if len(missing) > 4 else "")


def units_text(gaussian: Sequence[UnitRole], uniform: Sequence[UnitRole]) -> str:
    """The roles under Gaussian inputs, with the fits under both kinds of inputs."""
    rows = []
    for u, other in zip(gaussian, uniform, strict=True):
        sine = u.response
        rows.append(
            (
                f"{u.unit} {u.role}",
                f"{u.drive:.3f}",
                f"{u.on:.3f}",
                f"{u.comparator_fit:.3f}",
                f"{other.comparator_fit:.3f}",
                f"{u.detector_fit:.3f}",
                f"{other.detector_fit:.3f}",
                "-" if u.variation is None else f"{u.variation:.3f}",
                *(
                    ("-", "-", "-")
                    if sine is None
                    else (f"{sine.r_squared:.3f}", f"{sine.period:.2f}", f"{sine.phase:.2f}")
                ),
                "-" if u.readout is None else f"{u.readout.r_squared:.3f}",
            )
        )
    return stacked(
        [
            heading("Units"),
            "drive |W_ih| / largest; on: share of steps; R^2 of h on (running maximum, input) "
            "and on (relu(x), relu(x - maximum before)) for gaussian (g) and uniform (u) inputs; "
            "response to an impulse by age: variation, best sinusoid; the same for W_out's column:",
            table(
                (
                    *("unit", "drive", "on", "cmp g", "cmp u", "det g", "det u", "var"),
                    *("sine", "period", "phase", "W_out"),
                ),
                rows,
            ),
        ]
    )
