"""The trusted core: decides anew whether a certificate holds for a model.

Standard library only, integers only; imports nothing from the rest of the package, and has no
switch that skips a check. ``python -S -m certify.checker CERTIFICATE MODEL`` runs it with no
third-party package importable.

One module per rule: a rule takes the weights, the certificate's JSON and its binary evidence,
and returns what is established, line by line, or raises :class:`Rejected`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from certify.checker.accuracy import check_accuracy
from certify.checker.circuit import check_circuit
from certify.checker.document import KEYS, fields, read_document, same
from certify.checker.errors import Rejected, Unreadable
from certify.checker.hypotheses import check_hypotheses
from certify.checker.impulse import check_impulse
from certify.checker.noise import check_noise
from certify.checker.reader import read_weights
from certify.checker.running import BARE, Kernels, Progress, silent
from certify.checker.statistical import check_statistical

__all__ = ["Accepted", "Rejected", "Unreadable", "check"]

Rule = Callable[..., list[str]]

RULES: dict[str, tuple[Rule, tuple[str, ...]]] = {
    "accuracy": (check_accuracy, ()),
    "circuit": (check_circuit, ()),
    "hypotheses": (check_hypotheses, ()),
    "impulse": (check_impulse, ("offset", "float32")),
    "noise": (check_noise, ()),
    "statistical": (check_statistical, ()),
}
"""Kind of certificate to its rule, and the sections it has beside claim and evidence."""
RUN = {"accuracy", "noise", "statistical"}
"""Kinds with a rule that is also told how to run its kernels: bare or compiled."""


@dataclass(frozen=True)
class Accepted:
    """A certificate that holds: its kind, the model's hash, what it establishes, and what was
    assumed to find the weights in the model's file.
    """

    kind: str
    sha256: str
    establishes: tuple[str, ...]
    assumed: tuple[str, ...] = ()


def check(
    certificate: Path,
    model: Path,
    nonce: str = "",
    kernels: Callable[[], Kernels] = lambda: BARE,
    progress: Progress = silent,
) -> Accepted:
    """Decide whether a certificate holds for the model in a file.

    With a ``nonce`` a statistical certificate is not replayed: its claim is held against a fresh
    sample, which follows from the nonce. ``kernels`` says how the kernels of a rule are run, and is
    asked where there are some; ``progress`` hears of rules without, how many cells of how many are
    done.

    Raises:
        Rejected: it does not hold, or speaks of another model; the message names the place.
        Unreadable: one of the files is not a certificate, or not a model, that can be read.
    """
    document = read_document(certificate)
    weights = read_weights(model)
    if document.kind not in RULES:
        raise Unreadable(f"{certificate}: kind {document.kind[:40]!r} is unknown to this checker")
    rule, sections = RULES[document.kind]
    if nonce:
        if rule is not check_statistical:
            raise Unreadable(f"{certificate}: a nonce goes with kind 'statistical'")
        rule = partial(rule, nonce=nonce)
    if rule is check_impulse:
        rule = partial(rule, progress=progress)
    body = dict(zip((keys := [*KEYS, *sections]), fields(document.body, "top", keys), strict=True))
    names = ("sha256", "hidden_size", "seq_len", "parameters")
    found = (weights.sha256, d := len(weights.w_ih), n := len(weights.w_out), d + d * d + n * d)
    for name, claimed, actual in zip(
        names, fields(body["model"], "model", names), found, strict=True
    ):
        if not same(claimed, actual):
            raise Rejected(
                f"model.{name}: the certificate is for {claimed!r:.80}, the file has {actual!r}"
            )
    runs = [kernels()] if document.kind in RUN else []
    try:
        establishes = rule(weights, body, document.evidence, *runs)
    except (ValueError, ArithmeticError, LookupError, TypeError, RecursionError) as error:
        # Among others, Python turns no integer of more than 4300 digits into text.
        raise Rejected(f"cannot be followed: {type(error).__name__}: {error!s:.200}") from None
    return Accepted(document.kind, weights.sha256, tuple(establishes), weights.assumed)
