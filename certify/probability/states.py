"""The state of a long run as a file: what is known of each word, and whose turn it is."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass
from typing import Any

from certify.errors import UsageError
from certify.model import Network

VERSION = 4
_BROKEN = (zlib.error, struct.error, ValueError, KeyError, TypeError)


@dataclass
class Shard:
    """What is known of one word: its tape so far and the round that it has completed."""

    tape: bytes
    right: int = 0
    wrong: int = 0
    base: int = 0  # right + wrong at the start of the round
    spent: int = 0  # boxes in the round so far
    rate: float = 0.0  # probability proved per box in the last whole round


@dataclass(frozen=True)
class State:
    """A run on ``model`` (its sha256) after ``boxes`` boxes; the rest is as in
    :class:`certify.probability.run.Run`.
    """

    model: str
    inputs: str
    method: str
    boxes: int
    round: int
    queue: list[int]
    behind: set[int]
    shards: dict[int, Shard]

    def to_bytes(self) -> bytes:
        """All of the state, compressed."""
        entries = sorted(self.shards.items())
        header = {
            "version": VERSION,
            "model": self.model,
            "inputs": self.inputs,
            "method": self.method,
            "boxes": self.boxes,
            "round": self.round,
            "queue": self.queue,
            "behind": sorted(self.behind),
            "shards": [
                [i, len(s.tape), s.right, s.wrong, s.base, s.spent, s.rate.hex()]
                for i, s in entries
            ],
        }
        text = json.dumps(header).encode()
        parts = [struct.pack("<Q", len(text)), text, *(s.tape for _, s in entries)]
        return zlib.compress(b"".join(parts), 1)

    @classmethod
    def from_bytes(cls, data: bytes, network: Network, inputs: str, method: str) -> State:
        """The state of a run of ``method`` on this model and these inputs.

        Raises:
            UsageError: it is none, or that of another run.
        """
        if data[:1] in (b"{", b"P"):
            raise UsageError(
                "a certificate, which lacks what is still open; go on from the .state file"
            )
        try:
            header, raw, size = _header(data)
            if header["model"] != network.sha256:
                raise UsageError(f"the state of another model (sha256 {header['model'][:16]}...)")
            if header["inputs"] != inputs:
                raise UsageError(
                    f"the state of a run on {header['inputs']} inputs, not on {inputs}"
                )
            if (header["version"], header.get("method")) != (VERSION, method):
                raise UsageError("the state of another version of certify; remove it")
            at = 8 + size
            shards = {}
            for index, length, right, wrong, base, spent, rate in header["shards"]:
                tape = raw[at : at + length]
                shards[index] = Shard(tape, right, wrong, base, spent, float.fromhex(rate))
                at += length
            state = cls(
                network.sha256, inputs, method, header["boxes"], header["round"],
                header["queue"], set(header["behind"]), shards,
            )  # fmt: skip
        except _BROKEN as error:
            raise UsageError(f"not the state of an accuracy run ({error})") from error
        if at != len(raw):
            raise UsageError(f"not the state of an accuracy run ({len(raw)} bytes, not {at})")
        return state


def _header(data: bytes) -> tuple[dict[str, Any], bytes, int]:
    raw = zlib.decompress(data)
    (size,) = struct.unpack_from("<Q", raw)
    return json.loads(raw[8 : 8 + size]), raw, size


def state_covers(new: bytes, old: bytes) -> bool:
    """Whether a state holds all that another one does: it is of the same run, and further on."""
    try:
        this, other = _header(new)[0], _header(old)[0]
        same = all(this[k] == other[k] for k in ("version", "model", "inputs", "method"))
        return bool(same and this["boxes"] >= other["boxes"])
    except _BROKEN:
        return False


def state_boxes(data: bytes, network: Network, inputs: str) -> int | None:
    """The boxes in a state; None where it is not of a run on this model and these inputs."""
    try:
        header = _header(data)[0]
        same = (header["model"], header["inputs"]) == (network.sha256, inputs)
        return int(header["boxes"]) if same else None
    except _BROKEN:
        return None
