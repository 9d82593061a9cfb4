"""The machine under the measurement: how busy others keep it, and what is installed."""

from __future__ import annotations

import os
import platform
import resource
import sys
import time
from pathlib import Path
from typing import Any

from engine import backends
from engine.backends.base import cores

BUSY = 0.25  # of the cores: beyond that, others disturb


class Load:
    """How many cores other processes use while the context is open; None where the system does not tell."""

    def __enter__(self) -> Load:
        self._start = (_busy_seconds(), time.process_time(), time.perf_counter())
        return self

    def __exit__(self, *_: object) -> None:
        busy, own, wall = (
            after - before
            for after, before in zip(
                (_busy_seconds(), time.process_time(), time.perf_counter()), self._start, strict=True
            )
        )
        self.others_cores = max(busy - own, 0.0) / wall if busy > 0 else None

    def to_json(self) -> dict[str, Any]:
        return {"others_cores": self.others_cores, "cores": cores(), "load_average": os.getloadavg()[0]}


def _busy_seconds() -> float:
    """Seconds that all cores together have been busy since the system started; 0 where it does not tell."""
    stat = Path("/proc/stat")
    if not stat.is_file():
        return 0.0
    user, nice, system, *_ = (int(ticks) for ticks in stat.read_text(encoding="ascii").split("\n", 1)[0].split()[1:])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def peak_memory_mib() -> float:
    """The most memory that this process ever held."""
    kilo = 1024 if sys.platform == "darwin" else 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / kilo / 1024


def versions(target: str) -> dict[str, str]:
    """Of the runtime and of what it runs on."""
    backend = backends.targets()[target.partition(":")[0]]
    return {
        "runtime": f"{backend.summary}: {backend.availability().detail}",
        "python": platform.python_version(),
        "system": platform.platform(),
    }
