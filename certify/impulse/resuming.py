"""What an impulse certificate knows already, so that a sweep can go on from it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from certify.certificate import read_certificate
from certify.claims import Pair
from certify.errors import CertificateFormatError, UsageError
from certify.impulse.spreading import Outline
from certify.model import Network


def read_outlines(path: Path, network: Network) -> dict[Pair, Outline]:
    """What an impulse certificate of this model says of its pairs: how many cells each has, and
    where it is right.

    Both are about all ratios, whatever the range of the claim. They are taken as they stand: what
    is made of them is a certificate, which the checker decides.

    Raises:
        CertificateFormatError: the file is not an impulse certificate.
        UsageError: it is of another kind or model.
    """
    body, _ = read_certificate(path)
    try:
        if body["kind"] != "impulse":
            raise UsageError(f"{path} is a certificate of kind {body['kind']}, not impulse")
        if body["model"]["sha256"] != network.sha256:
            raise UsageError(
                f"{path} is of another model (sha256 {body['model']['sha256'][:16]}...)"
            )
        found = {}
        for entry in body["evidence"]["pairs"]:
            pair = Pair(entry["max"], entry["second"])
            right = tuple((Fraction(a), Fraction(b)) for a, b in entry["right_intervals"])
            found[pair] = Outline(pair, int(entry["cells"]), right)
    except UsageError:
        raise
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise CertificateFormatError(f"{path} is not an impulse certificate: {error}") from None
    return found
