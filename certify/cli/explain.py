"""How a model does its task: offsets, cells, units and their roles, and a proved circuit.

What is measured on random inputs shows its sample size and standard error. What is proved, on
impulses over a range of ratios, is written as a certificate of kind circuit.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from certify import api
from certify.cli.output import (
    Outputs,
    command,
    demand_place,
    json_argument,
    out_arguments,
    progress_bar,
)
from certify.errors import ExitCode, UsageError
from certify.files import atomic_write
from certify.mechanism.explain import SAMPLES
from certify.mechanism.note import explanation_note
from certify.mechanism.search import BAND
from certify.report.explanation import explanation_text, summary_text
from certify.report.mechanism_figures import explanation_figures


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("model", metavar="MODEL", type=Path, help=".pt, .pth, .safetensors or .npz")
    parser.add_argument(
        "--ratio",
        nargs=2,
        metavar=("LO", "HI"),
        help=f"what the proved statements speak of (default {BAND.lo} {BAND.hi})",
    )
    parser.add_argument(
        "--samples",
        metavar="N",
        type=int,
        default=SAMPLES,
        help=f"random inputs of each kind (default {SAMPLES})",
    )
    parser.add_argument("--full", action="store_true", help="every study, not the summary alone")
    parser.add_argument("--seed", type=int, default=0, help="of all that is random (default 0)")
    parser.add_argument(
        "--hypotheses",
        metavar="FILE",
        type=Path,
        help="write what was found as claims, for certify hypotheses (an edited file is kept)",
    )
    parser.add_argument("--figures", metavar="DIR", type=Path, help="write SVG and PDF figures")
    out_arguments(parser)
    json_argument(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Take the model apart and report."""
    outputs = Outputs(arguments)
    if arguments.hypotheses is not None:
        _demand_new(arguments.hypotheses, force=arguments.force)
    with progress_bar("sweeps") as bar:
        found = api.explain(
            arguments.model,
            ratio=arguments.ratio,
            samples=arguments.samples,
            seed=arguments.seed,
            progress=lambda name, done, total: bar(done, total, name),
        )
    certificate = found.certificate() if found.circuit else None
    path = arguments.out / f"{arguments.model.stem}.circuit.json"
    written = outputs.certificate(path, certificate) if certificate else None
    outputs.json(found.to_dict() | {"certificate": written and str(written)})
    note: Path | None = arguments.hypotheses
    if note is not None:
        text = explanation_note(found).encode()
        outputs.write(note, lambda: atomic_write(note, text))
    if outputs.text:
        print(summary_text(found, arguments.model.name))
        if arguments.full:
            print(f"\n{explanation_text(found)}")
        elif written:
            count = len(certificate.body["claim"]["statements"]) if certificate else 0
            print(f"{count} statements are proved in {written}; --full shows every study.")
        if written:
            print(f"\ncheck the proved part with: {command('check', written, arguments.model)}")
    if arguments.figures:
        outputs.figures(lambda: explanation_figures(found))
    return outputs.finish(ExitCode.OK)


def _demand_new(path: Path, *, force: bool) -> None:
    """Refuse to replace a file that somebody may have edited."""
    demand_place("--hypotheses", path)
    if path.exists() and path.stat().st_size and not force:
        raise UsageError(f"--hypotheses {path}: exists; name another file, or give --force")
