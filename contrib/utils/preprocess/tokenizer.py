"""Tokenizers from files: a tokenizer.json, or a vocabulary with a word a line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from utils.preprocess.text import load_tokenizer, read_vocabulary, word_tokenizer
from zoo_core.hashing import sha256

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# A file, or what finds it: one that a package brings may be missing, which is said when it is needed.
TokenizerFile = Path | Callable[[], Path]


def open_tokenizer(source: TokenizerFile) -> Tokenizer:
    """The tokenizer in a file: the `tokenizers` library's own format (.json), else a vocabulary of words.

    Raises:
        DataError: tokenizers is not installed, the file is missing, or is neither.
    """
    path = _path(source)
    if path.suffix == ".json":
        return load_tokenizer(path)
    return word_tokenizer(read_vocabulary(path))


def tokenizer_name(source: TokenizerFile) -> str:
    """The file's name and the beginning of its digest: two of equal name need not split alike. Raises DataError."""
    path = _path(source)
    return f"{path.name} {sha256(path)[:12]}"


def _path(source: TokenizerFile) -> Path:
    return source if isinstance(source, Path) else source()
