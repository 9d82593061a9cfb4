"""The STS benchmark's test part in English: 1,379 pairs of sentences, as stsb-multi-mt has them (CSV)."""

from __future__ import annotations

import csv
from pathlib import Path

from zoo_core.errors import DataError

_FILE = "stsb-en-test.csv"


def arrange(files: Path, folder: Path) -> None:
    """Write dev.tsv, the layout of GLUE: a header, then sentence1, sentence2 and score with tabs between.

    Args:
        files: the folder with the CSV file, whose rows are sentence, sentence, score.
        folder: the folder to fill.

    Raises:
        DataError: a row has another number of fields, or a tab in one.
    """
    lines = ["index\tsentence1\tsentence2\tscore"]
    with (files / _FILE).open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.reader(file), start=1):
            if len(row) != 3 or any("\t" in field or "\n" in field for field in row):
                raise DataError(f"{_FILE}, line {number}: two sentences and a score are expected, got {row}.")
            lines.append(f"{number}\t{row[0]}\t{row[1]}\t{row[2]}")
    (folder / "dev.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
