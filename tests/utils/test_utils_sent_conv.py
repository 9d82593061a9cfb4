"""TREC's questions become a task's format, and the variant that reads them knows words as they are written."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from utils.datasets.references import sent_conv, sentence_polarity
from utils.datasets.samples.questions import WRITTEN, write_questions
from utils.datasets.tsv_classification import LabelledSentences
from zoo.catalogue import load
from zoo_core.errors import DataError


def written(folder: Path, test: bytes) -> Path:
    (folder / "files").mkdir()
    (folder / "files/TREC.train.all").write_bytes(b"1 What is caf\xe9 ?\n3 Who was he ?\n")
    (folder / "files/TREC.test.all").write_bytes(test)
    (folder / "made").mkdir()
    return folder / "files"


def test_both_parts(tmp_path: Path) -> None:
    sent_conv.arrange(
        written(tmp_path, b"5 How far is it ?\n"), tmp_path / "made", sent_conv.TREC, len(sent_conv.TREC_LABELS)
    )
    (one,) = LabelledSentences(tmp_path / "made", 6)
    assert (one.data, sent_conv.TREC_LABELS[one.truth]) == ("How far is it ?", "number")
    first, _ = LabelledSentences(tmp_path / "made/train.tsv", 6)
    assert (first.data, first.truth) == ("What is café ?", 1)


@pytest.mark.parametrize("line", [b"6 What ?", b"What ?", b"1 ", b"1 a\tb", b""])
def test_a_line_of_another_kind_is_a_sentence(tmp_path: Path, line: bytes) -> None:
    with pytest.raises(DataError, match=r"TREC\.test\.all, line 2: a class from 0 to 5"):
        sent_conv.arrange(
            written(tmp_path, b"1 What ?\n" + line + b"\n0 Why ?\n"),
            tmp_path / "made",
            sent_conv.TREC,
            len(sent_conv.TREC_LABELS),
        )


def test_the_variant_knows_words_as_they_are_written(tmp_path: Path) -> None:
    task = load("nlp/textcnn").variant("textcnn_trec").task
    (ids,), _ = task.preprocess("Who was who ?")
    assert len(ids) == 4
    assert ids[0] != ids[2]
    write_questions(tmp_path / "made")
    assert len(task.dataset(tmp_path / "made")) == sum(map(len, WRITTEN))


def reviews(folder: Path, negative: bytes, positive: bytes) -> Path:
    """A folder with a small archive of the layout that NLTK's corpora have."""
    folder.mkdir()
    with zipfile.ZipFile(folder / sentence_polarity.ARCHIVE, "w") as archive:
        for name, content in zip(sentence_polarity.MEMBERS, (negative, positive), strict=True):
            archive.writestr(name, content)
    return folder


def test_every_tenth_sentence_of_each_class_of_mr_is_measured_on(tmp_path: Path) -> None:
    negative = b"".join(b"caf\xe9 %d .\n" % number for number in range(21))
    files = reviews(tmp_path / "files", negative, b"fine 0 .\nfine 1 .\n")
    sentence_polarity.arrange(files, tmp_path)
    measured = [(one.data, one.truth) for one in LabelledSentences(tmp_path / "dev.tsv", 2)]
    assert measured == [("café 0 .", 0), ("café 10 .", 0), ("café 20 .", 0), ("fine 0 .", 1)]
    learnt = {one.data for one in LabelledSentences(tmp_path / "train.tsv", 2)}
    assert len(learnt) == 19
    assert learnt.isdisjoint(text for text, _ in measured)


def test_an_archive_of_mr_that_is_not_one_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"rt-polarity.neg, line 2: a sentence is expected"):
        sentence_polarity.arrange(reviews(tmp_path / "blank", b"one .\n  \n", b"two .\n"), tmp_path)
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / sentence_polarity.ARCHIVE).write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(DataError, match=r"sentence_polarity.zip: .*rt-polarity.neg cannot be read"):
        sentence_polarity.arrange(tmp_path / "cut", tmp_path)
    with zipfile.ZipFile(tmp_path / sentence_polarity.ARCHIVE, "w") as archive:
        archive.writestr("another.txt", "")
    with pytest.raises(DataError, match="cannot be read"):
        sentence_polarity.arrange(tmp_path, tmp_path / "made")
