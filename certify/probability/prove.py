"""The certified accuracy of a model: exact rationals around ``P(model is right)``.

For inputs of length 2 and 3 all cells are enumerated and the bracket is as narrow as the digits
asked for (:mod:`certify.probability.closed_form.cells`,
:mod:`certify.probability.closed_form.solid_angles`). For longer ones a branch and bound narrows a
bracket for as long as it may: over simplicial cones for length 4 to 6
(:mod:`certify.probability.cones.chambers`), else over boxes of known probability
(:mod:`certify.probability.run`). A tie counts as wrong.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal

from certify.certificate import Certificate, describe_model, inside
from certify.checker.errors import Rejected as Refused
from certify.checker.running import BARE
from certify.checker.scale import rule_of
from certify.claims import Inputs
from certify.compiled import seconds_compiling
from certify.errors import NothingDecidedError, UsageError
from certify.model import Network
from certify.probability.boxes.batches import Device
from certify.probability.closed_form.cells import ChamberTree, enumerate_cells
from certify.probability.closed_form.solid_angles import gaussian_share, uniform_share
from certify.probability.cones.branch_and_bound import SKIPPED
from certify.probability.cones.chambers import ChamberRun
from certify.probability.run import Run, extend
from certify.probability.scheduler import confirm_all, work
from certify.result import PairAnswer, Result

EXACT_LENGTH = 3  #: Up to here all cells are enumerated.
CONE_LENGTH = 6  #: And from there up to here simplicial cones are bounded, then boxes.
DIGITS = 30
SECONDS = 60.0
PLACES = 10**12


@dataclass(frozen=True)
class Moment:
    """The bracket at some time: after ``boxes`` bounded boxes (or cut cones) and ``seconds`` of
    wall time.
    """

    seconds: float
    boxes: int
    lower: Fraction
    upper: Fraction


Progress = Callable[[Moment], None]


@dataclass(frozen=True, repr=False)
class AccuracyResult(Result[PairAnswer]):
    """``lower <= P(right) <= upper``.

    ``exact`` says that the value is a closed form and the bracket reflects the digits alone;
    ``pieces`` counts cones, or proved boxes; ``cells`` the activation patterns of a full
    enumeration (else 0); ``boxes`` the boxes bounded, or the cones cut; ``history`` the bracket
    over time.
    """

    claim: ClassVar[str] = "accuracy"

    inputs: Inputs
    lower: Fraction
    upper: Fraction
    exact: bool
    pieces: int
    cells: int
    boxes: int
    history: tuple[Moment, ...]
    settings: dict[str, Any]
    trees: tuple[ChamberTree, ...] = ()
    run: Run | None = None
    interrupted: bool = False

    @classmethod
    def covers(cls, new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
        """The same inputs, and the same bracket or a narrower one."""
        ours, theirs = new["claim"], old["claim"]
        brackets = [(claim["lower"], claim["upper"]) for claim in (ours, theirs)]
        return bool(ours["inputs"] == theirs["inputs"]) and inside(*brackets)

    @property
    def verdict(self) -> Literal["proved"]:
        """A bracket is rigorous, however wide."""
        return "proved"

    def _about(self) -> str:
        return f" [{float(self.lower):.6f}, {float(self.upper):.6f}]"

    def _answer(self) -> dict[str, Any]:
        places = self.settings.get("digits", 6) + 1 if self.exact else 9
        return {
            "inputs": self.inputs,
            "lower": self.lower,
            "upper": self.upper,
            "lower_decimal": decimal(self.lower, places, up=False),
            "upper_decimal": decimal(self.upper, places, up=True),
            "exact": self.exact,
            "pieces": self.pieces,
            "cells": self.cells,
            "boxes": self.boxes,
            "history": [
                [
                    round(now.seconds, 1),
                    now.boxes,
                    decimal(now.lower, places, up=False),
                    decimal(now.upper, places, up=True),
                ]
                for now in self.history
            ],
        }

    def certificate(
        self, *, jobs: int = 1, progress: Callable[[int, int], None] | None = None
    ) -> Certificate:
        """The certificate, with binary evidence but for a closed form.

        A certificate claims what its leaves prove one by one, without what their parents knew or
        proved: the bracket may be a little wider than the one found. All leaves are bounded anew
        for that, in ``jobs`` threads; ``progress`` is called with the nodes done and in all.

        Raises:
            NothingDecidedError: that is nothing, and the bracket [0, 1].
        """
        if self.run is None:
            entries = [
                {
                    "order": list(tree.chamber.order),
                    "above": tree.chamber.above,
                    "nodes": [int(v) if isinstance(v, bool) else list(v) for v in tree.nodes],
                }
                for tree in self.trees
            ]
            cones = {"cones": {"chambers": entries}}
            return self._certificate(self.lower, self.upper, cones)
        found = confirm_all(self.run, jobs, progress)
        right = sum((c.right for c in found.values()), Fraction(0))
        wrong = sum((c.wrong for c in found.values()), Fraction(0))
        if not right and not wrong:
            raise NothingDecidedError(
                "nothing is proved right or wrong yet: there is nothing to certify"
            )
        lower, upper = _outward(right, 1 - wrong)
        if isinstance(self.run, ChamberRun):
            skipped = bytes([SKIPPED])
            tapes = [found[i].tape if i in found else skipped for i in range(len(self.run.words))]
            evidence: dict[str, Any] = {"simplices": {"lengths": [len(tape) for tape in tapes]}}
        else:
            proved = sorted(
                (self.run.words[i], c.tape) for i, c in found.items() if c.right or c.wrong
            )
            tapes = [tape for _, tape in proved]
            evidence = {"boxes": {"words": [[word, len(tape)] for word, tape in proved]}}
        return self._certificate(lower, upper, evidence, b"".join(tapes))

    def _certificate(
        self, lower: Fraction, upper: Fraction, evidence: dict[str, Any], binary: bytes = b""
    ) -> Certificate:
        body = {
            "claim": {"inputs": self.inputs, "lower": lower, "upper": upper},
            "evidence": evidence,
        }
        return Certificate("accuracy", describe_model(self.model), body, self.settings, binary)


def _outward(lower: Fraction, upper: Fraction) -> tuple[Fraction, Fraction]:
    """A bracket with 12 decimals around this one."""
    return (
        Fraction(lower.numerator * PLACES // lower.denominator, PLACES),
        Fraction(-(-upper.numerator * PLACES // upper.denominator), PLACES),
    )


def decimal(value: Fraction, places: int, *, up: bool) -> str:
    """``value`` in decimal, rounded down or up to so many places."""
    scaled = value * 10**places
    units = -(-scaled.numerator // scaled.denominator) if up else int(scaled // 1)
    digits = f"{units:0{places + 1}d}"
    return f"{digits[:-places]}.{digits[-places:]}"


def prove_accuracy(
    network: Network,
    inputs: Inputs = "gaussian",
    *,
    digits: int = DIGITS,
    budget: float | None = None,
    boxes: int | None = None,
    jobs: int | None = None,
    state: Path | None = None,
    progress: Progress | None = None,
    dask: Any = None,
    device: str | None = None,
) -> AccuracyResult:
    """Prove a bracket for the accuracy on i.i.d. standard normal or uniform [0, 1] inputs.

    Args:
        network: the model.
        inputs: the distribution.
        digits: for inputs of length 2 and 3: the width is at most ``10**-digits``.
        budget: for longer ones, seconds (default 60, or no limit where ``boxes`` is given).
        boxes: for longer ones, the number of boxes to bound, or of cones to cut: the same bracket
            on every machine.
        jobs: threads, all cores by default.
        state: a file that is resumed from if it exists, and kept up to date.
        progress: called with the bracket so far, at most twice a second.
        dask: the address of a dask.distributed scheduler, or a client, to work there instead.
        device: the torch device, such as ``cuda``, on which to bound boxes.

    Raises:
        UsageError: an argument is out of its range, or the state is that of another run.
        MissingExtraError: ``dask`` without dask.distributed, or ``device`` without torch.
        NothingDecidedError: the weights are too large for the rule that decides.
    """
    _check(inputs, digits, budget, boxes, jobs)
    started, compiling = time.monotonic(), seconds_compiling()
    if network.seq_len <= EXACT_LENGTH:
        if dask is not None or device is not None:
            raise UsageError(
                f"dask and device are for inputs longer than {EXACT_LENGTH}: this has a closed form"
            )
        return _enumerate(network, inputs, digits, started)
    jobs = jobs or os.cpu_count() or 1
    run = _started(network, inputs, boxes, jobs, state, dask, device)
    if device is not None:
        jobs = 1  # a batch keeps all threads busy
    started += seconds_compiling() - compiling
    history: list[Moment] = []

    def report() -> None:
        now = time.monotonic() - started
        if history and now < history[-1].seconds + 0.5:
            return
        history.append(Moment(now, run.boxes, *_outward(run.lower, run.upper)))
        if progress is not None:
            progress(history[-1])

    report()
    budget = SECONDS if boxes is None and budget is None else budget
    if budget is not None:
        budget -= time.monotonic() - started
    interrupted = work(
        run, seconds=budget, boxes=boxes, jobs=jobs, state=state, dask=dask, report=report
    )
    lower, upper = _outward(run.lower, run.upper)
    seconds = time.monotonic() - started
    return AccuracyResult(
        model=network,
        inputs=inputs,
        lower=lower,
        upper=upper,
        exact=False,
        pieces=run.pieces,
        cells=0,
        boxes=run.boxes,
        seconds=seconds,
        history=(*history, Moment(seconds, run.boxes, lower, upper)),
        settings={"inputs": inputs, "method": run.method, "boxes": run.boxes},
        run=run,
        interrupted=interrupted,
    )


def _check(
    inputs: str, digits: int, budget: float | None, boxes: int | None, jobs: int | None
) -> None:
    """The ranges of the arguments of :func:`prove_accuracy`."""
    if inputs not in ("gaussian", "uniform"):
        raise UsageError(f"inputs are 'gaussian' or 'uniform', not {inputs!r}")
    if not 1 <= digits <= 1000:
        raise UsageError(f"digits needs a number from 1 to 1000, got {digits}")
    if budget is not None and not budget > 0:
        raise UsageError(f"budget needs a positive number of seconds, got {budget}")
    if boxes is not None and boxes < 1:
        raise UsageError(f"boxes needs a positive number, got {boxes}")
    if jobs is not None and jobs < 1:
        raise UsageError(f"jobs needs a positive number, got {jobs}")


def _started(
    network: Network,
    inputs: Inputs,
    boxes: int | None,
    jobs: int,
    state: Path | None,
    dask: Any,
    device: str | None,
) -> Run:
    """The run that :func:`prove_accuracy` goes on with, and all that it needs compiled.

    Raises:
        NothingDecidedError: the weights are too large for the rule that decides.
    """
    try:
        rule_of(network, [], BARE)
    except Refused as error:
        raise NothingDecidedError(str(error)) from None
    run = (ChamberRun if network.seq_len <= CONE_LENGTH else Run)(network, inputs)
    if device is not None:
        if run.method != "boxes" or dask is not None:
            raise UsageError(
                f"device is for boxes, with inputs longer than {CONE_LENGTH}, and without dask"
            )
        run.extend = partial(extend, cut=Device(device, jobs))
    if state is not None and state.exists():
        try:
            run.restore(state.read_bytes())
        except UsageError as error:
            raise UsageError(f"{state}: {error}") from error
        if boxes is not None and run.boxes > boxes:
            raise UsageError(
                f"{state} already holds {run.boxes} boxes, more than the {boxes} asked for"
            )
    run.extend(run.network, run.inputs, run.words[0], run.root, 1, 1)
    run.confirm(0, run.root)
    return run


def _enumerate(network: Network, inputs: Inputs, digits: int, started: float) -> AccuracyResult:
    trees = tuple(enumerate_cells(network, positive=inputs == "uniform"))
    leaves = [leaf for tree in trees for leaf in tree.leaves]
    right = [leaf.rays for leaf in leaves if leaf.right]
    if len(right) in (0, len(leaves)):
        lower = upper = Fraction(1 if right else 0)
    elif inputs == "uniform":
        lower = upper = uniform_share(right)
    else:
        lower, upper = gaussian_share(right, digits)
    seconds = time.monotonic() - started
    return AccuracyResult(
        model=network,
        inputs=inputs,
        lower=lower,
        upper=upper,
        exact=True,
        pieces=len(leaves),
        cells=len({leaf.pattern for leaf in leaves}),
        boxes=0,
        seconds=seconds,
        history=(Moment(seconds, 0, lower, upper),),
        settings={"inputs": inputs, "method": "cones", "digits": digits},
        trees=trees,
    )
