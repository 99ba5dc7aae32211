"""Theorems for Coq's kernel: the export, and the kernel's word on an exported file.

``definitions.v``, ``cells.v``, ``checker.v`` and ``reals.v`` are written by hand; an exported
file embeds them, so that it stands alone. Coq is needed to check a file, never to write one.
"""

from certify.coq.export import export_coq
from certify.coq.kernel import CoqVerdict, check_coq

__all__ = ["CoqVerdict", "check_coq", "export_coq"]
