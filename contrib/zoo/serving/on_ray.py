"""Copies of a network on Ray Serve, on this machine; they end with this process."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo.running.setting import Setting
from zoo_core.errors import told
from zoo_core.machine import cores

from .batching import IN_FLIGHT, ReplicaLostError
from .limits import Limits
from .replica import Recipe, Replica
from .worker import Answer, Described

_NAME = "zoo"
_ROOMS = Path(__file__).resolve().parents[2]
_TRIES = 3
_END = 10.0  # seconds that processes have to end by themselves
_HANGING = 2.0  # times the limit of a request: a batch that takes longer does not come to its end


class Replicas:
    """Runs batches on copies of a network.

    Args:
        handle: Ray Serve's, of the deployment.
        described: the network.
    """

    def __init__(self, handle: Any, described: Described):
        self._handle = handle
        self.described = described
        self._count = 0
        self._stop = threading.Event()
        self._look()
        threading.Thread(target=self._watch, name="replicas", daemon=True).start()

    async def run(self, kind: Hashable, requests: Sequence[Any]) -> Sequence[Answer]:
        """Run a batch on the copy that has least to do. Raises ReplicaLostError where it ends meanwhile."""
        from ray.exceptions import ObjectLostError, RayActorError, WorkerCrashedError

        try:
            found: Sequence[Answer] = await self._handle.run.remote(kind, list(requests))
        except (RayActorError, WorkerCrashedError, ObjectLostError) as error:
            raise ReplicaLostError from error
        return found

    def count(self) -> int:
        """How many copies ran a second ago at most."""
        return self._count

    def close(self) -> None:
        """Look no further."""
        self._stop.set()

    def _watch(self) -> None:
        while not self._stop.wait(1.0):
            self._look()

    def _look(self) -> None:
        from ray import serve

        try:
            states = serve.status().applications[_NAME].deployments[Replica.__name__].replica_states
            self._count = sum(count for state, count in states.items() if state == "RUNNING")
        except Exception:
            # Ray has many ways of not answering; then nothing is known to run
            self._count = 0


@contextmanager
def replicas(setting: Setting, words: Sequence[str], notice: str, limits: Limits) -> Iterator[Replicas]:
    """Start Ray and the copies; end all of their processes with the block.

    Args:
        setting: of the network.
        words: what it is asked, where it is asked something.
        notice: what must be known of the weights.
        limits: how many copies, and what a request may hold and take.

    Raises:
        ZooError: Ray is missing, or the network cannot be opened.
    """
    recipe = Recipe.of(_shared(setting, limits.replicas), words)
    with copies(Replica, (recipe, notice, limits.samples, _HANGING * limits.seconds), limits.replicas) as running:
        yield running


@contextmanager
def copies(kind: type[Replica], arguments: tuple[Any, ...], count: int) -> Iterator[Replicas]:
    """As `replicas`, of any kind of replica.

    Args:
        kind: the class.
        arguments: of its constructor.
        count: how many there are.
    """
    with _ray(count):
        from ray import serve

        quiet = {"log_level": "ERROR", "enable_access_log": False}
        serve.start(proxy_location="Disabled", logging_config=quiet)
        made = serve.deployment(
            name=Replica.__name__,
            num_replicas=count,
            max_ongoing_requests=IN_FLIGHT,
            health_check_period_s=2,
            health_check_timeout_s=30,
            logging_config=quiet,
        )(kind)
        handle = serve.run(made.bind(*arguments), name=_NAME, route_prefix=None)
        described = handle.described.remote().result()
        if isinstance(described, str):
            raise ZooError(described)
        running = Replicas(handle, described)
        try:
            yield running
        finally:
            running.close()


def _shared(setting: Setting, count: int) -> Setting:
    """A copy's share of the cores."""
    if count == 1:
        return setting
    share = max(cores() // count, 1)
    return setting.but(threads=setting.threads or share, workers=setting.workers or share, streams=setting.streams or 1)


@contextmanager
def _ray(count: int) -> Iterator[None]:
    """A Ray of this process alone, with a place a copy; none of its processes and files is left.

    Its ports are for this machine only, and take nothing from who does not know a word that is made up here.
    """
    os.environ |= {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # which is how Ray is told to stay on loopback
        "RAY_worker_niceness": "0",  # replicas are what this is all for; Ray would have everything else go first
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
    }
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_ROOMS), os.environ.get("PYTHONPATH")]))
    try:
        import ray
        import ray.serve
    except ModuleNotFoundError as error:
        raise ZooError(
            f'zoo serve needs Ray Serve ({error.name} is missing): pip install "ray[serve]>=2.40,<3"'
        ) from error
    for name in ("ray", "ray.serve"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # short, since the names of sockets in it must be
    folder = tempfile.mkdtemp(prefix="zoo-", dir="/tmp" if os.path.isdir("/tmp") else None)
    try:
        _start(ray, count, folder)
        yield
    finally:
        _end(ray)
        shutil.rmtree(folder, ignore_errors=True)


def _start(ray: Any, count: int, folder: str) -> None:
    """Start Ray; where the machine is so busy that it is not there within its own 30 s, try again."""
    for left in reversed(range(_TRIES)):
        try:
            ray.init(num_cpus=count + 1, include_dashboard=False, logging_level=logging.ERROR, _temp_dir=folder)
            return
        except Exception as error:  # of no common kind
            if not left:
                raise ZooError(f"Ray cannot be started: {told(error)}") from error
            _end(ray)


def _end(ray: Any) -> None:
    """Shut down, and end what does not end by itself."""
    import psutil

    started = psutil.Process().children(recursive=True)
    ray.shutdown()
    _, left = psutil.wait_procs(started, _END)
    for process in left:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(left, _END)
