"""Reading text, and turning it into token ids with the `tokenizers` library, which does all of the splitting."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.text_file import read_lines, read_text
from zoo_core.errors import DataError, UnreadableError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_log = logging.getLogger(__name__)
_SHOWN = 40  # characters of a text that a message quotes

PAD, UNKNOWN = "[PAD]", "[UNK]"
_REQUIREMENT = "tokenizers>=0.21,<0.24"


@dataclass(frozen=True)
class Tokens:
    """A text as the network takes it.

    Attributes:
        ids: int64 [length], the vocabulary's indices, special tokens included.
        text: what was encoded.
        total: how many tokens the whole text has; more than `length` where the end of the text is missing.
    """

    ids: np.ndarray
    text: str
    total: int


class TextEncoder:
    """Texts to ids; what is longer than `max_length` is cut behind the last token that fits, with a notice.

    Args:
        tokenizer: any tokenizer of the `tokenizers` library; its own truncation and padding are replaced.
        max_length: the most ids of a text, special tokens included.

    Raises:
        DataError: `max_length` leaves no room for a token beside the special ones.
    """

    def __init__(self, tokenizer: Tokenizer, max_length: int) -> None:
        self._special = tokenizer.num_special_tokens_to_add(is_pair=False)
        if max_length <= self._special:
            raise DataError(
                f"a maximum of {max_length} tokens leaves no room for text: {self._special} of them are special "
                "tokens. Choose a larger one."
            )
        self.max_length = max_length
        tokenizer.no_padding()
        tokenizer.enable_truncation(max_length)
        self._tokenizer = tokenizer

    def __call__(self, text: str) -> Tokens:
        """Encode one text. Calls from several threads at once are fine.

        Raises:
            DataError: nothing in the text can be read: it is empty, or white space and control characters only.
        """
        if is_blank(text):
            raise DataError("the text is empty: there is nothing in it but white space and control characters.")
        ids, total = self._encoded(text)
        if total > len(ids):
            _log.warning(
                "text of %d tokens, of which the network takes %d; the end is cut off: %r…",
                total,
                len(ids),
                text.strip()[:_SHOWN],
            )
        return Tokens(np.array(ids, np.int64), text, total)

    def length(self, text: str) -> int:
        """How many ids `text` becomes, without a word about what is cut."""
        return len(self._encoded(text)[0])

    def encoding(self, text: str) -> Any:
        """The library's own answer: ids, and where in the text each is from. Raises DataError."""
        # a lone surrogate, as it comes from a terminal, is no Unicode text
        try:
            return self._tokenizer.encode(text.encode("utf-8", "replace").decode("utf-8"))
        except Exception as error:  # what the library raises, where a tokenizer.json lacks what its model needs
            raise DataError(f"the tokenizer cannot encode this text: {error!s:.200}. Is its file whole?") from error

    def _encoded(self, text: str) -> tuple[list[int], int]:
        encoding = self.encoding(text)
        pieces = [encoding, *encoding.overflowing]
        return encoding.ids, sum(len(piece.ids) - self._special for piece in pieces) + self._special


def at_most(wanted: int, longest: int) -> int:
    """`wanted` tokens, or as many as the network has positions for, with a notice."""
    if wanted > longest:
        _log.warning("--input_size %d: the network takes %d tokens at most, and so does this", wanted, longest)
    return min(wanted, longest)


def word_tokenizer(vocabulary: list[str]) -> Tokenizer:
    """Lower-cased words and runs of punctuation marks, each looked up in a vocabulary.

    Unicode is composed first (NFC), and accents are kept. Words are runs of letters, digits and underscores; runs of
    what is neither that nor white space are tokens too (`\\w+|[^\\w\\s]+`).

    Args:
        vocabulary: the words in the order of their ids; it begins with [PAD] and [UNK], the ids 0 and 1.

    Raises:
        DataError: tokenizers is not installed.
    """
    library = import_tokenizers()
    ids = {word: index for index, word in enumerate(vocabulary)}
    tokenizer = library.Tokenizer(library.models.WordLevel(ids, unk_token=UNKNOWN))
    tokenizer.normalizer = library.normalizers.Sequence([library.normalizers.NFC(), library.normalizers.Lowercase()])
    tokenizer.pre_tokenizer = library.pre_tokenizers.Whitespace()
    return tokenizer


def load_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer in a tokenizer.json, the library's own format.

    Raises:
        DataError: tokenizers is not installed, no such file, or a file that is not a tokenizer.
    """
    library = import_tokenizers()
    try:
        return library.Tokenizer.from_file(str(path))
    except Exception as error:
        # the library raises plain Exception, whatever is wrong
        raise UnreadableError(
            f"{path}: this is not a tokenizer.json that tokenizers can read: {error!s:.300}."
        ) from error


def import_tokenizers() -> Any:
    """The `tokenizers` library; DataError that says how to install it where it is missing."""
    try:
        import tokenizers
        import tokenizers.models
        import tokenizers.normalizers
        import tokenizers.pre_tokenizers
    except ImportError as error:
        raise DataError(f"texts need the package tokenizers: pip install '{_REQUIREMENT}'") from error
    return tokenizers


def is_blank(text: str) -> bool:
    """Whether there is nothing in a text but white space and control characters."""
    return not any(letter.isprintable() and not letter.isspace() for letter in text)


def text_of(data: str | Path) -> str:
    """What preprocessing is given: a text, or the path of a text file."""
    return data if isinstance(data, str) else read_text(data)


def read_vocabulary(path: Path) -> list[str]:
    """The words of a vocabulary file, one a line, in the order of their ids.

    Raises:
        DataError: unreadable, a word that stands twice, or one that does not begin with [PAD] and [UNK].
    """
    words = read_lines(path)
    if words[:2] != [PAD, UNKNOWN]:
        raise DataError(f"{path}: the first two lines of a vocabulary are {PAD} and {UNKNOWN}, got {words[:2]!r:.80}.")
    lines: dict[str, int] = {}
    for number, word in enumerate(words, start=1):
        if word in lines:
            raise DataError(f"{path}, line {number}: {word!r:.80} stands in line {lines[word]} already.")
        lines[word] = number
    return words


def build_vocabulary(texts: list[str], least: int = 1) -> list[str]:
    """The words of `texts` that occur at least `least` times, most frequent first, equally frequent ones by alphabet.

    Split as `word_tokenizer` splits; [PAD] and [UNK] come first.
    """
    from collections import Counter

    tokenizer = word_tokenizer([PAD, UNKNOWN])
    split: Callable[[str], list[tuple[str, Any]]] = tokenizer.pre_tokenizer.pre_tokenize_str
    counts = Counter(word for text in texts for word, _ in split(tokenizer.normalizer.normalize_str(text)))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [PAD, UNKNOWN, *(word for word, count in ranked if count >= least)]
