"""A Ray cluster: one that is running, or a local one that is started for a job and gone behind it."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo_core.errors import first_line
from zoo_core.interrupts import terminable
from zoo_core.machine import cores

LOCAL = "local"
INSTALL = 'pip install "teco-modelzoo[ray]"'
_ADDRESS = re.compile(r"(?P<host>\[[0-9A-Fa-f:]+\]|[\w.-]+):(?P<port>[0-9]{1,5})")
_CONNECT_SECONDS = 5.0
_MOST_CHARACTERS = 200  # of what Ray says of an end
_STORE_BYTES = 80 << 20  # Ray's least is 75 MiB; nothing large goes through it
# Ray puts sockets below its folder, and the system takes no longer path than 107 bytes for one
_LONGEST_FOLDER = 40
# Of a local Ray. The third one keeps it on the loopback interface, on every system.
_LOCAL_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_USAGE_STATS_PROMPT_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_worker_niceness": "0",  # or its workers stand behind everything else on the machine
}


@dataclass(frozen=True)
class Place:
    """Where a worker is put.

    Args:
        node: Ray's name of the node.
        host: the node's name for people.
        number: of the worker within its node.
        cores: of the node that are its own.
        card: the resource of which it has one; "" where it needs none.
    """

    node: str
    host: str
    number: int
    cores: int
    card: str = ""

    def __str__(self) -> str:
        return f"{self.host}, worker {self.number}" if self.number else self.host


@dataclass(frozen=True)
class Cluster:
    """What is connected. ray: the package. workers: a node (None: one, or one a card)."""

    ray: Any
    workers: int | None = None
    card: str = ""

    def places(self) -> list[Place]:
        """Where workers can be, node by node; those of nodes that are alive."""
        alive = [node for node in self.ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]
        names = Counter(node["NodeManagerAddress"] for node in alive)
        return [place for node in alive for place in self._places_of(node, names[node["NodeManagerAddress"]] > 1)]

    def _places_of(self, node: Mapping[str, Any], named_alike: bool) -> Iterator[Place]:
        address, has = node["NodeManagerAddress"], node["Resources"]
        host = f"{address} ({node['NodeID'][:6]})" if named_alike else address
        cards = int(has.get(self.card, 0)) if self.card else None
        count = self.workers or 1 if cards is None else min(self.workers or cards, cards)
        count = min(count, int(has["CPU"]))
        for number in range(count):
            yield Place(node["NodeID"], host, number, int(has["CPU"]) // count, self.card)

    def require_places(self) -> list[Place]:
        """As `places`. Raises ZooError where there is none."""
        places = self.places()
        if places:
            return places
        if self.card:
            raise ZooError(
                f"no node of the cluster has the resource {self.card}, which each worker needs one of; start the nodes "
                f"with it: ray start … --resources '{{\"{self.card}\": 1}}' (or --num-gpus, where it is GPU)"
            )
        raise ZooError("the cluster has no node with a core for work: start one with ray start --address=HOST:PORT")


@contextmanager
def connected(address: str, workers: int | None = None, card: str = "") -> Iterator[Cluster]:
    """A cluster to give work to. A program that is connected to Ray already stays so, and is used.

    Args:
        address: LOCAL starts one on this machine's loopback interface, which is gone behind the block, however it
            ends; otherwise that of a running cluster: "HOST:PORT", or "auto" for the one that this
            machine belongs to.
        workers: a node; None: one, or with `card` one a card.
        card: the resource of which each worker has one.

    Raises:
        ZooError: Ray is not installed, or there is no such cluster.
    """
    if address not in (LOCAL, "auto"):
        _require_answer(address)
    ray = _imported(address)
    if ray.is_initialized():
        yield Cluster(ray, workers, card)
        return
    with _folder(address) as folder:
        try:
            try:
                ray.init(**_options(address, folder, {card: workers or 1} if card not in ("", "GPU") else {}))
            except Exception as error:
                # Ray raises plain Exceptions, too, where one of its processes does not start
                raise _not_connected(address, error) from error
            with terminable():
                yield Cluster(ray, workers, card)
        finally:
            ray.shutdown()


def _imported(address: str) -> Any:
    """Ray, told beforehand what it reads from the environment. Raises ZooError where it is not installed."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address == LOCAL:
        for name, value in _LOCAL_ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        if "RAY_AUTH_MODE" not in os.environ:  # nobody else on this machine may give it work
            os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    try:
        import ray
    except ImportError as error:
        raise ZooError(f"--ray needs Ray, which is not installed: {INSTALL}") from error
    return ray


def _options(address: str, folder: Path | None, resources: Mapping[str, int]) -> dict[str, Any]:
    quiet = {"log_to_driver": False, "configure_logging": False, "logging_level": 40}
    if address != LOCAL:
        return quiet | {"address": address}
    return quiet | {
        "address": LOCAL,
        "num_cpus": cores(),
        "resources": dict(resources) or None,
        "include_dashboard": False,
        "object_store_memory": _STORE_BYTES,
        "_temp_dir": str(folder),
    }


@contextmanager
def _folder(address: str) -> Iterator[Path | None]:
    """A folder for what a local Ray writes, which goes with it; None for another one, which has its own."""
    if address != LOCAL:
        yield None
        return
    above = tempfile.gettempdir()
    made = tempfile.mkdtemp(prefix="zoo-ray-", dir=above if len(above) <= _LONGEST_FOLDER else "/tmp")
    try:
        yield Path(made)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _require_answer(address: str) -> None:
    """Raise ZooError where the address is none, or nothing answers there: Ray itself would try for minutes."""
    import socket

    found = _ADDRESS.fullmatch(address)
    if found is None or not 0 < int(found["port"]) < 1 << 16:
        raise ZooError(
            f"--ray {address}: an address is HOST:PORT or auto; got '{address}'. Without one, a Ray "
            "on this machine is started: --ray goes behind the models then, or in front of another flag"
        )
    try:
        socket.create_connection((found["host"].strip("[]"), int(found["port"])), _CONNECT_SECONDS).close()
    except OSError as error:
        raise ZooError(
            f"--ray {address}: nothing answers there ({error.strerror or error}); `ray start --head` on the first node "
            "prints the address of its cluster"
        ) from error


def _not_connected(address: str, error: Exception) -> ZooError:
    said = first_line(error)
    if address == LOCAL:
        return ZooError(f"Ray could not be started on this machine: {said}")
    if address == "auto":
        return ZooError(f"--ray auto: this machine belongs to no running Ray cluster ({said}); begin with ray start")
    return ZooError(
        f"--ray {address}: this is no Ray cluster that can be used from here: {said}. The same versions of Ray and "
        "Python are needed on all nodes, and this machine has to belong to the cluster (ray start --address=…)"
    )


def why_ended(error: Exception) -> str:
    """What Ray says of an end, in a few words."""
    said = " ".join(str(error).split())
    if "connection error code" in said:
        return "its process was killed, ran out of memory, or crashed"
    if "is unavailable" in said:
        return "it does not answer any more"
    detail = said.partition("Worker exit detail: ")[2] or said.partition("death cause: ")[2] or first_line(error)
    return detail[:_MOST_CHARACTERS]
