"""What this machine and its card can do at once."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from .errors import SettingError

# Compute units of a Tecorigin T1 card
CARD_UNITS = 4


def cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> int:
    """Bytes of memory that the machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@cache
def products_overflow() -> bool:
    """Whether sums of products of 8-bit numbers may overflow: on x86 without VNNI, which adds two up in 16 bits.

    Where the system does not tell what an x86 processor has (not Linux), they may.
    """
    if platform.machine().lower() not in ("x86_64", "amd64", "i386", "i686"):
        return False
    known = Path("/proc/cpuinfo")
    return not known.is_file() or not {"avx512_vnni", "avx_vnni"} & {*known.read_text(encoding="utf-8").split()}


@contextmanager
def memory_bounded(more: int) -> Iterator[None]:
    """What is done here may take so many bytes of address space more than the process has; MemoryError beyond.

    The system holds the bound for the whole process, so that other threads share it. Where it keeps no such account
    (not Linux), nothing is bounded.
    """
    statm = Path("/proc/self/statm")
    if not statm.is_file():
        yield
        return
    import resource

    low, high = resource.getrlimit(resource.RLIMIT_AS)
    bound = int(statm.read_text().split()[0]) * resource.getpagesize() + more
    bounds = [bound, *(limit for limit in (low, high) if limit != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(bounds), high))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (low, high))


def compute_units(environ: Mapping[str, str] | None = None) -> int:
    """Compute units of a card that are used: the environment variable MAX_ENGINE_NUMS, 4 by default.

    Args:
        environ: where to look; the process's own environment by default.

    Raises:
        SettingError: the variable is no whole number of at least 1.
    """
    return environment_int("MAX_ENGINE_NUMS", CARD_UNITS, 1, environ)


def environment_int(name: str, default: int, low: int, environ: Mapping[str, str] | None = None) -> int:
    """A whole number out of the environment.

    Args:
        name: of the environment variable.
        default: what it stands for where it is not set.
        low: the least value that makes sense.
        environ: where to look; the process's own environment by default.

    Raises:
        SettingError: it is set to anything but a whole number of at least `low`.
    """
    text = (os.environ if environ is None else environ).get(name, str(default))
    try:
        value = int(text)
    except ValueError:
        value = low - 1
    if value < low:
        raise SettingError(f"environment variable {name} is a whole number of at least {low}, got {text!r}")
    return value
