"""Words and how they are said, in the layout of the CMU Pronouncing Dictionary.

A line a word: the word, then its phonemes in ARPAbet, vowels with a digit for the stress, all with spaces between; what
stands behind # is a remark, and a line that begins with ;;; too. WORD(2) is another way to say WORD.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from utils.datasets.folder import check_folder
from utils.datasets.sample import Listed, Sample
from utils.text_file import read_lines
from zoo_core.errors import DataError

SUFFIX = ".dict"
_PHONEME = re.compile(r"[A-Z]{1,2}[0-2]?")
_ANOTHER = re.compile(r"(.+)\([0-9]+\)")
Phonemes = tuple[str, ...]
# Of American English, as the dictionary has them: vowels, which carry a stress, and consonants
VOWELS = ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")
CONSONANTS = (
    *("B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N"),
    *("NG", "P", "R", "S", "SH", "T", "TH", "V", "W", "Y", "Z", "ZH"),
)


class Pronunciations(Listed):
    """A sample a word: its id is "cmudict.dict:<word>", its data the word, its truth all ways to say it, a tuple of
    tuples of phonemes.

    Args:
        root: a .dict, or a folder that holds one.

    Raises:
        DataError: no such file, no words in it, or a line that is none of a dictionary, which is named.
    """

    def __init__(self, root: str | Path) -> None:
        path = _found(Path(root))
        self._samples = [Sample(f"{path.name}:{word}", word, tuple(said)) for word, said in read_words(path).items()]
        if not self._samples:
            raise DataError(f"{path}: there is no word in this file.")


def read_words(path: Path) -> dict[str, list[Phonemes]]:
    """All ways to say each word of a dictionary, in its order.

    Raises:
        DataError: a line that is none of a dictionary, or another way to say a word that is not there yet.
    """
    found: dict[str, list[Phonemes]] = {}
    for number, word, phonemes in _entries(path):
        another = _ANOTHER.fullmatch(word)
        if another is None and word in found:
            raise DataError(f"{path}, line {number}: {word!r:.40} stands there already; another way is {word}(2).")
        if another is not None and another[1] not in found:
            raise DataError(f"{path}, line {number}: {word!r:.40} has no {another[1]!r:.40} before it.")
        found.setdefault(another[1] if another else word, []).append(phonemes)
    return found


def _entries(path: Path) -> Iterator[tuple[int, str, Phonemes]]:
    """(line, word, phonemes) of each entry of a dictionary. Raises DataError, which names the line."""
    for number, line in enumerate(read_lines(path), start=1):
        told = "" if line.startswith(";;;") else line.partition("#")[0].strip()
        if not told:
            continue
        word, *phonemes = told.split()
        if not phonemes or not all(map(_PHONEME.fullmatch, phonemes)):
            raise DataError(
                f"{path}, line {number}: a word and its phonemes are expected, such as 'about AH0 B AW1 T'; got "
                f"{line!r:.60}."
            )
        yield number, word, tuple(phonemes)


def words_in(path: Path) -> list[Sample]:
    """The words of a text file, one a line, without how they are said. Raises DataError where there is none."""
    found = [
        Sample(f"{path.name}:{number}", line.strip())
        for number, line in enumerate(read_lines(path), start=1)
        if line.strip()
    ]
    if not found:
        raise DataError(f"{path}: there is no word in this file; a word a line is expected.")
    return found


def _found(root: Path) -> Path:
    if root.is_file():
        return root
    check_folder(root)
    found = sorted(root.glob(f"*{SUFFIX}"))
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "nothing"
        raise DataError(f"{root}: one file {SUFFIX} is expected; found {names}. Give the file itself.")
    return found[0]
