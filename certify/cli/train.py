"""Train a model with the recipe of the shipped ones (needs torch: pip install torch).

The same seed and torch version give the same weights. A run writes its state every few seconds
beside the output, as OUTPUT.state, and on ctrl-C; the same command goes on from there.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from certify.cli.output import Outputs, demand_place, force_argument, progress_bar, say
from certify.errors import ExitCode, UsageError
from certify.train import Progress, Recipe, train


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--hidden", metavar="D", type=int, required=True, help="units")
    parser.add_argument("--length", metavar="N", type=int, required=True, help="inputs")
    parser.add_argument(
        "--seed", metavar="K", type=int, default=Recipe.seed, help="of all that is random"
    )
    parser.add_argument(
        "--sequences",
        metavar="S",
        type=_count,
        default=Recipe.sequences,
        help="to train on, as a number or as 2^27 (the default)",
    )
    parser.add_argument(
        "--warmup",
        metavar="PART",
        type=float,
        default=Recipe.warmup,
        help="part of the run in which the rate rises",
    )
    parser.add_argument(
        "--checkpoints", metavar="DIR", type=Path, help="keep the model after 2^k sequences"
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, required=True, help="the model, as .pt"
    )
    force_argument(parser)


def _count(text: str) -> int:
    base, caret, exponent = text.partition("^")
    try:
        return int(base) ** int(exponent) if caret and int(exponent) <= 64 else int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected a number like 1024 or 2^27, got {text!r}"
        ) from None


def run(arguments: argparse.Namespace) -> ExitCode:
    """Train, or go on training, and write the model."""
    recipe = Recipe(
        hidden=arguments.hidden,
        length=arguments.length,
        seed=arguments.seed,
        sequences=arguments.sequences,
        warmup=arguments.warmup,
    )
    output: Path = arguments.output
    state = output.with_name(f"{output.name}.state")
    outputs = Outputs(arguments)
    demand_place("-o", output)
    _demand_new(output, state, arguments)
    last: list[Progress] = []

    def progress(now: Progress) -> None:
        last[:] = [now]
        bar(now.seen, now.sequences)

    with progress_bar(f"training {output.name}") as bar:
        try:
            trained = train(
                recipe, output, progress=progress, state=state, checkpoints=arguments.checkpoints
            )
        except KeyboardInterrupt:
            seen = last[0].seen if last else 0
            print(
                f"interrupted after {seen:,} of {recipe.sequences:,} sequences\n"
                f"go on with:    {outputs.command}"
            )
            return ExitCode.INTERRUPTED
        except OSError:
            say(f"{state} holds what was trained; go on with: {outputs.command}")
            raise
    print(f"{trained.output}: {recipe.sequences} sequences, last loss {trained.loss:.4f} nats")
    for path in trained.checkpoints:
        print(f"  checkpoint {path}")
    return ExitCode.OK


def _demand_new(output: Path, state: Path, arguments: argparse.Namespace) -> None:
    """Refuse to replace a model, or the checkpoints of another run, without --force."""
    if arguments.force:
        return
    if output.exists():
        raise UsageError(f"-o {output}: there is a file already; --force replaces it")
    folder: Path | None = arguments.checkpoints
    if folder is not None and not state.exists():
        for path in folder.glob(f"{output.stem}_*.pt"):
            raise UsageError(f"--checkpoints {path}: there is a file already; --force replaces it")
