"""Requests that come at about the same time share a batch, and outlive the copy of the network that ran them."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .limits import Limits, RefusedError
from .metrics import Metrics
from .worker import Answer

# How often a request is run before it is held to be what ends its replicas
_ATTEMPTS = 3
IN_FLIGHT = 3  # batches a replica: one runs, the next one is preprocessed, and one is there before it is needed


class ReplicaLostError(Exception):
    """The copy of the network that had a batch is gone; nothing is known of the batch."""


# Runs a batch: the kind of its requests, and what each of them brings. Raises ReplicaLostError.
Run = Callable[[Hashable, Sequence[Any]], Awaitable[Sequence[Answer]]]


@dataclass(eq=False)
class _Waiting:
    kind: Hashable
    brought: Any
    rows: int
    answer: asyncio.Future[Answer]
    since: float = field(default_factory=time.monotonic)
    lost: int = 0


class Batches:
    """Puts requests together, in the order in which they came.

    A batch starts when it is full, or when its first request has waited long enough, and a replica is free for it. One
    whose replica is lost runs again, each of its requests alone, so that one that ends replicas takes no other along.

    Args:
        run: runs a batch on some replica.
        limits: rows of a batch, how long its first request waits, and how many replicas there are.
        metrics: are told what becomes of them.
    """

    def __init__(self, run: Run, limits: Limits, metrics: Metrics):
        self._run = run
        self._limits = limits
        self._metrics = metrics
        self._waiting: deque[_Waiting] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()

    async def work(self) -> None:
        """Run what comes, until cancelled."""
        slots = asyncio.Semaphore(IN_FLIGHT * self._limits.replicas)
        try:
            while True:
                await slots.acquire()
                running = asyncio.create_task(self._finish(await self._next()))
                self._running.add(running)
                running.add_done_callback(self._running.discard)
                running.add_done_callback(lambda _: slots.release())
        finally:
            for one in self._running:
                one.cancel()

    async def answered(self, kind: Hashable, brought: Any, rows: int = 1) -> Answer:
        """What a replica says of one request.

        Args:
            kind: requests of one kind share batches.
            brought: what the replica is given.
            rows: that it fills of a batch.

        Raises:
            RefusedError: every replica that was given it was lost.
        """
        one = _Waiting(kind, brought, rows, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        self._tell()
        try:
            return await one.answer
        finally:
            if one.answer.cancelled() and one in self._waiting:  # whoever sent it waits no more
                self._waiting.remove(one)
                self._tell()

    def _tell(self) -> None:
        self._metrics.waiting.set(len(self._waiting))
        self._changed.set()

    async def _next(self) -> list[_Waiting]:
        """The next batch, as soon as it is due."""
        while True:
            self._changed.clear()
            left = None
            if self._waiting:
                batch = self._together()
                left = self._waiting[0].since + self._limits.wait - time.monotonic()
                if left <= 0 or batch[0].lost or sum(one.rows for one in batch) >= self._limits.batch_size:
                    return self._taken(batch)
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except asyncio.TimeoutError:
                continue

    def _together(self) -> list[_Waiting]:
        """The first request, and those behind it that fit its batch."""
        first = self._waiting[0]
        batch, rows = [first], first.rows
        for one in list(self._waiting)[1:] if not first.lost else ():
            if rows >= self._limits.batch_size:
                break
            if one.kind == first.kind and not one.lost and rows + one.rows <= self._limits.batch_size:
                batch.append(one)
                rows += one.rows
        return batch

    def _taken(self, batch: list[_Waiting]) -> list[_Waiting]:
        taken = set(map(id, batch))
        self._waiting = deque(one for one in self._waiting if id(one) not in taken)
        self._metrics.waiting.set(len(self._waiting))
        return batch

    async def _finish(self, batch: list[_Waiting]) -> None:
        """Run a batch and answer its requests; those of a lost replica go to the head of the queue."""
        start = time.monotonic()
        try:
            answers = await self._run(batch[0].kind, [one.brought for one in batch])
        except ReplicaLostError:
            self._again(batch)
            return
        except Exception as error:
            # whatever it is, nobody may be left waiting
            answers = [Answer(status=500, said=f"the batch failed: {type(error).__name__}: {error}")] * len(batch)
        self._metrics.batch(sum(one.rows for one in batch), time.monotonic() - start)
        for one, answer in zip(batch, answers, strict=True):
            if not one.answer.done():
                one.answer.set_result(answer)

    def _again(self, batch: list[_Waiting]) -> None:
        for one in reversed(batch):
            one.lost += 1
            if one.answer.done():
                continue
            if one.lost < _ATTEMPTS:
                self._metrics.retried.inc()
                self._waiting.appendleft(one)
            else:
                said = f"{one.lost} replicas ended while they ran this request; it is not tried again"
                one.answer.set_exception(RefusedError(500, said))
        self._tell()
