"""Ending long work in order: ctrl-C and its like ask for an end, they don't tear the work apart."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: What asks a program to end: ctrl-C, ``kill``, a terminal that was closed.
SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Within, the first of these signals sets the event; the second raises KeyboardInterrupt.

    Work that asks the event now and then can finish what it has in hand, so that what it keeps is
    whole. Signals that end the process or are ignored do so within as well, and so it is in a
    thread that is not the main one, where the event is never set.
    """
    event = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if event.is_set():
            raise KeyboardInterrupt
        event.set()

    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            if signal.getsignal(number) not in (signal.SIG_DFL, signal.SIG_IGN, None):
                before[number] = signal.signal(number, ask)
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def interrupts_raise() -> Iterator[None]:
    """Within, SIGTERM and SIGHUP raise KeyboardInterrupt, as ctrl-C does, unless ignored."""

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            if signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
