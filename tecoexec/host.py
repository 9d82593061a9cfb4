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
from zoo_core.machine import cores

BUSY = 0.25  # of the cores: beyond that, others disturb


class Load:
    """How many cores other processes used, and how many nobody did, while the context was open.

    Processes that this one started and waited for count as its own. None where the system does not tell.
    """

    others_cores: float | None = None
    idle_cores: float | None = None

    def __enter__(self) -> Load:
        self._start = _clocks()
        return self

    def __exit__(self, *_: object) -> None:
        wall, own, busy, idle = (after - before for after, before in zip(_clocks(), self._start, strict=True))
        if busy > 0:
            self.others_cores = max(busy - own, 0.0) / wall
            self.idle_cores = idle / wall

    def to_json(self) -> dict[str, Any]:
        load = os.getloadavg()[0]
        return {"others_cores": self.others_cores, "idle_cores": self.idle_cores} | {
            "cores": os.cpu_count() or cores(),
            "load_average": load,
        }


def _clocks() -> tuple[float, float, float, float]:
    """Seconds: by the clock, of this process and its children, of all cores busy, of all cores idle (0: not told)."""
    wall, own = time.perf_counter(), sum(os.times()[:4])
    stat = Path("/proc/stat")
    if not stat.is_file():
        return wall, own, 0.0, 0.0
    ticks = [int(word) for word in stat.read_text(encoding="ascii").split("\n", 1)[0].split()[1:]]
    second = os.sysconf("SC_CLK_TCK")
    return wall, own, sum(ticks[:3]) / second, ticks[3] / second


def peak_memory_mib() -> float:
    """The most memory that this process ever held.

    Linux tells it of the program itself; getrusage would count what the starting process held before.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
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
