"""What this machine and its card can do at once."""

from __future__ import annotations

import os
from collections.abc import Mapping

from .errors import SettingError

# Compute units of a Tecorigin T1 card
CARD_UNITS = 4


def cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> int:
    """Bytes of memory that the machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


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
