"""``python -S -m certify.checker CERTIFICATE MODEL``: exit code 0, 1 (rejected) or 4."""

from __future__ import annotations

import io
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
    try:
        accepted = check(Path(arguments[0]), Path(arguments[1]))
    except Rejected as error:
        print(f"REJECTED  {error}")
        return 1
    except Unreadable as error:
        print(f"UNREADABLE  {error}")
        return 4
    print(f"ACCEPTED  {accepted.kind} certificate for the model {accepted.sha256}")
    for line in accepted.establishes:
        print(f"  {line}")
    for line in accepted.assumed:
        print(f"  assumed: {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
