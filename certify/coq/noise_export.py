"""Write the noise claim of one model as a Coq development that stands alone.

The file has the parts that the impulse claim's has (:mod:`certify.coq.export`). Its certificate
is that of ``certify MODEL --noise``: the tapes, written as trees. The checker in the file
recomputes every bound by the integer rule of :mod:`certify.checker.kernel`, on the 63-bit
integers of Coq's kernel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from textwrap import fill
from typing import Any

from certify.checker.cases import PROVED as BOUND
from certify.checker.errors import Rejected
from certify.checker.running import BARE
from certify.checker.scale import rule_of, space_of
from certify.checker.tree import BY_CASES, EXACT, HISTORY, OUTSIDE, PROVED
from certify.claims import Pair, RatioRange
from certify.coq.text import RATIONAL, library, rational, weights
from certify.errors import CertificateFormatError, UsageError
from certify.files import atomic_write
from certify.model import Network

HEADER = "(** * A ReLU network finds the second largest of two impulses under noise: a theorem\n"

GRID = 24  # ends of boxes, and bounds of margins, are multiples of 2**-GRID

#: The library, part 3: each file is written for the ones before it.
_RULE = "noise/rule.v"
_AFTER_THE_RULE = (
    *("check", "int63_words", "int63_bounds", "int63_units", "int63_boxes", "int63_histories"),
    *("int63_tree", "int63", "weigh", "linear", "relaxation", "rounding", "substitution", "box"),
    *("bounds", "units", "leaves", "orders", "walk", "weights", "soundness"),
)

#: The arithmetic that the rule is written for: over Z, and on primitive integers.
_OPERATIONS = {
    "add": ("Z.add", "PrimInt63.add"),
    "sub": ("Z.sub", "PrimInt63.sub"),
    "mul": ("Z.mul", "PrimInt63.mul"),
    "shr": ("Z.shiftr", "PrimInt63.asr"),
    "div": ("Z.div", "PrimInt63.divs"),
    "ltb": ("Z.ltb", "PrimInt63.ltsb"),
    "leb": ("Z.leb", "PrimInt63.lesb"),
    "eqb": ("Z.eqb", "PrimInt63.eqb"),
}
# Long numbers are bounds alone: all others are numbers in unary to Coq.
_PROOF = r"Proof_of(?:[ \n]+[0-9]{1,4}){2}[ \n]+[0-9]{1,19}"
_WORD = rf"{_PROOF}|Proved|Outside|By_cases|Halve|First|History|Bound|Split|[0-9]{{1,4}}"
_DATA = re.compile(rf"(?:(?:{_WORD})\b|[][(); \n])+")


@dataclass(frozen=True)
class NoiseClaim:
    """What a file claims: the pairs, S/M in ``ratios``, and the other inputs in
    ``[-noise M, noise M]``; ``proofs`` is its certificate, as Coq reads it.
    """

    pairs: tuple[Pair, ...]
    ratios: RatioRange
    noise: Fraction
    proofs: str


def export_noise(
    network: Network, document: dict[str, Any], evidence: bytes, output: Path
) -> NoiseClaim:
    """Write the Coq development of what a noise certificate proves (refuted and open pairs are
    left out), and return the claim. The certificate is not trusted: what is written is read back as
    data before, and Coq's kernel rejects the file if a bound does not hold.

    Raises:
        CertificateFormatError: the certificate is malformed.
        UsageError: it is about another model, proves no pair, proves pairs for different noise, or
            has exact cells, which the checker in Coq does not know.
        OSError: the file cannot be written.
    """
    try:
        found = _claim(network, document, evidence)
        text = noise_development(network, found)
        if read_claim(text) != found:
            raise ValueError("its claim does not read back from the file")
    except UsageError:  # which is a ValueError
        raise
    except (
        Rejected, KeyError, TypeError, ValueError, IndexError, ZeroDivisionError, RecursionError
    ) as error:  # fmt: skip
        raise CertificateFormatError(
            f"not the form of a noise certificate: {error!r:.500}; 'certify check' says what is "
            "wrong"
        ) from None
    atomic_write(output, text.encode("ascii"))
    return found


def _claim(network: Network, document: dict[str, Any], evidence: bytes) -> NoiseClaim:
    kind, sha256 = document["kind"], document["model"]["sha256"]
    if kind != "noise":
        raise UsageError(
            f"the certificate has the kind {kind!r}; Coq files are written of the kind 'noise', "
            "and of the impulse claim without a certificate"
        )
    if sha256 != network.sha256:
        raise UsageError(
            f"the certificate is about a model with SHA-256 {sha256}, not {network.sha256}"
        )
    claim = document["claim"]
    proofs, noises, place = {}, set(), 0
    for said, shown in zip(claim["pairs"], document["evidence"]["pairs"], strict=True):
        tree = shown["tree"]
        if tree is None:
            continue
        m, s = (_position(said[key], network.seq_len) for key in ("max", "second"))
        pair, end = Pair(m, s), place + tree["bytes"]
        noises.add(Fraction(said["certified"]))
        tape = _Tape(evidence[place:end], network.seq_len, pair)
        term = " ".join(tape.term()).replace(" ;", ";")
        if next(tape.rest, None) is not None:
            raise ValueError("a tape goes on after its tree")
        bound = _in_units(network, pair.second, Fraction(tree["margin_bound"]))
        proofs[pair] = f"Proof_of {pair.max} {pair.second} {bound} ({term})"
        place = end
    if not proofs:
        raise UsageError("nothing to export: the certificate proves no pair")
    if len(noises) > 1:
        raise UsageError(
            "the certificate proves pairs for different noise; a Coq file states one: "
            "prove with --noise and a number"
        )
    body = ";\n".join(
        fill(proof, 98, initial_indent="  ", subsequent_indent="   ") for proof in proofs.values()
    )
    lo, hi = (Fraction(end) for end in claim["ratio"])
    return NoiseClaim(tuple(proofs), RatioRange(lo, hi), noises.pop(), body)


def _position(value: Any, n: int) -> int:
    if type(value) is not int or not 0 <= value < n:
        raise ValueError(f"{value!r:.40} is no position")
    return value


class _Tape:
    """Reads the tape of a pair (:mod:`certify.checker.tree`) as a term of Coq."""

    def __init__(self, tape: bytes, n: int, pair: Pair) -> None:
        self.rest, self.n, self.pair = iter(tape), n, pair

    def _number(self) -> str:
        return str(self._next())

    def _next(self) -> int:
        for value in self.rest:
            return value
        raise ValueError("a tape ends before its tree")

    def term(self, some: bool = False) -> Iterator[str]:
        """The words of a tree; ``some``: some input is a new maximum already."""
        op = self._next()
        if op == EXACT:
            raise UsageError(
                f"the pair (m={self.pair.max}, s={self.pair.second}) has exact cells in its proof, "
                "which the checker in Coq does not know; smaller noise or another range has none"
            )
        if op == OUTSIDE:
            yield "Outside"
        elif op == PROVED:
            yield from ("Proved", self._number())
        elif op == BY_CASES:
            yield from ("By_cases", self._number(), "[")
            for row in range(self.n - 1):
                yield from (";",) if row else ()
                yield from self._cases()
            yield "]"
        elif op == HISTORY:
            yield from ("History" if some else "First", self._number(), self._number())
            for part in (True, True, True) if some else (True, False):
                yield from self._inside(self.term(part))
        else:
            yield from ("Halve", str(op), self._number(), self._number())
            for _ in range(2):
                yield from self._inside(self.term(some))

    def _cases(self) -> Iterator[str]:
        step = self._next()
        if step == BOUND:
            yield "Bound"
            return
        yield from ("Split", str(step), self._number())
        for _ in range(2):
            yield from self._inside(self._cases())

    @staticmethod
    def _inside(term: Iterator[str]) -> Iterator[str]:
        words = " ".join(term)
        yield f"({words})" if " " in words else words


def _in_units(network: Network, s: int, bound: Fraction) -> int:
    """A bound of all margins in units of the rule, rounded up as the checker does."""
    out = network.w_out
    rows = [[a - b for a, b in zip(out[s], row, strict=True)] for row in out if row is not out[s]]
    rule, unit = rule_of(network, rows, BARE)
    return -int(-bound * 2 ** space_of(rule, GRID, 1 << GRID, BARE).fine / unit // 1)


def noise_development(network: Network, found: NoiseClaim) -> str:
    """The text of the exported file."""
    return "\n".join(
        [
            _header(network, found),
            library("network.v"),
            library("noise/inputs.v"),
            _model(network, found),
            library("sums.v"),
            library("noise/data.v"),
            _rule("OverZ", 0),
            _rule("OverInt", 1),
            *(library(f"noise/{name}.v") for name in _AFTER_THE_RULE),
            _certificate(found),
            _THEOREM,
            library("over_reals.v"),
            library("noise/continuity.v"),
            _over_reals(network, found),
        ]
    )


def _rule(name: str, column: int) -> str:
    number = ("Z", "int")[column]
    of_z = ("fun z => z", "Uint63.of_Z")[column]
    operations = "\n".join(
        f"Local Notation {operation} := {meaning[column]} (only parsing)."
        for operation, meaning in _OPERATIONS.items()
    )
    return f"""\
