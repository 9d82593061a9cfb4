"""Whether somebody's file makes its network without the files that lie beside it: only it is copied."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from zoo import catalogue
from zoo.errors import ZooError
from zoo_core.errors import first_line, told

_NAME = "network"
_log = logging.getLogger(__name__)


def require_alone(text: str, file: Path, content: bytes, module_name: str, name: str) -> None:
    """Make the network once more, of a copy of its file in an empty folder.

    Args:
        text: what --from says.
        file: where the module is.
        content: of the copy.
        module_name, name: of the module, and of what makes the network.

    Raises:
        ZooError: the copy looks for a module or a file that lies beside the original.
    """
    place = file.resolve().parents[module_name.count(".")]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"{_NAME}.py").write_bytes(content)
        try:
            with _without(place), _within(folder):
                getattr(catalogue.beside(str(Path(folder) / "model.py"), _NAME), name)()
        except (ImportError, OSError) as error:
            raise ZooError(
                f"--from {text}: {file.name} does not stand alone ({_words(error)}), and zoo new copies it alone: put "
                "the network and what it needs into one file, or install the package that it belongs to (pip install .)"
            ) from error
        except Exception as error:
            # what cannot be done twice in a process, such as registering an operator, raises whatever it likes
            _log.warning(
                "--from %s: a copy of %s alone did not make the network a second time (%s); zoo check tells whether "
                "the folder stands by itself", text, file.name, told(error),
            )  # fmt: skip


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and isinstance(error.filename, str):
        return f"{error.strerror}: {Path(error.filename).name}"
    return first_line(error)


@contextlib.contextmanager
def _within(folder: str) -> Iterator[None]:
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextlib.contextmanager
def _without(place: Path) -> Iterator[None]:
    """As if no module could be found in the folder `place`, and none had been, but for packages that are installed."""
    paths, kept = [*sys.path], {name: sys.modules.pop(name) for name in _names_in(place)}
    sys.path[:] = [path for path in sys.path if Path(path).resolve() != place]
    try:
        yield
    finally:
        sys.path[:] = paths
        sys.modules.update(kept)


def _names_in(place: Path) -> list[str]:
    """The modules that have been imported from the folder, but for installed ones and the zoo's own."""
    real = lru_cache(None)(lambda folder: Path(folder).resolve())  # thousands of modules lie in a few hundred folders
    own = [Path(__file__).resolve().parents[4], *(Path(one).resolve() for one in sysconfig.get_paths().values())]
    found = []
    for name, module in [*sys.modules.items()]:  # some import others when they are asked
        file = getattr(module, "__file__", None)
        folder = real(os.path.dirname(file)) if isinstance(file, str) else None
        if folder and folder.is_relative_to(place) and not any(folder.is_relative_to(one) for one in own):
            found.append(name)
    return found
