"""Generated pictures: seeds, real pictures beside them, the distance of their distributions, and what can be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from utils.datasets.generated import RealPictures, read_seed
from utils.draw.generated import sheet
from utils.metrics.image_generation import PixelDistance
from zoo.tasks.image_generation import ImageGeneration
from zoo_core.errors import DataError

TASK = ImageGeneration(latent=3, side=4, images=2)


def pictures(folder: Path, count: int = 5, side: int = 4) -> Path:
    (folder / "a").mkdir()
    for number in range(count):
        Image.fromarray(np.full((side, side), 10 * number, np.uint8)).save(folder / f"a/{number}.png")
    return folder


def test_pictures_are_shared_among_seeds(tmp_path: Path) -> None:
    found = RealPictures(pictures(tmp_path), 2, 4)
    assert [(sample.id, sample.data, len(sample.truth)) for sample in found] == [
        ("seed 20000", 20000, 2),
        ("seed 20001", 20001, 2),
        ("seed 20002", 20002, 1),
    ]
    assert found[1].truth[:, 0, 0].tolist() == [20, 30]
    with pytest.raises(DataError, match=r"0\.png: 4 x 4 pixels; this network's pictures have 8"):
        RealPictures(tmp_path, 2, 8)[0]


@pytest.mark.parametrize(
    "said", [[], {"seed": -1}, {"seed": True}, {"seed": 2**32}, {"seed": 1, "more": 2}, {"seed": "1"}]
)
def test_seeds_that_are_none(tmp_path: Path, said: Any) -> None:
    (tmp_path / "a.json").write_text(json.dumps(said))
    with pytest.raises(DataError, match="seed"):
        read_seed(tmp_path / "a.json")


def test_a_seed_gives_the_same_noise_everywhere() -> None:
    (noise,), seed = TASK.preprocess(7)
    assert (noise.shape, noise.dtype, seed) == ((2, 3), np.float32, 7)
    assert noise[0].tolist() == pytest.approx([1.6905257, -0.46593738, 0.03282016])
    assert TASK.from_text("7") == 7
    for typed in ("-1", "seven", "", "99999999999"):
        with pytest.raises(DataError):
            TASK.from_text(typed)


def test_outputs_become_sheets() -> None:
    pixels = np.zeros((1, 2, 1, 4, 4), np.float32)
    pixels[0, 0] = 1.0
    (found,) = TASK.postprocess([pixels], [7])
    assert found.images[:, 0, 0].tolist() == [255, 0]
    assert TASK.describe(found, 1) == "seed 7: 2 pictures of 4 x 4 pixels, 50.0% ink"
    assert TASK.draw(7, found).size == ((4 * 5 + 1) * 12, 6 * 12)
    (near,) = TASK.postprocess([np.clip(pixels - 0.003, 0, 1)], [7])
    (far,) = TASK.postprocess([pixels * 0.9], [7])
    assert TASK.agreement(found, near)
    assert not TASK.agreement(found, far)
    with pytest.raises(DataError, match="another model"):
        TASK.postprocess([np.zeros((1, 2, 1, 8, 8))], [7])
    with pytest.raises(DataError, match="NaN"):
        TASK.postprocess([pixels * np.nan], [7])


def of(images: np.ndarray) -> Any:
    return SimpleNamespace(images=images)


def test_the_distance_is_that_of_the_formula() -> None:
    linalg = pytest.importorskip("scipy.linalg")
    random = np.random.RandomState(0)
    real = random.randint(0, 256, (60, 3, 3)).astype(np.uint8)
    made = (random.randint(0, 256, (60, 3, 3)) // 2).astype(np.uint8)
    metric, halves = PixelDistance(), [PixelDistance(), PixelDistance()]
    metric.update([of(made)], [real])
    rows = [each.reshape(60, -1) / 255 for each in (made, real)]
    (mean, other_mean), (one, other) = ([each.mean(0) for each in rows], [np.cov(each.T) for each in rows])
    expected = ((mean - other_mean) ** 2).sum() + np.trace(one + other - 2 * linalg.sqrtm(one @ other).real)
    assert metric.compute()["frechet_distance"] == pytest.approx(expected, rel=1e-6)
    halves[0].update([of(made[:30])], [real[:30]])
    halves[1].update([of(made[30:])], [real[30:]])
    halves[0].merge(json.loads(json.dumps(halves[1].state())))
    assert halves[0].compute()["frechet_distance"] == pytest.approx(expected, rel=1e-6)
    same = PixelDistance()
    same.update([of(real)], [real])
    assert same.compute()["frechet_distance"] == pytest.approx(0, abs=1e-9)


def test_distances_that_cannot_be() -> None:
    metric = PixelDistance()
    with pytest.raises(DataError, match="fewer than two"):
        metric.compute()
    with pytest.raises(DataError, match="generated are"):
        metric.update([of(np.zeros((1, 2, 2), np.uint8))], [np.zeros((2, 2, 2), np.uint8)])
    metric.update([of(np.zeros((2, 2, 2), np.uint8))], [np.zeros((2, 2, 2), np.uint8)])
    for wrong in ({}, {"pictures": 3, "generated": {}, "real": {}}, {"pictures": "x"}):
        with pytest.raises(DataError, match="not the counts"):
            metric.merge(wrong)
    with pytest.raises(DataError, match="different sizes"):
        metric.update([of(np.zeros((2, 3, 3), np.uint8))], [np.zeros((2, 3, 3), np.uint8)])


def test_a_sheet_has_ink_dark() -> None:
    found = np.asarray(sheet(np.full((3, 2, 2), 255, np.uint8), columns=2, scale=1))
    assert found.shape == (7, 7)
    assert (found[1, 1], found[0, 0], found[5, 5]) == (0, 210, 210)
