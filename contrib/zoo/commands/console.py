"""What people see: tables, progress, and errors as sentences."""

from __future__ import annotations

import argparse
import atexit
import errno
import gc
import io
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

from zoo.errors import CheckFailedError, HangingError
from zoo_core.errors import ZooCoreError

OK, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130
_FEW_COLUMNS = 6  # a table of prose may wrap inside its cells, one of figures may not
_PROSE_WIDTH, _FIGURES_WIDTH = 80, 140  # where it is no terminal that is written to


def run(job: Callable[[argparse.Namespace], int], args: argparse.Namespace) -> int:
    """Run a job with the flags that were given, and say what it raises (`told`)."""
    _set_up_logging(bool(getattr(args, "verbose", False)))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name that the terminal cannot show is no reason to stop
    return told(lambda: job(args))


@cache
def end_at_once() -> None:
    """For a process that ends behind its job: its end does not search all objects for cycles, which the system frees.

    The search takes as long as reading a picture does. What must be done at the end is done all the same: files are
    closed by their blocks, temporary folders and engines have finalisers of their own, which need no search.
    """
    atexit.register(gc.freeze)


def told(job: Callable[[], int]) -> int:
    """Run a job; what it raises becomes a sentence on stderr and an exit code: 0 fine, 1 check failed, 2 wrong use."""
    try:
        return job()
    except CheckFailedError as error:
        return _say(FAILED, "failed", str(error))
    except HangingError as error:
        _say(WRONG_USE, "error", str(error))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(WRONG_USE)  # Python would wait for the threads that hang
    except ZooCoreError as error:
        return _say(WRONG_USE, "error", str(error))
    except ModuleNotFoundError as error:
        return _say(WRONG_USE, "error", f"this job needs the package {error.name}: {_installing()}")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # who read our output (head, say) has had enough
        return OK
    except OSError as error:
        full = (
            " (the disk is full: make room, or write elsewhere)"
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            else ""
        )
        return _say(
            WRONG_USE,
            "error",
            f"{error.strerror or error}{full}{f': {error.filename}' if error.filename else ''}",
        )
    except KeyboardInterrupt:
        return _say(INTERRUPTED, "stopped", "by the user")


def _installing() -> str:
    """What brings the packages that a job lacks: of a clone its requirements, of an installed zoo its extras."""
    clone = (Path(__file__).resolve().parents[3] / "requirements.txt").is_file()
    return "pip install -r requirements.txt" if clone else 'pip install "teco-modelzoo[all]", or one of its extras'


def _say(code: int, kind: str, text: str) -> int:
    print(f"{kind}: {text}", file=sys.stderr)
    return code


def _set_up_logging(verbose: bool) -> None:
    """Our own messages to stderr; of the libraries', the warnings only when asked for."""
    logging.basicConfig(level=logging.WARNING if verbose else logging.ERROR, format="%(message)s", stream=sys.stderr)
    # Pillow's own words for what a notice of ours says of the file, which they do not name
    warnings.filterwarnings("ignore", "Corrupt EXIF data", UserWarning)
    for name in ("zoo", "engine", "utils", "zoo_core"):
        logging.getLogger(name).setLevel(logging.DEBUG if verbose else logging.INFO)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], plain: bool = False) -> None:
    """A table on stdout; columns whose name begins with '>' hold figures and are aligned to the right.

    On a terminal that is too narrow for it, each row becomes a block of lines instead: nothing is cut off.

    Args:
        title: above it.
        columns: their names.
        rows: a cell a column each.
        plain: for many rows: without lines between, and with what stands first whole.
    """
    from rich.box import HEAVY_HEAD
    from rich.console import Console
    from rich.table import Table

    lines = [[str(cell) for cell in row] for row in rows]
    made = Table(title=title, title_justify="left", title_style="bold", box=None if plain else HEAVY_HEAD)
    for number, column in enumerate(columns):
        made.add_column(
            column.removeprefix(">"),
            justify="right" if column.startswith(">") else "left",
            overflow="fold",
            no_wrap=plain and number == 0,
        )
    for line in lines:
        made.add_row(*line)
    prose = len(columns) < _FEW_COLUMNS
    width = _PROSE_WIDTH if prose else _FIGURES_WIDTH
    console = Console(width=None if sys.stdout.isatty() else width, markup=False, highlight=False)
    needed = Console(width=_FIGURES_WIDTH).measure(made)
    if (needed.minimum if plain else 0 if prose else needed.maximum) <= console.width:
        console.print(made)
        return
    print(title)
    for line in lines:
        pairs = [
            f"{column.removeprefix('>')}: {cell}" for column, cell in zip(columns[1:], line[1:], strict=True) if cell
        ]
        print("\n".join([line[0], *(f"  {pair}" for pair in pairs)]))
