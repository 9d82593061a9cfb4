"""Who belongs to a step: a child may leave its process group, but hardly its environment, which carries a token."""

from __future__ import annotations

import secrets
from contextlib import suppress

TOKEN = "ZOO_CHECK_STEP"
OURS = secrets.token_hex(12)  # how every token of this process begins


def new_token() -> str:
    """A name that no other step has."""
    return f"{OURS}.{secrets.token_hex(6)}"


def end(token: str) -> int:
    """Kill every process that carries `token`, or one that begins with it; returns how many there were."""
    import psutil

    killed = 0
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            carried = process.environ().get(TOKEN, "")
            if f"{carried}.".startswith(f"{token}.") and process.status() != psutil.STATUS_ZOMBIE:
                process.kill()
                killed += 1
    return killed
