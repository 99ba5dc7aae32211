"""Every exception that a user of certify can meet.

    CertifyError                     anything that certify reports on purpose
    +-- UsageError (ValueError)      an argument that cannot mean anything: exit code 2
    +-- ModelFileError (ValueError)  a file that is not a model of the family: exit code 4
    +-- CertificateFormatError (ValueError)
    |                                a file that is not a certificate: exit code 4
    +-- Rejected                     a certificate that does not hold: exit code 1
    +-- NothingDecidedError          there is nothing that a certificate could hold: exit code 3
    +-- OutOfMemoryError (MemoryError)
    |                                less memory than the work needs: exit code 3
    +-- MissingExtraError (ImportError)
    |                                an optional package or program is not installed: exit code 2
    +-- InternalError                two witnesses contradict each other, a bug: exit code 70

The checker has exceptions of its own (:mod:`certify.checker`), because it imports nothing
from the rest of the package; :func:`certify.check` turns them into these.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit status means; scripts rely on these numbers."""

    OK = 0  #: proved, accepted, or a rigorous bracket however wide
    REFUTED = 1  #: the claim is false, or a certificate does not hold
    USAGE = 2  #: the command line cannot mean anything
    UNKNOWN = 3  #: a solver or a budget gave out before a verdict
    BAD_INPUT = 4  #: a file is not a model or not a certificate
    INTERNAL = 70  #: a bug in certify
    INTERRUPTED = 130  #: ctrl-C, SIGTERM or SIGHUP


class CertifyError(Exception):
    """Root of all errors that certify raises on purpose."""

    exit_code: ExitCode = ExitCode.INTERNAL


class UsageError(CertifyError, ValueError):
    """An argument is out of its range; the message names it and the range."""

    exit_code = ExitCode.USAGE


class ModelFileError(CertifyError, ValueError):
    """A file is not a model of the family; the message names the tensor and what was expected."""

    exit_code = ExitCode.BAD_INPUT


class CertificateFormatError(CertifyError, ValueError):
    """A file is not a certificate: empty, cut off, not JSON, an unknown kind or version."""

    exit_code = ExitCode.BAD_INPUT


class Rejected(CertifyError):
    """A certificate can be read and does not hold; the message names reason and place."""

    exit_code = ExitCode.REFUTED


class NothingDecidedError(CertifyError):
    """A certificate was asked for, and there is nothing that it could hold."""

    exit_code = ExitCode.UNKNOWN


class OutOfMemoryError(CertifyError, MemoryError):
    """The work needs more memory than there is; the message says how much where that is known."""

    exit_code = ExitCode.UNKNOWN


class MissingExtraError(CertifyError, ImportError):
    """An optional package or program is needed; the message says how to get it."""

    exit_code = ExitCode.USAGE


class InternalError(CertifyError):
    """Two independent witnesses contradict each other: a bug in certify, never a verdict."""

    exit_code = ExitCode.INTERNAL
