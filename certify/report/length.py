"""How long a proof is: what compact proofs of model performance are compared by.

Leaves are the pieces that are decided one by one: cells, boxes, cones. Multiply-adds count the
products that the checker needs for the decisions, about, by the sizes alone: a step of a linear
piece of impulses, which is that of a pair, needs ``2 d (d + n)`` of them, a run
``n d (d + 1) + n d``, a substitution of one row ``(n + 1) d (d + n)``, and the linear
bounds of a box ``(n + 1) d`` such substitutions if all its units are open. Boxes of a noise
tree that are bounded on the way to leaves are not counted, nor are cases. Bytes are those of the
file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from certify.checker.boxes import BOUND, RIGHT, WRONG


@dataclass(frozen=True)
class ProofLength:
    """Leaves, multiply-adds to check (about so many) and bytes of one certificate."""

    leaves: int
    multiply_adds: int
    size: int

    def __str__(self) -> str:
        return (
            f"{self.leaves:,} leaves, about {_rounded(self.multiply_adds)} multiply-adds to "
            f"check, {self.size:,} bytes"
        )


def proof_length(document: dict[str, Any], evidence_bin: bytes, size: int) -> ProofLength | None:
    """The length of the proof in a certificate of ``size`` bytes, with its binary evidence; None
    for an unknown kind.
    """
    model = document["model"]
    d, n = model["hidden_size"], model["seq_len"]
    run = n * d * (d + 1) + n * d
    row = (n + 1) * d * (d + n)
    box = (n + 1) * d * row
    evidence = document.get("evidence", {})
    kind = document["kind"]
    if kind == "impulse":
        pairs = evidence["pairs"]
        cells = sum(p["cells"] for p in pairs)
        return ProofLength(cells, cells * 2 * d * (d + n), size)
    if kind == "circuit":
        nodes = sum(map(len, evidence["nodes"]))
        return ProofLength(nodes, nodes * run, size)
    if kind == "noise":
        trees = [p["tree"] for p in evidence["pairs"] if p["tree"]]
        leaves = sum(t["leaves"] for t in trees)
        return ProofLength(leaves, leaves * box, size)
    if kind == "accuracy":
        if "boxes" in evidence:
            leaves = evidence_bin.count(RIGHT) + evidence_bin.count(WRONG)
            bounded = evidence_bin.count(BOUND)
            return ProofLength(leaves, bounded * box + leaves * (n - 1) * row, size)
        leaves, each = _cones(evidence, n, run, box)
        return ProofLength(leaves, leaves * each, size)
    return None


def _cones(evidence: dict[str, Any], n: int, run: int, box: int) -> tuple[int, int]:
    """Leaves, and the multiply-adds of one."""
    if "cones" in evidence:
        # Between its cuts a tree has its leaves, one more than cuts; a cone is run on its n rays.
        chambers = evidence["cones"]["chambers"]
        return sum(sum(not node for node in c["nodes"]) for c in chambers), n * run
    # A tree of k leaves has k bytes for them and two for each of its k - 1 cuts.
    return sum((length + 2) // 3 for length in evidence["simplices"]["lengths"]), box


def _rounded(count: int) -> str:
    for power, word in ((12, "trillion"), (9, "billion"), (6, "million")):
        if count >= 10**power:
            return f"{count / 10**power:.3g} {word}"
    return f"{count:,}"
