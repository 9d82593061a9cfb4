"""TREC's questions by what is asked for, as sent-conv-torch has them: a line a question in Latin-1, its class first."""

from __future__ import annotations

from pathlib import Path

from zoo_core.errors import DataError
from zoo_core.files import write_text

# in the order of the files' numbers
LABELS = ("description", "entity", "abbreviation", "person", "location", "number")
FILES = {"train": "TREC.train.all", "dev": "TREC.test.all"}


def arrange(files: Path, folder: Path) -> None:
    """Write train.tsv, and dev.tsv, which is the test part: the layout of GLUE, a header, then sentence and label.

    Args:
        files: holds TREC.train.all and TREC.test.all.
        folder: the folder to fill.

    Raises:
        DataError: a line is no class and question.
    """
    known = [str(index) for index in range(len(LABELS))]
    for part, name in FILES.items():
        lines = ["sentence\tlabel"]
        for number, line in enumerate((files / name).read_bytes().decode("latin-1").splitlines(), start=1):
            label, _, question = line.partition(" ")
            if label not in known or not question.strip() or "\t" in question:
                raise DataError(
                    f"{name}, line {number}: a class from 0 to 5 and a question are expected: {line!r:.60}."
                )
            lines.append(f"{question.strip()}\t{label}")
        write_text(folder / f"{part}.tsv", "\n".join(lines) + "\n")
