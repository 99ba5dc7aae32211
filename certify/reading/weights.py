"""Reading a model file, without torch and without running anything that the file contains.

Three containers (:mod:`certify.reading.containers`), told apart by their first bytes, not by their
name:

* torch's zip layout (``.pt``, ``.pth``; the top folder may have any name),
* safetensors (``.safetensors``),
* numpy archives (``.npz``).

Each must hold exactly the tensors ``rnn.weight_ih_l0`` (d, 1), ``rnn.weight_hh_l0`` (d, d) and
``linear.weight`` (n, d), in float16, bfloat16, float32 or float64.

A state dict does not say which nonlinearity the network was trained with: a tanh RNN of the same
shape cannot be told from a ReLU RNN, and is read as one, unless the file says otherwise (an entry
``nonlinearity`` that is not ``relu``).

The checker reads the same files with code of its own (:mod:`certify.checker.reader`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import numpy as np

from certify.errors import ModelFileError
from certify.model import Network
from certify.reading.containers import (
    DAMAGE,
    EXPECTED,
    ITEM_SIZE,
    MAX_FILE,
    Entries,
    Tensor,
    read_entries,
    shown,
)

MAX_SIZE = 256  #: hidden units, and inputs
NAMES = ("rnn.weight_ih_l0", "rnn.weight_hh_l0", "linear.weight")


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


def _content(path: Path) -> bytes:
    if path.is_dir():
        raise ModelFileError("is a folder, expected a model file")
    if not path.exists():
        raise ModelFileError("no such file")
    if not path.is_file():  # a pipe or a device may never end
        raise ModelFileError("is not a regular file")
    with path.open("rb") as stream:
        content = stream.read(MAX_FILE + 1)
    if not content:
        raise ModelFileError("is empty")
    if len(content) > MAX_FILE:
        raise ModelFileError(
            f"has more than {MAX_FILE >> 20} MiB, expected a small RNN "
            f"(at most {MAX_SIZE} units and {MAX_SIZE} inputs)"
        )
    return content


def _network(entries: Entries, source: str) -> Network:
    nonlinearity = entries.get("nonlinearity", "relu")
    if not isinstance(nonlinearity, str) or nonlinearity.lower() != "relu":
        raise ModelFileError(f"its nonlinearity is {shown(str(nonlinearity))}, expected relu")
    tensors = {name: entry for name, entry in entries.items() if name != "nonlinearity"}
    if tensors.keys() != set(NAMES):
        _explain_names(tensors)
    arrays = []
    for name in NAMES:
        tensor = tensors[name]
        if not isinstance(tensor, Tensor):
            raise ModelFileError(f"{name} is no tensor; {EXPECTED}")
        if tensor.dtype not in ITEM_SIZE:
            raise ModelFileError(
                f"{name} has dtype {tensor.dtype}, expected float16, bfloat16, float32 or float64"
            )
        arrays.append(tensor)
    _check_shapes(*(tensor.shape for tensor in arrays))
    values = [tensor.load() for tensor in arrays]
    for name, array in zip(NAMES, values, strict=True):
        bad = np.argwhere(~np.isfinite(array))
        if len(bad):
            index = tuple(int(i) for i in bad[0])
            raise ModelFileError(f"{name}{list(index)} is {array[index]}, expected finite numbers")
    w_ih, w_hh, w_out = values
    return Network.from_arrays(w_ih, w_hh, w_out, source)


def _check_shapes(ih: tuple[int, ...], hh: tuple[int, ...], out: tuple[int, ...]) -> None:
    if len(hh) == 2 and hh[1] and hh[0] in (3 * hh[1], 4 * hh[1]):
        kind = "a GRU" if hh[0] == 3 * hh[1] else "an LSTM"
        raise ModelFileError(
            f"rnn.weight_hh_l0 has shape {hh}: {kind}, expected the (d, d) of a plain RNN"
        )
    if len(ih) != 2 or ih[1] != 1 or not 1 <= ih[0] <= MAX_SIZE:
        raise ModelFileError(
            f"rnn.weight_ih_l0 has shape {ih}, expected (d, 1) with 1 <= d <= {MAX_SIZE}: "
            "one number goes in at each step"
        )
    d = ih[0]
    if hh != (d, d):
        raise ModelFileError(f"rnn.weight_hh_l0 has shape {hh}, expected ({d}, {d})")
    if len(out) != 2 or out[1] != d or not 2 <= out[0] <= MAX_SIZE:
        raise ModelFileError(
            f"linear.weight has shape {out}, expected (n, {d}) with 2 <= n <= {MAX_SIZE}"
        )


def _explain_names(entries: Mapping[str, object]) -> NoReturn:
    """Say why these are not the three names, as specifically as the names allow."""
    names = sorted(entries)
    for name in names:
        for pattern, what in (
            (r"rnn\.bias_[ih]h_l\d+|linear\.bias", "a bias, but the family has none"),
            (r"rnn\..*_reverse", "a second direction, but the family has one"),
            (r"rnn\.weight_[ih]h_l[1-9]\d*", "a second layer, but the family has one"),
            (r"rnn\.weight_hr_l\d+", "the projection of an LSTM, not of a plain RNN"),
            (
                r"(?i).*(attn|attention|transformer|[qkv]_proj|wte\b|wpe\b|\bblocks?\.\d|pos_emb).*",
                "part of a transformer, not of a plain RNN",
            ),
        ):
            if re.fullmatch(pattern, name[:200]):
                raise ModelFileError(f"{shown(name)} is {what}; {EXPECTED}")
    nested = [name for name in names if isinstance(entries[name], dict)]
    if nested:
        raise ModelFileError(
            f"{shown(nested[0])} is a dict inside the dict (a training checkpoint?), "
            "expected the state dict alone"
        )
    for name in names:
        prefix = next((name.removesuffix(n) for n in NAMES if name.endswith(n)), "")
        if prefix:
            raise ModelFileError(f"{shown(name)} has the prefix {shown(prefix)}; {EXPECTED}")
    missing = [name for name in NAMES if name not in entries]
    extra = [name for name in names if name not in NAMES]
    found = f"has no {missing[0]}" if missing else f"has an entry {shown(extra[0])} too many"
    listed = ", ".join(shown(name) for name in names[:6]) + (", ..." if len(names) > 6 else "")
    raise ModelFileError(f"{found}; {EXPECTED}, found {listed or 'nothing'}")
