"""WIDER FACE's validation pictures, out of the two archives that its authors publish."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path, PurePosixPath

from zoo_core.errors import DataError, first_line

PICTURES, LISTS = "WIDER_val.zip", "wider_face_split.zip"
# What is taken of each archive
_WANTED = {PICTURES: ("WIDER_val/images", ".jpg"), LISTS: ("wider_face_split", "_val_bbx_gt.txt")}
_MOST_BYTES = 4 << 30


def arrange(files: Path, folder: Path) -> None:
    """Write the layout that its authors publish: WIDER_val/images and wider_face_split.

    Args:
        files: holds WIDER_val.zip and wider_face_split.zip.
        folder: the folder to fill.

    Raises:
        DataError: an archive is damaged, or holds nothing of what it should.
    """
    for archive, (place, end) in _WANTED.items():
        try:
            with zipfile.ZipFile(files / archive) as opened:
                chosen = [
                    one for one in opened.infolist() if _is_below(one.filename, place) and one.filename.endswith(end)
                ]
                if not chosen or sum(one.file_size for one in chosen) > _MOST_BYTES:
                    raise DataError(f"{archive} holds {len(chosen)} files *{end} below {place}.")
                for one in chosen:
                    path = folder / one.filename
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with opened.open(one) as source, path.open("wb") as target:
                        shutil.copyfileobj(source, target)
        except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError) as error:
            raise DataError(f"{archive} cannot be read: {first_line(error)}.") from error


def _is_below(name: str, place: str) -> bool:
    path = PurePosixPath(name)
    return ".." not in path.parts and path.is_relative_to(place)
