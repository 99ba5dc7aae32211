"""The word of Coq's kernel on an exported file.

What a file proves is settled before Coq sees it: apart from the range and the ratios of the
certificate, its text must be, byte by byte, what :func:`certify.coq.export.development` writes
for the model. So no definition, weight, statement or axiom in it can be another. The ratios are
data that a proved checker reads; wrong ones can make ``coqc`` reject the file, nothing else.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path

from certify.claims import Pair, RatioRange, all_pairs
from certify.coq.export import HEADER, MAX_DIGITS, claim, claim_over_reals, development
from certify.errors import CertificateFormatError, MissingExtraError
from certify.model import Network

CLOSED = "Closed under the global context"
#: What Coq's own real numbers rest on; the theorem over the rationals rests on nothing.
AXIOMS_OF_REALS = {
    "ClassicalDedekindReals.sig_forall_dec",
    "ClassicalDedekindReals.sig_not_dec",
    "FunctionalExtensionality.functional_extensionality_dep",
}
MAX_BYTES = 64 * 2**20

_INTEGER = f"[0-9]{{1,{MAX_DIGITS}}}"
_RATIONAL = rf"\((-?{_INTEGER}) # ({_INTEGER})\)"


@dataclass(frozen=True)
class CoqVerdict:
    """What the comparison and the kernel said of a file.

    ``statement`` is what the file claims, over the rationals and over the reals, in Coq's words,
    empty where that is not the claim for the model; ``assumptions`` is what ``Print Assumptions``
    printed for the two theorems, empty where Coq did not run or refused; ``seconds`` is the wall
    time of ``coqc``; ``reason`` says why a file was not accepted.
    """

    accepted: bool
    statement: str
    assumptions: str
    seconds: float
    reason: str


def check_coq(path: Path, network: Network) -> CoqVerdict:
    """Compare the file with what certify writes for ``network``, then run ``coqc`` on a copy.

    Raises:
        CertificateFormatError: the file is no Coq development that certify writes.
        MissingExtraError: ``coqc`` is not installed.
        OSError: the file cannot be read.
    """
    text = _read(path)
    try:
        ratio_range, chains = _data(text, network)
    except ValueError as error:
        return CoqVerdict(False, "", "", 0.0, str(error))
    difference = _difference(text, development(network, ratio_range, chains))
    if difference:
        return CoqVerdict(False, "", "", 0.0, difference)
    coqc = shutil.which("coqc")
    if coqc is None:
        raise MissingExtraError(
            "checking a Coq file needs the program coqc, which is not installed or not on PATH; "
            "on Debian and Ubuntu: apt install coq (8.16 is the reference version)"
        )
    started = time.perf_counter()
    status, output, errors = _coqc(coqc, text)
    seconds = time.perf_counter() - started
    statement = f"{claim(network, ratio_range)}\n{claim_over_reals(network, ratio_range)}"
    if status != 0:
        return CoqVerdict(False, statement, "", seconds, f"coqc rejects the file: {errors}")
    reason = _unexpected_assumption(output)
    over_rationals, _, over_reals = output.partition("\n")
    assumptions = (
        f"model_is_right: {over_rationals}\nmodel_is_right_over_reals: {over_reals.strip()}\n"
    )
    return CoqVerdict(not reason, statement, assumptions, seconds, reason)


def _read(path: Path) -> str:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise CertificateFormatError(f"{path} has {size} bytes, expected at most {MAX_BYTES}")
    try:
        text = path.read_bytes().decode("ascii")
    except UnicodeDecodeError as error:
        raise CertificateFormatError(f"{path} is not ASCII text: {error}") from None
    if not text.startswith(HEADER):
        raise CertificateFormatError(f"{path} does not begin like a Coq file written by certify")
    return text


def _data(text: str, network: Network) -> tuple[RatioRange, dict[Pair, list[Fraction]]]:
    """The range and the ratios; whatever is overlooked here shows in the comparison."""
    ends = []
    for name in ("lo", "hi"):
        found = re.search(rf"^Definition {name} : Q := {_RATIONAL}\.$", text, re.MULTILINE)
        if found is None:
            raise ValueError(f"the file has no line 'Definition {name} : Q := (p # q).'")
        ends.append(_fraction(found))
    if not 0 < ends[0] <= ends[1] < 1:
        raise ValueError(f"the range {ends[0]} to {ends[1]} is not within 0 < lo <= hi < 1")
    _, _, data = text.partition("Definition ratios : list (list (list Q)) := [\n")
    rows = data.partition("\n].\n")[0].split("(* m = ")[1:]
    pairs = all_pairs(network.seq_len)
    if len(rows) != len(pairs):
        raise ValueError(
            f"the certificate has {len(rows)} pairs, expected {len(pairs)} for the model"
        )
    return RatioRange(*ends), {
        pair: [_fraction(found) for found in re.finditer(_RATIONAL, row)]
        for pair, row in zip(pairs, rows, strict=True)
    }


def _fraction(found: re.Match[str]) -> Fraction:
    numerator, denominator = int(found[1]), int(found[2])
    if denominator == 0:
        raise ValueError(f"{found[0]} has the denominator 0")
    return Fraction(numerator, denominator)


def _difference(text: str, expected: str) -> str:
    """Where the two texts part, in words; empty where they are equal."""
    if text == expected:
        return ""
    part = "the header"
    for number, (line, wanted) in enumerate(zip_longest(text.split("\n"), expected.split("\n")), 1):
        if wanted and wanted.startswith("(** * Part"):
            part = wanted[6:].rstrip(" *)")
        if line != wanted:
            return (
                f"line {number} ({part}) is {_short(line)}; what certify writes for this model, "
                f"this range and these ratios has {_short(wanted)}"
            )
    raise AssertionError("texts that differ have a line that differs")


def _short(line: str | None) -> str:
    if line is None:
        return "the end of the file"
    return repr(line if len(line) <= 60 else line[:57] + "...")


def _unexpected_assumption(output: str) -> str:
    """What is wrong with the output of the two ``Print Assumptions``; empty where nothing is."""
    lines = output.split("\n")
    if lines[0] != CLOSED:
        return f"the theorem over the rationals has assumptions: {_short(lines[0])}"
    if lines[1:2] != ["Axioms:"]:
        return f"no list of axioms for the theorem over the reals: {_short(' '.join(lines[1:2]))}"
    names = {line.split()[0] for line in lines[2:] if line and not line.startswith(" ")}
    extra = sorted(names - AXIOMS_OF_REALS)
    return f"the theorem over the reals assumes {', '.join(extra)}" if extra else ""


def _coqc(coqc: str, text: str) -> tuple[int, str, str]:
    """Exit status, output and errors of ``coqc`` on a copy of the file, alone in a folder.

    No start-up file is read and no search path is inherited, so that ``From Coq Require`` can
    only mean Coq's own library.
    """
    environment = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "LC_ALL")}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "exported.v").write_text(text, encoding="ascii")
        done = subprocess.run(
            [coqc, "-q", "exported.v"],
            cwd=folder,
            env={**environment, "HOME": folder},
            capture_output=True,
            text=True,
            check=False,
        )
    errors = " ".join(done.stderr.split())
    return done.returncode, done.stdout.strip(), errors[:500] or f"exit status {done.returncode}"
