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
    """The ``model`` part of a certificate and of every JSON answer."""
    return {
        "sha256": network.sha256,
        "hidden_size": network.hidden_size,
        "seq_len": network.seq_len,
        "parameters": network.parameters,
    }


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
    except (OSError, ValueError, KeyError, RecursionError, *BROKEN_ZIP) as error:
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


def covers(new: dict[str, Any], old: dict[str, Any]) -> bool:
    """Whether a certificate says all that an older one says, so that it may take its place.

    Both are documents. Of the same model: the same range or a wider one, the same pairs with the
    same verdicts or more, the same noise or larger, the same bracket or a narrower one, the same
    sentences or more; for other kinds, the same claim. Nothing is checked here.
    """
    try:
        if (new["kind"], new["model"]["sha256"]) != (old["kind"], old["model"]["sha256"]):
            return False
        rule = _COVERS.get(new["kind"])
        if rule is None:
            return bool(new["claim"] == old["claim"])
        return rule(new, old)
    except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError):
        return False


def _inside(inner: Sequence[str], outer: Sequence[str]) -> bool:
    return Fraction(outer[0]) <= Fraction(inner[0]) <= Fraction(inner[1]) <= Fraction(outer[1])


def _impulse_covers(new: dict[str, Any], old: dict[str, Any]) -> bool:
    found, known = (
        {(p["max"], p["second"]): p["verdict"] for p in document["evidence"]["pairs"]}
        for document in (new, old)
    )
    wider = _inside(old["claim"]["ratio"], new["claim"]["ratio"])
    return wider and all(found.get(pair) == verdict for pair, verdict in known.items())


def _noise_covers(new: dict[str, Any], old: dict[str, Any]) -> bool:
    found = {(p["max"], p["second"]): p for p in new["claim"]["pairs"]}
    if not _inside(old["claim"]["ratio"], new["claim"]["ratio"]):
        return False
    for known in old["claim"]["pairs"]:
        pair = found.get((known["max"], known["second"]), {})
        certified, broken = pair.get("certified"), pair.get("broken")
        if known["certified"] and (
            not certified or Fraction(certified) < Fraction(known["certified"])
        ):
            return False
        if known["broken"] and (not broken or Fraction(broken) > Fraction(known["broken"])):
            return False
    return True


def _accuracy_covers(new: dict[str, Any], old: dict[str, Any]) -> bool:
    same = new["claim"]["inputs"] == old["claim"]["inputs"]
    brackets = [[document["claim"]["lower"], document["claim"]["upper"]] for document in (new, old)]
    return same and _inside(*brackets)


def _statistical_covers(new: dict[str, Any], old: dict[str, Any]) -> bool:
    ours, theirs = new["claim"], old["claim"]
    return bool(
        ours["inputs"] == theirs["inputs"]
        and ours["samples"] >= theirs["samples"]
        and Fraction(ours["error_probability"]) <= Fraction(theirs["error_probability"])
    )


def _hypotheses_covers(new: dict[str, Any], old: dict[str, Any]) -> bool:
    """The same sentences and perhaps more: a note that was edited takes its place."""
    found, known = ({h["name"] for h in d["claim"]["hypotheses"]} for d in (new, old))
    return known <= found


_COVERS = {
    "hypotheses": _hypotheses_covers,
    "impulse": _impulse_covers,
    "noise": _noise_covers,
    "accuracy": _accuracy_covers,
    "statistical": _statistical_covers,
}
