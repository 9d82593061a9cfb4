"""The routes of a server, as an ASGI application. It knows nothing of what runs the batches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib import metadata
from typing import Any

from zoo_core.files import json_line

from . import protocol
from .batching import Batches, Run
from .limits import Gate, Limits, RefusedError
from .metrics import Metrics
from .uploads import uploads
from .worker import FILES, Answer, Described

_JSON = {"Content-Type": "application/json"}
_BUSY = {"Retry-After": "1"}
_BIG = 1 << 16  # bytes of a body that is not parsed while others wait


class Service:
    """Answers requests.

    Args:
        run: runs a batch on a replica.
        described: the network.
        limits: bounds of time and memory.
        replicas: how many copies of the network run.
    """

    def __init__(self, run: Run, described: Described, limits: Limits, replicas: Callable[[], int]):
        self.metrics = Metrics()
        self._batches = Batches(run, limits, self.metrics)
        self._about, self._limits = described, limits
        self._gate = Gate(limits)
        self._replicas = replicas

    async def work(self) -> None:
        """Run what comes, until cancelled."""
        await self._batches.work()

    async def predict(self, request: Any) -> Any:
        """POST /predict: files or texts in, JSON out."""
        body = await self._body(request)
        name, kind = request.query_params.get("name", ""), request.headers.get("content-type", "")
        found = await _aside(body, uploads, body, kind, name, self._about.text)
        answer = await self._batches.answered(FILES, found, max(len(found), 1))
        return _response(200, {"model": self._about.model, "results": _value(answer)})

    async def infer(self, request: Any) -> Any:
        """POST /v2/models/NAME/infer: tensors in, tensors out."""
        about = self._named(request)
        if not about.inputs:
            raise RefusedError(400, f"{about.model} consists of several graphs, and has no tensors; use POST /predict")
        if (coding := request.headers.get("content-encoding", "identity")) != "identity":
            raise RefusedError(415, f"the body comes as it is, without Content-Encoding; got {coding!r:.40}")
        body, length = await self._body(request), request.headers.get(protocol.HEADER_LENGTH)
        asked = await _aside(body, protocol.asked, body, length, about.inputs, about.outputs)
        kind: Any = tuple(array.shape[1:] for array in asked.arrays) if about.joinable else object()
        rows = len(asked.arrays[0]) if about.joinable else self._limits.batch_size
        if about.joinable and any(len(array) != rows for array in asked.arrays):
            raise RefusedError(400, "the inputs have different numbers of rows")
        outputs = _value(await self._batches.answered(kind, asked.arrays, rows))
        names = [spec.name for spec in about.outputs]
        content, headers = protocol.answered(about.name, asked, list(zip(names, outputs, strict=True)))
        return _raw(200, content, headers)

    async def model(self, request: Any) -> Any:
        """GET /v2/models/NAME: what its tensors are."""
        about = self._named(request)
        return _response(
            200,
            {
                "name": about.name,
                "versions": ["1"],
                "platform": f"{about.backend} ({about.target})",
                "inputs": protocol.described(about.inputs),
                "outputs": protocol.described(about.outputs),
            },
        )

    async def server(self, request: Any) -> Any:
        """GET /v2: which server this is."""
        said = {"name": "zoo", "version": _version(), "extensions": ["binary_tensor_data"]}
        return _response(200, said)

    async def root(self, request: Any) -> Any:
        """GET /: which network this is, and where what is asked."""
        about, limits = self._about, self._limits
        return _response(
            200,
            {
                "model": about.model,
                "variant": about.variant,
                "takes": about.takes,
                "notice": about.notice,
                "routes": [route for _, route, _ in ROUTES],
                "limits": {"body": limits.body, "seconds": limits.seconds, "samples": limits.samples},
            },
        )

    async def live(self, request: Any) -> Any:
        """GET /health/live: the server answers."""
        return _response(200, {"live": True})

    async def ready(self, request: Any) -> Any:
        """GET /health/ready, and of the model: at least one copy of the network runs."""
        if "name" in request.path_params:
            self._named(request)
        count = self._replicas()
        return _response(200 if count else 503, {"ready": bool(count), "replicas": count}, {} if count else _BUSY)

    async def measured(self, request: Any) -> Any:
        """GET /metrics: for Prometheus."""
        self.metrics.replicas.set(self._replicas())
        self.metrics.inside.set(self._gate.inside)
        return _raw(200, self.metrics.text(), {"Content-Type": self.metrics.content_type})

    def _named(self, request: Any) -> Described:
        name, version = request.path_params["name"], request.path_params.get("version", "1")
        if name != self._about.name or version != "1":
            raise RefusedError(
                404, f"the model is {self._about.name}, version 1; got {name!r:.60}, version {version!r:.20}"
            )
        return self._about

    async def _body(self, request: Any) -> bytes:
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > self._limits.body:  # of one that did not say how much comes
                raise RefusedError(413, f"the request has more than the {self._limits.body} bytes that are taken")
            parts.append(part)
        return b"".join(parts)

    def answering(self, route: str, handler: Callable[[Any], Awaitable[Any]]) -> Callable[[Any], Awaitable[Any]]:
        """`handler` within the limits, counted; what it raises becomes JSON.

        Args:
            route: as it is counted.
            handler: answers a request.
        """

        async def answer(request: Any) -> Any:
            start = time.monotonic()
            found = await self._bounded(request, handler)
            self.metrics.request(route, found.status_code, time.monotonic() - start)
            return found

        return answer

    async def _bounded(self, request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        from starlette.requests import ClientDisconnect

        try:
            if request.method != "POST":
                return await handler(request)
            with self._gate.entered(int(request.headers.get("content-length", self._limits.body))):
                return await asyncio.wait_for(handler(request), self._limits.seconds)
        except RefusedError as error:
            return refused(error.status, str(error))
        except asyncio.TimeoutError:
            return refused(504, f"there is no answer within {self._limits.seconds:g} s; send less, or try again later")
        except ClientDisconnect:
            return refused(499, "the connection was closed before the request was complete")
        except Exception as error:
            # whatever it is, the server goes on
            return refused(500, f"this is a fault of the server: {type(error).__name__}: {error}")


ROUTES = (
    ("GET", "/", "root"),
    ("POST", "/predict", "predict"),
    ("GET", "/health/live", "live"),
    ("GET", "/health/ready", "ready"),
    ("GET", "/metrics", "measured"),
    ("GET", "/v2", "server"),
    ("GET", "/v2/health/live", "live"),
    ("GET", "/v2/health/ready", "ready"),
    ("GET", "/v2/models/{name}", "model"),
    ("GET", "/v2/models/{name}/ready", "ready"),
    ("POST", "/v2/models/{name}/infer", "infer"),
    ("GET", "/v2/models/{name}/versions/{version}", "model"),
    ("GET", "/v2/models/{name}/versions/{version}/ready", "ready"),
    ("POST", "/v2/models/{name}/versions/{version}/infer", "infer"),
)


def application(service: Service) -> Any:
    """The ASGI application of a service."""
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.routing import Route

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        working = asyncio.create_task(service.work())
        yield
        working.cancel()

    async def unknown(request: Any, error: Any) -> Any:
        words = {404: f"there is no {request.url.path}; GET / says what there is"}
        words[405] = f"{request.url.path} does not take {request.method}; GET / says what there is"
        return refused(error.status_code, words.get(error.status_code, str(error.detail)))

    routes = [
        Route(route, service.answering(route, getattr(service, name)), methods=[method])
        for method, route, name in ROUTES
    ]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={HTTPException: unknown})


def refused(status: int, said: str) -> Any:
    """An error as JSON."""
    return _response(status, {"error": said}, _BUSY if status == 503 else {})


def _value(answer: Answer) -> Any:
    if answer.status != 200:
        raise RefusedError(answer.status, answer.said)
    return answer.value


def _response(status: int, said: dict[str, Any], headers: dict[str, str] | None = None) -> Any:
    return _raw(status, json_line(said).encode(), _JSON | (headers or {}))


def _raw(status: int, content: bytes, headers: dict[str, str]) -> Any:
    from starlette.responses import Response

    return Response(content, status, headers)


async def _aside(body: bytes, job: Callable[..., Any], *arguments: Any) -> Any:
    """Parse a body; a large one in a thread, so that other requests are answered meanwhile."""
    if len(body) < _BIG:
        return job(*arguments)
    return await asyncio.get_running_loop().run_in_executor(None, job, *arguments)


def _version() -> str:
    try:
        return metadata.version("teco-modelzoo")
    except metadata.PackageNotFoundError:
        return "0"
