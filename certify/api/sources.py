"""What a model may be, and the exact network that it stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from certify.errors import ModelFileError

if TYPE_CHECKING:
    from certify.claims import Exact
    from certify.model import Network

    class Module(Protocol):
        """What a torch module offers; torch itself is not needed."""

        def state_dict(self) -> Mapping[str, Any]: ...  # noqa: D102

    Model = str | Path | Network | Module | Mapping[str, Any]
    Pairs = Iterable[Sequence[int]]
    Ratio = Exact | Sequence[Exact]

Progress = Callable[[str, int, int], None]
"""Called with what is being done, the work done and the work in all."""


def load(source: Model) -> Network:
    """The exact network of a model file, a torch module, a state dict or a mapping of arrays.

    A mapping holds ``rnn.weight_ih_l0`` (d, 1), ``rnn.weight_hh_l0`` (d, d) and
    ``linear.weight`` (n, d): d hidden units, n inputs and as many logits.

    >>> model = load("models/m2_2.pt")
    >>> model.hidden_size, model.seq_len
    (2, 2)

    Raises:
        ModelFileError: it is not a model of the family; the message names the tensor.
    """
    from certify.model import Network

    if isinstance(source, Network):
        return source
    from certify.reading import weights

    if isinstance(source, str | Path):
        return weights.read_network(source)
    mapping = source if isinstance(source, Mapping) else _state_dict(source)
    return weights.network_from_mapping(mapping)


def _state_dict(module: Module) -> Mapping[str, Any]:
    method = getattr(module, "state_dict", None)
    if method is None:
        raise ModelFileError(
            "a model is a path, a torch module, a state dict or a mapping of arrays, not "
            f"{type(module).__name__}"
        )
    return module.state_dict()
