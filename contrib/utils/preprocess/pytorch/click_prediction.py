"""Preprocessing of click logs: a row of text to dense numbers and category indices."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from utils.datasets.criteo import CATEGORIES, COLUMNS, FEATURES, INTEGERS
from zoo_core.errors import DataError

_DIGITS = 8  # of a published category, a 32-bit hash
_PLAIN = re.compile("[-0-9]*")  # of these, int() takes nothing but -?[0-9]+
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
_MISSING = f"\t{'0' * _DIGITS}\t"


@dataclass(frozen=True)
class ClickFeatures:
    """One row to the two inputs of a click network, after the published recipe of DLRM (Naumov et al., *Deep Learning
    Recommendation Model for Personalization and Recommendation Systems*, 2019) for Criteo's logs:

    * a whole number x becomes log(1 + max(x, 0)); a missing one counts as 0;
    * a category is already the hash of a value, written in hexadecimal digits; it falls into bucket
      `value mod buckets`, which is the same on every machine; a missing one counts as 0, so that it shares its bucket
      with the few values that are multiples of `buckets`.

    Args:
        buckets: how many buckets each of the 26 fields has.
    """

    buckets: int

    def __call__(self, row: str, out: Sequence[np.ndarray] | None = None) -> tuple[tuple[np.ndarray, np.ndarray], None]:
        """The arrays of one row.

        Args:
            row: 39 columns separated by tabs; or 40, of which the first, the label, is passed over.
            out: (dense, sparse), to be written to.

        Returns:
            (dense, sparse), None. dense: float32 [13], log counts, 0 or more. sparse: int64 [26], bucket of each
            field, 0 to buckets - 1. With `out`, these very arrays.

        Raises:
            DataError: another number of columns, or a column that is no number; names the column.
        """
        dense, sparse = out or (np.empty(INTEGERS, np.float32), np.empty(CATEGORIES, np.int64))
        columns = row.split("\t", INTEGERS)
        try:
            hashes = _hashes(columns[-1])
            if len(columns) != INTEGERS + 1 or len(hashes) != CATEGORIES:
                columns = _without_label(row)
                hashes = _hashes(columns[-1])
            values = np.array(_whole(columns[:-1]), np.float64)
        except (ValueError, OverflowError) as error:
            raise _mistake(_without_label(row)) from error
        np.copyto(dense, np.log1p(np.maximum(values, 0)), casting="same_kind")
        np.remainder(hashes, self.buckets, out=sparse)
        return (dense, sparse), None

    def many(self, rows: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """The arrays of several rows, float32 [N, 13] and int64 [N, 26], equal to those of each row alone.

        What has to be done in Python is done once for all of them. Raises DataError as for a single row.
        """
        columns = [row.split("\t", INTEGERS) for row in rows]
        regular = all(len(one) == INTEGERS + 1 and one[-1].count("\t") == CATEGORIES - 1 for one in columns)
        hashes = _fixed_width("\t".join([one[-1] for one in columns])) if regular and rows else None
        if hashes is not None:
            try:
                values = np.array(_whole([text for one in columns for text in one[:-1]]), np.float64)
                dense = np.log1p(np.maximum(values, 0, out=values), out=values).astype(np.float32)
                sparse = np.remainder(hashes, self.buckets, dtype=np.int64)
                return dense.reshape(-1, INTEGERS), sparse.reshape(-1, CATEGORIES)
            except (ValueError, OverflowError):
                pass  # the rows are read one by one, which tells the wrong one
        dense, sparse = np.empty((len(rows), INTEGERS), np.float32), np.empty((len(rows), CATEGORIES), np.int64)
        for place, row in enumerate(rows):
            self(row, (dense[place], sparse[place]))
        return dense, sparse


def _whole(texts: Sequence[str]) -> list[int]:
    """Columns of whole numbers; a missing one is 0. Raises ValueError for the spaces, plus signs, underscores and other
    scripts' digits too, which int() would take."""
    if not _PLAIN.fullmatch("".join(texts)):
        raise ValueError("a whole number is written with the digits 0 to 9 and a minus sign")
    return [int(text or 0) for text in texts]


def _hashes(text: str) -> np.ndarray:
    """The hexadecimal columns of a row as whole numbers [columns]; a missing one is 0."""
    found = _fixed_width(text)
    return np.array([_hash(column) for column in text.split("\t")], np.int64) if found is None else found


def _hash(column: str) -> int:
    """One category; raises ValueError for signs, spaces and 0x too, which int() would take."""
    if not _HEXADECIMAL.issuperset(column):
        raise ValueError(column)
    return int(column or "0", 16)


def _fixed_width(text: str) -> np.ndarray | None:
    """Columns of eight hexadecimal digits or none, as in Criteo's rows, read at once; None where they are otherwise.

    With each missing column filled in, every ninth character is a tab, and fromhex passes over tabs.
    """
    filled = f"\t{text}\t".replace("\t\t", _MISSING).replace("\t\t", _MISSING)  # twice: of three tabs, one is in both
    count, rest = divmod(len(filled), _DIGITS + 1)
    if rest != 1 or filled[:: _DIGITS + 1] != "\t" * (count + 1):
        return None
    try:
        found = bytes.fromhex(filled)
    except ValueError:
        return None
    # a space within a column would be passed over too
    return np.frombuffer(found, ">u4") if len(found) == count * _DIGITS // 2 else None


def _without_label(row: str) -> list[str]:
    """The columns of a row as `split("\\t", 13)` gives them, without a label; DataError if there are other ones."""
    count = row.count("\t") + 1
    if count == FEATURES:
        return row.split("\t", INTEGERS)
    if count != len(COLUMNS):
        raise DataError(
            f"the row has {count} columns, expected {FEATURES} (or {len(COLUMNS)}, the first one a label), separated "
            f"by tabs: {INTEGERS} whole numbers and {CATEGORIES} categories, each of them possibly empty."
        )
    return row.split("\t", INTEGERS + 1)[1:]


def _mistake(columns: Sequence[str]) -> DataError:
    """What to say of a row that cannot be read."""
    texts = [*columns[:-1], *columns[-1].split("\t")]
    for name, text in zip(COLUMNS[1:], texts, strict=True):
        number = name[0] == "I"
        kind = "a whole number" if number else f"{_DIGITS} hexadecimal digits"
        try:
            value = _whole([text])[0] if number else _hash(text)
        except ValueError:
            return DataError(f"column {name}: {text!r:.40} is not {kind}. A missing value is an empty column.")
        if abs(value) >= 1 << 63:
            return DataError(f"column {name}: {text!r:.40} is too large.")
    return DataError(f"the row cannot be read: {texts!r:.200}")
