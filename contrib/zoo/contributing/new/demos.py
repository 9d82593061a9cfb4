"""A few small samples in demos/ of a new folder: of the model's own sample data."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from utils.datasets.episodes import Episode, write_episodes
from zoo import catalogue
from zoo.errors import ZooError
from zoo.model import Model

_COUNT = 3


def write(folder: Path) -> None:
    """Write demos/ into a model's folder."""
    model = catalogue.load_file(folder / "model.py").variant()
    sample = model.sample.folder()
    demos = folder / "demos"
    demos.mkdir()
    for number, data in enumerate(_few(model, sample), 1):
        if isinstance(data, Episode):
            write_episodes(demos / f"episode_{data.seed}.json", data.environment, [data.seed])
        elif isinstance(data, Path):
            for file in (data, *data.parent.glob(f"{data.name}.*")):  # with what belongs to it
                shutil.copy2(file, demos / file.name)
        else:
            (demos / f"{model.task.data_name}_{number}{model.task.suffixes[0]}").write_text(
                f"{data}\n", encoding="utf-8"
            )
    for notice in sample.glob("ATTRIBUTION.txt"):
        shutil.copy2(notice, demos / notice.name)


def _few(model: Model, sample: Path) -> list[Any]:
    """Data of different classes first; of files, the small ones."""
    found = [getattr(one.data, "opening", getattr(one.data, "path", one.data)) for one in model.task.dataset(sample)]
    files = [one for one in found if isinstance(one, Path)]
    texts = [one for one in found if isinstance(one, (str, Episode))]
    if not files and not texts:
        raise ZooError(f"the sample data of {model.id} hold neither files nor texts that demos could be made of")
    if not files:
        return texts[:_COUNT]
    small = sorted(files, key=lambda file: (file.stat().st_size, file.name))
    by_folder = {file.parent.name: file for file in reversed(small)}
    return list(dict.fromkeys([*by_folder.values(), *small]))[:_COUNT]
