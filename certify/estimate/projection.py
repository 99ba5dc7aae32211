"""The rectifier as the projection on the stable eigenspace of W_hh."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from certify.estimate.base import RATIO, Estimate, from_form, linear_response
from certify.estimate.linear import response_cost, spectral_radius
from certify.model import FloatArray, Network


def projection(network: Network, *, seed: int = 0) -> Estimate:
    """Stable projection: the rectifier as the projection P on the stable eigenspace of W_hh.

    P projects on the span of the eigenvectors with ``|eigenvalue| < 1`` along the others (the
    spectral projector, by an ordered Schur form and a Sylvester equation); it commutes with W_hh,
    so ``A = P W_hh`` and ``v = P W_ih``.
    """
    w = network.floats
    projector, rank = stable_projector(w.w_hh)
    form = (1 - RATIO) * linear_response(projector @ w.w_hh, projector @ w.w_ih, network.seq_len)
    d = network.hidden_size
    return from_form(
        "projection",
        network,
        form,
        operations=response_cost(network) + 28 * d**3,
        reads="weights",
        details={"stable_dimension": rank, "spectral_radius": spectral_radius(w.w_hh)},
        notes=("operations take 25 d^3 for the Schur form (Golub and Van Loan) and 3 d^3 for P",),
    )


def stable_projector(matrix: FloatArray) -> tuple[FloatArray, int]:
    """The spectral projector (d, d) on the eigenvalues inside the unit circle, and its rank.

    With the ordered Schur form ``Q [[A, B], [0, C]] Q^T``, A stable, and ``A X - X C = -B``, the
    projector is ``Q [[I, -X], [0, 0]] Q^T``: it fixes the stable invariant subspace and kills the
    unstable one, spanned by ``Q [X; I]``.
    """
    size = len(matrix)
    form, basis, rank = linalg.schur(matrix, sort="iuc")
    if rank in (0, size):
        return np.eye(size) * (rank == size), int(rank)
    x = linalg.solve_sylvester(form[:rank, :rank], -form[rank:, rank:], -form[:rank, rank:])
    upper = np.zeros((size, size))
    upper[:rank, :rank] = np.eye(rank)
    upper[:rank, rank:] = -x
    projector: FloatArray = basis @ upper @ basis.T
    return projector, int(rank)
