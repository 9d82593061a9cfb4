"""A server on Ray Serve under load from loopback clients, with a device that only sleeps: what does serving cost?

Claims: at least 0.9 of the engine alone where a batch of 16 takes 10 ms (a request a batch) and where a row does
(a request a file, put together by the server); while four times more requests come than fit, those that are accepted
are answered within twice the time of a full queue, and the server's memory does not grow; 1,000 broken requests change
no answer. What a request a row costs where a batch of 16 takes 10 ms is told too: HTTP takes longer than the network.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from _common import load, machine
from engine.backends.base import Session
from engine.base import Engine
from engine.spec import TensorSpec
from zoo.running.setting import Setting
from zoo.serving.app import Service, application
from zoo.serving.limits import Limits
from zoo.serving.on_ray import copies
from zoo.serving.replica import Recipe, Replica
from zoo.serving.server import answer, listening
from zoo.serving.worker import Worker

BATCH, SECONDS, LASTING, ROUNDS = 16, 0.01, 4.0, 3  # rows; of the device; of a measurement; in turns
MODEL = "classification/lenet"
INFER = "/v2/models/lenet/infer"
LIMITS = Limits(batch_size=BATCH)
SPEC = TensorSpec("input", "float32", ("batch", 1, 32, 32))


class Sleeping(Session):
    """One device: a call sleeps, and the next one waits for it. Gives what the sum of each row decides.

    Args:
        a_row: whether a row takes 10 ms; else a call does.
    """

    inputs = (SPEC,)
    outputs = (TensorSpec("output", "float32", ("batch", 10)),)

    def __init__(self, a_row: bool):
        self._a_row = a_row
        self._lock = threading.Lock()

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        with self._lock:
            time.sleep(SECONDS * (len(arrays[0]) if self._a_row else 1))
        sums = arrays[0].reshape(len(arrays[0]), -1).sum(axis=1, keepdims=True)
        return [(sums * np.arange(10, dtype=np.float32)).astype(np.float32)]


class SleepingReplica(Replica):
    """A replica with that device in the place of its network."""

    def opened(self, setting: Setting, notice: str, samples: int) -> Worker:
        """The device; a notice of "row" says that a row takes 10 ms."""
        return Worker(setting, notice, samples, Engine.from_session(Sleeping(notice == "row"), "sleeping", "sleeping"))


Told = Callable[[bytes, bytes], None]


@dataclass
class Answers:
    """What clients were told.

    seconds: of each request that was answered with 200. statuses: how many of each.
    """

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    lasting: float = 0.0

    def rate(self) -> float:
        """Answers with 200 a second."""
        return len(self.seconds) / self.lasting

    def p99(self) -> float:
        """Seconds, of those that were answered with 200."""
        return statistics.quantiles(self.seconds, n=100)[98]


def request(path: str, body: bytes, headers: str = "") -> bytes:
    """A whole request."""
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def _ignored(asked: bytes, said: bytes) -> None:
    """Of most answers, only the status matters."""


async def client(
    port: int,
    asked: Sequence[bytes],
    until: float,
    answers: Answers,
    told: Told = _ignored,
    most: int = 1 << 40,
) -> None:
    """One connection that asks again as soon as it is answered, and a tenth of a second after it was refused."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in range(most):
        start = time.perf_counter()
        if start > until:
            break
        one = asked[number % len(asked)]
        writer.write(one)
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0])
        body = await reader.readexactly(length)
        status = int(head[9:12])
        answers.statuses[status] = answers.statuses.get(status, 0) + 1
        if status == 200:
            answers.seconds.append(time.perf_counter() - start)
        elif status == 503:
            await asyncio.sleep(0.1)
        told(one, body)
    writer.close()


def under_load(port: int, connections: int, asked: Sequence[bytes]) -> Answers:
    """So many connections for `LASTING` seconds."""
    answers = Answers()

    async def all_of_them() -> None:
        start = time.perf_counter()
        until = start + LASTING
        await asyncio.gather(*(client(port, asked, until, answers) for _ in range(connections)))
        answers.lasting = time.perf_counter() - start

    asyncio.run(all_of_them())
    return answers


def serve(kind: str) -> int:
    """The server, in a process of its own: one sleeping replica, until Ctrl-C."""
    recipe = Recipe.of(Setting(load(MODEL).variant(), batch_size=BATCH, topk=10))
    with (
        copies(SleepingReplica, (recipe, kind, LIMITS.samples, 2 * LIMITS.seconds), 1) as running,
        listening("127.0.0.1", 0) as listener,
    ):
        service = Service(running.run, running.described, LIMITS, running.count)
        print(listener.getsockname()[1], flush=True)
        with suppress(KeyboardInterrupt):
            answer(application(service), listener)
    return 0


