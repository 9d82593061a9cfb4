"""One file out of a zip archive; nothing else of it is unpacked."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from zoo_core.errors import first_line

from .transfer import MAX_BYTES, FetchError

_NAMED = 5


def take(archive: Path, member: str, path: Path) -> None:
    """Write the file called `member` in the zip `archive` to `path`.

    Raises:
        FetchError: it is no zip archive, is damaged, has no such file, or one that does not fit on the disk.
        OSError: the file cannot be written.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            info = _find(opened, member)
            room = min(MAX_BYTES, shutil.disk_usage(path.parent).free)
            if info.file_size > room:
                raise FetchError(f"{member} in it unpacks to {info.file_size} bytes, and there is room for {room}")
            with opened.open(info) as source, path.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError) as error:
        # damaged, packed in a way that Python does not know, cut off, or encrypted
        raise FetchError(f"the zip archive cannot be read: {first_line(error)}") from error


def _find(opened: zipfile.ZipFile, member: str) -> zipfile.ZipInfo:
    names = opened.namelist()
    # a wheel may have what it installs in NAME-VERSION.data/purelib
    found = [name for name in names if name == member] or [
        name for name in names if name.partition(".data/")[2] in (f"purelib/{member}", f"platlib/{member}")
    ]
    if not found:
        more = ", …" if len(names) > _NAMED else ""
        raise FetchError(f"it has no file {member}, but: {', '.join(names[:_NAMED])}{more}")
    return opened.getinfo(found[0])
