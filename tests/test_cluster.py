"""Work elsewhere: what is given up leaves nothing, and a cluster that is not there is named."""

from __future__ import annotations

import time

import distributed
import pytest

from certify.cluster import Dask, Threads
from certify.errors import UsageError


def test_calls_on_a_cluster_answer_or_are_given_up() -> None:
    with (
        distributed.LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,  # type: ignore[no-untyped-call]
    ):
        workers = Dask(client)
        assert workers.width == 2
        assert workers.call(divmod, 17, 5, stop=lambda: False) == (3, 2)
        started = time.monotonic()
        assert workers.call(time.sleep, 5, stop=lambda: time.monotonic() > started + 0.2) is None
        assert time.monotonic() < started + 4
        with pytest.raises(ZeroDivisionError):
            workers.call(divmod, 1, 0, stop=lambda: False)
        workers.close()  # of a client that others opened: it stays
        assert workers.submit(divmod, 17, 5).result() == (3, 2)


def test_threads_are_told_when_to_stop() -> None:
    threads = Threads(1, lambda: True)
    assert threads.submit(lambda value, stop: (value, stop()), 3).result() == (3, True)
    threads.close()


def test_an_address_where_no_scheduler_is() -> None:
    with pytest.raises(UsageError, match="dask nowhere: no scheduler there"):
        Dask("nowhere")
