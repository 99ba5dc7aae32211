"""Theorems for Coq's kernel: the export, and the kernel's word on an exported file.

The ``.v`` files here are written by hand, those in ``impulse`` and ``noise`` for that claim alone;
an exported file embeds them, so that it stands alone. Coq is needed to check a file, never to
write one.
"""

from certify.coq.export import export_coq
from certify.coq.kernel import CoqVerdict, check_coq
from certify.coq.noise_export import NoiseClaim, export_noise

__all__ = ["CoqVerdict", "NoiseClaim", "check_coq", "export_coq", "export_noise"]
