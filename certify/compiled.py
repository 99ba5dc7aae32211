"""The one decorator for compiled kernels: with a cache on disk where there is a place for one.

Compiling takes tens of seconds, once after an installation. Where no folder for the cache can be
written (another user's installation and no home folder, a full disk) each process compiles anew.
Whoever listens to the logger ``certify`` hears when a process begins to compile.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from certify.memory import KERNELS, demand_memory

demand_memory(KERNELS)  # LLVM ends the process where there is less

from numba import njit  # noqa: E402
from numba.core import event  # noqa: E402
from numba.core.caching import FunctionCache  # noqa: E402

_LOG = logging.getLogger("certify")
_Function = TypeVar("_Function", bound=Callable[..., Any])


class _Cache(FunctionCache):
    """A cache that does without its folder where that cannot be read or written any more."""

    def load_overload(self, *arguments: Any) -> Any:
        try:
            return super().load_overload(*arguments)  # type: ignore[no-untyped-call]
        except OSError:
            return None

    def save_overload(self, *arguments: Any) -> None:
        try:
            super().save_overload(*arguments)  # type: ignore[no-untyped-call]
        except OSError as error:
            _say_once("nocache", f"what is compiled cannot be kept: {error.strerror or error}")


def kernel(function: _Function | None = None, **options: Any) -> Any:
    """Compile a function with numba, without the interpreter lock; ``options`` are numba's."""
    if function is None:
        return lambda function: kernel(function, **options)
    dispatcher = njit(nogil=True, **options)(function)
    try:
        dispatcher._cache = _Cache(function)  # type: ignore[no-untyped-call]
    except RuntimeError:  # numba finds no folder
        global _cached
        _cached = False
    return dispatcher


_cached = True
_said: set[str] = set()


def _say_once(key: str, text: str) -> None:
    if key not in _said:
        _said.add(key)
        _LOG.info(text)


class _Announce(event.Listener):
    """Says that this process compiles, and how long it has."""

    depth = 0
    began = 0.0
    seconds = 0.0

    def on_start(self, event: Any) -> None:
        if self.depth == 0:
            self.began = time.monotonic()
        self.depth += 1
        if _cached:
            _say_once("compiling", "compiling, once after an installation; this takes two minutes")
        else:
            _say_once("compiling", "compiling anew, as no folder for the cache can be written")

    def on_end(self, event: Any) -> None:
        self.depth -= 1
        if self.depth == 0:
            self.seconds += time.monotonic() - self.began


_ANNOUNCE = _Announce()
event.register("numba:compile", _ANNOUNCE)  # type: ignore[no-untyped-call]


def seconds_compiling() -> float:
    """The wall time that this process has spent compiling; budgets don't count it."""
    return _ANNOUNCE.seconds
