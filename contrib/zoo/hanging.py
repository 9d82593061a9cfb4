"""A model's own code that does not come to an end: it is named, and does not keep a person waiting without a word."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Timer
from typing import Any, TypeVar

from zoo.errors import HangingError
from zoo_core.interrupts import Uninterrupted, wait_for

T = TypeVar("T")
_log = logging.getLogger(__name__)


def ended_within(timeout: float | None, what: str, do: Callable[..., T], *given: Any) -> T:
    """What `do(*given)` returns, or raises.

    Args:
        timeout: seconds after which it is a HangingError that says `what` hangs; None waits for ever.
        what: is done: "preprocessing of a.png".
        do: code of a model; of one that hangs, the thread stays.
        given: for it.
    """
    if timeout is None:
        return do(*given)
    pool = ThreadPoolExecutor(1, thread_name_prefix="preprocess")
    try:
        with Uninterrupted():
            job = pool.submit(do, *given)
            if not wait_for([job], timeout):
                raise hanging(what, timeout)
        return job.result()
    finally:
        pool.shutdown(wait=False)


def said_if_slow(timeout: float | None, what: str, do: Callable[..., T], *given: Any) -> T:
    """What `do(*given)` returns, which may rightly take longer than a sample: after `timeout` seconds, that is said.

    Args:
        timeout, what, do, given: as `ended_within` has them.
    """
    if timeout is None:
        return do(*given)
    words = "%s has not ended after %g s; it goes on (Ctrl-C ends it)"
    timer = Timer(timeout, _log.warning, (words, what, timeout))
    timer.daemon = True
    timer.start()
    try:
        return do(*given)
    finally:
        timer.cancel()


def hanging(what: str, timeout: float) -> HangingError:
    """What is said of what does not come to its end."""
    return HangingError(f"{what} did not end within {timeout:g} s; leave it out, or give it longer with --timeout")
