"""Recordings with what is said in them, in the layout of LibriSpeech (Panayotov et al., 2015).

root/<speaker>/<chapter>/<speaker>-<chapter>-<number>.flac     (or .wav)
root/<speaker>/<chapter>/<speaker>-<chapter>.trans.txt         a line for each: name without suffix, a space, words
"""

from __future__ import annotations

import os
from pathlib import Path

from utils.datasets.folder import files_in, say_alone, walk, within
from utils.datasets.sample import Listed, Sample
from utils.preprocess.audio import AUDIO_SUFFIXES
from utils.text_file import read_lines
from zoo_core.errors import DataError

TRANSCRIPT = ".trans.txt"


class Transcribed(Listed):
    """What the transcripts below a folder name: id the recording's path below it, data that path, truth the words.

    Args:
        root: the data set's folder.

    Raises:
        DataError: no such folder, no transcript in it, a line without words, or one that names no recording, or two.
            A recording that no transcript names is passed over with a notice.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self._samples = [
            sample for transcript in files_in(self.root, (TRANSCRIPT,)) for sample in _read(transcript, self.root)
        ]
        heard = {one.data for one in self._samples}
        say_alone(set(walk(self.root, AUDIO_SUFFIXES)) - heard, "a recording that no transcript names")
        if not self._samples:
            raise DataError(f"{self.root}: the transcripts in it (*{TRANSCRIPT}) are empty.")


def _read(transcript: Path, root: Path) -> list[Sample]:
    found = []
    lines: dict[str, int] = {}
    for number, line in enumerate(read_lines(transcript), start=1):
        if not line.strip():
            continue
        name, _, words = line.strip().partition(" ")
        if not words.strip():
            raise DataError(f"{transcript}, line {number}: a name and words are expected, got {line!r:.80}.")
        if lines.setdefault(name, number) != number:
            raise DataError(f"{transcript}, line {number}: {name!r:.80} stands in line {lines[name]} too.")
        plain = within(transcript.parent, name, f"{transcript}, line {number}")
        paths = [plain.with_name(f"{plain.name}{suffix}") for suffix in AUDIO_SUFFIXES]
        there = [path for path in paths if os.path.isfile(path)]
        if len(there) != 1:
            raise DataError(
                f"{transcript}, line {number}: there is {'no' if not there else 'more than one'} {name:.80} "
                f"({', '.join(AUDIO_SUFFIXES)}) beside it."
            )
        found.append(Sample(there[0].relative_to(root).as_posix(), there[0], words.strip()))
    return found


def place(root: Path, speaker: str, chapter: str) -> Path:
    """The folder of a speaker's chapter, made where it is not there yet."""
    folder = root / speaker / chapter
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_transcript(folder: Path, words: dict[str, str]) -> None:
    """Write the transcript of a folder that `place` gave.

    Args:
        words: by the name of the recording, without suffix.
    """
    name = f"{folder.parent.name}-{folder.name}{TRANSCRIPT}"
    lines = "".join(f"{name} {said}\n" for name, said in sorted(words.items()))
    (folder / name).write_text(lines, encoding="utf-8")
