"""Words upright and turned: the sample data of cnn_direction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from utils.datasets.image_classification_dataset import ImageFolder
from utils.datasets.samples import directions
from utils.datasets.samples.words import ENGLISH, NUMBERS
from zoo_core.errors import DataError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("directions") / "sample"
    directions.write_directions(found)
    return found


def test_each_word_stands_there_upright_and_turned(folder: Path) -> None:
    samples = ImageFolder(folder, directions.DIRECTIONS)
    assert len(samples) == 2 * (len(ENGLISH) + NUMBERS)
    by_direction = {name: sorted(path.name for path in (folder / name).iterdir()) for name in directions.DIRECTIONS}
    assert by_direction["upright"] == by_direction["turned"]
    assert {sample.truth for sample in samples if sample.id.startswith("turned/")} == {1}


def test_a_turned_word_is_the_upright_one_upside_down(folder: Path) -> None:
    for name in ("0000.jpg", "0200.jpg", "0389.jpg"):
        upright, turned = (np.asarray(Image.open(folder / one / name), float) for one in directions.DIRECTIONS)
        assert upright.shape == turned.shape
        # each was compressed as it stands: blocks of 8 x 8 begin at another corner
        assert np.abs(upright - turned[::-1, ::-1]).mean() < 8
        assert np.abs(upright - turned).mean() > 8


def test_it_is_the_same_every_time_and_what_is_there_stays(folder: Path, tmp_path: Path) -> None:
    directions.write_directions(tmp_path / "again")
    for name in ("upright/0007.jpg", "turned/0311.jpg"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()
    (tmp_path / "own").mkdir()
    (tmp_path / "own/mine.txt").write_text("mine")
    directions.write_directions(tmp_path / "own")
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["mine.txt"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="file"):
        directions.write_directions(tmp_path / "file" / "sample")


def test_training_sees_other_pictures_with_every_seed() -> None:
    one, same, other = (directions.training_pictures(3, seed) for seed in (1, 1, 2))
    assert [list(picture.tobytes()) for picture in one] == [list(picture.tobytes()) for picture in same]
    assert [picture.tobytes() for picture in one] != [picture.tobytes() for picture in other]
