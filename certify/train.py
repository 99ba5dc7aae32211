"""Training models of the family "2nd argmax": ``certify train`` (needs the ``torch`` extra).

The recipe is that of AlgZoo's published training script for this task: i.i.d. standard normal
inputs, softmax cross-entropy on the position of the second largest, AdamW with a weight decay of
0.001 and a learning rate of 0.04/sqrt(hidden) that warms up linearly over 1/64 of the run, decays
exponentially to 1/100 over the first half and stays there, batches of 1024 sequences, weights
that start uniform in +-1/sqrt(hidden). AlgZoo runs 2^30 sequences and keeps the best of 5 seeds.
Random numbers are drawn in another order than there, so the weights are not AlgZoo's.

Forward and backward pass are written out below instead of using ``torch.nn.RNN`` and autograd:
for a model of 432 weights a step is then about twice as fast. ``tests/test_train.py`` compares
the gradient with autograd's.

The same recipe gives the same bits on the same machine with the same version of torch: all runs
use one thread, and a run that was killed and resumed equals one that was not. Another version of
torch or another CPU may draw other numbers or sum in another order; a long run then ends in a
model of the same kind with other weights.
"""

from __future__ import annotations

import copy
import dataclasses
import io
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from certify.errors import MissingExtraError, UsageError
from certify.files import Keeper, atomic_write

if TYPE_CHECKING:
    from torch import Generator, Tensor

