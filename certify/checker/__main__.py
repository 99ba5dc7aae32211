"""``python -S -m certify.checker CERTIFICATE MODEL``: exit code 0, 1 (rejected) or 4."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

from certify.checker import Rejected, Unreadable, check


def main(arguments: list[str]) -> int:
    """Check one certificate and print what it establishes."""
    if len(arguments) != 2:
        print("usage: python -S -m certify.checker CERTIFICATE MODEL", file=sys.stderr)
        return 2
    if isinstance(sys.stdout, io.TextIOWrapper):  # a message may quote anything out of a file
        sys.stdout.reconfigure(errors="backslashreplace")
    code, lines = verdict(Path(arguments[0]), Path(arguments[1]))
    try:
        print(*lines, sep="\n", flush=True)
    except BrokenPipeError:  # a reader that has seen enough, such as head
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for what is flushed at the end
    return code


def verdict(certificate: Path, model: Path) -> tuple[int, list[str]]:
    """The exit code, and what there is to say."""
    try:
        accepted = check(certificate, model)
    except Rejected as error:
        return 1, [f"REJECTED  {error}"]
    except Unreadable as error:
        return 4, [f"UNREADABLE  {error}"]
    except MemoryError:
        return 4, ["UNREADABLE  checking it takes more memory than there is"]
    return 0, [
        f"ACCEPTED  {accepted.kind} certificate for the model {accepted.sha256}",
        *(f"  {line}" for line in accepted.establishes),
        *(f"  assumed: {line}" for line in accepted.assumed),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
