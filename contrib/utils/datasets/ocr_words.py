"""Pictures of single words with their text, in the two formats of the published text recognition data sets.

- LMDB, as deep-text-recognition-benchmark distributes MJSynth, SynthText and the evaluation sets: `num-samples`,
  `image-000000001` (the bytes of an image file), `label-000000001` (UTF-8), counted from 1.
- A list file with "path<TAB>word" in each line, or a space in the tab's place; paths are relative to the list.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from utils.datasets.folder import check_folder, within
from utils.datasets.lmdb_file import LmdbFile
from utils.datasets.sample import Lazy, Sample
from utils.text_file import read_lines
from zoo_core.errors import DataError, UnreadableError
from zoo_core.numbers import is_whole

LIST_NAMES = ("gt.txt", "labels.txt", "list.txt")
DATABASE = "data.mdb"


def read_words(root: str | Path) -> Sequence[Sample]:
    """The words of a data set: Sample(id, Path or LmdbImage, text).

    Args:
        root: a folder with data.mdb; a folder with a list called gt.txt, labels.txt or list.txt; or a list file.

    Raises:
        DataError: no such thing, or a damaged one; the message names file and line, or file and key.
    """
    root = Path(root)
    if root.is_file():
        return read_list(root)
    check_folder(root)
    if (root / DATABASE).is_file():
        return LmdbWords(root)
    for name in LIST_NAMES:
        if (root / name).is_file():
            return read_list(root / name)
    raise DataError(
        f"{root}: neither {DATABASE} (LMDB) nor a list ({', '.join(LIST_NAMES)}) with lines 'path<TAB>word' lies here."
    )


def read_list(path: Path) -> list[Sample]:
    """The words of a list file. The id of a sample is its path as it stands in the list.

    Raises:
        DataError: the file cannot be read, is not UTF-8, is empty, a line lacks its word, or a picture is outside, or
            named twice.
    """
    samples = [_of_line(path, number, line) for number, line in enumerate(read_lines(path), start=1) if line.strip()]
    if not samples:
        raise DataError(f"{path}: this list names no word; lines 'path<TAB>word' are expected.")
    for name, count in Counter(sample.id for sample in samples).items():
        if count > 1:
            raise DataError(f"{path}: {name:.80} stands in {count} lines of this list, and would count {count} times.")
    return samples


def _of_line(path: Path, number: int, line: str) -> Sample:
    name, _, word = line.strip().partition("\t" if "\t" in line else " ")
    if name.endswith(",") and word.strip().startswith('"'):
        raise DataError(
            f"{path}, line {number}: {line[:80]!r} is written as ICDAR does. Write 'path<TAB>word', without the comma "
            "and the quotes."
        )
    if not name or not word.strip():
        raise DataError(f"{path}, line {number}: 'path<TAB>word' is expected, got {line[:80]!r}.")
    return Sample(name, within(path.parent, name, f"{path}, line {number}"), word.strip())


@dataclass(frozen=True)
class LmdbImage:
    """Where an image lies in a database; its bytes are read when they are asked for."""

    folder: Path
    key: str

    def read(self) -> bytes:
        """The bytes of the image file.

        Raises:
            DataError: the database has no such key, or cannot be read.
        """
        return _value(self.folder, self.key)

    def __str__(self) -> str:
        return f"{self.folder} {self.key}"


class LmdbWords(Lazy):
    """The words of an LMDB database. Labels are read one by one, so that memory does not grow with the data set.

    Raises:
        DataError: the folder holds no database, a damaged one, or one that does not say how many words it has.
        A label that is missing or not UTF-8 is named when its sample is asked for.
    """

    def __init__(self, folder: str | Path, places: range | None = None) -> None:
        self._folder = Path(folder)
        self._places = range(1, _count(self._folder) + 1) if places is None else places

    def _read(self, place: int) -> Sample:
        key = f"label-{place:09d}"
        try:
            word = _value(self._folder, key).decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"{self._folder}: {key} is not UTF-8 text ({error}).") from error
        return Sample(f"{place:09d}", LmdbImage(self._folder, f"image-{place:09d}"), word)


def _count(folder: Path) -> int:
    said = _value(folder, "num-samples")
    if not is_whole(said.decode("latin-1")) or int(said) < 1:
        raise DataError(f"{folder}: num-samples is {said!r:.40}, a whole number of at least 1 is expected.")
    return int(said)


def _value(folder: Path, key: str) -> bytes:
    value = _database(folder).get(key.encode())
    if value is None:
        raise DataError(f"{folder}: this database has no key {key!r}: it is incomplete, or of another format.")
    return value


def _database(folder: Path) -> LmdbFile:
    """The opened database; opened anew where the file is another one than before."""
    path = folder / DATABASE
    try:
        found = path.stat()
    except OSError as error:
        raise UnreadableError(f"{path}: cannot be read: {error.strerror}.") from error
    return _opened(path, (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns))


@lru_cache(maxsize=16)
def _opened(path: Path, identity: tuple[int, ...]) -> LmdbFile:
    return LmdbFile(path)
