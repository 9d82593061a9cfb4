"""Entities count as conlleval of the CoNLL shared tasks counts them; and its files."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from utils.datasets.conll import TaggedSentences
from utils.datasets.samples.entities import LABELS, load_split, write_entities
from utils.draw.entities import draw_entities
from utils.metrics.entities import EntityF1, spans
from zoo_core.errors import DataError


def said(tags: str) -> Any:
    return SimpleNamespace(tags=tuple(tags.split()))


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ("O O", []),
        ("B-PER I-PER O B-LOC", [(0, 2, "PER"), (3, 4, "LOC")]),
        ("B-PER B-PER", [(0, 1, "PER"), (1, 2, "PER")]),
        ("I-PER I-PER O I-LOC", [(0, 2, "PER"), (3, 4, "LOC")]),  # IOB1, as the CoNLL-2003 files are written
        ("I-PER B-PER I-PER", [(0, 1, "PER"), (1, 3, "PER")]),
        ("I-PER I-LOC", [(0, 1, "PER"), (1, 2, "LOC")]),
        ("B-PER I-LOC I-LOC", [(0, 1, "PER"), (1, 3, "LOC")]),
        ("B-PER E-PER S-PER B-LOC I-LOC E-LOC", [(0, 2, "PER"), (2, 3, "PER"), (3, 6, "LOC")]),
        ("S-PER I-PER", [(0, 1, "PER"), (1, 2, "PER")]),
    ],
)
def test_entities_of_tags(tags: str, found: list[Any]) -> None:
    assert sorted(spans(tags.split())) == found


def by_the_script(tags: tuple[str, ...]) -> set[Any]:
    """What endOfChunk and startOfChunk of the script say, condition by condition, for O, B and I."""
    found, start = set(), 0
    for place in range(len(tags) + 1):
        before = tags[place - 1] if place else "O"
        tag = tags[place] if place < len(tags) else "O"
        pair = before[0] + tag[0]
        other = before[2:] != tag[2:]
        if pair in ("BB", "BO", "IB", "IO") or (before != "O" and other):
            found.add((start, place, before[2:]))
        if pair in ("BB", "IB", "OB", "OI") or (tag != "O" and other):
            start = place
    return found


def test_every_short_sentence_has_the_entities_of_the_script() -> None:
    for tags in product(("O", "B-X", "I-X", "B-Y", "I-Y"), repeat=4):
        assert spans(tags) == by_the_script(tags)


def test_the_figures() -> None:
    metric, other = EntityF1(), EntityF1()
    metric.update([said("B-PER I-PER O B-LOC")], [("B-PER", "I-PER", "O", "B-ORG")])
    other.update([said("O O")], [("B-LOC", "O")])
    metric.merge(other.state())
    figures = metric.compute()
    assert figures["precision"] == 1 / 2
    assert figures["recall"] == 1 / 3
    assert figures["f1"] == pytest.approx(0.4)
    assert figures["accuracy"] == 4 / 6


def test_what_cannot_be_counted() -> None:
    metric = EntityF1()
    for truth in [("O",), "O O", None, 3]:
        with pytest.raises(DataError, match="a tag for each of 2 words"):
            metric.update([said("O O")], [truth])  # type: ignore[list-item]
    with pytest.raises(DataError, match="no word was counted"):
        metric.compute()
    for state in ({}, None, {"right": -1, "found": 0, "there": 0, "words": 0, "right_words": 0}):
        with pytest.raises(DataError, match="not the counts of entities"):
            metric.merge(state)  # type: ignore[arg-type]


def test_files_of_the_shared_tasks(tmp_path: Path) -> None:
    text = "-DOCSTART- -X- -X- O\n\nU.N. NNP I-NP I-ORG\nofficial NN I-NP O\n\n\nAnna\tB-PER\nKeller\tI-PER"
    (tmp_path / "eng.testb").write_text(text)
    (tmp_path / "valid.txt").write_text("other O\n")
    found = TaggedSentences(tmp_path)
    assert [(one.id, one.data, one.truth) for one in found] == [
        ("eng.testb:3", ("U.N.", "official"), ("I-ORG", "O")),
        ("eng.testb:7", ("Anna", "Keller"), ("B-PER", "I-PER")),
    ]


def test_only_spaces_and_tabs_part_columns(tmp_path: Path) -> None:
    """A word may hold a space that no line is broken at: it stays whole."""
    (tmp_path / "test.txt").write_text("10\u00a0000 \t O \nAnna\u3000Keller\tB-PER\n \t\nx O\n", encoding="utf-8")
    assert [one.data for one in TaggedSentences(tmp_path)] == [("10\u00a0000", "Anna\u3000Keller"), ("x",)]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"Anna B-PER\nKeller\n", "line 2: one column, 'Keller'"),
        (b"Anna PER\n", "line 1: tag 'PER' is neither O nor"),
        (b"Anna B-\n", "line 1: tag 'B-' is neither O nor"),
        (b"\n\n", "there is no sentence in this file"),
        (b"-DOCSTART- -X- O O\n", "there is no sentence in this file"),
        (b"caf\xe9 O\n", "not UTF-8"),
    ],
)
def test_files_that_are_none(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "test.txt").write_bytes(content)
    with pytest.raises(DataError, match=told):
        TaggedSentences(tmp_path)


def test_a_folder_without_one(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no eng\.testb or test\.txt"):
        TaggedSentences(tmp_path)


def test_held_out_names_are_new(tmp_path: Path) -> None:
    train, held_out = load_split()

    def names(part: Any) -> set[str]:
        pairs = [pair for one in part for pair in zip(*one, strict=True)]
        return {word for word, tag in pairs if tag in ("B-LOC", "B-ORG") and word != "New"}

    assert names(train)
    assert names(held_out)
    assert not names(train) & names(held_out)
    assert {tag for one in train for tag in one.tags} == set(LABELS)
    write_entities(tmp_path / "made")
    assert [(one.data, one.truth) for one in TaggedSentences(tmp_path / "made")] == [tuple(one) for one in held_out]


def test_entities_are_drawn() -> None:
    words = ["Anna", "Keller", "lives", "in", "Marlow", "."]
    plain, coloured = draw_entities(words, []), draw_entities(words, [(0, 2, "PER"), (4, 5, "LOC")])
    assert plain.size == coloured.size
    assert plain.tobytes() != coloured.tobytes()
    assert draw_entities(["word"] * 2000, []).height < 800
    assert draw_entities(["w" * 500, "é"], [(0, 1, "X")]).width == 512


@pytest.mark.parametrize(
    ("found", "truth", "f1", "accuracy"),
    [
        ("B-PER I-PER O B-LOC", "B-PER I-PER O B-LOC", 1.0, 1.0),  # IOB2 on both sides
        ("I-PER I-PER O I-LOC", "I-PER I-PER O I-LOC", 1.0, 1.0),  # IOB1 on both sides
        ("B-PER I-PER O B-LOC", "I-PER I-PER O I-LOC", 1.0, 0.5),  # B and I are two tags, of the same entities
        ("I-PER I-PER O I-LOC", "B-PER I-PER O B-LOC", 1.0, 0.5),
        ("B-PER B-PER O", "B-PER I-PER O", 0.0, 2 / 3),
    ],
)
def test_accuracy_is_of_the_tags_as_they_stand(
    found: str, truth: str, f1: float, accuracy: float, caplog: pytest.LogCaptureFixture
) -> None:
    """conlleval counts a word as right where both the letter and the type are equal, in whichever scheme."""
    metric = EntityF1()
    metric.update([said(found)], [tuple(truth.split())])
    assert metric.compute()["f1"] == f1
    assert metric.compute()["accuracy"] == pytest.approx(accuracy)
    assert ("in another scheme" in caplog.text) == (f1 == 1.0 > accuracy)


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("1\tEU\tB-ORG\n2\twins\tO\n\n1\tYes\tO\n", True),
        ("1 O\n2 O\n\nYes O\n", False),  # a sentence of numbers among others
        ("EU B-ORG\n1 O\n", False),
    ],
)
def test_a_column_that_counts_the_words_is_not_taken_for_them(tmp_path: Path, text: str, refused: bool) -> None:
    (tmp_path / "test.txt").write_text(text)
    if refused:
        with pytest.raises(DataError, match=r"the first column counts the words \(as in CoNLL-U\)"):
            TaggedSentences(tmp_path)
    else:
        assert len(TaggedSentences(tmp_path)) > 0