Module {name}.

Local Notation number := {number} (only parsing).
Definition of_Z : Z -> {number} := {of_z}.
{operations}

{library(_RULE)}
End {name}.
"""


def statement(network: Network, found: NoiseClaim) -> str:
    """The definition of the claim, as Coq reads it."""
    n = network.seq_len
    family = " ".join(map(rational, (*found.ratios, found.noise)))
    pairs = fill("; ".join(f"({m},{s})" for m, s in found.pairs), 96, initial_indent="  ",
                 subsequent_indent="  ")  # fmt: skip
    return f"""\
Definition pairs : list (nat * nat) := [
{pairs}
]%nat.

Definition right_under_noise : Prop :=
  forall m s : nat, In (m, s) pairs ->
  forall (M : Q) (x : nat -> Q), 0 < M -> noisy_impulses {n} m s {family} M x ->
  forall j : nat, (j < {n})%nat -> j <> s -> logit model x j < logit model x s.
"""


def statement_over_reals(network: Network, found: NoiseClaim) -> str:
    """The definition of the claim for real inputs, as Coq reads it."""
    n = network.seq_len
    family = " ".join(map(rational, (*found.ratios, found.noise)))
    return f"""\
Definition right_under_real_noise : Prop :=
  forall m s : nat, In (m, s) pairs ->
  forall (M : R) (x : nat -> R), 0 < M -> noisy_impulsesR {n} m s {family} M x ->
  forall j : nat, (j < {n})%nat -> j <> s -> logitR model x j < logitR model x s.
