"""Models from files and mappings, without torch and without running anything in a file.

Three containers (:mod:`certify.reading.containers`), told apart by their first bytes, not by their
name:

* torch's zip layout (``.pt``, ``.pth``; the top folder may have any name),
* safetensors (``.safetensors``),
* numpy archives (``.npz``).

Each holds the three matrices of the family in float16, bfloat16, float32 or float64, by names
that :mod:`certify.reading.roles` understands.

A state dict does not say which nonlinearity the network was trained with: a tanh RNN of the same
shape cannot be told from a ReLU RNN, and is read as one, unless the file says otherwise (an entry
``nonlinearity`` that is not ``relu``).

The checker reads the same files with code of its own (:mod:`certify.checker.reader`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from certify.errors import ModelFileError
from certify.model import Network, exact_floats
from certify.reading.containers import DAMAGE, read_entries
from certify.reading.roles import MAX_SIZE, find_roles
from certify.reading.tensors import MAX_FILE, Entries, Tensor

MOST_BITS, LEAST_BITS = 500, -900  #: of logits; so that float64 holds them, and squares


def read_network(path: Path | str) -> Network:
    """The network in a ``.pt``/``.pth``, ``.safetensors`` or ``.npz`` file.

    Raises:
        ModelFileError: there is no such file, it is none of the three, it is damaged, or what it
            holds is not a 2nd-argmax RNN; the message names file, tensor and what was expected.
    """
    try:
        return _network(read_entries(_content(Path(path))), str(path))
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from None
    except DAMAGE as error:
        what = f"{type(error).__name__}: {error}"[:200]
        raise ModelFileError(f"{path}: damaged or cut off ({what})") from None


def network_from_mapping(tensors: Mapping[str, Any], source: str = "mapping") -> Network:
    """The network whose tensors these are: a state dict, or arrays or nested lists by name.

    Values are torch tensors, numpy arrays, or nested lists of numbers (floats, ints, Fractions)
    that float64 holds exactly; names are understood as those in a file are. Torch is not imported.

    Raises:
        ModelFileError: they are not a 2nd-argmax RNN; the message names ``source`` and tensor.
    """
    try:
        return _network({str(name): _entry(value) for name, value in tensors.items()}, source)
    except ModelFileError as error:
        raise ModelFileError(f"{source}: {error}") from None


def _network(entries: Entries, source: str) -> Network:
    roles = find_roles(entries)
    network = Network.from_arrays(*roles.arrays, source, roles.notes)
    _check_range(network)
    return network


def _check_range(network: Network) -> None:
    """Refuse what floats cannot follow: proofs are exact, but searches and samples are in float64.

    For inputs up to 1 no logit is larger than ``n ih hh**(n-1) out``, where ih is the largest
    weight of W_ih and hh (at least 1) and out are the largest sums of a row of W_hh and W_out.
    """
    rows = [[(w,) for w in network.w_ih], network.w_hh, network.w_out]
    ih, hh, out = (max(sum(map(abs, row)) for row in matrix) for matrix in rows)
    if not (ih and out):
        return
    bits = [value.bit_length() - network.shift for value in (ih, hh, out)]
    steps = network.seq_len - 1
    most = bits[0] + max(bits[1], 0) * steps + bits[2] + network.seq_len.bit_length()
    least = bits[0] + min(bits[1], 0) * steps + bits[2] if hh else 0
    if most > MOST_BITS or least < LEAST_BITS:
        which = f"grow to 2**{most}" if most > MOST_BITS else f"shrink to 2**{least}"
        raise ModelFileError(
            f"its numbers may {which} within {network.seq_len} steps, expected at most "
            f"2**{MOST_BITS} and at least 2**{LEAST_BITS}: scale rnn.weight_ih_l0 and "
            "linear.weight, which changes no answer; rnn.weight_hh_l0 cannot be scaled so"
        )


def _entry(value: Any) -> object:
    """What a mapping holds, as what a file would."""
    if isinstance(value, Mapping):
        return {str(name): _entry(inner) for name, inner in value.items()}
    if isinstance(value, str):
        return value
    if hasattr(value, "detach"):  # a torch tensor; its tolist knows views, devices and bfloat16
        shape = tuple(value.shape)
        dtype = str(value.dtype).removeprefix("torch.")
        return Tensor(
            dtype,
            shape,
            lambda: np.array(value.detach().double().tolist(), dtype=np.float64).reshape(shape),
        )
    if isinstance(value, (list, tuple)):
        # As objects, so that no conversion rounds before exactness is looked at.
        array = np.array(value, dtype=object)
    elif hasattr(value, "__array__"):
        array = np.asarray(value)
    else:
        return value
    inexact = array.dtype.kind in "OiuVf" and array.dtype.name not in ("float16", "float32")
    dtype = "float64" if inexact else array.dtype.name
    return Tensor(dtype, array.shape, lambda: exact_floats(array))


def _content(path: Path) -> bytes:
    if path.is_dir():
        raise ModelFileError("is a folder, expected a model file")
    if not path.exists():
        raise ModelFileError("no such file")
    if not path.is_file():  # a pipe or a device may never end
        raise ModelFileError("is not a regular file")
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_FILE + 1)
    except OSError as error:  # most often: no permission
        raise ModelFileError(f"cannot be read: {error.strerror}") from None
    if not content:
        raise ModelFileError("is empty")
    if len(content) > MAX_FILE:
        raise ModelFileError(
            f"has more than {MAX_FILE >> 20} MiB, expected a small RNN "
            f"(at most {MAX_SIZE} units and {MAX_SIZE} inputs)"
        )
    return content
