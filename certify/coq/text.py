"""What the texts of all Coq developments share: the library, numbers and tables, the weights."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from importlib.resources import files
from textwrap import fill

from certify.model import Network

#: Python reads no integer of more than 4300 digits.
MAX_DIGITS = 4000

INTEGER = f"[0-9]{{1,{MAX_DIGITS}}}"
RATIONAL = rf"\((-?{INTEGER}) # ({INTEGER})\)"  #: What :func:`rational` writes.


def library(name: str) -> str:
    """A file of the library, by its path in this folder."""
    return (files("certify") / "coq" / name).read_text(encoding="ascii")


def rational(value: Fraction) -> str:
    """A rational number, as Coq reads it."""
    return f"({value.numerator} # {value.denominator})"


def integers(values: Sequence[int], indent: str = "  ") -> str:
    """Integers with semicolons between them, in lines."""
    return fill(
        "; ".join(map(str, values)),
        98,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,  # an integer of more digits than that stays one
        break_on_hyphens=False,
    )


def weights(network: Network) -> str:
    """The begin of Part 2: the weights, and the network that they make."""
    d, n = network.hidden_size, network.seq_len
    scale = f"(2 ^ {network.shift})%positive" if network.shift else "1"
    return f"""\
(** * Part 2. The model and the claim

    The weights are these integers, divided by [scale]. *)

Definition scale : positive := {scale}.

Definition w_ih : list Z := [
{integers(network.w_ih)}
]%Z.

(** Row i leads to unit i. *)
{_table("w_hh", network.w_hh)}
(** Row j leads to logit j. *)
{_table("w_out", network.w_out)}
Definition model : network := network_of_tables {d} {n} scale w_ih w_hh w_out.
"""


def _table(name: str, rows: Sequence[Sequence[int]]) -> str:
    body = ";\n".join(f"  [{integers(row, '   ').strip()}]" for row in rows)
    return f"Definition {name} : list (list Z) := [\n{body}\n]%Z.\n"