@contextmanager
def served(kind: str) -> Iterator[tuple[int, Any]]:
    """A server's port, and its process. kind: "row" or "batch", which takes 10 ms."""
    import psutil

    with subprocess.Popen([sys.executable, __file__, kind], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        try:
            yield int(process.stdout.readline()), psutil.Process(process.pid)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def alone(kind: str) -> float:
    """Rows a second of the device, called batch by batch without anything between."""
    with Engine.from_session(Sleeping(kind == "row"), "sleeping", "sleeping") as engine:
        rows, start = np.zeros((BATCH, 1, 32, 32), np.float32), time.perf_counter()
        calls = 0
        while time.perf_counter() - start < LASTING / 2:
            engine(rows)
            calls += 1
        return BATCH * calls / (time.perf_counter() - start)


def tensors(rows: int) -> bytes:
    """A request with so many rows as bytes, whose answer comes as bytes."""
    array = np.random.default_rng(0).normal(size=(rows, 1, 32, 32)).astype(np.float32)
    one: dict[str, Any] = {"name": "input", "datatype": "FP32", "shape": list(array.shape)}
    one["parameters"] = {"binary_data_size": array.nbytes}
    head = json.dumps({"inputs": [one], "parameters": {"binary_data_output": True}}).encode()
    length = f"Inference-Header-Content-Length: {len(head)}\r\n"
    return request(INFER, head + array.tobytes(), length)


def ratio(name: str, kind: str, port: int, connections: int, asked: Sequence[bytes], rows: int, least: float) -> bool:
    """Print rows a second through the server over the engine alone, in turns; whether it is at least `least`."""
    found = []
    for _ in range(ROUNDS):
        engine, answered = alone(kind), under_load(port, connections, asked)
        found.append((rows * answered.rate() / engine, rows * answered.rate(), engine, answered.p99()))
        if set(answered.statuses) != {200}:
            print(f"  {name}: {answered.statuses}")
            return False
    value, rate, engine, p99 = (statistics.median(column) for column in zip(*found, strict=True))
    said = f"claim: at least {least:g}: {'holds' if value >= least else 'DOES NOT HOLD'}" if least else "no claim"
    print(f"  {name}: {rate:.0f} rows/s of {engine:.0f} alone: {value:.3f} ({said}); p99 {p99 * 1e3:.0f} ms")
    return value >= least


def overloaded(port: int, process: Any, asked: Sequence[bytes]) -> bool:
    """Four times as many connections as there are places: are the accepted ones answered in time?"""
    under_load(port, 4 * LIMITS.queue, asked)
    before = process.memory_info().rss
    answered = under_load(port, 4 * LIMITS.queue, asked)
    grown = (process.memory_info().rss - before) / 2**20
    # what stands before the last place, a batch that has just begun, and as much again for the machine
    bound = 2 * (LIMITS.queue + BATCH) * SECONDS
    good = answered.p99() <= bound and grown < 32 and set(answered.statuses) == {200, 503}
    print(
        f"  overloaded: {answered.rate():.0f} answers/s, statuses {answered.statuses}; p99 of the accepted "
        f"{answered.p99() * 1e3:.0f} ms (claim: at most {bound * 1e3:.0f}), memory grew by {grown:.1f} MiB "
        f"(claim: below 32): {'holds' if good else 'DOES NOT HOLD'}"
    )
    return good


def broken(port: int, good: bytes) -> bool:
    """1,000 requests with noise in them, among good ones, whose answers may not change."""
    dice = random.Random(0)
    asked = [good]
    for _ in range(1000):
        body = bytearray(good.partition(b"\r\n\r\n")[2])
        for _ in range(dice.randint(1, 40)):
            body[dice.randrange(len(body))] = dice.randrange(256)
        body = body[: dice.randrange(len(body) + 1)] if dice.random() < 0.3 else body
        path, headers = dice.choice([("/predict", ""), (INFER, ""), (INFER, "Inference-Header-Content-Length: 40\r\n")])
        asked.append(request(path, bytes(body), headers))
    answers: set[bytes] = set()
    answered = Answers()

    async def one_after_the_other() -> None:
        def keep(one: bytes, body: bytes) -> None:
            if one is good:
                answers.add(body)

        mixed = [one for each in asked for one in (each, good)]
        await client(port, mixed, float("inf"), answered, keep, len(mixed))

    asyncio.run(one_after_the_other())
    sound = len(answers) == 1 and answered.statuses.keys() <= {200, 400, 413}
    print(f"  1,000 broken requests: {answered.statuses}, {len(answers)} different answers to the good one: {sound}")
    return sound


def main() -> int:
    """Print the figures; 1 if a claim does not hold."""
    if sys.argv[1:]:
        return serve(sys.argv[1])
    machine()
    picture = (load(MODEL).folder / "demos" / "digit_3.png").read_bytes()
    file, one, many = request("/predict?name=3.png", picture), tensors(1), tensors(BATCH)
    good = True
    with served("batch") as (port, _):
        good &= ratio("10 ms a batch, 16 rows a request", "batch", port, 4, [many], BATCH, 0.9)
        ratio("10 ms a batch, 1 row a request", "batch", port, 48, [one], 1, 0.0)
        ratio("10 ms a batch, 1 picture a request", "batch", port, 48, [file], 1, 0.0)
    with served("row") as (port, process):
        good &= ratio("10 ms a row, 1 row a request", "row", port, 48, [one], 1, 0.9)
        good &= ratio("10 ms a row, 1 picture a request", "row", port, 48, [file], 1, 0.9)
        good &= overloaded(port, process, [file])
        good &= broken(port, file)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