#: Batches that are drawn at once; it decides which random number goes where, so it never changes.
_BLOCK = 64
_STATE_VERSION = 1


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a training run computes.

    ``rate`` is the peak learning rate times sqrt(hidden). The rate rises linearly over the
    fraction ``warmup`` of all steps; meanwhile, and until half of the run, it decays
    exponentially down to the fraction ``decay``, where it stays.

    Raises:
        UsageError: an entry is out of its range.
    """

    hidden: int
    length: int
    seed: int = 0
    sequences: int = 2**27
    batch: int = 1024
    rate: float = 0.04
    warmup: float = 1 / 64
    decay: float = 0.01
    weight_decay: float = 0.001

    def __post_init__(self) -> None:
        for name, least, most in (
            ("hidden", 1, 1024),
            ("length", 2, 1024),
            ("seed", 0, 2**63 - 1),
            ("batch", 1, 2**20),
            ("sequences", self.batch, 2**40),
        ):
            value = getattr(self, name)
            if not isinstance(value, int) or not least <= value <= most:
                raise UsageError(f"{name} is {value!r}, expected an integer in [{least}, {most}]")
        if self.sequences % self.batch:
            raise UsageError(
                f"sequences is {self.sequences}, expected a multiple of the batch {self.batch}"
            )
        for name, low, high in (("rate", 0.0, 10.0), ("warmup", 0.0, 1.0), ("decay", 0.0, 1.0)):
            if not low < getattr(self, name) <= high:
                raise UsageError(
                    f"{name} is {getattr(self, name)!r}, expected a number in ({low:g}, {high:g}]"
                )
        if not 0.0 <= self.weight_decay <= 1.0:
            raise UsageError(f"weight_decay is {self.weight_decay!r}, expected a number in [0, 1]")

    @property
    def steps(self) -> int:
        """Optimizer steps of the whole run."""
        return self.sequences // self.batch

    def learning_rate(self, step: int) -> float:
        """The learning rate of the step ``step`` = 0 .. steps - 1."""
        ramp = min(1.0, (step + 1) / max(1.0, self.warmup * self.steps))
        fall = math.pow(self.decay, min(1.0, 2 * step / self.steps))
        return self.rate / math.sqrt(self.hidden) * ramp * fall


@dataclass(frozen=True)
class Progress:
    """Where a run stands: sequences seen of all, mean loss (nats) of the last batch, rate."""

    seen: int
    sequences: int
    loss: float
    learning_rate: float


@dataclass(frozen=True)
class Trained:
    """A finished run: its recipe and the files it wrote, the model first."""

    recipe: Recipe
    output: Path
    checkpoints: tuple[Path, ...]
    loss: float


def train(
    recipe: Recipe,
    output: Path,
    *,
    progress: Callable[[Progress], None] | None = None,
    state: Path | None = None,
    checkpoints: Path | None = None,
) -> Trained:
    """Train one model and write it to ``output`` as a state dict with AlgZoo's keys.

    ``state`` names a file that is rewritten every few seconds, and on ctrl-C. If it exists the run
    goes on from there, and ends in the same bits as an uninterrupted run; it is removed when the
    model is written. ``checkpoints`` names a folder that gets the model at 0 sequences and at
    every power of two of them from the batch on, as ``<stem of output>_0.pt`` and
    ``<stem>_2e<exponent>.pt``. ``progress`` is called about once per 64 steps.

    Raises:
        MissingExtraError: torch is not installed.
        UsageError: ``state`` belongs to another recipe or cannot be read as a state, the folder
            of ``output`` does not exist, or the weights did not stay finite.
        OSError: a file cannot be written.
        KeyboardInterrupt: passed on, after the state was written.
    """
    torch = _torch()
    if not output.parent.is_dir():
        raise UsageError(f"{output}: the folder {output.parent} does not exist")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _Run(recipe, output, state, checkpoints).finish(progress)
    finally:
        torch.set_num_threads(threads)


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError("training needs torch: pip install torch") from error
    return torch


class _Network:
    """The weights in one vector, and buffers for one batch with one sequence per column.

    ``states[t]`` (hidden + 1, batch) holds h_t above x_t, so that one matrix product
    ``recurrent @ states[t]`` with ``recurrent = [W_hh | W_ih]`` gives the next pre-activation.
    """

    def __init__(self, hidden: int, length: int, batch: int) -> None:
        torch = _torch()
        self._torch = torch
        self.hidden, self.length, self.batch = hidden, length, batch
        self.cut = hidden * (hidden + 1)
        self.weights = torch.zeros(self.cut + length * hidden)
        self.weights.grad = torch.zeros_like(self.weights)
        self.recurrent = self.weights[: self.cut].view(hidden, hidden + 1)
        self.readout = self.weights[self.cut :].view(length, hidden)
        self.grad_recurrent = self.weights.grad[: self.cut].view(hidden, hidden + 1)
        self.grad_readout = self.weights.grad[self.cut :].view(length, hidden)
        self.states = torch.zeros(length + 1, hidden + 1, batch)
        self.deltas = torch.zeros(length, hidden, batch)
        self.carry = torch.zeros(hidden, batch)

    def initialise(self, generator: Generator) -> None:
        """Uniform in +-1/sqrt(hidden), as ``torch.nn.RNN`` and ``torch.nn.Linear`` start."""
        bound = 1 / math.sqrt(self.hidden)
        self.weights.uniform_(-bound, bound, generator=generator)

    def gradient(self, x: Tensor, target: Tensor) -> Tensor:
        """Fill the gradient of the mean cross-entropy; return the probabilities.

        ``x``, ``target`` and the result are (length, batch); a column of ``target`` sums to 1.
        """
        torch, states, deltas = self._torch, self.states, self.deltas
        states[: self.length, -1] = x
        for t in range(self.length):
            after = states[t + 1, :-1]
            torch.mm(self.recurrent, states[t], out=after)
            after.relu_()
        last = states[-1, :-1]
        probabilities: Tensor = torch.softmax(self.readout @ last, 0)
        error = (probabilities - target).div_(self.batch)
        torch.mm(error, last.t(), out=self.grad_readout)
        torch.mm(self.readout.t(), error, out=self.carry)
        back = self.recurrent[:, :-1].t()
        for t in range(self.length - 1, -1, -1):
            # A unit at exactly 0 passes nothing back, as in torch.relu.
            torch.ops.aten.threshold_backward.grad_input(
                self.carry, states[t + 1, :-1], 0, grad_input=deltas[t]
            )
            if t:
                torch.mm(back, deltas[t], out=self.carry)
        per_step = torch.bmm(deltas, states[: self.length].transpose(1, 2))
        torch.sum(per_step, 0, out=self.grad_recurrent)
        return probabilities

    def state_dict(self) -> OrderedDict[str, Tensor]:
        """The weights under AlgZoo's keys, as tensors of their own."""
        return OrderedDict(
            [
                ("rnn.weight_ih_l0", self.recurrent[:, -1:].clone()),
                ("rnn.weight_hh_l0", self.recurrent[:, :-1].clone()),
                ("linear.weight", self.readout.clone()),
            ]
        )


def _targets(x: Tensor) -> Tensor:
    """One-hot position of the second largest along dimension 1 of ``x`` (k, length, batch).

    Equal float32 inputs are rare but happen: their positions share the weight.
    """
    torch = _torch()
    first = torch.maximum(x[:, 0], x[:, 1])
    second = torch.minimum(x[:, 0], x[:, 1])
    for t in range(2, x.shape[1]):
        second = torch.maximum(second, torch.minimum(first, x[:, t]))
        first = torch.maximum(first, x[:, t])
    target: Tensor = (x == second[:, None]).float()
    return target.div_(target.sum(1, keepdim=True))


