"""Recordings that have several tags each, in the layout of MagnaTagATune: root/annotations_final.csv, with tabs between
the fields, and the recordings at the paths that it names.

    "clip_id"   "singer"   "guitar"   …   "mp3_path"
    "2"         "0"        "1"        …   "a/recording.mp3"

A recording is whatever soundfile reads: MP3, WAV, FLAC, OGG.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from utils.datasets.folder import check_folder, within
from utils.datasets.sample import Listed, Sample
from utils.datasets.tsv import require_fields, rows_of
from zoo_core.errors import DataError

TABLE, _ID, _PATH = "annotations_final.csv", "clip_id", "mp3_path"


class MusicTags(Listed):
    """A sample's id is the recording's path below the folder, its data that path, its truth which of `tags` it has,
    bool [tags].

    Args:
        root: the folder.
        tags: those that the network knows, which are columns of the table; other columns are passed over.

    Raises:
        DataError: no such folder, no table in it, a tag that is no column, a value other than 0 and 1, or a recording
            that is not there, or stands there twice, which is named.
    """

    def __init__(self, root: str | Path, tags: tuple[str, ...]) -> None:
        root = Path(root)
        check_folder(root)
        table = root / TABLE
        (_, header), *rows = rows_of(table)
        names = [_plain(name) for name in header]
        for name in (*tags, _PATH):
            if names.count(name) != 1:
                raise DataError(f"{table}: its first line names {names.count(name)} columns {name!r}; one is expected.")
        columns, path_column = [names.index(tag) for tag in tags], names.index(_PATH)
        self._samples = []
        lines: dict[str, int] = {}
        for number, fields in rows:
            require_fields(table, (number, fields), len(names))
            found = [_plain(fields[column]) for column in columns]
            if set(found) - {"0", "1"}:
                raise DataError(f"{table}, line {number}: a tag is 0 or 1, got {found!s:.80}.")
            name = _plain(fields[path_column])
            if lines.setdefault(name, number) != number:
                raise DataError(f"{table}, line {number}: {name!r:.80} stands in line {lines[name]} too.")
            if not os.path.isfile(within(root, name, f"{table}, line {number}")):
                raise DataError(f"{table}, line {number}: there is no recording {name!r:.80} in this folder.")
            self._samples.append(Sample(name, root / name, np.array([one == "1" for one in found])))
        if not self._samples:
            raise DataError(f"{table}: it names no recordings.")


def write_table(root: Path, tags: tuple[str, ...], recordings: dict[str, np.ndarray]) -> None:
    """Write the table of a folder.

    Args:
        root: the folder.
        tags: the names of the columns.
        recordings: which tags each has, bool [tags], by its path below the folder.
    """
    lines = [(_ID, *tags, _PATH)]
    for number, (name, having) in enumerate(recordings.items(), start=1):
        lines.append((str(number), *(str(int(one)) for one in having), name))
    text = "".join("\t".join(f'"{field}"' for field in line) + "\n" for line in lines)
    (root / TABLE).write_text(text, encoding="utf-8", newline="\n")


def _plain(field: str) -> str:
    return field.strip().strip('"')
