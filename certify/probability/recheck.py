"""A fast second look at a large accuracy certificate: float64 for all leaves, integers for some.

The checker needs about 14 ms a leaf of boxes, so hours for a certificate of a long run. Here every
leaf is bounded anew in float64 with its rounding accounted for, the masses are summed as the prover
sums them, and a seeded sample of leaves goes through the checker: as a certificate of its own, in
which all other leaves are open. That rests on far more code than the checker (the engine that
searched, numba), so it has a verdict of its own and is never an acceptance.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

from certify.checker.accuracy import check_accuracy
from certify.checker.document import fields, integer, items, rational, read_document
from certify.checker.errors import Rejected, Unreadable
from certify.checker.network import Weights
from certify.checker.reader import read_weights
from certify.errors import CertificateFormatError, UsageError
from certify.model import Network
from certify.probability import scheduler
from certify.probability.boxes import branch_and_bound as box_search
from certify.probability.boxes.order_words import forest, words
from certify.probability.cones import branch_and_bound as cone_search
from certify.probability.cones import chambers, relaxation
from certify.probability.prove import MODESTY
from certify.reading.weights import read_network

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Recheck:
    """``refused`` says in words what did not hold, empty if all did.

    ``leaves`` were bounded in float64, ``sampled`` of them, drawn by ``seed``, checked in integers;
    ``sha256`` is that of the model.
    """

    sha256: str
    lower: Fraction
    upper: Fraction
    leaves: int
    sampled: int
    seed: int
    refused: str

    @property
    def verdict(self) -> str:
        """``rechecked`` or ``not rechecked``."""
        return "not rechecked" if self.refused else "rechecked"


@dataclass(frozen=True)
class _Tree:
    """One order word or chamber: ``name`` as the certificate has it; ``leaves``, the number of
    those that say that they prove something.
    """

    name: str
    tape: bytes
    leaves: int


def recheck(
    certificate: Path,
    model: Path,
    *,
    sample: int = 200,
    seed: int = 0,
    progress: Progress = lambda done, total: None,
) -> Recheck:
    """Look at all leaves in float64 and at ``sample`` of them in integers.

    Raises:
        UsageError: ``sample`` is negative, or the certificate is none by boxes or cones.
        CertificateFormatError: the file is not a certificate, or about another model, or its
            trees are none.
        ModelFileError: the model cannot be read.
    """
    if sample < 0:
        raise UsageError(f"--sample needs a number from 0 on, got {sample}")
    network = read_network(model)
    try:
        document = read_document(certificate)
        about = document.body.get("model")
        if not isinstance(about, dict) or about.get("sha256") != network.sha256:
            raise CertificateFormatError(f"{certificate}: is about another model than {model}")
        inputs, lower, upper, kind, trees = _read(document.body, document.evidence, network)
    except (Unreadable, Rejected) as error:
        raise CertificateFormatError(f"{certificate}: {error}") from error

    n = network.seq_len

    def bound(tree: _Tree) -> tuple[bytes, Fraction, Fraction]:
        return _bound(network, inputs, kind, tree.name, tree.tape)

    right = wrong = Fraction(0)
    lost = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, (tree, found) in enumerate(zip(trees, pool.map(bound, trees), strict=True)):
            progress(done, len(trees))
            kept, good, bad = found
            lost += tree.leaves - sum(_proves(node, kind) for node in _nodes(kept, kind, n))
            right, wrong = right + good, wrong + bad
    refused, drawn = "", 0
    if lost:
        refused = f"{lost} leaves are not proved in float64"
    elif not (lower <= right and 1 - wrong <= upper):
        refused = f"the leaves prove only [{float(right):.12f}, {1 - float(wrong):.12f}]"
    else:
        reduced, drawn = _sample(trees, kind, n, sample, seed)
        if drawn:
            refused = _check_sample(network, inputs, kind, reduced, read_weights(model))
    leaves = sum(tree.leaves for tree in trees)
    return Recheck(network.sha256, lower, upper, leaves, drawn, seed, refused)


def _read(
    body: dict[str, Any], binary: bytes, network: Network
) -> tuple[str, Fraction, Fraction, str, list[_Tree]]:
    """The claim and the trees, which are made sure to be trees."""
    evidence: Any = body.get("evidence")
    kind = str(next(iter(evidence), "")) if isinstance(evidence, dict) else ""
    if body.get("kind") != "accuracy" or kind not in ("boxes", "simplices"):
        raise UsageError("only accuracy certificates by boxes or cones are rechecked: use check")
    inputs, low, high = fields(body.get("claim"), "claim", ("inputs", "lower", "upper"))
    if inputs not in ("gaussian", "uniform"):
        raise Rejected("claim.inputs: expected gaussian or uniform")
    if kind == "boxes":
        (entries,) = fields(evidence[kind], "evidence.boxes", ("words",))
        pairs = [items(v, "evidence.boxes.words", 2) for v in items(entries, "evidence.boxes")]
    else:
        (entries,) = fields(evidence[kind], "evidence.simplices", ("lengths",))
        number = len(chambers.all_chambers(network.seq_len, inputs))
        lengths = items(entries, "evidence.simplices.lengths", number)
        pairs = [[str(i), length] for i, length in enumerate(lengths)]
    known = set(words(network.seq_len, inputs)) if kind == "boxes" else None
    trees, at = [], 0
    for name, size in pairs:
        end = at + integer(size, "evidence")
        if end > len(binary) or (known is not None and name not in known):
            raise Rejected(f"evidence: {name!r:.40} is no order word, or its tree is cut off")
        if known is not None:
            known.discard(name)  # so that no box counts twice
        tape = binary[at:end]
        trees.append(_Tree(name, tape, _count(tape, kind, network.seq_len, name)))
        at = end
    if at != len(binary):
        raise Rejected("evidence.bin: bytes are left over")
    return inputs, rational(low, "claim.lower"), rational(high, "claim.upper"), kind, trees


def _nodes(tape: bytes, kind: str, n: int) -> Iterator[bytes]:
    """The nodes of a tape, each leaf with its cases."""
    return box_search.nodes(tape, n - 1) if kind == "boxes" else cone_search.nodes(tape)


def _proves(node: bytes, kind: str) -> bool:
    """Whether a node is a leaf that says that it proves something."""
    return node[0] in (box_search.PROOFS if kind == "boxes" else (cone_search.LEAF,))


def _count(tape: bytes, kind: str, n: int, name: str) -> int:
    """The number of leaves that prove something, of what is checked to be a tree in preorder."""
    boxes = kind == "boxes"
    deepest = box_search.MAX_DEPTH if boxes else relaxation.MAX_DEPTH
    leaves, stack = 0, [0]
    try:
        for node in _nodes(tape, kind, n):
            if not stack or stack[-1] > deepest:
                raise Rejected(f"{name}: the tree is too deep, or goes on after its end")
            depth = stack.pop()
            if _proves(node, kind):
                leaves += 1
            elif node[0] != (box_search.OPEN if boxes else cone_search.SKIPPED):
                i, j = divmod(node[0], box_search.TAIL if boxes else n)
                if not (i < 2 and j < n if boxes else i < n and i != j and node[1]):
                    raise Rejected(f"{name}: {node[0]} is no kind of node")
                stack += [depth + 1, depth + 1]
    except ValueError as error:
        raise Rejected(f"{name}: {error}") from error
    if stack:
        raise Rejected(f"{name}: the tree is cut off")
    return leaves


def _bound(
    network: Network, inputs: str, kind: str, name: str, tape: bytes
) -> tuple[bytes, Fraction, Fraction]:
    """The tape with the leaves that hold in float64, and the probabilities right and wrong."""
    if kind == "boxes":
        tape = scheduler.confirm_tape(network, inputs, name, tape)
        right, wrong = scheduler.volumes(tape, len(name))
        share = forest(name, inputs).probability
    else:
        tape, right, wrong = chambers.confirm_tape(network, inputs, int(name), tape)
        chamber = chambers.all_chambers(network.seq_len, inputs)[int(name)]
        share = chambers.chamber_probability(chamber, inputs)
    return tape, right * share, wrong * share


def _sample(
    trees: list[_Tree], kind: str, n: int, sample: int, seed: int
) -> tuple[list[tuple[str, bytes]], int]:
    """The trees with all leaves open but some that are drawn without replacement, and how many."""
    number = sum(tree.leaves for tree in trees)
    drawn = sorted(Random(seed).sample(range(number), min(sample, number)))
    wanted = iter([*drawn, number])
    reduced = []
    index, then = 0, next(wanted)
    for tree in trees:
        kept = []
        for node in _nodes(tree.tape, kind, n):
            if _proves(node, kind):
                if index == then:
                    then = next(wanted)
                else:
                    node = bytes([box_search.OPEN if kind == "boxes" else cone_search.SKIPPED])
                index += 1
            kept.append(node)
        tape = b"".join(kept)
        short = scheduler.prune(tape, n) if kind == "boxes" else chambers.prune(tape)
        if kind == "simplices" or short != scheduler.ROOT:
            reduced.append((tree.name, short))
    return reduced, len(drawn)


def _check_sample(
    network: Network, inputs: str, kind: str, reduced: list[tuple[str, bytes]], weights: Weights
) -> str:
    """What the checker says against a certificate of these trees, if anything."""
    right = wrong = Fraction(0)
    for name, tape in reduced:
        _, good, bad = _bound(network, inputs, kind, name, tape)
        right, wrong = right + good, wrong + bad
    evidence: dict[str, Any] = {"words": [[name, len(tape)] for name, tape in reduced]}
    if kind == "simplices":
        evidence = {"lengths": [len(tape) for _, tape in reduced]}
        right, wrong = right * (1 - MODESTY), wrong * (1 - MODESTY)
    claim = {"inputs": inputs, "lower": str(right), "upper": str(1 - wrong)}
    body = {"claim": claim, "evidence": {kind: evidence}}
    try:
        check_accuracy(weights, body, b"".join(tape for _, tape in reduced))
    except Rejected as error:
        return f"the checker refuses the leaves drawn: {error}"
    return ""