"""


def read_claim(text: str) -> NoiseClaim:
    """The claim of an exported file; whatever is overlooked here shows in the comparison.

    Raises:
        ValueError: there is no claim or no certificate in it, or they have another form.
    """
    ends = []
    for name in ("lo", "hi", "noise"):
        found = re.search(rf"^Definition {name} : Q := {RATIONAL}\.$", text, re.MULTILINE)
        if found is None or int(found[2]) == 0:
            raise ValueError(f"the file has no line 'Definition {name} : Q := (p # q).'")
        ends.append(Fraction(int(found[1]), int(found[2])))
    lo, hi, noise = ends
    if not (0 < lo <= hi < 1 and 0 <= noise < lo):
        raise ValueError(f"expected 0 <= noise < lo <= hi < 1, found {noise}, {lo}, {hi}")
    listed = text.partition("Definition pairs : list (nat * nat) := [\n")[2].partition("\n]%nat.")
    pairs = [
        Pair(int(m), int(s)) for m, s in re.findall(r"\(([0-9]{1,4}),([0-9]{1,4})\)", listed[0])
    ]
    proofs = text.partition("Definition proofs : list proof := [\n")[2].partition("\n].\n")[0]
    if not pairs or len(set(pairs)) < len(pairs):
        raise ValueError("the pairs of the claim are none, or one is there twice")
    # A term of these words is data for a proved checker; it cannot end the definition.
    if not _DATA.fullmatch(proofs):
        raise ValueError("the certificate has other words than trees have")
    return NoiseClaim(tuple(pairs), RatioRange(lo, hi), noise, proofs)


def _header(network: Network, found: NoiseClaim) -> str:
    n, (lo, hi) = network.seq_len, found.ratios
    return f"""{HEADER}
    Written by certify; checked with [coqc] of Coq 8.16, nothing else is needed.
    Model: d = {network.hidden_size} units, n = {n} inputs, {network.parameters} weights.
    SHA-256 of its weights: {network.sha256}.

    For {len(found.pairs)} of the {n * (n - 1)} pairs of positions m and s, for all M > 0 and all S
    with {lo} <= S/M <= {hi}: on every input that is M at m, S at s and elsewhere anywhere in
    [-{found.noise} M, {found.noise} M], the logit at s is strictly larger than every other.

    Part 1 defines the network, Part 2 gives the weights and states the claim
    [right_under_noise]. Who wants to know what is proved reads these two parts and the last
    lines of Part 5. Part 3 proves a checker sound, Part 4 is the data that it is run on.
    Part 6 carries the theorem over to real inputs. *)
