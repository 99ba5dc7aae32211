"""Run the examples of a page: python tests/pages.py PAGE.md, in a folder that has models/.

Examples are the blocks between ```pycon and ```; a page's blocks share their names. Only the
standard library is needed, and whatever the page imports.
"""

from __future__ import annotations

import doctest
import re
import sys
import textwrap
from pathlib import Path


def run_examples(page: Path) -> tuple[int, int]:
    """How many examples failed (each is printed), and how many there are."""
    text = page.read_text()
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner()
    names: dict[str, object] = {}
    for block in re.finditer(r"^ *```pycon\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        line = text.count("\n", 0, block.start(1))
        test = parser.get_doctest(textwrap.dedent(block[1]), names, page.name, str(page), line)
        test.globs = names  # not a copy: the next block goes on from here
        runner.run(test, clear_globs=False)
    failed, tried = runner.summarize(verbose=False)
    return failed, tried


if __name__ == "__main__":
    failed, tried = run_examples(Path(sys.argv[1]))
    print(f"{sys.argv[1]}: {tried - failed} of {tried} examples hold")
    sys.exit(failed > 0 or tried == 0)
