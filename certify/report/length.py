"""How long a proof is: what compact proofs of model performance are compared by.

Leaves are the pieces that are decided one by one: cells, boxes, cones. Multiply-adds count the
products that the checker needs for the decisions, by the sizes alone, as a run needs
``n d (d + 1) + n d`` of them and the linear bounds of a box at most ``(n + 1)^2 d^2 (d + n)``.
Bytes are those of the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ProofLength:
    """Leaves, multiply-adds to check (at most so many) and bytes of one certificate."""

    leaves: int
    multiply_adds: int
    size: int

    def __str__(self) -> str:
        return (
            f"{self.leaves:,} leaves, at most {_rounded(self.multiply_adds)} multiply-adds to "
            f"check, {self.size:,} bytes"
        )


def proof_length(document: dict[str, Any], size: int) -> ProofLength | None:
    """The length of the proof in a certificate of ``size`` bytes; None for an unknown kind."""
    model = document["model"]
    d, n = model["hidden_size"], model["seq_len"]
    run = n * d * (d + 1) + n * d
    box = (n + 1) ** 2 * d * d * (d + n)
    evidence = document.get("evidence", {})
    kind = document["kind"]
    if kind == "impulse":
        pairs = evidence["pairs"]
        runs = sum(len(p["breaks"]) for p in pairs)
        return ProofLength(sum(p["cells"] for p in pairs), runs * run, size)
    if kind == "circuit":
        nodes = sum(map(len, evidence["nodes"]))
        return ProofLength(nodes, nodes * run, size)
    if kind == "noise":
        trees = [p["tree"] for p in evidence["pairs"] if p["tree"]]
        leaves = sum(t["leaves"] for t in trees)
        return ProofLength(leaves, leaves * box, size)
    if kind == "accuracy":
        leaves, each = _accuracy(evidence, n, run, box)
        return ProofLength(leaves, leaves * each, size)
    return None


def _accuracy(evidence: dict[str, Any], n: int, run: int, box: int) -> tuple[int, int]:
    """Leaves, and the multiply-adds of one."""
    if "cones" in evidence:
        # Between its cuts a tree has its leaves, one more than cuts; a cone is run on its n rays.
        chambers = evidence["cones"]["chambers"]
        return sum(sum(not node for node in c["nodes"]) for c in chambers), n * run
    if "simplices" in evidence:
        # A tree of k leaves has k bytes for them and two for each of its k - 1 cuts.
        return sum((length + 2) // 3 for length in evidence["simplices"]["lengths"]), box
    # A tree of k leaves has 2 k - 1 nodes; trees of cases inside take some of the bytes.
    return sum((length + 1) // 2 for _, length in evidence["boxes"]["words"]), box


def _rounded(count: int) -> str:
    for power, word in ((12, "trillion"), (9, "billion"), (6, "million")):
        if count >= 10**power:
            return f"{count / 10**power:.3g} {word}"
    return f"{count:,}"
