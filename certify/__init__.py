"""certify: proofs, with certificates, that small recurrent ReLU networks do their task.

    import certify

    model = certify.load("m.pt")
    result = certify.prove(model, ratio=("7/10", "9/10"))
    result.certificate().write("c.json")
    certify.check("c.json", "m.pt")

:mod:`certify.api` says what each of these does. Importing this package brings in nothing but the
standard library, so that the checker runs bare: names are resolved when they are first used.
"""

import importlib

__version__ = "0.1.0"

_HOMES = {
    "certify.api": (
        "accuracy",
        "check",
        "explain",
        "hypotheses",
        "load",
        "prove",
        "prove_noise",
        "sample_accuracy",
    ),
    "certify.checker": ("Accepted",),
    "certify.errors": (
        *("CertificateFormatError", "CertifyError", "InternalError", "MissingExtraError"),
        *("ModelFileError", "NothingDecidedError", "Rejected", "UsageError"),
    ),
    "certify.certificate": ("Certificate",),
    "certify.claims": ("Pair", "RatioRange"),
    "certify.model": ("Network",),
    "certify.result": ("Result",),
    "certify.task": ("SecondArgmax",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted([*_HOME, "__version__"])


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'certify' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
