"""Recordings by who speaks: a folder a speaker, as in VoxCeleb and LibriSpeech."""

from __future__ import annotations

from pathlib import Path

from utils.datasets.folder import files_in
from utils.datasets.sample import Listed, Sample
from utils.preprocess.audio import AUDIO_SUFFIXES
from zoo_core.errors import DataError


class Speakers(Listed):
    """Every recording below a folder: id its path relative to it, data that path, truth the first folder in it.

    Args:
        root: the data set's folder: root/<speaker>/.../<name>.wav or .flac.

    Raises:
        DataError: no such folder; a recording that lies in no speaker's folder; less than two speakers, or none with
            two recordings, so that there is nothing to compare.
    """

    def __init__(self, root: str | Path) -> None:
        root = Path(root)
        self._samples = []
        counts: dict[str, int] = {}
        for path in files_in(root, AUDIO_SUFFIXES):
            name = path.relative_to(root).as_posix()
            speaker, slash, _ = name.partition("/")
            if not slash:
                raise DataError(f"{path}: a recording lies in the folder of its speaker: {root}/<speaker>/{name}.")
            counts[speaker] = counts.get(speaker, 0) + 1
            self._samples.append(Sample(name, path, speaker))
        if len(counts) < 2 or max(counts.values()) < 2:
            raise DataError(
                f"{root}: {len(self._samples)} recordings of {len(counts)} speakers; two speakers, and one with two "
                "recordings, are the least that can be told apart."
            )
