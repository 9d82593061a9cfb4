"""Five sentences of "Sense and Sensibility", read for LibriVox, as pocketsphinx has them for its tests."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from utils.datasets.libri_speech import place, write_transcript
from utils.text_file import read_lines
from zoo_core.errors import DataError

_LINE = re.compile(r"<s> (?P<words>[a-z' ]+) </s> \((?P<name>[\w-]+)\)")


def arrange(files: Path, folder: Path) -> None:
    """Write the layout of LibriSpeech: austen/1/<name>.wav, and the words.

    Args:
        files: holds the recordings, and `transcription` with a line for each: <s> words </s> (name).
        folder: the folder to fill.

    Raises:
        DataError: a line of the transcription is another one.
    """
    chapter = place(folder, "austen", "1")
    words: dict[str, str] = {}
    for number, line in enumerate(read_lines(files / "transcription"), start=1):
        found = _LINE.fullmatch(line.strip())
        if not found:
            raise DataError(f"transcription, line {number}: '<s> words </s> (name)' is expected, got {line!r:.80}.")
        words[found["name"]] = found["words"]
    for path in sorted(files.glob("*.wav")):
        shutil.copyfile(path, chapter / path.name)
    write_transcript(chapter, words)
