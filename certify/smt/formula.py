"""The questions put to a solver, as SMT-LIB text (see :mod:`certify.smt` for what they mean)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from certify.claims import Pair, RatioRange, rivals
from certify.model import Network
from certify.smt.trajectory import Affine, Piece

_PREAMBLE = """\
(declare-fun r () Real)
(define-fun between ((lo Real) (hi Real)) Bool (and (<= lo r) (<= r hi)))"""

_IS_RELU = """\
(define-fun is_relu ((a Real) (p Real)) Bool
  (and (>= a 0.0) (>= a p) (or (= a 0.0) (= a p))))"""


def cover_formula(ratio_range: RatioRange, pieces: Sequence[Piece]) -> str:
    """Assertions that some r of the range lies in no piece."""
    inside = [f"(assert (not {_between(piece.lo, piece.hi)}))" for piece in pieces]
    return "\n".join([_PREAMBLE, f"(assert {_between(*ratio_range)})", *inside, ""])


def claim_formula(network: Network, pair: Pair, pieces: Sequence[Piece]) -> str:
    """Assertions that on some piece a guess is wrong or a margin is not positive."""
    lines = [_PREAMBLE, _IS_RELU, *_definitions(network)]
    questions: list[str] = []
    states = [" ".join(["0.0"] * network.hidden_size)] * len(pieces)
    for t in range(network.seq_len):
        scale = _real(1 << (network.shift * t))
        x = scale if t == pair.max else f"(* {scale} r)" if t == pair.second else "0.0"
        for start, stop in _runs(pieces, t):
            names = [f"h{t + 1}_{i}_on{start}" for i in range(network.hidden_size)]
            lines.append(f"; the guess of 2^{network.shift * (t + 1)} h_{t + 1} on piece {start}")
            lines += [
                f"(define-fun {name} () Real {_affine(value)})"
                for name, value in zip(names, pieces[start].states[t], strict=True)
            ]
            before = states[start]
            questions.append(
                f"; step {t}\n  (and {_between(pieces[start].lo, pieces[stop - 1].hi)} (not (and\n"
                + "\n".join(
                    f"    (is_relu {name} (pre_{i} {before} {x}))" for i, name in enumerate(names)
                )
                + ")))"
            )
            states[start:stop] = [" ".join(names)] * (stop - start)
    for piece, h in zip(pieces, states, strict=True):
        questions.append(
            f"; margins\n  (and {_between(piece.lo, piece.hi)} (or\n"
            + "\n".join(
                f"    (<= (logit_{pair.second} {h}) (logit_{j} {h}))"
                for j in rivals(pair, network.seq_len)
            )
            + " false))"
        )
    return "\n".join([*lines, "(assert (or", *(f"  {q}" for q in questions), "  false))", ""])


def document(
    network: Network, title: str, meaning: Sequence[str], status: str, formula: str
) -> str:
    """A whole SMT-LIB file with one ``check-sat``, whose answer should be ``status``."""
    comment = [
        title,
        f"Network: h' = relu(W_hh h + W_ih x), logits = W_out h; {network.hidden_size} units, "
        f"{network.seq_len} inputs",
        f"Weights: SHA-256 {network.sha256}, here times 2^{network.shift}",
        *meaning,
    ]
    header = [f"; {line}" for line in comment]
    header += ["(set-info :smt-lib-version 2.6)", f"(set-info :status {status})"]
    return "\n".join([*header, "(set-logic QF_LRA)", formula + "(check-sat)", "(exit)", ""])


def _runs(pieces: Sequence[Piece], t: int) -> list[tuple[int, int]]:
    """Ranges of adjacent pieces that ask the same about step t and about every step before."""
    starts = [
        k
        for k, piece in enumerate(pieces)
        if k == 0
        or piece.lo != pieces[k - 1].hi
        or piece.states[: t + 1] != pieces[k - 1].states[: t + 1]
    ]
    return list(zip(starts, [*starts[1:], len(pieces)], strict=True))


def _definitions(network: Network) -> list[str]:
    """The network's step and readout: ``pre_i(h, x)`` and ``logit_j(h)``, weight by weight."""
    names = [f"h{i}" for i in range(network.hidden_size)]
    state = " ".join(f"({name} Real)" for name in names)

    def dot(weights: Sequence[int], values: Sequence[str]) -> str:
        products = [f"(* {_real(w)} {v})" for w, v in zip(weights, values, strict=True)]
        return f"(+ 0.0 {' '.join(products)})"

    steps = [
        f"(define-fun pre_{i} ({state} (x Real)) Real {dot([*row, w], [*names, 'x'])})"
        for i, (row, w) in enumerate(zip(network.w_hh, network.w_ih, strict=True))
    ]
    readout = [
        f"(define-fun logit_{j} ({state}) Real {dot(row, names)})"
        for j, row in enumerate(network.w_out)
    ]
    return steps + readout


def _real(value: int | Fraction) -> str:
    """A literal of sort Real: decimals, because a bare numeral is an Int to some solvers."""
    size = abs(Fraction(value))
    text = f"{size.numerator}.0"
    if size.denominator != 1:
        text = f"(/ {text} {size.denominator}.0)"
    return f"(- {text})" if value < 0 else text


def _affine(value: Affine) -> str:
    a, b = value
    if not b:
        return _real(a)
    return f"(+ {_real(a)} (* {_real(b)} r))" if a else f"(* {_real(b)} r)"


def _between(lo: Fraction, hi: Fraction) -> str:
    return f"(between {_real(lo)} {_real(hi)})"
