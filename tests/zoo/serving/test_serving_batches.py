"""Which requests share a batch, and what becomes of them when a replica is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any

import pytest

pytest.importorskip("prometheus_client", reason="serving needs ray[serve], which brings prometheus_client")

from zoo.serving.batching import Batches, ReplicaLostError
from zoo.serving.limits import Limits, RefusedError
from zoo.serving.metrics import Metrics
from zoo.serving.worker import Answer


class Recorder:
    """Answers each request with what it brought, and notes the batches."""

    def __init__(self, poison: Any = None, lost: int = 0):
        self.batches: list[list[Any]] = []
        self.poison, self.lost = poison, lost

    async def __call__(self, kind: Hashable, requests: Sequence[Any]) -> Sequence[Answer]:
        self.batches.append(list(requests))
        await asyncio.sleep(0.01)
        if self.poison in requests or len(self.batches) <= self.lost:
            raise ReplicaLostError
        return [Answer(one) for one in requests]


def working(run: Recorder, limits: Limits, ask: Callable[[Batches], Awaitable[Any]]) -> Any:
    async def all_of_it() -> Any:
        batches = Batches(run, limits, Metrics())
        work = asyncio.create_task(batches.work())
        try:
            return await asyncio.wait_for(ask(batches), 20)
        finally:
            work.cancel()

    return asyncio.run(all_of_it())


async def every(batches: Batches, asked: Sequence[tuple[Hashable, Any, int]]) -> list[Any]:
    return await asyncio.gather(*(batches.answered(*one) for one in asked), return_exceptions=True)


def test_requests_of_a_kind_share_a_batch_in_order() -> None:
    run = Recorder()
    asked = [("a", 1, 1), ("b", 2, 1), ("a", 3, 2), ("a", 4, 2), ("a", 5, 1), ("b", 6, 9)]
    found = working(run, Limits(batch_size=4, wait=0.05), lambda batches: every(batches, asked))
    assert [answer.value for answer in found] == [1, 2, 3, 4, 5, 6]
    assert run.batches == [[1, 3, 5], [2], [4], [6]]


def test_a_full_batch_does_not_wait_and_a_lone_request_waits_no_longer_than_allowed() -> None:
    run = Recorder()
    asked = [("a", number, 1) for number in range(4)]
    working(run, Limits(batch_size=4, wait=60), lambda batches: every(batches, asked))
    working(run, Limits(batch_size=4, wait=0.05), lambda batches: every(batches, asked[:1]))
    assert run.batches == [[0, 1, 2, 3], [0]]


def test_what_a_lost_replica_had_runs_again_alone() -> None:
    run = Recorder(lost=1)
    found = working(
        run, Limits(batch_size=4, wait=0.01), lambda batches: every(batches, [("a", n, 1) for n in range(4)])
    )
    assert [answer.value for answer in found] == [0, 1, 2, 3]
    assert run.batches == [[0, 1, 2, 3], [0], [1], [2], [3]]


def test_a_request_that_ends_its_replicas_takes_no_other_along() -> None:
    run = Recorder(poison=2)
    found = working(
        run, Limits(batch_size=4, wait=0.01), lambda batches: every(batches, [("a", n, 1) for n in range(4)])
    )
    refused = found.pop(2)
    assert [answer.value for answer in found] == [0, 1, 3]
    assert isinstance(refused, RefusedError)
    assert (refused.status, "3 replicas ended" in str(refused)) == (500, True)
    assert run.batches.count([2]) == 2


def test_who_waits_no_more_leaves_nothing_behind() -> None:
    run = Recorder()

    async def ask(batches: Batches) -> int:
        waiting = [asyncio.create_task(batches.answered("a", number)) for number in range(3)]
        await asyncio.sleep(0.01)
        waiting[1].cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return len(batches._waiting)

    assert working(run, Limits(batch_size=4, wait=0.1), ask) == 0
    assert run.batches == [[0, 2]]


def test_a_fault_of_the_runner_leaves_nobody_waiting() -> None:
    class Faulty(Recorder):
        async def __call__(self, kind: Hashable, requests: Sequence[Any]) -> Sequence[Answer]:
            raise ValueError("wrong")

    found = working(Faulty(), Limits(wait=0), lambda batches: every(batches, [("a", 1, 1)]))
    assert (found[0].status, found[0].said) == (500, "the batch failed: ValueError: wrong")
