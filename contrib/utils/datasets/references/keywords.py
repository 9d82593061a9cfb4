"""A recording each of 39 words and noises, and one of silence, in the layout of Speech Commands."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from utils.datasets.speech_commands import SILENCE, UNKNOWN

_SILENT = ("none", "silence")  # what the two repositories call recordings of no word


def arrange(files: Path, folder: Path, words: Sequence[str]) -> None:
    """Write <word>/<word>_nohash_0.wav for the words that count, and the others into _unknown_ and _silence_, which the
    loader takes whole.

    Args:
        files: holds back.wav and so on, named after what is said.
        folder: the folder to fill.
        words: those that count.
    """
    for path in sorted(files.iterdir()):
        label = path.stem if path.stem in words else SILENCE if path.stem in _SILENT else UNKNOWN
        (folder / label).mkdir(exist_ok=True)
        shutil.copyfile(path, folder / label / f"{path.stem}_nohash_0{path.suffix}")
