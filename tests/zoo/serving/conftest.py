"""A server in a thread of this process, at loopback, with the network in it too."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
import time
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from zoo.manifest import Exported
from zoo.model import Model
from zoo.running.engines import open_runner
from zoo.running.setting import Setting
from zoo.serving.app import Service, application
from zoo.serving.batching import Run
from zoo.serving.limits import Limits
from zoo.serving.server import listening
from zoo.serving.worker import Answer, Described, Worker

Reply = tuple[int, dict[str, str], bytes]


class Server:
    """Where it listens, and what it counts."""

    def __init__(self, service: Service, port: int):
        self.service, self.port = service, port

    def send(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
        """Status, headers in lower case and body of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def said(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """Status and JSON of the answer."""
        status, _, content = self.send(method, path, body, headers)
        return status, json.loads(content)


def locally(worker: Worker) -> Run:
    """Runs batches in threads of this process."""

    async def run(kind: Hashable, requests: Sequence[Any]) -> Sequence[Answer]:
        return await asyncio.get_running_loop().run_in_executor(None, worker.run, kind, requests)

    return run


@contextmanager
def serving(run: Run, described: Described, limits: Limits) -> Iterator[Server]:
    """A server for the length of the block."""
    uvicorn = pytest.importorskip("uvicorn", reason="serving needs ray[serve], which brings uvicorn")
    pytest.importorskip("prometheus_client", reason="serving needs ray[serve], which brings prometheus_client")
    service = Service(run, described, limits, lambda: 1)
    with listening("127.0.0.1", 0) as listener:
        config = uvicorn.Config(application(service), log_level="error", access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        try:
            yield Server(service, listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(30)


@pytest.fixture(scope="session")
def worker(lenet: Model, lenet_export: Exported) -> Iterator[Worker]:
    """LeNet, open."""
    setting = Setting(lenet, folder=lenet_export.dynamic.parent, batch_size=8)
    made = Worker(setting, "a notice", 4, open_runner(setting))
    yield made
    made.close()


@pytest.fixture(scope="session")
def server(worker: Worker) -> Iterator[Server]:
    """A server with LeNet, whose requests have at most 64 KiB."""
    limits = Limits(batch_size=8, body=1 << 16, samples=4, seconds=20)
    with serving(locally(worker), worker.described, limits) as made:
        yield made
