"""Files by type: a folder a type, named as the network calls it (python, png), with files of any name in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from utils.datasets.folder import check_folder, files_in, is_passed_over
from utils.datasets.sample import Listed, Sample
from zoo_core.errors import DataError

EVERY = ("",)  # the ending of every file's name


class FilesByType(Listed):
    """A sample a file: its id is "python/setup.py", its data the path, its truth the index of the type.

    Args:
        root: the folder.
        types: what the network calls types, in its order.

    Raises:
        DataError: no such folder, no folder in it, one that is named by no type, or has no file.
    """

    def __init__(self, root: str | Path, types: Sequence[str]) -> None:
        root = Path(root)
        check_folder(root)
        folders = sorted(path for path in root.iterdir() if path.is_dir() and not is_passed_over(path.name))
        if not folders:
            raise DataError(f"{root}: there is no folder in it; one for each type of file is expected, such as python.")
        known = {name: index for index, name in enumerate(types)}
        self._samples = []
        for folder in folders:
            if folder.name not in known:
                raise DataError(f"{folder}: {folder.name!r:.40} is none of the {len(known)} types, such as python.")
            for path in files_in(folder, EVERY):
                self._samples.append(Sample(path.relative_to(root).as_posix(), path, known[folder.name]))
