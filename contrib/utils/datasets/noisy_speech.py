"""Noisy recordings with the clean ones that they should become, in the layout of VCTK-DEMAND (Valentini, 2017).

clean_testset_wav/p232_001.wav     the recording as it should be
noisy_testset_wav/p232_001.wav     the same with noise, as long
"""

from __future__ import annotations

from pathlib import Path

from utils.datasets.folder import check_folder, files_in
from utils.datasets.sample import Listed, Sample
from utils.preprocess.audio import AUDIO_SUFFIXES
from zoo_core.errors import DataError

CLEAN, NOISY = "clean_testset_wav", "noisy_testset_wav"


class NoisySpeech(Listed):
    """The pairs below `root`, sorted by name: data the Path of the noisy recording, truth (clean, noisy), both Paths.

    Raises:
        DataError: a folder is missing or empty, or a recording has no counterpart, which is named.
    """

    def __init__(self, root: str | Path) -> None:
        root = Path(root)
        check_folder(root)
        for folder in (CLEAN, NOISY):
            if not (root / folder).is_dir():
                raise DataError(f"{root}: there is no folder {folder}; {CLEAN} and {NOISY} are expected.")
        clean, noisy = (_by_path(root / one) for one in (CLEAN, NOISY))
        alone = sorted(clean.keys() ^ noisy.keys())
        if alone:
            raise DataError(f"{root}: {alone[0]} is in one of the folders {CLEAN} and {NOISY} only.")
        self._samples = [Sample(name, noisy[name], (clean[name], noisy[name])) for name in sorted(clean)]


def _by_path(folder: Path) -> dict[str, Path]:
    """Recordings by their path below `folder`: those of sub-folders may have equal names."""
    return {path.relative_to(folder).as_posix(): path for path in files_in(folder, AUDIO_SUFFIXES)}
