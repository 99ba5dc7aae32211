"""Certificates: one canonical JSON file per model and claim.

A certificate says *what* is claimed of *which* weights and holds the *evidence* that
:mod:`certify.checker` needs to decide the claim anew. It holds nothing that changes from run to
run (no times, no host), so the same weights and settings give the same bytes. Numbers are
integers, or strings ``p/q`` in lowest terms; there is no float in it. The format is described in
``docs/certificate.md`` and ``certify/schema/``.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import certify
from certify.errors import CertificateFormatError
from certify.files import atomic_write
from certify.model import Network

FORMAT = "certify-certificate"
VERSION = 2
DOCUMENT, EVIDENCE = "certificate.json", "evidence.bin"
BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)


@dataclass(frozen=True)
class Certificate:
    """A claim about one model, with the evidence for it.

    ``body`` holds the parts that depend on the kind: ``claim``, ``evidence`` and, for some
    kinds, more sections; its values are JSON values without floats, or fractions and tuples,
    which are made such. ``evidence`` is the binary part of it, if there is any.
    """

    kind: str
    model: dict[str, Any]
    body: dict[str, Any]
    settings: dict[str, Any]
    evidence: bytes = field(default=b"", repr=False)

    def to_bytes(self) -> bytes:
        """The canonical bytes of the JSON: sorted keys, no white space, ASCII, one newline at
        the end.
        """
        document = {
            "format": FORMAT,
            "version": VERSION,
            "kind": self.kind,
            "library": {"name": "certify", "version": certify.__version__},
            "model": self.model,
            "settings": self.settings,
            **plain(self.body),
        }
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return text.encode("ascii") + b"\n"

    @property
    def sha256(self) -> str:
        """SHA-256 of the canonical bytes, by which reports name the certificate."""
        return sha256(self.to_bytes()).hexdigest()

    @property
    def suffix(self) -> str:
        """What its file's name should end in: ``.json``, or ``.zip`` with binary evidence."""
        return ".zip" if self.evidence else ".json"

    def write(self, path: Path | str) -> Path:
        """Write the certificate, atomically; returns the path.

        With binary evidence the file is a zip container of the two; it has no date in it, so the
        same certificate gives the same bytes.

        Raises:
            OSError: the file cannot be written; it then holds what it held before.
        """
        path = Path(path)
        if not self.evidence:
            atomic_write(path, self.to_bytes())
            return path
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as container:
            for name, data in ((DOCUMENT, self.to_bytes()), (EVIDENCE, self.evidence)):
                container.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
        atomic_write(path, buffer.getvalue())
        return path


def describe_model(network: Network) -> dict[str, Any]:
    """The ``model`` part of a certificate."""
    return {
        "sha256": network.sha256,
        "hidden_size": network.hidden_size,
        "seq_len": network.seq_len,
        "parameters": network.parameters,
    }


def answer_model(network: Network) -> dict[str, Any]:
    """The ``model`` part of an answer: that of a certificate, and what was assumed to read it."""
    return describe_model(network) | {"assumed": list(network.assumed)}


def read_document(path: Path) -> dict[str, Any]:
    """Read the JSON of a certificate for a report. This checks nothing: the checker does.

    Raises:
        CertificateFormatError: the file is not a certificate of this version.
    """
    return read_certificate(path)[0]


def read_certificate(path: Path) -> tuple[dict[str, Any], bytes]:
    """Read the JSON of a certificate and its binary evidence (empty where there is none).

    Raises:
        CertificateFormatError: the file is not a certificate of this version.
    """
    evidence = b""
    try:
        data = path.read_bytes()
        if data[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(data)) as container:
                data, evidence = container.read(DOCUMENT), container.read(EVIDENCE)
        document = json.loads(data)
    except OSError as error:
        raise CertificateFormatError(f"{path}: {error.strerror or error}") from None
    except KeyError:
        raise CertificateFormatError(
            f"{path} is not a certificate: a zip archive without {DOCUMENT} and {EVIDENCE}"
        ) from None
    except (ValueError, RecursionError, *BROKEN_ZIP) as error:
        raise CertificateFormatError(f"{path} is not a certificate: {error}") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise CertificateFormatError(f'{path} is not a certificate: no "format": "{FORMAT}"')
    if document.get("version") != VERSION:
        raise CertificateFormatError(
            f"{path} has version {document.get('version')}, this certify reads {VERSION}"
        )
    return document, evidence


def plain(value: Any) -> Any:
    """A JSON value: fractions as ``p/q``, tuples as lists, everything else as it is."""
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Mapping):
        return {name: plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return value


def inside(inner: Sequence[str], outer: Sequence[str]) -> bool:
    """Whether one closed interval of a document lies in another."""
    return Fraction(outer[0]) <= Fraction(inner[0]) <= Fraction(inner[1]) <= Fraction(outer[1])
