"""Files in each other's place: what a file is by its first bytes, so that a message can say so.

Nothing is decided here: a file that is not told apart goes on to its reader, which says more.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal

from certify.errors import UsageError

Sort = Literal["certificate", "model", "Coq file"]


def sort_of(path: Path) -> Sort | None:
    """What a file is, None where that is not plain."""
    if path.suffix == ".v":
        return "Coq file"
    if path.suffix in (".safetensors", ".npz"):
        return "model"
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
            return "certificate" if "certificate.json" in names else "model"
        with path.open("rb") as file:
            return "certificate" if file.read(64).lstrip().startswith(b"{") else None
    except (OSError, zipfile.BadZipFile, ValueError):
        return None


def demand_order(certificate: Path, model: Path, *, kernel: bool) -> None:
    """See that ``check`` was given its files in their places, and with the option they need.

    Raises:
        UsageError: they stand the other way round, or want another checker.
    """
    first = sort_of(certificate)
    if first == "model" and sort_of(model) in ("certificate", "Coq file"):
        raise UsageError(f"{certificate} is a model: CERTIFICATE goes first, then MODEL")
    if first == "Coq file" and not kernel:
        raise UsageError(f"{certificate} is a Coq file, which --kernel coq checks")
    if first == "certificate" and kernel:
        raise UsageError(
            f"{certificate} is a certificate: check it without --kernel, or write the Coq file of "
            f"it with 'certify export CERTIFICATE --model MODEL --format coq -o FILE.v'"
        )


def demand_model(source: Path) -> None:
    """See that ``export`` was given a model where no certificate is expected.

    Raises:
        UsageError: it is a certificate.
    """
    if sort_of(source) == "certificate":
        raise UsageError(f"{source} is a certificate: --model MODEL names the model it is about")
