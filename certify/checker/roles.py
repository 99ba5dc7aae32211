"""Which tensors of a file are W_ih, W_hh and W_out, and what is assumed to tell.

The one dict of the file (itself, or an entry of it) in which a name ends in ``weight_hh_l0`` or
``weight_hh`` is the state dict. What stands before is the prefix; ``weight_ih`` has the same. W_out
is ``linear.weight``, or else the one further matrix of shape (n, d). Their biases may be there if
they are zero. No other tensor of floats may: it might have a part in the network.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from certify.checker.errors import Unreadable
from certify.checker.tensors import Tensor

_SIZE = 256  # units and inputs
_NAMES = ("rnn.weight_ih_l0", "rnn.weight_hh_l0", "linear.weight")
_RECURRENT = re.compile(r"(?s)(.*)weight_hh(|_l0)")


class Roles(NamedTuple):
    """W_ih (d, 1), W_hh (d, d), W_out (n, d), and what was assumed."""

    matrices: tuple[Tensor, Tensor, Tensor]
    assumed: tuple[str, ...]


def find_roles(file: dict[Any, Any]) -> Roles:
    """Find the three matrices in what a file holds.

    Raises:
        Unreadable: there is no way to do so, or more than one.
    """
    key, state = _state_dict(file)
    tensors = {n: t for n, t in state.items() if isinstance(t, Tensor) and t.is_float}
    ((stem, suffix),) = [match.groups() for match in map(_RECURRENT.fullmatch, state) if match]
    ih, hh = f"{stem}weight_ih{suffix}", f"{stem}weight_hh{suffix}"
    out = stem.removesuffix("rnn.") + "linear.weight"
    if not {ih, hh} <= tensors.keys():
        raise Unreadable(f"{_shown(ih)} or {_shown(hh)} is not there, or no tensor of floats")
    d = max(tensors[hh].shape, default=0)
    if out not in state:
        others = [n for n in sorted(tensors.keys() - {ih, hh}) if list(tensors[n].shape[1:]) == [d]]
        if len(others) != 1:
            raise Unreadable(f"{len(others)} matrices that could be {_shown(out)}: {others!r:.200}")
        (out,) = others
    names = (ih, hh, out)
    biases = _zero_biases(names, state)
    if tensors.keys() - {*names, *biases} or out not in tensors:
        raise Unreadable(f"tensors {sorted(tensors)!r:.200} are not those of {_NAMES}")
    w_ih, w_hh, w_out = (tensors[name] for name in names)
    n = len(w_out.shape) and w_out.shape[0]
    if [list(tensors[name].shape) for name in names] != [[d, 1], [d, d], [n, d]]:
        raise Unreadable(f"{names!r:.200} do not have the shapes (d, 1), (d, d) and (n, d)")
    if not (1 <= d <= _SIZE and 2 <= n <= _SIZE):
        raise Unreadable(f"{d} units and {n} inputs, expected 1 to {_SIZE} and 2 to {_SIZE}")
    aside = state.keys() - tensors.keys() - {"nonlinearity"}
    if key is not None:
        aside |= file.keys() - {key, "nonlinearity"}
    assumed = [] if key is None else [f"the state dict is the entry {_shown(key)}"]
    assumed += _renamed(names)
    assumed += [f"{_shown(name)} is zero" for name in biases]
    assumed += [f"left aside: {_listed(aside)}"] if aside else []
    return Roles((w_ih, w_hh, w_out), tuple(assumed))


def _state_dict(file: dict[Any, Any]) -> tuple[str | None, dict[str, Any]]:
    """The state dict, and its key if it is not the file itself."""
    dicts: list[tuple[Any, dict[Any, Any]]] = [(None, file)]
    dicts += [(key, value) for key, value in file.items() if isinstance(value, dict)]
    for _, entries in dicts:
        marker = entries.get("nonlinearity", "relu")
        if not isinstance(marker, str) or marker.lower() != "relu":
            raise Unreadable(f"its nonlinearity is {marker!r:.40}")
    found = [
        (key, entries)
        for key, entries in dicts
        for name in entries
        if isinstance(name, str) and _RECURRENT.fullmatch(name)
    ]
    if len(found) != 1:
        raise Unreadable(f"{len(found)} recurrent matrices (PREFIX.weight_hh_l0), expected one")
    if not all(isinstance(name, str) for entries in (file, found[0][1]) for name in entries):
        raise Unreadable("a dict has a key that is no string")
    return found[0]


def _zero_biases(names: Sequence[str], state: dict[str, Any]) -> list[str]:
    heads = [name.rpartition("weight") for name in names]
    biases = [name for head, _, tail in heads if (name := f"{head}bias{tail}") in state]
    for name in biases:
        bias = state[name]
        if not isinstance(bias, Tensor) or not bias.is_float or len(bias.shape) != 1:
            raise Unreadable(f"{_shown(name)} is no vector of floats")
        if bias.shape[0] > _SIZE or any(a for a, _ in bias.numbers()):
            raise Unreadable(f"{_shown(name)} is a bias and not zero, the family has none")
    return biases


def _renamed(names: Sequence[str]) -> list[str]:
    """What is assumed of the names, as those who print it say it."""
    prefix = names[0].removesuffix(_NAMES[0])
    if [prefix + name for name in _NAMES] == list(names):
        return [f"the names begin with {_shown(prefix)}"] if prefix else []
    return [f"{_shown(a)} is {b}" for a, b in zip(names, _NAMES, strict=True) if a != b]


def _shown(name: str) -> str:
    return repr(name if len(name) <= 80 else name[:77] + "...")


def _listed(names: set[str]) -> str:
    return ", ".join(map(_shown, sorted(names)[:6])) + (", ..." if len(names) > 6 else "")
