"""Parallel corpora, the metric of translations, their sample data, and tokenizers from files."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from utils.datasets.parallel import ParallelCorpus, sources_in
from utils.datasets.samples.translations import load_split, write_parallel
from utils.draw.translation import draw_translation
from utils.metrics import translation
from utils.metrics.translation import TranslationQuality
from utils.notices import forget
from utils.preprocess.tokenizer import open_tokenizer, tokenizer_name
from zoo_core.errors import DataError

LANGUAGES = ("en", "de")


class Said(NamedTuple):
    text: str


def test_a_table_and_two_files_are_one_corpus(tmp_path: Path) -> None:
    table, pair = tmp_path / "table", tmp_path / "pair"
    table.mkdir()
    pair.mkdir()
    (table / "test.tsv").write_text('A dog.\tEin Hund.\nA "cat".\tEine „Katze“.\n', encoding="utf-8")
    (pair / "test.en").write_text('A dog.\nA "cat".\n', encoding="utf-8")
    (pair / "test.de").write_text("Ein Hund.\r\nEine „Katze“.\r\n", encoding="utf-8")
    corpora = [ParallelCorpus(path, LANGUAGES) for path in (table, pair, pair / "test.en", pair / "test.de")]
    for corpus in corpora:
        assert [(sample.data, sample.truth) for sample in corpus] == [
            ("A dog.", "Ein Hund."),
            ('A "cat".', "Eine „Katze“."),
        ]
    assert corpora[0][1].id == "test.tsv:2"
    assert [sample.data for sample in sources_in(table / "test.tsv")] == ["A dog.", 'A "cat".']


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "found nothing"),
        ({"a.tsv": "x\ty\n", "b.tsv": "x\ty\n"}, "found a.tsv, b.tsv"),
        ({"a.tsv": "only one field\n"}, "line 1: 1 fields, expected 2"),
        ({"a.tsv": "x\ty\nx\t \n"}, "line 2: the target text is empty"),
        ({"a.tsv": ""}, "empty"),
        ({"a.en": "x\ny\n", "a.de": "x\n"}, "a.en has 2 lines and a.de 1"),
        ({"a.en": "x\n"}, "cannot be read"),
        ({"a.en": "", "a.de": ""}, "empty"),
        ({"a.en": "x\n\n", "a.de": "x\ny\n"}, "line 2: the source text is empty"),
    ],
    ids=str,
)
def test_what_is_no_corpus_is_said(tmp_path: Path, files: dict[str, str], words: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        ParallelCorpus(tmp_path, LANGUAGES)
    assert words in str(caught.value)


def test_another_kind_of_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.fr").write_text("x\n")
    with pytest.raises(DataError, match="ends with"):
        ParallelCorpus(tmp_path / "a.fr", LANGUAGES)


def test_exact_matches_are_counted_and_joined() -> None:
    whole, first, second = TranslationQuality(), TranslationQuality(), TranslationQuality()
    found, targets = [Said("Ein Hund."), Said("Eine Katze ")], ["Ein Hund.", "Ein Haus."]
    whole.update(found, targets)
    first.update(found[:1], targets[:1])
    second.update(found[1:], targets[1:])
    first.merge(second.state())
    assert whole.compute() == first.compute()
    assert whole.compute()["exact_match"] == 0.5
    assert set(whole.compute()) == {info.name for info in whole.infos}


def test_bleu_is_that_of_sacrebleu() -> None:
    pytest.importorskip("sacrebleu")
    metric = TranslationQuality()
    metric.update([Said("the cat sat on the mat today")], ["the cat sat on the mat yesterday"])
    assert metric.compute()["bleu"] == pytest.approx(0.8091, abs=1e-4)


def test_rouge_is_that_of_rouge_score() -> None:
    """Six of seven words, five of six pairs."""
    pytest.importorskip("rouge_score")
    metric = TranslationQuality(rouge=True)
    metric.update([Said("The cats sat on the mat today."), Said("no")], ["the cat sat on the mat yesterday", "yes"])
    found = metric.compute()
    assert [info.name for info in metric.infos] == list(found)
    assert found["rouge_1"] == found["rouge_l"] == pytest.approx(6 / 7 / 2)
    assert found["rouge_2"] == pytest.approx(5 / 6 / 2)


def test_without_its_package_rouge_is_left_out_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(translation, "find_spec", lambda name: None)
    forget()
    metric = TranslationQuality(rouge=True)
    metric.update([Said("a")], ["a"])
    assert metric.compute() == {"exact_match": 1.0}
    assert [info.name for info in metric.infos] == ["exact_match"]
    assert "ROUGE: is left out of the figures: pip install 'rouge-score" in caplog.text


@pytest.mark.parametrize("state", [None, {}, {"pairs": [["a"]]}, {"pairs": [["a", 1]]}])
def test_a_wrong_state_is_said(state: dict[str, object]) -> None:
    with pytest.raises(DataError, match="not the counts"):
        TranslationQuality().merge(state)


@pytest.mark.parametrize("targets", [["a", "b"], [""], [3]])
def test_a_wrong_target_is_said_and_nothing_counted(targets: list[str]) -> None:
    metric = TranslationQuality()
    with pytest.raises(DataError):
        metric.update([Said("a")], targets)
    with pytest.raises(DataError, match="no translation"):
        metric.compute()


def test_the_sample_is_held_out(tmp_path: Path) -> None:
    write_parallel(tmp_path / "data")
    corpus = ParallelCorpus(tmp_path / "data", LANGUAGES)
    train, held_out = load_split()
    assert len(corpus) == len(held_out)
    assert not {pair.source for pair in train} & {str(sample.data) for sample in corpus}


def test_a_tokenizer_is_a_vocabulary_or_a_json_file(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("[PAD]\n[UNK]\nhello\n")
    from_words = open_tokenizer(words)
    assert from_words.encode("hello you").ids == [2, 1]
    from_words.save(str(tmp_path / "tokenizer.json"))
    again = open_tokenizer(partial(Path, tmp_path / "tokenizer.json"))
    assert again.encode("hello you").ids == [2, 1]
    name = tokenizer_name(words)
    words.write_text("[PAD]\n[UNK]\nbye\n")
    assert name.startswith("words.txt ")
    assert tokenizer_name(words) != name


@pytest.mark.parametrize("name", ["gone.json", "gone.txt"])
def test_a_tokenizer_that_is_missing_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="gone"):
        open_tokenizer(tmp_path / name)
    with pytest.raises(DataError, match="gone"):
        tokenizer_name(tmp_path / name)


@pytest.mark.parametrize("text", ["", "Straße", "ein Wort " * 300, "\ud800"])
def test_any_text_can_be_drawn(text: str) -> None:
    picture = draw_translation("A text.", text, LANGUAGES)
    assert picture.width == 512
    assert 0 < picture.height < 900
