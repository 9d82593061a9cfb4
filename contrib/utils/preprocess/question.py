"""Questions and the texts that may answer them as token ids, in windows where the text is long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.datasets.squad import Question
from utils.preprocess.text import is_blank
from zoo_core.errors import DataError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Offsets = list[tuple[int, int] | None]


@dataclass(frozen=True)
class Windows:
    """A question with its text, in windows.

    Attributes:
        ids: of each window, int64 [length]: the question, then a piece of the text.
        types: of each token, int64 [length]: 0 for the question, 1 for the text, as the tokenizer says.
        offsets: where in the text each token stands, (first character, character behind the last); None for tokens of
            the question and special ones.
        context: the text.
    """

    ids: list[np.ndarray]
    types: list[np.ndarray]
    offsets: list[Offsets]
    context: str


class QuestionEncoder:
    """Questions and texts to windows, as the question answering of transformers cuts them: each window has the whole
    question, and begins `overlap` tokens before the end of the one before.

    Args:
        tokenizer: any tokenizer of the `tokenizers` library that joins two texts; its own truncation is replaced.
        max_length: tokens of a window at most, question and special ones included.
        overlap: tokens that two windows share (`doc_stride` of transformers).
    """

    def __init__(self, tokenizer: Tokenizer, max_length: int, overlap: int) -> None:
        self._special = tokenizer.num_special_tokens_to_add(is_pair=True)
        self.max_length, self.overlap = max_length, overlap
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer

    def __call__(self, data: Question) -> Windows:
        """Encode a question and its text.

        Raises:
            DataError: one of them is empty, or the question is so long that a window has no room for the text.
        """
        question, context = (_plain(text) for text in data)
        for name, text in (("question", question), ("text", context)):
            if is_blank(text):
                raise DataError(f"the {name} is empty: there is nothing in it but white space and control characters.")
        asked, read = self._encoded(question.lstrip()), self._encoded(context)
        room = self.max_length - self._special - len(asked.ids)
        if room <= self.overlap and len(read.ids) > room:
            raise DataError(
                f"a question of {len(asked.ids)} tokens, in windows of {self.max_length} that share {self.overlap}: "
                f"{max(room, 0)} are left for the text. Ask a shorter question, or give a larger --input_size."
            )
        read.truncate(max(room, 1), self.overlap if room > self.overlap else 0)
        pieces = [self._joined(asked, piece) for piece in (read, *read.overflowing)]
        return Windows(
            [np.array(piece.ids, np.int64) for piece in pieces],
            [np.array(piece.type_ids, np.int64) for piece in pieces],
            [_offsets(piece) for piece in pieces],
            context,
        )

    def _encoded(self, text: str) -> Any:
        try:
            return self._tokenizer.encode(text, add_special_tokens=False)
        except Exception as error:  # what the library raises, where a tokenizer.json lacks what its model needs
            raise DataError(f"the tokenizer cannot encode this text: {error!s:.200}. Is its file whole?") from error

    def _joined(self, asked: Any, piece: Any) -> Any:
        return self._tokenizer.post_process(asked, piece)


def _offsets(piece: Any) -> Offsets:
    return [place if sequence == 1 else None for place, sequence in zip(piece.offsets, piece.sequence_ids, strict=True)]


def _plain(text: str) -> str:
    """A lone surrogate, as it comes from a terminal, is no Unicode text."""
    return text.encode("utf-8", "replace").decode("utf-8")
