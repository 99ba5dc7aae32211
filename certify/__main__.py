"""``python -m certify``, the same as the command ``certify``."""

from __future__ import annotations

import sys

from certify.cli import main

if __name__ == "__main__":
    sys.exit(main())
