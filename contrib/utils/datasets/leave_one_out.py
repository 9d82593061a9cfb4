"""What a person chose last, among things that the person did not choose: how recommendations are measured.

The layout of the authors of neural collaborative filtering, a line a person in both files:

    NAME.test.rating      person, thing, rating and time, with tabs between: what was chosen last
    NAME.test.negative    (person,thing), and things that the person never chose, with tabs between

Persons and things are numbered from 0. A JSON file {"user": 3, "items": [1, 5, 9]} asks for an order of these things.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.folder import check_folder
from utils.datasets.sample import Listed, Sample
from utils.text_file import read_json, read_lines
from zoo_core.errors import DataError
from zoo_core.numbers import is_whole

_RATING, _NEGATIVE = ".test.rating", ".test.negative"
_FORM = '{"user": 3, "items": [1, 5, 9]}'


@dataclass(frozen=True, eq=False)
class Candidates:
    """user: a person. items: int64 [n], different things, to be put in order."""

    user: int
    items: np.ndarray


class LeaveOneOut(Listed):
    """The persons of the only NAME in a folder; a sample's data are `Candidates`, its truth the chosen thing, which is
    the last of them.

    Raises:
        DataError: no such folder, not one pair of files in it, or a line that is wrong, which is named.
    """

    def __init__(self, root: str | Path, users: int, items: int) -> None:
        root = Path(root)
        check_folder(root)
        names = [path.name.removesuffix(_RATING) for path in sorted(root.glob(f"*{_RATING}"))]
        if len(names) != 1:
            raise DataError(f"{root}: there are {len(names)} files NAME{_RATING}; one is expected.")
        chosen, others = (root / f"{names[0]}{suffix}" for suffix in (_RATING, _NEGATIVE))
        lines, rows = read_lines(chosen), read_lines(others)
        if len(lines) != len(rows) or not lines:
            raise DataError(f"{others}: there are {len(rows)} lines, and {len(lines)} in {chosen.name}.")
        self._samples = []
        for number, (line, row) in enumerate(zip(lines, rows, strict=True), start=1):
            user, item, *_ = _numbers(chosen, number, line.split("\t")[:2], least=2)
            pair, *words = row.split("\t")
            if pair != f"({user},{item})":
                raise DataError(f"{others}, line {number}: it is of {pair!r:.40}, expected ({user},{item}).")
            others_here = dict.fromkeys(_numbers(others, number, words))
            others_here.pop(item, None)
            found = candidates(f"{others}, line {number}", user, [*others_here, item], users, items)
            self._samples.append(Sample(f"{names[0]}:{user}", found, item))


def candidates(where: str, user: Any, items: Any, users: int, known: int) -> Candidates:
    """The checked question.

    Args:
        where: named in messages.
        user, items: the person, and the things among which one is chosen.
        users, known: how many persons and things the network knows.

    Raises:
        DataError: another person or thing, a thing twice, or none.
    """
    if type(user) is not int or not 0 <= user < users:
        raise DataError(f"{where}: user {user!r:.40}; this network knows the users 0 to {users - 1}.")
    if not isinstance(items, list) or not items:
        raise DataError(f"{where}: items is {items!r:.40}; a list of at least one is expected.")
    for item in items:
        if type(item) is not int or not 0 <= item < known:
            raise DataError(f"{where}: item {item!r:.40}; this network knows the items 0 to {known - 1}.")
    if len(set(items)) < len(items):
        raise DataError(f"{where}: an item stands there twice.")
    return Candidates(user, np.array(items, np.int64))


def read_candidates(path: str | Path, users: int, items: int) -> Candidates:
    """The question that a JSON file asks. Raises DataError where it is none."""
    said = read_json(path, _FORM)
    if not isinstance(said, dict) or set(said) != {"user", "items"}:
        raise DataError(f"{path}: expected the fields user and items, as in {_FORM}.")
    return candidates(str(path), said["user"], said["items"], users, items)


def _numbers(path: Path, number: int, words: list[str], least: int = 1) -> list[int]:
    if len(words) < least or not all(map(is_whole, words)):
        raise DataError(f"{path}, line {number}: whole numbers with tabs between are expected.")
    return [int(word) for word in words]
