"""The word of Coq's kernel on an exported file.

What a file proves is settled before Coq sees it: apart from the range, the noise and the pairs of
the claim, and the data of the certificate, its text must be, byte by byte, what certify writes
for the model. So no definition, weight, statement or axiom in it can be another. The data are
read by a proved checker; wrong ones can make ``coqc`` reject the file, nothing else.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Set
from dataclasses import dataclass
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path

from certify.claims import Pair, RatioRange, all_pairs
from certify.coq import export, noise_export
from certify.coq.text import RATIONAL
from certify.errors import CertificateFormatError, MissingExtraError
from certify.model import Network

CLOSED = "Closed under the global context"
#: What the kernel's 63-bit integers are, and their specification; last parts of the names.
PRIMITIVE_INTEGERS = {
    *("int", "add", "sub", "mul", "divs", "lsl", "lsr", "asr", "land", "lor"),
    *("eqb", "ltb", "leb", "ltsb", "lesb", "eqb_correct", "eqb_refl", "of_to_Z"),
    *("add_spec", "sub_spec", "mul_spec", "div_spec", "lsl_spec", "lsr_spec", "asr_spec"),
    *("lor_spec", "ltb_spec", "leb_spec"),
}
#: What Coq's own real numbers rest on.
AXIOMS_OF_REALS = {"sig_forall_dec", "sig_not_dec", "functional_extensionality_dep"}
MAX_BYTES = 64 * 2**20


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
        meant = _meant(text, network)
    except ValueError as error:
        return CoqVerdict(False, "", "", 0.0, str(error))
    difference = _difference(text, meant.text)
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
    if status != 0:
        return CoqVerdict(False, meant.statement, "", seconds, f"coqc rejects the file: {errors}")
    reason, assumptions = _assumptions(output, meant.assumed)
    return CoqVerdict(not reason, meant.statement, assumptions, seconds, reason)


@dataclass(frozen=True)
class _Meant:
    """What certify writes with the data of a file: the text, what it states, and what the theorem
    over the rationals may rest on.
    """

    text: str
    statement: str
    assumed: Set[str]


def _meant(text: str, network: Network) -> _Meant:
    """What the text should be.

    Raises:
        ValueError: its data have another form.
    """
    if text.startswith(noise_export.HEADER):
        found = noise_export.read_claim(text)
        statements = (
            noise_export.statement(network, found),
            noise_export.statement_over_reals(network, found),
        )
        written = noise_export.noise_development(network, found)
        return _Meant(written, "\n".join(statements), PRIMITIVE_INTEGERS)
    ratio_range, chains = _data(text, network)
    statements = (
        export.claim(network, ratio_range),
        export.claim_over_reals(network, ratio_range),
    )
    written = export.development(network, ratio_range, chains)
    return _Meant(written, "\n".join(statements), frozenset())


def _read(path: Path) -> str:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise CertificateFormatError(f"{path} has {size} bytes, expected at most {MAX_BYTES}")
    try:
        text = path.read_bytes().decode("ascii")
    except UnicodeDecodeError as error:
        raise CertificateFormatError(f"{path} is not ASCII text: {error}") from None
    if not text.startswith((export.HEADER, noise_export.HEADER)):
        raise CertificateFormatError(f"{path} does not begin like a Coq file written by certify")
    return text


def _data(text: str, network: Network) -> tuple[RatioRange, dict[Pair, list[Fraction]]]:
    """The range and the ratios; whatever is overlooked here shows in the comparison."""
    ends = []
    for name in ("lo", "hi"):
        found = re.search(rf"^Definition {name} : Q := {RATIONAL}\.$", text, re.MULTILINE)
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
        pair: [_fraction(found) for found in re.finditer(RATIONAL, row)]
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


def _assumptions(output: str, assumed: Set[str]) -> tuple[str, str]:
    """What is wrong with the output of the two ``Print Assumptions``, empty where nothing is; and
    the names in it, for each of the two theorems.
    """
    blocks = re.split(rf"^(?=Axioms:$|{CLOSED}$)", output, flags=re.MULTILINE)[1:]
    theorems = {"model_is_right": assumed, "model_is_right_over_reals": assumed | AXIOMS_OF_REALS}
    if len(blocks) != len(theorems):
        return f"expected two lists of assumptions, found {len(blocks)}", ""
    shown = []
    for (theorem, allowed), block in zip(theorems.items(), blocks, strict=True):
        names = re.findall(r"^([\w.]+) ?(?::|$)", block.partition("\n")[2], re.MULTILINE)
        extra = [name for name in names if name.rpartition(".")[2] not in allowed]
        if extra or not (names or block.startswith(CLOSED)):
            return f"{theorem} assumes {', '.join(extra) or 'what is not named'}", ""
        shown.append(f"{theorem}: {', '.join(names) or CLOSED}\n")
    return "", "".join(shown)


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
            encoding="utf-8",  # as Coq writes
            check=False,
        )
    errors = " ".join(done.stderr.split())
    return done.returncode, done.stdout.strip(), errors[:500] or f"exit status {done.returncode}"
