"""Work is spread over threads or processes, with the same results in the same order."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from certify.checker import running
from certify.checker.errors import Rejected
from certify.checker.running import BARE, Kernels, More
from certify.relaxation.compiled import COMPILED
from certify.workers import workers

SIZES = [5, 1, 3, 2]


def squared(
    kernels: Kernels, more: More, shared: int, task: int
) -> tuple[int, str, int, list[int]]:
    more(SIZES[task])
    return shared + task**2, kernels.name, os.getpid(), list(kernels.wide([task]))


def rejected(kernels: Kernels, more: More, shared: int, task: int) -> int:
    if task >= 2:
        raise Rejected(f"task {task}")
    return task


def killed(kernels: Kernels, more: More, shared: int, task: int) -> int:
    os._exit(9)


@pytest.mark.parametrize("pool", [ProcessPoolExecutor, workers])
@pytest.mark.parametrize("kernels", [BARE, COMPILED])
@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("least", [1, 10**9])
def test_wherever_it_is_done_it_is_the_same(
    kernels: Kernels, plain: bool, least: int, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "ALONE", least)
    monkeypatch.setattr(running, "ALONE_COMPILED", least)
    heard: list[tuple[int, int]] = []
    told = replace(kernels, progress=lambda *done: heard.append(done), pool=pool)
    found = told.spread(squared, 100, range(4), SIZES, plain=plain)
    assert [f[0] for f in found] == [100, 101, 104, 109]
    assert [f[3] for f in found] == [[0], [1], [2], [3]]
    assert {f[1] for f in found} == {kernels.name}
    elsewhere = least == 1 and (plain or not kernels.compiled)
    assert (os.getpid() not in {f[2] for f in found}) == elsewhere
    assert sorted(heard) == heard
    assert heard[-1] == (11, 11)


@pytest.mark.parametrize("pool", [ProcessPoolExecutor, workers])
@pytest.mark.parametrize("least", [1, 10**9])
def test_the_first_task_that_is_rejected_is_named(
    least: int, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "ALONE", least)
    with pytest.raises(Rejected, match="task 2"):
        replace(BARE, pool=pool).spread(rejected, 0, range(4), SIZES)


def test_a_process_that_dies_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was a traceback; most often it is memory that is lacking."""
    monkeypatch.setattr(running, "ALONE", 1)
    with pytest.raises(MemoryError, match="died"):
        replace(BARE, pool=workers).spread(killed, 0, range(4), SIZES)
