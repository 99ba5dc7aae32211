"""The command line: one module per command, each with ``configure`` and ``run``.

``certify MODEL`` without a command is ``certify prove MODEL``. Modules are imported only when
their command runs, so that ``certify check`` needs nothing but the standard library.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import re
import sys
import textwrap
import time
import traceback
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

import certify
from certify.cli.streams import lasting_streams
from certify.errors import CertifyError, ExitCode, UsageError
from certify.interrupts import interrupts_raise
from certify.memory import NUMBERS, OUT_OF_MEMORY, demand_memory, lacks_memory

COMMANDS = {
    "prove": "prove the impulse or noise claim (the default command)",
    "run": "replay any input exactly: states, cells, logits, margins",
    "check": "check a certificate against a model, trusting nothing",
    "accuracy": "prove a bracket for the accuracy on random inputs",
    "estimate": "what estimates say, beside the certified values",
    "benchmark-estimates": "measure the estimates against sampling",
    "hypotheses": "prove or refute the sentences of a note",
    "explain": "how it does it: offsets, cells, units, a circuit",
    "patch": "replay a pair with a unit zeroed, set or scaled",
    "track": "follow checkpoints through training",
    "report": "turn certificates into text, Markdown, LaTeX or HTML",
    "explore": "write a page in which one sees the theorem",
    "export": "write the claim as SMT-LIB files or as a Coq development",
    "train": "train a model with the recipe of the shipped ones",
}

DESCRIPTION = """\
Proofs, with certificates, that small recurrent ReLU networks do their task:
point at the position of the second largest of n numbers.

  certify MODEL                    prove it for all pairs of impulses
  certify MODEL --ratio 1/2 9/10   on the range that you name
  certify MODEL --noise 3/100      with all others anywhere in [-3/100, 3/100]
  certify accuracy MODEL           prove a bracket for the accuracy
  certify explain MODEL            take apart how the model does it
  certify check CERT MODEL         check a certificate against a model

MODEL is a .pt, .pth, .safetensors or .npz file; no torch is needed to read it.
Certificates go into the current folder (--out DIR: elsewhere); --json FILE
writes the answer for programs.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (:class:`certify.errors.ExitCode`)."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    log = logging.getLogger("certify")
    log.setLevel(logging.INFO)
    log.addHandler(handler := _Messages())
    failed: list[Exception] = []
    try:
        with lasting_streams() as lost:
            code = _run(words, failed)
    finally:
        log.removeHandler(handler)
    if lost:
        print(f"certify: standard output: {lost[0].strerror}", file=sys.stderr)
        code = ExitCode.USAGE if code is ExitCode.OK else code
    if arguments is None and any(map(lacks_memory, failed)):
        os._exit(code)  # the interpreter's own end may never come without memory
    return int(code)


def _run(words: list[str], failed: list[Exception]) -> ExitCode:
    try:
        with interrupts_raise():
            return _dispatch(words)
    except KeyboardInterrupt:
        _say("interrupted; what was not written before is lost")
        return ExitCode.INTERRUPTED
    except Exception as error:
        failed.append(error)
        return _told(error)


def _told(error: Exception) -> ExitCode:
    """Say what went wrong in a sentence, and what the exit code is then."""
    if isinstance(error, CertifyError):
        _say(str(error))
        return error.exit_code
    if lacks_memory(error):
        _say(OUT_OF_MEMORY)
        return ExitCode.UNKNOWN
    if isinstance(error, OSError):
        # A file or folder that cannot be written, a full disk, a scheduler that does not answer.
        where = "" if error.filename is None else f"{error.filename}: "
        _say(f"{where}{error.strerror or error}")
        return ExitCode.USAGE
    traceback.print_exception(error)
    _say("this is a bug in certify; nothing was decided")
    return ExitCode.INTERNAL


class _Messages(logging.Handler):
    """What the library has to tell, such as that it compiles, on standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        _say(record.getMessage())


def _say(text: str) -> None:
    print(f"certify: {text}", file=sys.stderr)


class _Help(argparse.RawTextHelpFormatter):
    """Text as it stands in the code, but no line is longer than the terminal is wide."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + line for line in self._split_lines(text, width - len(indent)))

    def _split_lines(self, text: str, width: int) -> list[str]:
        paragraphs = re.split(r"\n(?=\s)|(?<=\n)\n", text.strip("\n"))
        return [line for some in paragraphs for line in textwrap.wrap(some, width) or [""]]


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, with a hint where an option was misspelt."""

    def error(self, message: str) -> NoReturn:
        _, _, word = message.partition("unrecognized arguments: ")
        options = [name for action in self._actions for name in action.option_strings]
        close = get_close_matches(word.split("=")[0].split(" ")[0], options, 1, 0.75)
        hint = f"did you mean {close[0]}?" if word and close else f"'{self.prog} --help' explains"
        raise UsageError(f"{message}; {hint}")


def _dispatch(words: list[str]) -> ExitCode:
    if not words or words[0] in ("-h", "--help"):
        print(_overview())
        return ExitCode.OK if words else ExitCode.USAGE
    if words[0] == "--version":
        print(f"certify {certify.__version__}")
        return ExitCode.OK
    given, started = list(words), time.monotonic()
    command = words.pop(0) if words[0] in COMMANDS else "prove"
    if command == "prove" and words and not words[0].startswith("-"):
        _expect_model(words[0])
    if command != "check":  # which needs the standard library alone
        demand_memory(NUMBERS)
    module = importlib.import_module(f"certify.cli.{command.replace('-', '_')}")
    shown = "certify" if command == "prove" else f"certify {command}"
    parser = _Parser(prog=shown, description=module.__doc__, formatter_class=_Help)
    module.configure(parser)
    # argparse takes -1/50 for an option, and " -1/50" for what it is.
    words = [f" {word}" if re.match(r"-\.?\d", word) else word for word in words]
    result = module.run(parser.parse_args(words, argparse.Namespace(words=given, started=started)))
    assert isinstance(result, ExitCode)
    return result


def _expect_model(word: str) -> None:
    """Say so where the first word is meant as a command; else reading the file says what it is."""
    path = Path(word)
    if path.suffix or len(path.parts) > 1 or path.exists():
        return
    close = get_close_matches(word, COMMANDS, n=1)
    hint = f"did you mean 'certify {close[0]}'?" if close else "'certify --help' lists the commands"
    raise UsageError(f"{word} is neither a command nor a file; {hint}")


def _overview() -> str:
    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name:{width}}  {text}" for name, text in COMMANDS.items())
    return (
        f"{DESCRIPTION}\ncommands:\n{commands}\n\n"
        "'certify COMMAND --help' explains a command, prove is the default one.\n"
        "exit codes: 0 proved or accepted, 1 refuted or rejected, 2 usage, 3 unknown,\n"
        "            4 not a model or not a certificate, 70 a bug,\n"
        "            130 interrupted (ctrl-C, SIGTERM, SIGHUP)"
    )
