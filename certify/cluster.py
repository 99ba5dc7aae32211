"""Work elsewhere: in threads of this process, or on a dask.distributed cluster.

What is sent is a pure function with its arguments. So a cluster may repeat what a lost worker had
not delivered, and what is given up halfway leaves nothing behind.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

from certify.errors import MissingExtraError, UsageError

_LOOK = 0.1  # seconds between two looks whether an answer is still wanted


class Workers(Protocol):
    """Something that works elsewhere: ``submit`` gives an object with ``result``."""

    width: int

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Any: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


class Threads:
    """Threads of this process, for work that releases the interpreter lock and takes ``stop``."""

    def __init__(self, jobs: int, stop: Callable[[], bool]) -> None:
        self.width = jobs
        self._stop = stop
        self._pool = ThreadPoolExecutor(jobs)

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Run it in a thread."""
        return self._pool.submit(work, *arguments, stop=self._stop)

    def close(self) -> None:
        """Wait for the threads."""
        self._pool.shutdown(cancel_futures=True)


class Dask:
    """A dask.distributed cluster; it repeats what a lost worker had not delivered.

    Args:
        scheduler: its address, or a client.

    Raises:
        MissingExtraError: dask.distributed is not installed.
        UsageError: there is no scheduler at this address.
    """

    def __init__(self, scheduler: Any) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise MissingExtraError(
                "--dask needs dask.distributed: pip install 'dask[distributed]'"
            ) from error
        self._client: Any = scheduler
        if not isinstance(scheduler, Client):
            connect: Any = Client
            try:
                self._client = connect(scheduler)
            except (OSError, ValueError) as error:
                raise UsageError(f"dask {scheduler}: no scheduler there ({error})") from error
        self._own = self._client is not scheduler
        self.width = max(1, sum(self._client.nthreads().values()))

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Run it on the cluster."""
        return self._client.submit(work, *arguments, pure=False)

    def call(self, work: Callable[..., Any], *arguments: Any, stop: Callable[[], bool]) -> Any:
        """What it returns on the cluster, or None if ``stop()`` says so before that is there."""
        done = threading.Event()
        future = self.submit(work, *arguments)
        future.add_done_callback(lambda _: done.set())
        while not stop():
            if done.wait(_LOOK):
                return future.result()
        future.cancel()
        return None

    def close(self) -> None:
        """Leave the cluster, if this object joined it."""
        if self._own:
            self._client.close()