class _Run:
    """One training run; ``snapshot`` holds all of it at the start of a block of batches."""

    def __init__(
        self, recipe: Recipe, output: Path, state: Path | None, checkpoints: Path | None
    ) -> None:
        torch = _torch()
        self.recipe, self.output, self.state, self.folder = recipe, output, state, checkpoints
        self.net = _Network(recipe.hidden, recipe.length, recipe.batch)
        self.generator = torch.Generator().manual_seed(recipe.seed)
        self.optimizer = torch.optim.AdamW(
            [self.net.weights], lr=0.0, weight_decay=recipe.weight_decay, fused=True
        )
        self.step = 0
        self.loss = math.nan
        self.written: tuple[Path, ...] = ()
        if checkpoints is not None:
            checkpoints.mkdir(parents=True, exist_ok=True)
        if state is not None and state.exists():
            self._restore(state)
        else:
            self.net.initialise(self.generator)
            self._checkpoint()

    def finish(self, progress: Callable[[Progress], None] | None) -> Trained:
        recipe = self.recipe
        snapshot = self._snapshot()

        def keep() -> None:
            if self.state is not None:
                atomic_write(self.state, _dump(snapshot))

        keep()  # now: what cannot be written is known before the work
        keeper = Keeper(keep, lambda: snapshot["step"])
        try:
            while self.step < recipe.steps:
                if self.state is not None:
                    snapshot = self._snapshot()
                    keeper.look()
                self._block()
                if progress is not None:
                    seen = self.step * recipe.batch
                    rate = recipe.learning_rate(self.step - 1)
                    progress(Progress(seen, recipe.sequences, self.loss, rate))
        except BaseException:
            keeper.now()
            raise
        if not bool(self.net.weights.isfinite().all()):
            raise UsageError(f"training diverged: rate is {recipe.rate!r}, expected a smaller one")
        self._write(self.output)
        if self.state is not None:
            self.state.unlink(missing_ok=True)
        return Trained(recipe, self.output, self.written, self.loss)

    def _block(self) -> None:
        """Draw up to ``_BLOCK`` batches and take a step on each."""
        torch, recipe = _torch(), self.recipe
        count = min(_BLOCK, recipe.steps - self.step)
        x = torch.randn(count, recipe.length, recipe.batch, generator=self.generator)
        target = _targets(x)
        group = self.optimizer.param_groups[0]
        for k in range(count):
            probabilities = self.net.gradient(x[k], target[k])
            group["lr"] = recipe.learning_rate(self.step)
            self.optimizer.step()
            self.step += 1
            self._checkpoint()
        likelihood = (probabilities * target[-1]).sum(0)
        self.loss = float(-likelihood.clamp_min(1e-38).log().mean())

    def _checkpoint(self) -> None:
        """Write the model if the sequences seen are none or a power of two."""
        seen = self.step * self.recipe.batch
        if self.folder is None or seen & (seen - 1):
            return
        suffix = f"2e{seen.bit_length() - 1}" if seen else "0"
        path = self.folder / f"{self.output.stem}_{suffix}.pt"
        self._write(path)
        self.written = (*(p for p in self.written if p != path), path)

    def _write(self, path: Path) -> None:
        atomic_write(path, _dump(self.net.state_dict()))

    def _snapshot(self) -> dict[str, Any]:
        return {
            "version": _STATE_VERSION,
            "recipe": dataclasses.asdict(self.recipe),
            "step": self.step,
            "loss": self.loss,
            "written": [path.name for path in self.written],
            "weights": self.net.weights.clone(),
            "optimizer": copy.deepcopy(self.optimizer.state_dict()),
            "generator": self.generator.get_state(),
        }

    def _restore(self, path: Path) -> None:
        torch = _torch()
        data = path.read_bytes()
        try:
            found = torch.load(io.BytesIO(data), weights_only=True)
            version, recipe = found["version"], found["recipe"]
        except Exception as error:  # a broken file can make torch raise almost anything
            raise UsageError(f"{path}: not the state of a training run ({error})") from error
        if version != _STATE_VERSION or recipe != dataclasses.asdict(self.recipe):
            raise UsageError(
                f"{path}: the state of another run ({recipe}), expected {self.recipe}; "
                "remove it or name another file"
            )
        self.net.weights.copy_(found["weights"])
        self.optimizer.load_state_dict(found["optimizer"])
        self.generator.set_state(found["generator"])
        self.step, self.loss = found["step"], found["loss"]
        if self.folder is not None:
            self.written = tuple(self.folder / name for name in found["written"])


def _dump(value: object) -> bytes:
    stream = io.BytesIO()
    _torch().save(value, stream)
    return stream.getvalue()
