"""Which tensors of a file are W_ih, W_hh and W_out, and what was assumed to tell.

The names of the family are ``rnn.weight_ih_l0``, ``rnn.weight_hh_l0`` and ``linear.weight``. Files
of one's own may say more or say it otherwise, and are understood where there is one way to do so:

* the dict with the weights may be an entry of the file (a training checkpoint),
* the names may have any prefix, and the suffix ``_l0`` may lack (``torch.nn.RNNCell``),
* the last matrix may have any name if it alone has a fitting shape (n, d),
* biases may be there if they are zero,
* what is no float16, bfloat16, float32 or float64 tensor is left aside.

Each of these is said in a note. Every other tensor is refused by its name, for it might matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from certify.errors import ModelFileError
from certify.reading.tensors import EXPECTED, ITEM_SIZE, Entries, Tensor, shown

if TYPE_CHECKING:
    from certify.model import FloatArray

MAX_SIZE = 256  #: hidden units, and inputs
NAMES = ("rnn.weight_ih_l0", "rnn.weight_hh_l0", "linear.weight")
_RECURRENT = re.compile(r"(?s)(.*)weight_hh(|_l0)")
_FOREIGN = (
    (r"(.*\.)?weight_[ih]h(_l0)?_reverse", "a second direction, but the family has one"),
    (r"(.*\.)?weight_[ih]h_l[1-9]\d*", "a second layer, but the family has one"),
    (r"(.*\.)?weight_hr_l\d+", "the projection of an LSTM, not of a plain RNN"),
    (
        r"(?i).*(attn|attention|transformer|[qkv]_proj|wte\b|wpe\b|\bblocks?\.\d|pos_emb).*",
        "part of a transformer, not of a plain RNN",
    ),
)


@dataclass(frozen=True)
class Roles:
    """The arrays W_ih (d, 1), W_hh (d, d), W_out (n, d), and what was assumed to find them."""

    arrays: tuple[FloatArray, FloatArray, FloatArray]
    notes: tuple[str, ...]


def find_roles(entries: Entries) -> Roles:
    """Find the three matrices among what a file holds.

    Raises:
        ModelFileError: there is no way to do so, or more than one; the message says what to rename.
    """
    for holder in (entries, *(v for v in entries.values() if isinstance(v, dict))):
        nonlinearity = holder.get("nonlinearity", "relu")
        if not isinstance(nonlinearity, str) or nonlinearity.lower() != "relu":
            raise ModelFileError(f"its nonlinearity is {shown(str(nonlinearity))}, expected relu")
    key, state = _state_dict(entries)
    tensors = {n: t for n, t in state.items() if isinstance(t, Tensor) and t.dtype in ITEM_SIZE}
    names = _matrices(state, tensors)
    _check_shapes(names, *(tensors[name].shape for name in names))
    notes = [] if key is None else [f"the state dict is the entry {shown(key)}"]
    notes += _renamed(names)
    biases = _zero_biases(names, state)
    notes += [f"{shown(name)} is zero" for name in biases]
    extra = sorted(tensors.keys() - {*names, *biases})
    if extra:
        raise ModelFileError(f"has an entry {shown(extra[0])} too many; {EXPECTED}")
    aside = (state.keys() - tensors.keys()) | (set() if key is None else entries.keys() - {key})
    if aside - {"nonlinearity"}:
        notes.append(f"left aside: {_listed(aside - {'nonlinearity'})}")
    w_ih, w_hh, w_out = (_load(tensors[name], name) for name in names)
    return Roles((w_ih, w_hh, w_out), tuple(notes))


def _state_dict(entries: Entries) -> tuple[str | None, Entries]:
    """The dict that has a recurrent matrix, and its key in the file if it is not the file's own."""
    candidates: list[tuple[str | None, Entries]] = [(None, entries)]
    candidates += [(k, v) for k, v in sorted(entries.items()) if isinstance(v, dict)]
    found = [
        (key, holder)
        for key, holder in candidates
        if any(isinstance(name, str) and _RECURRENT.fullmatch(name) for name in holder)
    ]
    if len(found) > 1:
        keys = ", ".join("the file itself" if k is None else shown(k) for k, _ in found)
        raise ModelFileError(f"holds several models ({keys}): save one state dict alone")
    key, state = found[0] if found else _explain(entries)
    if not all(isinstance(name, str) for name in state):
        raise ModelFileError(f"its state dict has a key that is no string; {EXPECTED}")
    return key, state


def _matrices(state: Entries, tensors: Mapping[str, Tensor]) -> tuple[str, str, str]:
    """The names of the three."""
    for name in sorted(state):
        for pattern, what in _FOREIGN:
            if re.fullmatch(pattern, name[:200]):
                raise ModelFileError(f"{shown(name)} is {what}; {EXPECTED}")
    matches = [match for match in map(_RECURRENT.fullmatch, sorted(state)) if match]
    if len(matches) > 1:
        found = " and ".join(shown(match[0]) for match in matches[:2])
        raise ModelFileError(f"has two recurrent matrices, {found}; {EXPECTED}")
    stem, suffix = matches[0].groups()
    hh, ih = matches[0][0], f"{stem}weight_ih{suffix}"
    for name in (ih, hh):
        _expect_tensor(state, name)
    width = tensors[hh].shape[-1] if tensors[hh].shape else 0
    out = stem.removesuffix("rnn.") + "linear.weight"
    if out in state:
        _expect_tensor(state, out)
        return ih, hh, out
    fitting = [
        name
        for name, tensor in sorted(tensors.items())
        if name not in (ih, hh) and len(tensor.shape) == 2 and tensor.shape[1] == width
    ]
    if len(fitting) != 1:
        found = f"{_listed(fitting)} fit" if fitting else f"found {_listed(state)}"
        raise ModelFileError(
            f"has no {out}, and {'more than one' if fitting else 'no other'} matrix (n, {width}) "
            f"that could be meant: rename the one that gives the logits to {out} ({found})"
        )
    return ih, hh, fitting[0]


