"""Tokens of a byte-level vocabulary (GPT-2's, and Whisper's) to text: a token is a piece of UTF-8, not of letters."""

from __future__ import annotations

import lzma
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from zoo_core.errors import DataError

_MOST_BYTES = 16 << 20


def byte_letters() -> dict[str, int]:
    """The letter by which such vocabularies write each byte: printable ones of Latin-1 are themselves, and the others,
    in their order, the letters from U+0100 on."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(0x100 + place): byte for place, byte in enumerate(others)}


@dataclass(frozen=True)
class ByteVocabulary:
    """A vocabulary in a file, xz-compressed, with a token a line.

    Attributes:
        path: the file.
        first_special: from this token on, they are marks that no text has.
    """

    path: Path
    first_special: int

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of tokens, special ones left out. Bytes that are no UTF-8 become U+FFFD.

        Raises:
            DataError: the file cannot be read, or has no such token.
        """
        pieces = []
        for token in tokens:
            if not 0 <= token < len(self._pieces):
                raise DataError(f"{self.path}: there is no token {token}; it has {len(self._pieces)}.")
            if token < self.first_special:
                pieces.append(self._pieces[token])
        return b"".join(pieces).decode("utf-8", errors="replace")

    @cached_property
    def _pieces(self) -> list[bytes]:
        letters = byte_letters()
        try:
            with lzma.open(self.path) as file:
                lines = file.read(_MOST_BYTES).decode("utf-8").split("\n")[:-1]
            return [
                bytes(letters[letter] for letter in line) if number < self.first_special else line.encode()
                for number, line in enumerate(lines)
            ]
        except (OSError, EOFError, lzma.LZMAError, UnicodeDecodeError, KeyError) as error:
            raise DataError(f"{self.path}: this is no vocabulary of bytes, or it is damaged: {error}.") from error
