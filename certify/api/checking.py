"""Checking certificates, and handing a claim to other programs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from certify.api.sources import load
from certify.errors import CertificateFormatError, ModelFileError, Rejected, UsageError

if TYPE_CHECKING:
    from certify.api.sources import Model, Ratio
    from certify.certificate import Certificate
    from certify.checker import Accepted
    from certify.checker.running import Kernels
    from certify.impulse.prove import ImpulseResult


def check(
    certificate: str | Path | Certificate,
    model: Model,
    *,
    nonce: str = "",
    kernels: Callable[[], Kernels] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Accepted:
    """Decide anew whether a certificate holds for a model, trusting nothing that it says.

    Returns what was accepted: its ``kind``, the model's ``sha256``, and what it ``establishes``,
    line by line (of a refutation too). A model that is not a file is written to a temporary one,
    which the checker reads. With a ``nonce``, any text of yours, a statistical certificate is not
    replayed but held against a fresh sample that its author cannot have chosen. ``kernels`` says
    how the integer rule is run: by default compiled where numba is at hand, else bare, with the
    same answer. ``progress`` is called with (cells done, cells in all) for an impulse certificate.

    >>> check("proofs/m2_2.impulse.json", "models/m2_2.pt").kind
    'impulse'

    Raises:
        Rejected: the certificate does not hold, or is about another model.
        CertificateFormatError: the file is not a certificate.
        ModelFileError: not a model.
    """
    from certify import checker
    from certify.relaxation import at_hand

    with tempfile.TemporaryDirectory() as folder:
        written = _as_file(certificate, Path(folder))
        weights = _weights_file(model, Path(folder))
        try:
            return checker.check(
                written,
                weights,
                nonce=nonce,
                kernels=kernels or at_hand.kernels,
                progress=progress or (lambda done, total: None),
            )
        except checker.Rejected as error:
            raise Rejected(str(error)) from None
        except checker.Unreadable as error:
            of_model = written != weights and str(error).startswith(f"{weights}:")
            raise (ModelFileError if of_model else CertificateFormatError)(str(error)) from None


def _as_file(certificate: str | Path | Certificate, folder: Path) -> Path:
    if isinstance(certificate, str | Path):
        return Path(certificate)
    return certificate.write(folder / f"certificate{certificate.suffix}")


def _weights_file(model: Model, folder: Path) -> Path:
    if isinstance(model, str | Path):
        return Path(model)
    from certify.reading.writing import write_network

    return write_network(load(model), folder / "model.safetensors")


def export_smt2(
    model: Model, folder: str | Path, *, ratio: Ratio | None = None
) -> tuple[Path, ...]:
    """Write an impulse claim that holds as SMT-LIB files, to each of which a solver says unsat.

    For each pair one file per piece of the range and one for their cover; ``folder`` is made where
    there is none.

    Raises:
        UsageError: the claim is false.
        ModelFileError: not a model.
    """
    from certify.smt import export_smt2 as write

    result = _proved(model, ratio)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    pairs = [p.pair for p in result.pairs]
    return tuple(write(result.model, pairs, result.ratios, folder))


def export_coq(
    model: Model,
    file: str | Path,
    *,
    ratio: Ratio | None = None,
    certificate: str | Path | None = None,
) -> Path:
    """Write an impulse claim that holds, or what a noise certificate proves, as a Coq file, which
    ``coqc`` checks. A certificate says its own ratios.

    Raises:
        UsageError: the claim is false; or the certificate is about another model, proves no pair,
            proves pairs for different noise, has exact cells, or a ratio is given beside it.
        ModelFileError: not a model.
        CertificateFormatError: not a certificate.
    """
    from certify.certificate import read_certificate
    from certify.coq import export_coq as write
    from certify.coq import export_noise

    if certificate is None:
        result = _proved(model, ratio)
        breaks = {cuts.pair: cuts.nodes(result.ratios) for cuts in result.cuts}
        write(result.model, result.ratios, breaks, Path(file))
    elif ratio is not None:
        raise UsageError("a ratio does not go with a certificate, which says its own")
    else:
        export_noise(load(model), *read_certificate(Path(certificate)), Path(file))
    return Path(file)


def _proved(model: Model, ratio: Ratio | None) -> ImpulseResult:
    from certify.claims import parse_ratio_range
    from certify.impulse.prove import prove_impulse

    network = load(model)
    result = prove_impulse(network, None if ratio is None else parse_ratio_range(ratio))
    if result.verdict == "refuted":
        wrong = next(p for p in result.pairs if p.counterexample).pair
        raise UsageError(
            f"{network.source or 'the model'}: nothing to export, the claim is false: pair "
            f"(m={wrong.max}, s={wrong.second}) is wrong; prove shows the input"
        )
    return result
