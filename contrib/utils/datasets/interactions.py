"""What people chose, in two files: what is known of them, and what is to be found among all the rest.

The layout of the authors of NGCF and LightGCN, which most of the field's data sets come in:

    train.txt    a line a person: the person, and the things that the person chose, with spaces between
    test.txt     the same, of things that the person chose too; they are the truth

Persons and things are numbered from 0. A JSON file {"user": 3, "known": [1, 5]} asks for the best things for a person
but those that are known; without "known", for the best of all.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from utils.datasets.folder import check_folder
from utils.datasets.leave_one_out import Candidates
from utils.datasets.sample import Listed, Sample
from utils.notices import notice
from utils.text_file import read_json, read_lines
from zoo_core.errors import DataError
from zoo_core.numbers import is_whole

TRAIN, TEST = "train.txt", "test.txt"
_FORM = '{"user": 3, "known": [1, 5]}'


class Interactions(Listed):
    """The persons of test.txt; a sample's data are `Candidates`: the person, and all things but those of train.txt. Its
    truth is a frozenset of the things to be found. A person for whom nothing stands in test.txt is no sample, which is
    said.

    Args:
        root: the folder.
        users, items: how many persons and things the network knows.

    Raises:
        DataError: no such folder or file, a line that is wrong, which is named, or no person with anything to be found.
    """

    def __init__(self, root: str | Path, users: int, items: int) -> None:
        root = Path(root)
        check_folder(root)
        known, wanted = (read_choices(root / name, users, items) for name in (TRAIN, TEST))
        self._samples = []
        for user, (number, truth) in wanted.items():
            seen = set(known[user][1]) if user in known else set()
            both = [item for item in truth if item in seen]
            if both:
                raise DataError(
                    f"{root / TEST}, line {number}: item {both[0]} of user {user} stands in {TRAIN} too, and what is "
                    "known is never recommended. Take it out of one of the files."
                )
            if truth:
                self._samples.append(Sample(str(user), all_but(user, seen, items), frozenset(truth)))
        without = len({*known, *wanted}) - len(self._samples)
        if not self._samples:
            raise DataError(f"{root / TEST}: there is no person for whom anything is to be found.")
        if without:
            notice(
                "persons without things",
                str(root / TEST),
                f"for {without} persons nothing is to be found; they are not counted.",
            )


def read_choices(path: Path, users: int, items: int) -> dict[int, tuple[int, list[int]]]:
    """The line's number and the things of each person, in the file's order.

    Args:
        path: of a file in which each line is a person and any number of things, with spaces between.
        users, items: how many persons and things there are.

    Raises:
        DataError: unreadable, or a line that has no person, something else than numbers, a person or a thing that is
            not known, a thing twice, or a person who had a line already.
    """
    found: dict[int, tuple[int, list[int]]] = {}
    for number, line in enumerate(read_lines(path), start=1):
        where = f"{path}, line {number}"
        words = line.split()
        if not words or not all(map(is_whole, words)):
            raise DataError(f"{where}: {line!r:.40}; a person and things are expected, whole numbers.")
        user, *chosen = map(int, words)
        if user >= users:
            raise DataError(f"{where}: user {user}; this network knows the users 0 to {users - 1}.")
        if user in found:
            raise DataError(f"{where}: user {user} has line {found[user][0]} already; one line a person is expected.")
        _check(where, chosen, items)
        found[user] = (number, chosen)
    return found


def all_but(user: int, known: set[int], items: int) -> Candidates:
    """The question for all things but those that are known."""
    rest = np.ones(items, bool)
    rest[list(known)] = False
    return Candidates(user, np.flatnonzero(rest).astype(np.int64))


def read_question(path: str | Path, users: int, items: int) -> Candidates:
    """The question that a JSON file asks. Raises DataError where it is none."""
    said = read_json(path, _FORM)
    if not isinstance(said, dict) or not {"user"} <= set(said) <= {"user", "known"}:
        raise DataError(f"{path}: expected the field user, and perhaps known, as in {_FORM}.")
    user, known = said["user"], said.get("known", [])
    if type(user) is not int or not 0 <= user < users:
        raise DataError(f"{path}: user {user!r:.40}; this network knows the users 0 to {users - 1}.")
    if not isinstance(known, list) or not all(type(item) is int for item in known):
        raise DataError(f"{path}: known is {known!r:.40}; a list of whole numbers is expected.")
    _check(str(path), known, items)
    if len(known) == items:
        raise DataError(f"{path}: all {items} things are known, and none is left to recommend.")
    return all_but(user, set(known), items)


def _check(where: str, chosen: list[int], items: int) -> None:
    for item in chosen:
        if not 0 <= item < items:
            raise DataError(f"{where}: item {item}; this network knows the items 0 to {items - 1}.")
    if len(set(chosen)) < len(chosen):
        twice = next(item for item in chosen if chosen.count(item) > 1)
        raise DataError(f"{where}: item {twice} stands there twice.")
