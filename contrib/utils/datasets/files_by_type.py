"""Files by type: a folder a type, named as the network calls it (python, png), with files of any name in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from utils.datasets.folder import check_folder, is_passed_over, walk
from utils.datasets.sample import Listed, Sample
from utils.notices import notice
from zoo_core.errors import DataError

EVERY = ("",)  # the ending of every file's name


class FilesByType(Listed):
    """A sample a file: its id is "python/setup.py", its data the path, its truth the index of the type.

    Args:
        root: the folder. Hidden names are passed over, and what lies beside the folders, which a notice tells.
        types: what the network calls types, in its order.

    Raises:
        DataError: no such folder, no folder in it, one that is named by no type, or has no file.
    """

    def __init__(self, root: str | Path, types: Sequence[str]) -> None:
        root = Path(root)
        check_folder(root)
        there = sorted(path for path in root.iterdir() if not is_passed_over(path.name))
        folders = [path for path in there if path.is_dir()]
        if not folders:
            raise DataError(f"{root}: there is no folder in it; one for each type of file is expected, such as python.")
        for path in there:
            if not path.is_dir():
                notice("files without a type", str(path), "passed over: it lies in no folder that is named by a type.")
        known = {name: index for index, name in enumerate(types)}
        self._samples = []
        for folder in folders:
            if folder.name not in known:
                raise DataError(f"{folder}: {folder.name!r:.40} is none of the {len(known)} types, such as python.")
            files = sorted(walk(folder, EVERY))
            if not files:
                raise DataError(f"{folder}: there is no file in this folder, whose name is a type.")
            for path in files:
                self._samples.append(Sample(path.relative_to(root).as_posix(), path, known[folder.name]))
