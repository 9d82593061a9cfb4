"""How much a server takes on, and what it says to a request that it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from zoo.errors import ZooError


class RefusedError(ZooError):
    """A request that is not answered with a result.

    Args:
        status: of HTTP.
        said: the sentence for whoever sent it.
    """

    def __init__(self, status: int, said: str):
        super().__init__(said)
        self.status = status


@dataclass(frozen=True)
class Limits:
    """What bounds time and memory.

    Args:
        batch_size: rows of a batch at most.
        wait: seconds that the first request of a batch waits for others.
        queue: requests that are in the house at most, those that run included.
        body: bytes of a request at most.
        held: bytes of all requests in the house at most.
        seconds: from a request's first byte to its answer at most.
        samples: that one request holds at most.
        replicas: copies of the network.
    """

    batch_size: int = 16
    wait: float = 0.005
    queue: int = 64
    body: int = 16 << 20
    held: int = 512 << 20
    seconds: float = 60.0
    samples: int = 64
    replicas: int = 1


class Gate:
    """Lets requests in while there is room, and refuses the others before their body is read."""

    def __init__(self, limits: Limits):
        self._limits = limits
        self.inside = 0
        self.held = 0

    @contextmanager
    def entered(self, size: int) -> Iterator[None]:
        """A place for one request.

        Args:
            size: bytes of its body, as far as it says; else the most that there may be.

        Raises:
            RefusedError: 413 where it is too large, 503 where there is no room.
        """
        limits = self._limits
        if size > limits.body:
            raise RefusedError(
                413,
                f"the request has {size} bytes, and at most {limits.body} are taken; send less, or raise --max_body",
            )
        if self.inside >= limits.queue or self.held + size > limits.held:
            raise RefusedError(503, f"the queue is full ({self.inside} requests are under way); try again later")
        self.inside += 1
        self.held += size
        try:
            yield
        finally:
            self.inside -= 1
            self.held -= size
