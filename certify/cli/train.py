"""Train a model with the recipe of the shipped ones (needs the torch extra).

The same seed and torch version give the same weights. A run writes its state every 20 seconds
beside the output, as OUTPUT.state, and on ctrl-C; the same command goes on from there.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from certify.cli.output import progress_bar
from certify.errors import ExitCode
from certify.train import Recipe, train


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--hidden", metavar="D", type=int, required=True, help="units")
    parser.add_argument("--length", metavar="N", type=int, required=True, help="inputs")
    parser.add_argument("--seed", metavar="K", type=int, default=Recipe.seed)
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
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, required=True)


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
    with progress_bar(f"training {output.name}") as bar:
        trained = train(
            recipe,
            output,
            progress=lambda now: bar(now.seen, now.sequences),
            state=output.with_name(f"{output.name}.state"),
            checkpoints=arguments.checkpoints,
        )
    print(f"{trained.output}: {recipe.sequences} sequences, last loss {trained.loss:.4f} nats")
    for path in trained.checkpoints:
        print(f"  checkpoint {path}")
    return ExitCode.OK
