"""Write the impulse claim of one model as a Coq development that stands alone.

The file has six parts: definitions (``network.v``, ``impulse/inputs.v``), the model with its
weights and the claim, why a computation proves it (``sums.v``, ``impulse/cells.v``,
``impulse/checker.v``), the certificate, the theorem, and last the same over the reals
(``over_reals.v``, ``impulse/reals.v``), which rests on axioms. Its text is a function of
the network, the range and the ratios of the certificate, which
:func:`certify.coq.kernel.check_coq` uses to compare it byte by byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from certify.claims import Pair, RatioRange, all_pairs
from certify.coq.text import MAX_DIGITS, library, rational, weights
from certify.errors import UsageError
from certify.files import atomic_write
from certify.model import Network

Chains = Mapping[Pair, Sequence[Fraction]]

HEADER = "(** * A ReLU network finds the second largest of two impulses: a theorem\n"


def export_coq(
    network: Network,
    ratio_range: RatioRange,
    breaks: Mapping[Pair, Sequence[Fraction]],
    output: Path,
) -> None:
    """Write the Coq development of the impulse claim for all pairs over ``ratio_range``.

    ``breaks`` gives for each pair the sorted break points of the ratio, at least those inside
    the range (:attr:`certify.impulse.sweep.Sweep.breaks` fits). They are not trusted: Coq's kernel
    rejects the file if the network is not linear between neighbours or the claim is false.

    Raises:
        ValueError: a pair has no break points.
        UsageError: a ratio has more digits than Python and Coq files should carry.
        OSError: the file cannot be written.
    """
    lo, hi = ratio_range
    chains = {}
    for pair in all_pairs(network.seq_len):
        if pair not in breaks:
            raise ValueError(f"no break points for the pair (m, s) = {tuple(pair)}")
        inside = sorted({b for b in breaks[pair] if lo < b < hi})
        if any(b.denominator >= 10**MAX_DIGITS for b in (lo, *inside, hi)):
            raise UsageError(
                f"the pair (m, s) = {tuple(pair)} has a break point of more than {MAX_DIGITS} "
                "digits, expected fewer for a Coq file"
            )
        chains[pair] = [lo, *inside, *([hi] if lo < hi else [])]
    atomic_write(output, development(network, ratio_range, chains).encode("ascii"))


def development(network: Network, ratio_range: RatioRange, chains: Chains) -> str:
    """The text of the exported file; ``chains`` gives the ratios for each of the pairs."""
    return "\n".join(
        [
            _header(network, ratio_range),
            library("network.v"),
            library("impulse/inputs.v"),
            _model(network, ratio_range),
            library("sums.v"),
            library("impulse/cells.v"),
            library("impulse/checker.v"),
            _certificate(network, chains),
            _THEOREM,
            library("over_reals.v"),
            library("impulse/reals.v"),
            _over_reals(network, ratio_range),
        ]
    )


def claim(network: Network, ratio_range: RatioRange) -> str:
    """The definition of the claim, as Coq reads it."""
    n = network.seq_len
    return f"""\
Definition right_on_impulses : Prop :=
  forall m s : nat, (m < {n})%nat -> (s < {n})%nat -> m <> s ->
  forall M S : Q, 0 < M -> {rational(ratio_range.lo)} <= S / M <= {rational(ratio_range.hi)} ->
  forall j : nat, (j < {n})%nat -> j <> s ->
  logit model (impulses m s M S) j < logit model (impulses m s M S) s.
"""


def claim_over_reals(network: Network, ratio_range: RatioRange) -> str:
    """The definition of the claim for real M and S, as Coq reads it."""
    n = network.seq_len
    lo, hi = (f"{end.numerator} / {end.denominator}" for end in ratio_range)
    return f"""\
Definition right_on_real_impulses : Prop :=
  forall m s : nat, (m < {n})%nat -> (s < {n})%nat -> m <> s ->
  forall M S : R, 0 < M -> {lo} <= S / M <= {hi} ->
  forall j : nat, (j < {n})%nat -> j <> s ->
  logitR model (impulsesR m s M S) j < logitR model (impulsesR m s M S) s.
"""


def _header(network: Network, ratio_range: RatioRange) -> str:
    n = network.seq_len
    return f"""{HEADER}
    Written by certify; checked with [coqc] of Coq 8.16, nothing else is needed.
    Model: d = {network.hidden_size} units, n = {n} inputs, {network.parameters} weights.
    SHA-256 of its weights: {network.sha256}.

    For every two different positions m and s, all M > 0 and all S with
    {ratio_range.lo} <= S/M <= {ratio_range.hi}: on the input that is M at m, S at s and 0
    elsewhere, the logit at s is strictly larger than every other logit.

    Part 1 defines the network, Part 2 gives the weights and states the claim
    [right_on_impulses]. Who wants to know what is proved reads these two parts and the last
    lines of Part 5. Part 3 proves a checker sound, Part 4 is the data that it is run on.
    Part 6 carries the theorem over to real M and S. *)
"""


def _model(network: Network, ratio_range: RatioRange) -> str:
    return f"""\
{weights(network)}
Definition lo : Q := {rational(ratio_range.lo)}.
Definition hi : Q := {rational(ratio_range.hi)}.

(** The claim: m is the position of the larger impulse M, s that of the smaller one S. *)
{claim(network, ratio_range)}"""


def _certificate(network: Network, chains: Chains) -> str:
    def row(m: int) -> str:
        return ";\n".join(
            f"  [ (* m = {m}, s = {s} *)\n"
            + ";\n".join(f"    {rational(r)}" for r in chains[Pair(m, s)])
            + " ]"
            if m != s
            else "  []"
            for s in range(network.seq_len)
        )

    body = ";\n".join(f" [\n{row(m)}\n ]" for m in range(network.seq_len))
    return f"""\
(** * Part 4. The certificate

    For each pair (m, s) the ratios at which the network is run: the ends of the range, and the
    kinks between them. *)

Definition ratios : list (list (list Q)) := [
{body}
].
"""


_THEOREM = """\
(** * Part 5. The theorem *)

(** The computation, done by the kernel's virtual machine. *)
Lemma certificate_holds :
  check (hidden_size model) (seq_len model) scale w_ih w_hh w_out lo hi ratios = true.
Proof. vm_cast_no_check (eq_refl true). Qed.

Theorem model_is_right : right_on_impulses.
Proof. exact (check_sound _ _ _ _ _ _ _ _ _ certificate_holds). Qed.

Print Assumptions model_is_right.
"""


def _over_reals(network: Network, ratio_range: RatioRange) -> str:
    return f"""\
(** The claim of Part 2 for real M and S. *)
{claim_over_reals(network, ratio_range)}
Theorem model_is_right_over_reals : right_on_real_impulses.
Proof. exact (check_sound_R _ _ _ _ _ _ _ _ _ certificate_holds). Qed.

Print Assumptions model_is_right_over_reals.
"""
