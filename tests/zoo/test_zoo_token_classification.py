"""Token classification: which token stands for a word, what is cut, and what is told."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from utils.datasets.samples.entities import LABELS
from utils.notices import forget
from zoo.catalogue import load
from zoo.tasks.token_classification import TaggedWords, words_of
from zoo_core.errors import DataError

WORDS = ("Karla", "Berwick", "works", "for", "Norlow", "Bank", ".")


@pytest.fixture
def task() -> Any:
    return load("nlp/token_classification").variant().task


def said(meta: Any, tags: dict[int, str], length: int) -> np.ndarray:
    """Logits [1, length, tags] that give O everywhere but at the first tokens of some words."""
    logits = np.zeros((1, length, len(LABELS)), np.float32)
    logits[..., 0] = 1
    for word, tag in tags.items():
        logits[0, meta.places[word], LABELS.index(tag)] = 2
    return logits


def test_a_word_has_the_tag_of_its_first_token(task: Any) -> None:
    (ids, mask), meta = task.preprocess(WORDS)
    pieces = [task._tokenizer.encode([word], is_pretokenized=True).ids[1:-1] for word in WORDS]
    assert ids.tolist()[1:-1] == [piece for word in pieces for piece in word]
    assert mask.tolist() == [1] * len(ids)
    assert [ids[place] for place in meta.places] == [word[0] for word in pieces]
    logits = said(meta, {0: "B-PER", 1: "I-PER", 4: "B-ORG", 5: "I-ORG"}, len(ids))
    (found,) = task.postprocess([logits], [meta])
    assert task.describe(found, 1) == "Karla Berwick (PER), Norlow Bank (ORG)"
    told = task.to_json(found)
    assert told["entities"][1] == {"text": "Norlow Bank", "first": 4, "end": 6, "type": "ORG"}
    assert task.draw(WORDS, found).width == 512


def test_typed_texts_are_split_and_files_are_read(task: Any, tmp_path: Path) -> None:
    assert words_of("Ida Holman, of Marlow.") == ("Ida", "Holman", ",", "of", "Marlow", ".")
    (tmp_path / "a.txt").write_text("Ida lives.")
    (tmp_path / "b.conll").write_text("Mr O\nA.B. B-PER\n\nMarlow B-LOC\n")
    assert task.preprocess(tmp_path / "a.txt")[1].words == ("Ida", "lives", ".")
    assert [one.data for one in task.samples_in(tmp_path / "b.conll")] == [("Mr", "A.B."), ("Marlow",)]
    assert all(one.truth is None for one in task.samples_in(tmp_path / "b.conll"))
    for empty in (" ", ()):
        with pytest.raises(DataError, match="there is no word in it"):
            task.preprocess(empty)


def test_words_that_are_cut_off_are_outside_and_said(task: Any, caplog: Any) -> None:
    short = task.adapted(6, 1)
    with caplog.at_level(logging.WARNING):
        (ids, _), meta = short.preprocess(WORDS * 3)
    assert len(ids) == 6
    assert f"text of 21 words, of which the network takes {len(meta.places)}" in caplog.text
    (found,) = short.postprocess([said(meta, {0: "B-PER"}, 6)], [meta])
    assert len(found.tags) == 21
    assert set(found.tags[len(meta.places) :]) == {"O"}
    assert f"(of the first {len(meta.places)} of 21 words)" in short.describe(found, 1)


def test_unknown_letters_leave_every_word_its_place(task: Any) -> None:
    words = ("Karla", "你好", "🙂", "\u200b", "works")
    (ids, _), meta = task.preprocess(words)
    assert len(meta.places) == len(words)
    (found,) = task.postprocess([np.zeros((1, len(ids), len(LABELS)), np.float32)], [meta])
    assert len(found.tags) == len(words)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_word_without_a_token_is_outside_and_said(task: Any, caplog: Any, place: int) -> None:
    """Whatever the network says of the first place, which is no word's."""
    forget()
    words = [*WORDS[:2]]
    words.insert(place, "\u00a0")  # as a column of CoNLL may hold it
    (ids, _), meta = task.preprocess(tuple(words))
    logits = np.zeros((1, len(ids), len(LABELS)), np.float32)
    logits[..., LABELS.index("B-PER")] = 1
    (found,) = task.postprocess([logits], [meta])
    assert found.tags[place] == "O"
    assert found.tags.count("B-PER") == 2
    assert found.seen == 3
    assert "the tokenizer makes nothing of this word" in caplog.text


@pytest.mark.parametrize(
    ("logits", "told"),
    [
        (np.full((1, 9, len(LABELS)), np.nan, np.float32), "NaN or infinity"),
        (np.zeros((1, 9, len(LABELS) + 1), np.float32), "another model"),
        (np.zeros((1, len(LABELS)), np.float32), "another model"),
    ],
)
def test_outputs_that_say_nothing_of_tags_are_refused(task: Any, logits: np.ndarray, told: str) -> None:
    """NaN would be a tag: the place of the first one."""
    _, meta = task.preprocess(WORDS)
    with pytest.raises(DataError, match=told):
        task.postprocess([logits], [meta])


def test_two_runtimes_agree_where_all_tags_do(task: Any) -> None:
    one, other = (TaggedWords(("a", "b"), tags, 2) for tags in (("O", "B-PER"), ("O", "O")))
    assert task.agreement(one, one)
    assert not task.agreement(one, other)
    assert task.describe(other, 1) == "no entity"
