"""A disk that is soon full, for which the largest file that a process may write stands in."""

from __future__ import annotations

import sys


def zoo_on_a_small_disk(most: int) -> list[str]:
    """The first words of a command line: zoo, in a process that may write files of so many bytes.

    That process sets the limit itself. This one has threads, and code that runs between fork and exec (preexec_fn) may
    wait forever for a lock that one of them held.
    """
    code = (
        f"import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most})); "
        "runpy.run_module('zoo', run_name='__main__', alter_sys=True)"
    )
    return [sys.executable, "-c", code]
