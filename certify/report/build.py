"""Which report a certificate gets, by its kind."""

from __future__ import annotations

from certify.errors import CertificateFormatError
from certify.kinds import KINDS, resolve
from certify.report.content import Report
from certify.report.source import Source


def build_report(source: Source) -> Report:
    """The report of a certificate.

    Raises:
        CertificateFormatError: a kind that has no report, or a document that lacks something.
    """
    name = source.document.get("kind")
    kind = KINDS.get(str(name))
    if kind is None:
        raise CertificateFormatError(f"{source.path}: no report for kind {name!r}")
    try:
        report = resolve(kind.report)(source)
        assert isinstance(report, Report)
        return report
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise CertificateFormatError(f"{source.path}: not a whole certificate: {error!r}") from None
