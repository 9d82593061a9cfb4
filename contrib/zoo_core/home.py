"""Where things are kept that are made once and used again: below one folder of the user."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """`TECO_ZOO_HOME`, or teco_zoo in the user's cache folder. Not created here."""
    set_by_user = os.environ.get("TECO_ZOO_HOME")
    if set_by_user:
        return Path(set_by_user).expanduser().absolute()
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache).expanduser() if cache else Path.home() / ".cache") / "teco_zoo"
