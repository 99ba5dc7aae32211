"""Which report a certificate gets, by its kind."""

from __future__ import annotations

from collections.abc import Callable

from certify.errors import CertificateFormatError
from certify.report.accuracy import accuracy_report, statistical_report
from certify.report.circuit import circuit_report
from certify.report.content import Report
from certify.report.hypotheses import hypotheses_report
from certify.report.impulse import impulse_report
from certify.report.noise import noise_report
from certify.report.source import Source

BUILDERS: dict[str, Callable[[Source], Report]] = {
    "accuracy": accuracy_report,
    "circuit": circuit_report,
    "hypotheses": hypotheses_report,
    "impulse": impulse_report,
    "noise": noise_report,
    "statistical": statistical_report,
}


def build_report(source: Source) -> Report:
    """The report of a certificate.

    Raises:
        CertificateFormatError: a kind that has no report, or a document that lacks something.
    """
    kind = source.document.get("kind")
    builder = BUILDERS.get(str(kind))
    if builder is None:
        raise CertificateFormatError(f"{source.path}: no report for kind {kind!r}")
    try:
        return builder(source)
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise CertificateFormatError(f"{source.path}: not a whole certificate: {error!r}") from None
