"""Clips of classes: a folder a class, and in it clips that are files or folders of frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from utils.datasets.class_folders import class_indices
from utils.datasets.folder import IMAGE_SUFFIXES, check_folder, is_passed_over
from utils.datasets.sample import Listed, Sample
from utils.preprocess.clip import CLIP_SUFFIXES
from zoo_core.errors import DataError


class ClipFolder(Listed):
    """The clips below `root`: <root>/<class>/<clip>, a folder of frames or a file.

    A sample's id is its path relative to `root`, its data the clip's Path, its truth the class index.

    Args:
        root: the folder that holds one folder for each class. Hidden names are passed over.
        classes: folder names in index order, as `class_indices` takes them.

    Raises:
        DataError: no such folder, no class folders, a class without clips, something else in it, a clip directly in
            `root`, or folder names that do not fit `classes`.
    """

    def __init__(self, root: str | Path, classes: Sequence[str]) -> None:
        self.root = Path(root)
        check_folder(self.root)
        there = sorted(one for one in self.root.iterdir() if not is_passed_over(one.name))
        for one in there:
            if one.is_file() and one.suffix.lower() in (*CLIP_SUFFIXES, *IMAGE_SUFFIXES):
                raise DataError(
                    f"{one}: a clip belongs into a folder with its class's name: {self.root.name}/<class>/."
                )
        folders = [one.name for one in there if one.is_dir()]
        if not folders:
            raise DataError(f"{self.root}: there is no folder in it; expected {self.root.name}/<class>/<clip>.")
        indices = class_indices(self.root, folders, classes)
        self._samples = [
            Sample(path.relative_to(self.root).as_posix(), path, index)
            for folder, index in zip(folders, indices, strict=True)
            for path in _clips(self.root / folder)
        ]


def _clips(folder: Path) -> list[Path]:
    found = sorted(one for one in folder.iterdir() if not is_passed_over(one.name))
    for one in found:
        if one.is_file() and one.suffix.lower() not in CLIP_SUFFIXES:
            raise DataError(
                f"{one}: a clip is a folder of frames, or a file that ends with {', '.join(CLIP_SUFFIXES)}. Are these "
                f"the frames of one clip? Then put them into a folder of their own, below {folder.name}."
            )
    if not found:
        raise DataError(f"{folder}: there is no clip in it.")
    return found
