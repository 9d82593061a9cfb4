"""Chinese sentences with one character whose reading is asked for, in the layout of CPP.

Two files of one name: NAME.sent has a sentence a line, the character between two ▁ (U+2581); NAME.lb has in the same
line how it is read, in pinyin with the tone as a digit (le5). Source: Park and Lee, g2pM, 2020.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from utils.datasets.folder import check_folder
from utils.datasets.sample import Listed, Sample
from utils.text_file import read_lines
from zoo_core.errors import DataError

MARK = "\u2581"
SENTENCES, READINGS = ".sent", ".lb"


@dataclass(frozen=True)
class Marked:
    """text: a sentence without the marks. place: of the character that is asked for, from 0."""

    text: str
    place: int

    @property
    def character(self) -> str:
        return self.text[self.place]


def marked(text: str, where: str = "the text") -> Marked:
    """The sentence and the character that is marked in it.

    Args:
        text: such as "他▁长▁得很高".
        where: what a message calls it.

    Raises:
        DataError: there are not exactly two marks, or not one character between them.
    """
    before, *rest = text.strip().split(MARK)
    if len(rest) != 2 or len(rest[0]) != 1 or rest[0].isspace():
        raise DataError(
            f"{where}: one character between two {MARK} (U+2581) is expected, such as 他{MARK}长{MARK}得很高; got "
            f"{text.strip()!r:.60}."
        )
    return Marked(before + rest[0] + rest[1], len(before))


class LabelledPolyphones(Listed):
    """A sample a line: its id is "test.sent:<line>", its data a `Marked`, its truth the index of the reading.

    Args:
        root: a folder with one NAME.sent and NAME.lb, or one of the two files.
        readings: all that the network knows, in its order.

    Raises:
        DataError: no such files, files of different lengths, a line without a marked character, or a reading that is
            not among `readings`; names the line.
    """

    def __init__(self, root: str | Path, readings: Sequence[str]) -> None:
        path = _found(Path(root))
        other = path.with_suffix(READINGS)
        asked, told = sentences_in(path), read_lines(other)
        if len(asked) != len(told):
            raise DataError(f"{path.name} has {len(asked)} lines and {other.name} {len(told)}; both belong together.")
        known = {reading: index for index, reading in enumerate(readings)}
        self._samples = []
        for number, (sample, reading) in enumerate(zip(asked, told, strict=True), start=1):
            if reading.strip() not in known:
                raise DataError(
                    f"{other}, line {number}: the reading {reading!r:.40} is none of the {len(known)} that the network "
                    "knows; pinyin with a digit for the tone, such as le5, is expected."
                )
            self._samples.append(Sample(sample.id, sample.data, known[reading.strip()]))


def sentences_in(path: Path) -> list[Sample]:
    """The sentences of a .sent file, without their readings. Raises DataError, which names the line."""
    lines = read_lines(path)
    if not lines:
        raise DataError(f"{path}: this file is empty.")
    return [
        Sample(f"{path.name}:{number}", marked(line, f"{path}, line {number}"))
        for number, line in enumerate(lines, start=1)
    ]


def _found(root: Path) -> Path:
    """The file of sentences."""
    if root.is_file():
        if root.suffix not in (SENTENCES, READINGS):
            raise DataError(f"{root}: sentences with a marked character end with {SENTENCES}, beside {READINGS}.")
        return root.with_suffix(SENTENCES)
    check_folder(root)
    found = sorted(root.glob(f"*{SENTENCES}"))
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "nothing"
        raise DataError(f"{root}: one pair of files {SENTENCES} and {READINGS} is expected; found {names}.")
    return found[0]