"""


def _model(network: Network, found: NoiseClaim) -> str:
    return f"""\
{weights(network)}
Definition lo : Q := {rational(found.ratios.lo)}.
Definition hi : Q := {rational(found.ratios.hi)}.
Definition noise : Q := {rational(found.noise)}.

(** The claim: m is the position of the larger impulse M, s that of the smaller one. *)
{statement(network, found)}"""


def _certificate(found: NoiseClaim) -> str:
    return f"""\
(** * Part 4. The certificate

    For each pair the positions m and s, what every margin is at least (in units of the rule), and
    the tree: how the set of inputs is cut until linear bounds prove every margin. *)

Definition proofs : list proof := [
{found.proofs}
].
"""


_THEOREM = """\
(** * Part 5. The theorem *)

Open Scope Q_scope.

(** The computation, done by the kernel's virtual machine. *)
Lemma certificate_holds :
  check_int (hidden_size model) (seq_len model) scale w_ih w_hh w_out lo hi noise proofs = true.
Proof. vm_cast_no_check (eq_refl true). Qed.

Lemma checked :
  check_Z (hidden_size model) (seq_len model) scale w_ih w_hh w_out lo hi noise proofs = true.
Proof. exact (Words.check_int_check_Z _ _ _ _ _ _ _ _ _ _ certificate_holds). Qed.

Lemma pairs_are_proved : forall m s, In (m, s) pairs ->
  exists p, In p proofs /\\ at_m p = m /\\ at_s p = s.
Proof.
  intros m s H. change pairs with (map (fun p => (at_m p, at_s p)) proofs) in H.
  apply in_map_iff in H. destruct H as (p & E & Hp). injection E as Em Es. exists p. auto.
Qed.

Theorem model_is_right : right_under_noise.
Proof.
  intros m s H M x HM Hx. destruct (pairs_are_proved m s H) as (p & Hp & <- & <-).
  exact (check_Z_sound _ _ _ _ _ _ _ _ _ _ checked p Hp M x HM Hx).
Qed.

Print Assumptions model_is_right.
"""


def _over_reals(network: Network, found: NoiseClaim) -> str:
    return f"""\
(** The claim of Part 2 for real inputs. *)
{statement_over_reals(network, found)}
Theorem model_is_right_over_reals : right_under_real_noise.
Proof.
  intros m s H M x HM Hx. destruct (pairs_are_proved m s H) as (p & Hp & <- & <-).
  exact (check_Z_sound_R _ _ _ _ _ _ _ _ _ _ checked p Hp M x HM Hx).
Qed.

Print Assumptions model_is_right_over_reals.
"""
