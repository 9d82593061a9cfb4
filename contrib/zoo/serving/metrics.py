"""What a server counts, as Prometheus reads it."""

from __future__ import annotations

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """The counters of one server; they begin at 0."""

    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._registry = made = CollectorRegistry()
        self._requests = Counter("zoo_requests", "answered, by route and status", ["route", "status"], registry=made)
        self._seconds = Histogram(
            "zoo_request_seconds", "from a request to its answer", ["route"], registry=made, buckets=_SECONDS
        )
        self._rows = Histogram("zoo_batch_rows", "rows of a batch", registry=made, buckets=_ROWS)
        self._batch_seconds = Histogram("zoo_batch_seconds", "of a batch on a replica", registry=made, buckets=_SECONDS)
        self.waiting = Gauge("zoo_waiting", "requests that no replica has yet", registry=made)
        self.inside = Gauge("zoo_inside", "requests that are not answered yet", registry=made)
        self.retried = Counter("zoo_retried", "requests run again since their replica was lost", registry=made)
        self.replicas = Gauge("zoo_replicas", "copies of the network that run", registry=made)

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def batch(self, rows: int, seconds: float) -> None:
        """Count a batch."""
        self._rows.observe(rows)
        self._batch_seconds.observe(seconds)

    def text(self) -> bytes:
        """All of them, in Prometheus' text format."""
        from prometheus_client import generate_latest

        return generate_latest(self._registry)
