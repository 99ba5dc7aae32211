"""Writing a model, in the plainest of the containers that every reader takes: safetensors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from certify.files import atomic_write
from certify.model import Network


def write_network(network: Network, path: Path) -> Path:
    """Write the exact weights to a ``.safetensors`` file, as float64; returns the path.

    Weights come from floats, so float64 holds each of them exactly.

    Raises:
        OSError: the file cannot be written.
    """
    floats = network.floats
    header: dict[str, object] = {}
    data = b""
    for name, array in (
        ("rnn.weight_ih_l0", floats.w_ih[:, None]),
        ("rnn.weight_hh_l0", floats.w_hh),
        ("linear.weight", floats.w_out),
    ):
        raw = np.ascontiguousarray(array, dtype="<f8").tobytes()
        offsets = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": "F64", "shape": list(array.shape), "data_offsets": offsets}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    atomic_write(path, len(text).to_bytes(8, "little") + text + data)
    return path
