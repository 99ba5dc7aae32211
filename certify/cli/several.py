"""``certify MODEL MODEL ...``: the same claim about several models, on all cores, and a table."""

from __future__ import annotations

import argparse
import multiprocessing
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from certify import api
from certify.claims import NOMINAL_RATIO, exact
from certify.cli.output import Outputs, progress_bar, show
from certify.errors import CertifyError, ExitCode, NothingDecidedError, UsageError
from certify.memory import lacks_memory
from certify.workers import follow_the_parent, without_script

if TYPE_CHECKING:
    from certify.certificate import Certificate

FIRST = (
    *(ExitCode.INTERRUPTED, ExitCode.INTERNAL, ExitCode.BAD_INPUT, ExitCode.USAGE),
    *(ExitCode.REFUTED, ExitCode.UNKNOWN, ExitCode.OK),
)
"""Of the codes of all models, the first that occurs here is that of the command."""

VERDICTS = {"proved": ExitCode.OK, "refuted": ExitCode.REFUTED, "unknown": ExitCode.UNKNOWN}


@dataclass(frozen=True)
class Outcome:
    """What became of one model: an answer, or what went wrong."""

    code: ExitCode
    answer: dict[str, Any]
    certificate: Certificate | None = None


def run_several(arguments: argparse.Namespace, outputs: Outputs) -> ExitCode:
    """Prove each model, go on after one that fails, and end with a table."""
    from certify.report.several import several_report

    models: list[Path] = arguments.model
    if any(v is not None for v in (arguments.budget, arguments.resume, arguments.dask)):
        raise UsageError("--budget, --resume and --dask are for one model, not for several")
    names = _names(models)
    found: dict[Path, dict[str, Any]] = {}
    codes: list[ExitCode] = []
    jobs = max(1, arguments.jobs // len(models))
    with progress_bar("models") as bar, _workers(min(arguments.jobs, len(models))) as pool:
        waiting: dict[Future[Outcome], Path] = {
            pool.submit(prove_one, model, arguments, jobs): model for model in names
        }
        try:
            for future in as_completed(waiting):
                model = waiting[future]
                outcome = _result(future)
                found[model] = _written(outcome, model, names[model], arguments, outputs)
                codes.append(outcome.code)
                bar(len(found), len(models), "models")
        except KeyboardInterrupt:  # what is decided is kept and told
            codes.append(ExitCode.INTERRUPTED)
    answers = [found[model] for model in names if model in found]
    outputs.json(answers)
    if outputs.text:
        show(several_report(answers))
        if ExitCode.INTERRUPTED in codes and len(found) < len(names):
            print(f"go on with: {outputs.without(found)}")
    return outputs.finish(next(code for code in FIRST if code in codes))


def prove_one(model: Path, arguments: argparse.Namespace, jobs: int) -> Outcome:
    """One model, in a process of its own; whatever goes wrong is an outcome too."""
    started = time.perf_counter()
    try:
        if arguments.noise is None:
            impulse = api.prove(
                model, arguments.ratio, pairs=arguments.pair, smt=not arguments.no_smt, jobs=jobs
            )
            answer, verdict, made = impulse.to_dict(), impulse.verdict, impulse.certificate()
            return Outcome(VERDICTS[verdict], answer, made)
        noise = api.prove_noise(
            model,
            "max" if arguments.noise == "max" else exact(arguments.noise, "noise"),
            ratio=arguments.ratio or NOMINAL_RATIO,
            pairs=arguments.pair,
            jobs=jobs,
        )
        try:
            certificate = noise.certificate()
        except NothingDecidedError:
            certificate = None
        return Outcome(VERDICTS[noise.verdict], noise.to_dict(), certificate)
    except CertifyError as error:
        code, message = error.exit_code, str(error)
    except Exception as error:
        code, message = ExitCode.INTERNAL, f"a bug in certify:\n{traceback.format_exc()}"
        if lacks_memory(error):
            code, message = ExitCode.UNKNOWN, "out of memory; a smaller --jobs needs less"
    seconds = {"total": round(time.perf_counter() - started, 3)}
    return Outcome(code, {"verdict": None, "error": message, "seconds": seconds})


def _result(future: Future[Outcome]) -> Outcome:
    try:
        return future.result()
    except BrokenProcessPool:
        message = (
            "a worker process died, most often for lack of memory; a smaller --jobs needs less"
        )
        return Outcome(ExitCode.UNKNOWN, {"verdict": None, "error": message})


def _written(
    outcome: Outcome, model: Path, name: str, arguments: argparse.Namespace, outputs: Outputs
) -> dict[str, Any]:
    written = None
    if outcome.certificate is not None:
        kind = outcome.certificate.kind
        if arguments.noise is not None:
            kind += f"-{outcome.answer['noise'].replace('/', '_')}"
        path = arguments.out / f"{name}.{kind}{outcome.certificate.suffix}"
        written = outputs.certificate(path, outcome.certificate)
    return {
        "file": str(model),
        **outcome.answer,
        "certificate": written and str(written),
        "exit_code": int(outcome.code),
    }


def _names(models: list[Path]) -> dict[Path, str]:
    """What each model's certificate is called: its stem, or where two agree, its whole path."""
    stems = Counter(model.stem for model in dict.fromkeys(models))
    return {
        model: model.stem
        if stems[model.stem] == 1
        else "-".join(part for part in model.with_suffix("").parts if part not in ("/", ".", ".."))
        for model in models
    }


@contextmanager
def _workers(count: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that leave ctrl-C to this one, and end with it."""
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), follow_the_parent)
    try:
        with without_script():
            yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in set(multiprocessing.active_children()) - others:
            worker.terminate()
