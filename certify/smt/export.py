"""The same questions as SMT-LIB files, for whoever wants to ask another solver."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from certify.claims import Pair, RatioRange, impulses
from certify.files import atomic_write
from certify.model import Network
from certify.smt.formula import claim_formula, cover_formula, document
from certify.smt.solver import check_arguments
from certify.smt.trajectory import Piece, trajectory_pieces

_COVER_MEANING = """\
unsat means: no ratio r of the range lies outside the pieces.""".splitlines()

_PIECE_MEANING = """\
unsat means: for every ratio r of the piece, the guesses h<t>_<i>_on0 are the states of the
network with input 1 at m, r at s and 0 elsewhere (times a power of two, which changes no sign),
and the logit of s is larger than every other.
Why: a solution would be an r at which some step does not lead from the guess before it to the
guess after it, or at which the last guess makes some other logit as large. The first guess is
h_0 = 0, so without a solution the guesses are the states, step by step. Nothing is assumed of
them: a wrong one would be a solution.""".splitlines()


def export_smt2(
    network: Network, pairs: Sequence[Pair], ratio_range: RatioRange, folder: Path
) -> list[Path]:
    """Write the questions as SMT-LIB 2.6 files (QF_LRA), one ``check-sat`` each.

    For each pair a file for the cover and one for each piece; `unsat` from all of them proves the
    pair. ``:status`` is the answer by exact arithmetic: `sat` where the model is wrong. The folder
    is made if need be, files of the same names are replaced.

    Raises:
        UsageError: a pair or range that cannot mean anything.
        OSError: the folder cannot be made or written.
    """
    check_arguments(network, pairs, ratio_range)
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[Path, str] = {}
    for pair in pairs:
        pieces = trajectory_pieces(network, pair, ratio_range)
        name = f"max{pair.max}_second{pair.second}"
        title = f"Pair m = {pair.max}, s = {pair.second}, {ratio_range.lo} <= r <= {ratio_range.hi}"
        files[folder / f"{name}_cover.smt2"] = document(
            network,
            f"{title}: cover by {len(pieces)} pieces",
            _COVER_MEANING,
            "unsat",
            cover_formula(ratio_range, pieces),
        )
        for k, piece in enumerate(pieces):
            files[folder / f"{name}_piece{k}.smt2"] = document(
                network,
                f"{title}: piece {k} of 0 to {len(pieces) - 1}, {piece.lo} <= r <= {piece.hi}",
                _PIECE_MEANING,
                "unsat" if _right_on(network, pair, piece) else "sat",
                claim_formula(network, pair, [piece]),
            )
    for path, text in files.items():
        atomic_write(path, text.encode("ascii"))
    return list(files)


def _right_on(network: Network, pair: Pair, piece: Piece) -> bool:
    """Whether every margin is positive on the piece: affine there, so at both of its ends."""
    return all(
        network.choice(impulses(pair, end, network.seq_len)) == pair.second
        for end in (piece.lo, piece.hi)
    )