def _expect_tensor(state: Entries, name: str) -> None:
    if name not in state:
        raise ModelFileError(f"has no {shown(name)}; {EXPECTED}, found {_listed(state)}")
    tensor = state[name]
    if not isinstance(tensor, Tensor):
        raise ModelFileError(f"{name[:80]} is no tensor; {EXPECTED}")
    if tensor.dtype not in ITEM_SIZE:
        raise ModelFileError(
            f"{name[:80]} has dtype {tensor.dtype}, expected float16, bfloat16, float32 or float64"
        )


def _check_shapes(
    names: tuple[str, ...], ih: tuple[int, ...], hh: tuple[int, ...], out: tuple[int, ...]
) -> None:
    name_ih, name_hh, name_out = (name[-80:] for name in names)
    if len(hh) == 2 and hh[1] and hh[0] in (3 * hh[1], 4 * hh[1]):
        kind = "a GRU" if hh[0] == 3 * hh[1] else "an LSTM"
        raise ModelFileError(
            f"{name_hh} has shape {hh}: {kind}, expected the (d, d) of a plain RNN"
        )
    if len(ih) != 2 or ih[1] != 1 or not 1 <= ih[0] <= MAX_SIZE:
        raise ModelFileError(
            f"{name_ih} has shape {ih}, expected (d, 1) with 1 <= d <= {MAX_SIZE}: "
            "one number goes in at each step"
        )
    d = ih[0]
    if hh != (d, d):
        raise ModelFileError(f"{name_hh} has shape {hh}, expected ({d}, {d})")
    if len(out) != 2 or out[1] != d or not 2 <= out[0] <= MAX_SIZE:
        raise ModelFileError(
            f"{name_out} has shape {out}, expected (n, {d}) with 2 <= n <= {MAX_SIZE}"
        )


def _renamed(names: tuple[str, str, str]) -> list[str]:
    prefix = names[0].removesuffix(NAMES[0])
    if all(name == prefix + expected for name, expected in zip(names, NAMES, strict=True)):
        return [f"the names begin with {shown(prefix)}"] if prefix else []
    return [
        f"{shown(name)} is {expected}"
        for name, expected in zip(names, NAMES, strict=True)
        if name != expected
    ]


def _zero_biases(names: tuple[str, str, str], state: Entries) -> list[str]:
    """The names of the biases; all are zero."""
    biases = [name for name in map(_bias_of, names) if name in state]
    for name in biases:
        tensor = state[name]
        _expect_tensor(state, name)
        assert isinstance(tensor, Tensor)
        if len(tensor.shape) != 1 or tensor.shape[0] > MAX_SIZE:
            raise ModelFileError(f"{shown(name)} is a bias of shape {tensor.shape}")
        if tensor.load().any():
            raise ModelFileError(
                f"{shown(name)} is a bias and not zero, but the family has none; {EXPECTED}"
            )
    return biases


def _bias_of(name: str) -> str:
    head, _, tail = name.rpartition("weight")
    return f"{head}bias{tail}"


def _load(tensor: Tensor, name: str) -> FloatArray:
    array = tensor.load()
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        index = tuple(int(i) for i in bad[0])
        raise ModelFileError(
            f"{name[-80:]}{list(index)} is {array[index]}, expected finite numbers"
        )
    return array


def _explain(entries: Entries) -> NoReturn:
    """Say why there is no recurrent matrix, as specifically as the entries allow."""
    for name in sorted(entries):
        for pattern, what in _FOREIGN:
            if re.fullmatch(pattern, name[:200]):
                raise ModelFileError(f"{shown(name)} is {what}; {EXPECTED}")
    missing = [name for name in NAMES if name not in entries]
    told = f"has no {missing[0]}; {EXPECTED}, found {_listed(entries)}"
    nested = [name for name, value in sorted(entries.items()) if isinstance(value, dict)]
    if nested:
        told += f" ({shown(nested[0])} is a dict without them as well)"
    shapes = {n: t.shape for n, t in entries.items() if isinstance(t, Tensor) and len(t.shape) == 2}
    fitting = [
        (ih, hh, out)
        for ih, hh, out in permutations(sorted(shapes)[:8], 3)
        if shapes[ih] == (d := shapes[hh][0], 1) and shapes[hh] == (d, d) and shapes[out][1] == d
    ]
    if len(fitting) == 1:
        pairs = [f"{shown(a)} to {b}" for a, b in zip(fitting[0], NAMES, strict=True)]
        told += f". By their shapes: rename {pairs[0]}, {pairs[1]} and {pairs[2]}"
    raise ModelFileError(told)


def _listed(names: Iterable[str]) -> str:
    some = sorted(names)
    return ", ".join(map(shown, some[:6])) + (", ..." if len(some) > 6 else "") or "nothing"
