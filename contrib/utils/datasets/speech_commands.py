"""Speech Commands (P. Warden, 2018): one folder of recordings a word, two text lists, and background noise.

root/<word>/<speaker>_nohash_<n>.wav      recordings of about a second
root/validation_list.txt, testing_list.txt   the recordings of these two parts, one a line; the others are for training
root/_background_noise_/*.wav             longer recordings without words
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from utils.datasets.folder import check_folder, files_in, walk, within
from utils.datasets.sample import Listed, Sample
from utils.preprocess.audio import AUDIO_SUFFIXES, Clip
from utils.text_file import read_lines
from zoo_core.errors import DataError

SILENCE, UNKNOWN, NOISE = "_silence_", "_unknown_", "_background_noise_"
LISTS = {"validation": "validation_list.txt", "testing": "testing_list.txt"}
SPLITS = ("training", *LISTS)
SHARE = 0.1  # of unknown words and of silence, relative to the words that count
_GOLDEN = 0.6180339887498949


class SpeechCommands(Listed):
    """One part of Speech Commands, with the classes of its keyword task: silence, unknown word, and `words`.

    As published, there are a tenth as many samples of silence and of unknown words as of the words that count. Unknown
    are recordings of the other words of this part: those whose names have the smallest SHA-256, so that they are the
    same on every machine. Silence are pieces of the background noise, at places and volumes that are fixed in the same
    way. The folders _silence_ and _unknown_ of the published test archive, which has no lists, are taken whole.

    A sample's id is its path relative to `root`, its data that path or a `Clip` of noise, its truth the index in
    `labels`.

    Args:
        root: the data set's folder.
        words: the words that count.
        split: "training", "validation" or "testing". Where neither list exists, every recording belongs to it.

    Raises:
        DataError: no such folder, none of the words in this part, a split that does not exist, or a list that names a
            recording that is not there.
    """

    def __init__(self, root: str | Path, words: Sequence[str], split: str = "testing") -> None:
        self.root = Path(root)
        self.labels = (SILENCE, UNKNOWN, *words)
        if split not in SPLITS:
            raise DataError(f"Speech Commands has no part '{split}'; it has: {', '.join(SPLITS)}.")
        check_folder(self.root)
        names = self._names(split)
        known = [name for name in names if name.partition("/")[0] in words]
        if not known:
            raise DataError(
                f"{self.root}: the {split} part holds none of the words {', '.join(words)}. Expected "
                f"{words[0]}/<speaker>_nohash_0.wav and so on."
            )
        share = -(-len(known) // round(1 / SHARE))
        self._samples = [
            *self._silence(names, share),
            *self._plain(self._unknown(names, share), UNKNOWN),
            *(Sample(name, self.root / name, self.labels.index(name.partition("/")[0])) for name in known),
        ]

    def _names(self, split: str) -> list[str]:
        """The recordings of a part, relative to the root, sorted; without the background noise."""
        lists = {part: self.root / file for part, file in LISTS.items() if (self.root / file).is_file()}
        listed = {part: _listed(self.root, path) for part, path in lists.items()}
        if split in listed:
            return sorted(listed[split])
        if split in LISTS and listed:
            raise DataError(f"{self.root}: there is no {LISTS[split]}, which names the recordings of this part.")
        elsewhere = {name for names in listed.values() for name in names}
        found = (path.relative_to(self.root).as_posix() for path in walk(self.root, AUDIO_SUFFIXES))
        return sorted(name for name in found if "/" in name and not name.startswith(NOISE) and name not in elsewhere)

    def _unknown(self, names: list[str], share: int) -> list[str]:
        ready = [name for name in names if name.startswith(f"{UNKNOWN}/")]
        if ready:
            return ready
        others = [name for name in names if name.partition("/")[0] not in self.labels]
        return sorted(sorted(others, key=lambda name: hashlib.sha256(name.encode()).digest())[:share])

    def _silence(self, names: list[str], share: int) -> list[Sample]:
        ready = [name for name in names if name.startswith(f"{SILENCE}/")]
        if ready or not (self.root / NOISE).is_dir():
            return self._plain(ready, SILENCE)
        noises = files_in(self.root / NOISE, AUDIO_SUFFIXES)
        samples = []
        for number in range(share):
            path = noises[number % len(noises)]
            clip = Clip(path, at=number * _GOLDEN % 1, volume=(number + 1) / share)
            samples.append(Sample(f"{path.relative_to(self.root).as_posix()}:{number}", clip, 0))
        return samples

    def _plain(self, names: list[str], label: str) -> list[Sample]:
        return [Sample(name, self.root / name, self.labels.index(label)) for name in names]


def _listed(root: Path, path: Path) -> list[str]:
    """The recordings that a list names. Raises DataError with the line of one that is not there, or there twice."""
    names = [line.strip() for line in read_lines(path)]
    lines: dict[str, int] = {}
    for number, name in enumerate(names, start=1):
        if name and lines.setdefault(name, number) != number:
            raise DataError(f"{path}:{number}: {name:.80} stands in line {lines[name]} too, and would count twice.")
        if name and not os.path.isfile(within(root, name, f"{path}:{number}")):
            raise DataError(f"{path}:{number}: the list names {name:.80}, and there is no such recording below {root}.")
    return [name for name in names if name]
