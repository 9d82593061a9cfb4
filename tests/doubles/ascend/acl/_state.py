"""What the double remembers."""

from __future__ import annotations

from typing import Any

initialised = False
devices: set[int] = set()
contexts: dict[int, int] = {}
memory: dict[int, Any] = {}
models: dict[int, Any] = {}
counter = iter(range(1, 10**9))
FAILED = 107000
