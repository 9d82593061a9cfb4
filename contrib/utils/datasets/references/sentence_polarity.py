"""MR, the sentences of film reviews of Pang and Lee (sentence polarity dataset v1.0), as NLTK's corpora have them."""

from __future__ import annotations

import zipfile
from pathlib import Path

from zoo_core.errors import DataError
from zoo_core.files import write_text

# The source states no split: the papers that use it measure ten times, on a tenth each. Every tenth sentence of each
# class, the first one included, is what is measured on here.
FOLDS = 10
ARCHIVE, MEMBERS = "sentence_polarity.zip", ("sentence_polarity/rt-polarity.neg", "sentence_polarity/rt-polarity.pos")


def arrange(files: Path, folder: Path) -> None:
    """Write train.tsv, and dev.tsv, which is one fold of ten: the layout of GLUE, a header, then sentence and label
    (0 negative, 1 positive).

    Args:
        files: holds the source's archive.
        folder: the folder to fill.

    Raises:
        DataError: the archive cannot be read, or a line is no sentence.
    """
    parts: dict[str, list[str]] = {"train": ["sentence\tlabel"], "dev": ["sentence\tlabel"]}
    for label, member in enumerate(MEMBERS):
        for number, sentence in enumerate(_lines(files / ARCHIVE, member)):
            if not sentence or "\t" in sentence:
                raise DataError(f"{ARCHIVE}, {member}, line {number + 1}: a sentence is expected: {sentence!r:.60}.")
            parts["train" if number % FOLDS else "dev"].append(f"{sentence}\t{label}")
    for part, lines in parts.items():
        write_text(folder / f"{part}.tsv", "\n".join(lines) + "\n")


def _lines(archive: Path, member: str) -> list[str]:
    try:
        with zipfile.ZipFile(archive) as opened:
            text = opened.read(member).decode("latin-1")
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise DataError(f"{archive.name}: {member} cannot be read: {error}") from error
    return [line.strip() for line in text.split("\n") if line != ""]
