"""Which report a certificate gets, by its kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from certify.errors import CertificateFormatError
from certify.model import Network
from certify.report.accuracy import accuracy_report, statistical_report
from certify.report.circuit import circuit_report
from certify.report.content import Report
from certify.report.impulse import impulse_report
from certify.report.noise import noise_report

Builder = Callable[[Path, str, dict[str, Any], Network | None, tuple[str, ...] | None], Report]

BUILDERS: dict[str, Builder] = {
    "accuracy": accuracy_report,
    "circuit": circuit_report,
    "impulse": impulse_report,
    "noise": noise_report,
    "statistical": statistical_report,
}


def build_report(
    path: Path,
    sha256: str,
    document: dict[str, Any],
    network: Network | None,
    checked: tuple[str, ...] | None,
) -> Report:
    """The report of a certificate: its path, the SHA-256 of its bytes and its JSON.

    Raises:
        CertificateFormatError: a kind that has no report, or a document that lacks something.
    """
    builder = BUILDERS.get(str(document.get("kind")))
    if builder is None:
        raise CertificateFormatError(f"{path}: no report for kind {document.get('kind')!r}")
    try:
        return builder(path, sha256, document, network, checked)
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise CertificateFormatError(f"{path}: not a whole certificate: {error!r}") from None
