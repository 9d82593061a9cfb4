"""Episodes of an environment, named by their seeds: a JSON file {"environment": "CartPole-v1", "seeds": [1, 2, 3]}.

An environment of Gymnasium that is reset with a seed begins in the same state everywhere, so that such a list is a data
set that every policy can be measured on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils.datasets.folder import files_in
from utils.datasets.sample import Listed, Sample
from utils.text_file import read_json
from zoo_core.errors import DataError
from zoo_core.files import atomic_write
from zoo_core.numbers import is_whole

EPISODE_SUFFIXES = (".json",)
ADDRESS = "gym:"  # before an environment's name, where a path is expected
_SEEDS = 100  # as many as `gym:NAME` alone means
_MOST_SEEDS = 1_000_000
_FORM = '{"environment": "CartPole-v1", "seeds": [1, 2, 3]}'


@dataclass(frozen=True)
class Episode:
    """One run of an environment.

    Attributes:
        environment: its id in Gymnasium's registry.
        seed: what it is reset with, 0 or more.
    """

    environment: str
    seed: int


class Episodes(Listed):
    """The episodes in one file, or in the files of a folder (recursively, in sorted order).

    A sample's id is the file's name (relative to the folder) and the seed, "episodes.json:7", its data an `Episode`;
    it has no truth.

    Raises:
        DataError: no such folder, no file in it, or as `read_episodes`.
    """

    def __init__(self, root: str | Path) -> None:
        root = Path(root)
        files = {root.name: root} if root.is_file() else _below(root)
        self._samples = [
            Sample(f"{name}:{episode.seed}", episode) for name, path in files.items() for episode in read_episodes(path)
        ]


def read_episodes(path: str | Path) -> list[Episode]:
    """The episodes that a file names, in its order.

    Raises:
        DataError: the file cannot be read, is no JSON, has other fields, no seeds, a seed that is no whole number of 0
            or more, or one that comes twice.
    """
    said = read_json(path, _FORM)
    if not isinstance(said, dict) or set(said) != {"environment", "seeds"}:
        raise DataError(f"{path}: expected the fields environment and seeds, as in {_FORM}.")
    environment, seeds = said["environment"], said["seeds"]
    if not isinstance(environment, str) or not environment:
        raise DataError(f"{path}: environment is {environment!r:.80}; the id of an environment is expected: {_FORM}.")
    if not isinstance(seeds, list) or not seeds:
        raise DataError(f"{path}: seeds is {seeds!r:.80}; a list of at least one whole number is expected: {_FORM}.")
    for place, seed in enumerate(seeds):
        _check_seed(path, place, seed)
    if len(set(seeds)) < len(seeds):
        twice = next(seed for seed in seeds if seeds.count(seed) > 1)
        raise DataError(f"{path}: seed {twice} stands there twice; each episode counts once.")
    return [Episode(environment, seed) for seed in seeds]


def named(text: str) -> tuple[str, int] | None:
    """An environment and how many of its episodes are meant, by what stands in the place of a path.

    Args:
        text: gym:NAME for the seeds 0 to 99, gym:NAME@N for the seeds 0 to N - 1.

    Returns:
        None where it begins otherwise.

    Raises:
        DataError: no name, or N is no whole number from 1 to a million.
    """
    if not text.startswith(ADDRESS):
        return None
    name, _, count = text.removeprefix(ADDRESS).partition("@")
    if not name or (count and not is_whole(count, 7)) or ("@" in text and not 0 < int(count or 0) <= _MOST_SEEDS):
        raise DataError(
            f"{text}: gym:NAME is an environment of Gymnasium with the seeds 0 to 99, gym:NAME@N with N of them, 1 to "
            f"{_MOST_SEEDS:,}, such as gym:CartPole-v1@20."
        )
    return name, int(count) if count else _SEEDS


def write_episodes(path: str | Path, environment: str, seeds: Sequence[int]) -> None:
    """Write a file as `read_episodes` reads it. Raises DataError when it cannot be written."""
    with atomic_write(path) as temporary:
        text = json.dumps({"environment": environment, "seeds": list(seeds)})
        temporary.write_text(text + "\n", encoding="utf-8")


def _below(root: Path) -> dict[str, Path]:
    return {path.relative_to(root).as_posix(): path for path in files_in(root, EPISODE_SUFFIXES)}


def _check_seed(path: str | Path, place: int, seed: Any) -> None:
    if type(seed) is not int or not 0 <= seed < 2**63:
        raise DataError(f"{path}: seeds[{place}] is {seed!r:.80}; a whole number of 0 or more is expected.")
