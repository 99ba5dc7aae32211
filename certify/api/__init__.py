"""The use cases, each in one place: what ``import certify`` offers, and what commands call.

A *model* is a path, a :class:`certify.model.Network` (what :func:`load` returns), a torch module,
a state dict or a mapping of arrays. Numbers are read exactly: text such as ``"4/5"`` or ``"0.8"``,
integers, fractions, and floats for exactly what they are. Every error that a caller can meet is a
:class:`certify.CertifyError`.

Engines are imported by the use case that needs them: proving on impulses compiles nothing, and
checking needs the standard library alone.
"""

from certify.api.checking import check, export_coq, export_smt2
from certify.api.proofs import (
    accuracy,
    decided_pairs,
    hypotheses,
    noise_answers,
    prove,
    prove_noise,
    sample_accuracy,
    second_witness,
)
from certify.api.sources import load
from certify.api.studies import (
    benchmark_estimates,
    estimate,
    explain,
    patch,
    track,
    track_hypotheses,
)

__all__ = [
    "accuracy",
    "benchmark_estimates",
    "check",
    "decided_pairs",
    "estimate",
    "explain",
    "export_coq",
    "export_smt2",
    "hypotheses",
    "load",
    "noise_answers",
    "patch",
    "prove",
    "prove_noise",
    "sample_accuracy",
    "second_witness",
    "track",
    "track_hypotheses",
]
