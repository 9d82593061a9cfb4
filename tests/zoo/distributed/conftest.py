"""A cluster of two nodes on this machine, for the tests of a file: its processes end with them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psutil
import pytest

from zoo.distributed.cluster import Cluster, connected

NODE = {"num_cpus": 1, "node_ip_address": "127.0.0.1", "object_store_memory": 80 << 20, "include_dashboard": False}


class Nodes:
    """A cluster of two nodes on this machine, of which one may be lost."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster as Local

        self._local = Local(initialize_head=True, head_node_args=NODE)
        self.second: Any = self._local.add_node(**NODE)
        self.address = self._local.address

    def workers(self) -> list[psutil.Process]:
        """The processes of workers that have begun."""
        every = _below(self._local.head_node) + _below(self.second)
        return [one for one in every if one.is_running() and "".join(one.cmdline()).startswith("ray::Worker")]

    def lose(self) -> None:
        """All at once, as where the power fails: a worker that is left goes on until it notices."""
        every = _below(self.second)
        self._local.remove_node(self.second, allow_graceful=False)
        for process in every:
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def replace(self) -> None:
        self.second = self._local.add_node(**NODE)

    def close(self) -> None:
        self._local.shutdown()


def _below(node: Any) -> list[psutil.Process]:
    """The processes that a node's raylet has started."""
    raylets = [one.process.pid for one in node.all_processes["raylet"]]
    return [child for pid in raylets for child in psutil.Process(pid).children(recursive=True)]


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    """Read `address`; whoever loses a node replaces it."""
    own = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}
    own |= {"RAY_worker_niceness": "0"}
    before = {name: os.environ.get(name) for name in own}
    os.environ.update(own)
    import ray

    made = Nodes()
    ray.init(address=made.address, log_to_driver=False, configure_logging=False)
    yield made
    ray.shutdown()
    made.close()
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


@pytest.fixture
def cluster(nodes: Nodes) -> Iterator[Cluster]:
    """One worker a node."""
    with connected(nodes.address) as one:
        yield one
