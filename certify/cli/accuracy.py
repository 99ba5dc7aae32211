"""Prove a bracket for the accuracy on random inputs: L <= P(right) <= U, from the weights alone.

For inputs of length 2 and 3 the value is a closed form, given to as many digits as asked for; for
longer ones the bracket narrows with the budget. A budget in boxes (up to length 6: in cones cut)
gives the same bracket on every machine, whatever was interrupted. --method sampling leaves a
statistical certificate instead, of a sample that nobody picked: no proof, and never called one.
With --proved, a certificate of this command for more than 6 inputs, only the rest is sampled.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from certify import api
from certify.cli.output import (
    Outputs,
    command,
    demand_place,
    json_argument,
    out_arguments,
    progress_bar,
    say,
    seconds_argument,
)
from certify.errors import ExitCode, NothingDecidedError, UsageError
from certify.files import place_beside
from certify.model import Network
from certify.probability.prove import (
    DIGITS,
    EXACT_LENGTH,
    SECONDS,
    AccuracyResult,
    Moment,
    decimal,
)
from certify.probability.statistical import ERROR_PROBABILITY, SAMPLES, StatisticalResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TIE_SAMPLES = 10_000  #: on which the share of ties is measured
OPTIONS = {
    "proof": ("digits", "budget", "boxes", "resume", "jobs", "dask", "device", "figures"),
    "sampling": ("samples", "error_probability", "proved"),
}
"""What only one of the methods takes."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("model", metavar="MODEL", type=Path, help=".pt, .pth, .safetensors or .npz")
    parser.add_argument(
        "--inputs",
        choices=("gaussian", "uniform"),
        default="gaussian",
        help="of what random inputs (default gaussian)",
    )
    parser.add_argument(
        "--digits",
        metavar="N",
        type=int,
        help=f"decimals, for inputs of length 2 and 3 (default {DIGITS})",
    )
    parser.add_argument(
        "--budget",
        metavar="SECONDS",
        type=seconds_argument,
        help=f"time for longer inputs (default {SECONDS:g})",
    )
    parser.add_argument(
        "--boxes", metavar="N", type=int, help="a reproducible budget instead of seconds"
    )
    parser.add_argument(
        "--resume", metavar="FILE", type=Path, help="go on from this state, and keep it up to date"
    )
    parser.add_argument("--jobs", metavar="N", type=int, help="threads (default: all cores)")
    parser.add_argument(
        "--dask", metavar="SCHEDULER", help="address of a dask.distributed scheduler to work on"
    )
    parser.add_argument(
        "--device",
        metavar="NAME",
        help="torch device, such as cuda, on which to bound boxes (more than 6 inputs)",
    )
    parser.add_argument(
        "--method",
        choices=("proof", "sampling"),
        default="proof",
        help="sampling proves nothing; it takes the three options below",
    )
    parser.add_argument(
        "--samples",
        metavar="N",
        type=int,
        help=f"inputs to draw (default {SAMPLES}); the seed follows from N and the model",
    )
    parser.add_argument(
        "--error-probability",
        metavar="A",
        help=f"of a bracket that is wrong (default {ERROR_PROBABILITY})",
    )
    parser.add_argument(
        "--proved",
        metavar="CERTIFICATE",
        type=Path,
        help="draw only from what this proof by boxes leaves open",
    )
    out_arguments(parser)
    parser.add_argument("--figures", metavar="DIR", type=Path, help="write SVG and PDF figures")
    json_argument(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Prove, write the certificate, report."""
    outputs = Outputs(arguments)
    for method, names in OPTIONS.items():
        for name in names if method != arguments.method else ():
            if getattr(arguments, name) is not None:
                raise UsageError(f"--{name.replace('_', '-')} goes with --method {method}")
    network = api.load(arguments.model)
    if arguments.method == "sampling":
        return _sample(network, arguments, outputs)
    name = f"{arguments.model.stem}.accuracy-{arguments.inputs}"
    state = arguments.resume
    if state is None and network.seq_len > EXACT_LENGTH:
        state = _place_of_state(arguments.out / f"{name}.state", network, arguments, outputs)
    elif state is not None:
        demand_place("--resume", state)
    seconds = arguments.budget or (None if arguments.boxes else SECONDS)
    with progress_bar("accuracy") as bar:

        def progress(now: Moment) -> None:
            bracket = f"[{float(now.lower):.5f}, {float(now.upper):.5f}]"
            done, total = int(now.seconds), int(seconds or 0)
            if arguments.boxes:
                done, total = now.boxes, arguments.boxes
            bar(done, total, f"{bracket} after {now.boxes:,} boxes")

        result = api.accuracy(
            network,
            arguments.inputs,
            digits=DIGITS if arguments.digits is None else arguments.digits,
            budget=seconds and outputs.left(seconds),
            boxes=arguments.boxes,
            jobs=arguments.jobs,
            resume=state,
            dask=arguments.dask,
            device=arguments.device,
            progress=progress,
        )
        if result.run is not None and arguments.resume is None:
            state = _settle(state, arguments.out / f"{name}.state")
        if outputs.text:
            print(_text(result, arguments.model))
        if result.run is not None and state is not None and state.exists():
            more = {"boxes": 2 * arguments.boxes} if arguments.boxes else {}
            print(
                f"go on with:    {outputs.again(state, **more)}",
                file=sys.stdout if outputs.text else sys.stderr,
                flush=True,
            )
        written, nothing = None, ""
        try:
            certificate = result.certificate(
                jobs=arguments.jobs or os.cpu_count() or 1,
                progress=lambda done, total: bar(done, total, "confirming, for the certificate"),
            )
        except NothingDecidedError as error:
            nothing = str(error)
        else:
            place = arguments.out / f"{name}{certificate.suffix}"
            written = outputs.certificate(place, certificate)
        from certify.probability.sampling import measure_accuracy, tie_words

        ties = measure_accuracy(network, arguments.inputs, samples=TIE_SAMPLES)
    measured = {"share": ties.tied / TIE_SAMPLES, "samples": TIE_SAMPLES}
    outputs.json(result.to_dict() | {"certificate": written and str(written), "ties": measured})
    if outputs.text and ties.tied:
        print(f"measured     {tie_words(ties.tied, TIE_SAMPLES)} ({TIE_SAMPLES:,} inputs)")
    if outputs.text and nothing:
        print(f"certificate  none: {nothing}")
    if outputs.text and written:
        print(f"certificate  {written}")
        print(f"\ncheck it with: {command('check', written, arguments.model)}")
    if arguments.figures:
        outputs.figures(lambda: _figures(result))
    return outputs.finish(ExitCode.INTERRUPTED if result.interrupted else ExitCode.OK)


def _place_of_state(
    path: Path, network: Network, arguments: argparse.Namespace, outputs: Outputs
) -> Path:
    """Where a new run keeps its state; says so where an earlier one, however it ended, left one."""
    from certify.probability.states import state_boxes

    best: tuple[int, Path] | None = None

    def note(found: Path) -> bool:
        nonlocal best
        boxes = state_boxes(found.read_bytes(), network, arguments.inputs)
        if boxes is not None and (best is None or boxes > best[0]):
            best = boxes, found
        return False

    place = place_beside(path, note)
    if best is not None:
        boxes, found = best
        say(f"{found} holds a run of {boxes:,} boxes; to go on from there: {outputs.again(found)}")
    return place


def _settle(state: Path, path: Path) -> Path:
    """Keep one state of the same run: the one that is further on holds all of the other."""
    from certify.probability.states import state_covers

    if state == path or not state.exists() or not path.exists():
        return state
    new, old = state.read_bytes(), path.read_bytes()
    if state_covers(new, old):
        return state.replace(path)
    if state_covers(old, new):
        state.unlink()
        return path
    return state


def _text(result: AccuracyResult, model: Path) -> str:
    places = result.settings["digits"] + 1 if result.exact else 6
    lower = decimal(result.lower, places, up=False)
    upper = decimal(result.upper, places, up=True)
    head = f"PROVED  {model.name}: P(right) over {_named(result.inputs)} inputs lies in"
    width = f"{float(result.upper - result.lower):.3g}"
    if result.exact:
        work = f"closed form: {result.cells} cells, {result.pieces} cones"
    elif result.settings["method"] == "simplices":
        work = f"{result.boxes:,} cones cut, {result.pieces:,} bounded"
    else:
        work = f"{result.boxes:,} boxes bounded, {result.pieces:,} proved right or wrong"
    return f"{head}\n  [{lower},\n   {upper}]\nwidth {width}; {work}; {result.seconds:.1f} s"


def _sampled_text(result: StatisticalResult, model: Path) -> str:
    left = result.samples - result.right - result.wrong
    lines = [
        f"STATISTICAL  {model.name}: P(right) over {_named(result.inputs)} inputs lies in",
        f"  [{decimal(result.lower, 6, up=False)}, {decimal(result.upper, 6, up=True)}]",
        f"unless something of probability {float(result.error_probability):g} has happened; "
        "no proof",
        f"{result.samples:,} inputs: {result.right:,} right, {result.wrong:,} wrong, {left:,} "
        f"undecided; {result.seconds:.1f} s",
    ]
    if result.proved:
        low = decimal(result.proved.lower, 6, up=False)
        high = decimal(result.proved.upper, 6, up=True)
        lines.append(f"proved       [{low}, {high}] by boxes; the inputs are from outside of these")
    return "\n".join(lines)


def _named(inputs: str) -> str:
    return inputs.replace("gaussian", "Gaussian")


def _figures(result: AccuracyResult) -> dict[str, Figure]:
    """The bracket over time; for three inputs the sphere of directions."""
    from certify.report.accuracy_figures import bracket_over_time, sphere_of_directions

    if not result.exact:
        history = [(m.seconds, float(m.lower), float(m.upper)) for m in result.history]
        return {"bracket": bracket_over_time(history)}
    if result.model.seq_len != 3:
        return {}
    leaves = [leaf for tree in result.trees for leaf in tree.leaves]
    cells = {pattern: i for i, pattern in enumerate(dict.fromkeys(v.pattern for v in leaves))}
    return {"sphere": sphere_of_directions([(v.rays, cells[v.pattern], v.right) for v in leaves])}


def _sample(network: Network, arguments: argparse.Namespace, outputs: Outputs) -> ExitCode:
    risk = arguments.error_probability
    with progress_bar("samples") as bar:
        result = api.sample_accuracy(
            network,
            arguments.inputs,
            samples=SAMPLES if arguments.samples is None else arguments.samples,
            error_probability=ERROR_PROBABILITY if risk is None else risk,
            proved=arguments.proved,
            progress=bar,
        )
    certificate = result.certificate()
    name = f"{arguments.model.stem}.statistical-{arguments.inputs}{certificate.suffix}"
    written = outputs.certificate(arguments.out / name, certificate)
    outputs.json(result.to_dict() | {"certificate": written and str(written)})
    if outputs.text:
        print(_sampled_text(result, arguments.model))
        if written:
            print(f"certificate  {written}")
            print(f"\nreplay it with:       {command('check', written, arguments.model)}")
            again = command("check", written, arguments.model, "--nonce", "ANY WORDS OF YOURS")
            print(f"or with fresh inputs: {again}")
    return outputs.finish(ExitCode.OK)
