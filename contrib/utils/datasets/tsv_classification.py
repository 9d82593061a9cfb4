"""Labelled sentences in the layout of SST-2, as GLUE publishes it: a TSV file with the header `sentence<TAB>label`.

Source: Socher et al., Recursive Deep Models for Semantic Compositionality Over a Sentiment Treebank, 2013; Wang et al.,
GLUE, 2019 (its file SST-2/dev.tsv).
"""

from __future__ import annotations

from pathlib import Path

from utils.datasets.sample import Listed, Sample
from utils.datasets.tsv import Row, find_table, require_fields, require_once, rows_of
from zoo_core.errors import DataError

# GLUE's names: the labels of its test.tsv are secret, and so dev.tsv is what people score on
FILES = ("dev.tsv",)
SENTENCE, LABEL = "sentence", "label"


class LabelledSentences(Listed):
    """The sentences of a TSV file: a sample's id is "dev.tsv:<line>", its data the sentence its truth the label.

    Args:
        root: the file, or a folder with GLUE's dev.tsv.
        classes: how many labels there are; they are the numbers from 0 on.

    Raises:
        DataError: no such file, not UTF-8, no header with the fields sentence and label, or a row with another number
            of fields, an empty sentence or an unknown label; names the line.
    """

    def __init__(self, root: str | Path, classes: int = 2) -> None:
        path = find_table(Path(root), FILES)
        self._samples = _read(path, classes)


def sentences_in(path: Path) -> list[Sample]:
    """The sentences of a TSV file without their labels, which may be missing (as in GLUE's test.tsv): no targets."""
    return _read(path, None)


def _read(path: Path, classes: int | None) -> list[Sample]:
    """The samples of a file, with targets unless `classes` is None."""
    rows = rows_of(path)
    number, header = next(rows)
    wanted = [SENTENCE] if classes is None else [SENTENCE, LABEL]
    for name in wanted:
        if name not in header:
            raise DataError(
                f"{path}, line {number}: there is no field '{name}' in the header ({', '.join(header):.200}); expected "
                f"'{SENTENCE}' and '{LABEL}' with a tab between them."
            )
    require_once(path, number, header, (SENTENCE, LABEL))
    samples = [_sample(path, row, header, classes) for row in rows]
    if not samples:
        raise DataError(f"{path}: there is no row below the header.")
    return samples


def _sample(path: Path, row: Row, header: list[str], classes: int | None) -> Sample:
    require_fields(path, row, len(header))
    number, fields = row
    sentence = fields[header.index(SENTENCE)].strip()
    if not sentence:
        raise DataError(f"{path}, line {number}: the sentence is empty.")
    if classes is None:
        return Sample(f"{path.name}:{number}", sentence)
    label = fields[header.index(LABEL)].strip()
    known = [str(index) for index in range(classes)]
    if label not in known:
        raise DataError(f"{path}, line {number}: label {label!r:.40} is none of {', '.join(known)}.")
    return Sample(f"{path.name}:{number}", sentence, known.index(label))
