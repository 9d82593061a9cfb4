"""Memory that was freed stays with the process, so that threads in parallel do not wait for new pages."""

from __future__ import annotations

import ctypes
import os
from functools import cache

# mallopt's numbers, and the most that the C library would come to by itself
_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1
_LARGE, _SPARE = 32 << 20, 64 << 20


@cache
def keep_freed() -> bool:
    """Have the C library keep what a picture took for the next one; whether it does. Once a process.

    glibc gives memory of that size back to the system at once, and gets it again a page at a time. The system gives
    pages to the threads of a process one after the other: with two threads that decode JPEGs, that was a fifth of
    their time. glibc's own settings in the environment stand; other C libraries are left alone.
    """
    said = any(name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ)
    if os.name != "posix" or said:
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallopt"):
        return False
    return bool(library.mallopt(_MMAP_THRESHOLD, _LARGE) and library.mallopt(_TRIM_THRESHOLD, _SPARE))
