"""Relative depth: its data format, its metric, preprocessing equal to transformers', and how it is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from utils.datasets.depth import DepthMap, DepthPictures
from utils.datasets.samples.rooms import COUNT, draw_room, write_rooms
from utils.draw.depth import COLOURS, coloured
from utils.metrics.depth import RelativeDepth, agreement, fitted
from utils.preprocess.fit import Fit
from utils.preprocess.pytorch.depth import PatchedSide
from zoo.tasks.depth import RelativeDepthEstimation
from zoo_core.errors import DataError

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def write(root: Path, metres: Any, name: str = "a", units: float = 1000) -> DepthMap:
    metres = np.asarray(metres, np.float64)
    for folder in ("image", "depth"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    Image.new("RGB", metres.shape[::-1]).save(root / "image" / f"{name}.png")
    path = root / "depth" / f"{name}.png"
    Image.fromarray(np.rint(metres * units).astype(np.uint16)).save(path)
    return DepthMap(path, units)


@pytest.fixture
def metres() -> np.ndarray:
    return np.random.default_rng(0).uniform(1, 9, (6, 5))


def test_the_layout(tmp_path: Path, metres: np.ndarray) -> None:
    write(tmp_path, metres)
    (sample,) = DepthPictures(tmp_path)
    assert (sample.id, sample.data) == ("a.png", tmp_path / "image/a.png")
    np.testing.assert_allclose(sample.truth.array(), metres, atol=6e-4)


def test_pictures_of_one_name_in_two_folders_have_maps_of_their_own(tmp_path: Path, metres: np.ndarray) -> None:
    for room, factor in (("attic", 1), ("cellar", 2)):
        write(tmp_path / room, metres * factor)
    (tmp_path / "all").mkdir()
    for kind in ("image", "depth"):
        for room in ("attic", "cellar"):
            (tmp_path / "all" / kind).mkdir(exist_ok=True)
            (tmp_path / room / kind).rename(tmp_path / "all" / kind / room)
    attic, cellar = DepthPictures(tmp_path / "all")
    assert (attic.id, cellar.id) == ("attic/a.png", "cellar/a.png")
    np.testing.assert_allclose(cellar.truth.array(), 2 * attic.truth.array(), atol=1e-3)


def test_a_map_beside_the_folders_is_no_map_of_what_lies_in_them(tmp_path: Path, metres: np.ndarray) -> None:
    write(tmp_path, metres)
    (tmp_path / "image" / "attic").mkdir()
    (tmp_path / "image" / "a.png").rename(tmp_path / "image" / "attic" / "a.png")
    with pytest.raises(DataError, match="there is no a"):
        DepthPictures(tmp_path)


def test_kittis_units(tmp_path: Path) -> None:
    write(tmp_path, [[80.0, 2.5]], units=256)
    assert DepthPictures(tmp_path, 256)[0].truth.array().tolist() == [[80.0, 2.5]]


@pytest.mark.parametrize("folder", ["image", "depth"])
def test_a_missing_folder_is_named(tmp_path: Path, metres: np.ndarray, folder: str) -> None:
    write(tmp_path, metres)
    (tmp_path / folder).rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match=f"there is no folder {folder}"):
        DepthPictures(tmp_path)


def test_a_missing_map_is_named(tmp_path: Path, metres: np.ndarray) -> None:
    write(tmp_path, metres).path.unlink()
    with pytest.raises(DataError, match=r"there is no a\.png in .*depth"):
        DepthPictures(tmp_path)


def test_a_map_of_another_size_is_named(tmp_path: Path, metres: np.ndarray) -> None:
    write(tmp_path, metres)
    Image.new("RGB", (9, 9)).save(tmp_path / "image/a.png")
    with pytest.raises(DataError, match="5 x 6 pixels, and its picture has 9 x 9"):
        DepthPictures(tmp_path)


def test_a_map_of_colours_is_refused(tmp_path: Path, metres: np.ndarray) -> None:
    truth = write(tmp_path, metres)
    Image.new("RGB", (5, 6)).save(truth.path)
    with pytest.raises(DataError, match="mode RGB; a grey PNG of 16 bits"):
        truth.array()


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n"])
def test_a_damaged_map_is_named(tmp_path: Path, metres: np.ndarray, content: bytes) -> None:
    write(tmp_path, metres).path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.png"):
        DepthPictures(tmp_path)


def test_scale_and_shift_do_not_count(tmp_path: Path, metres: np.ndarray) -> None:
    metric = RelativeDepth()
    metric.update([3 / np.rint(metres * 1000) - 0.2], [write(tmp_path, metres)])
    assert metric.compute() == {"abs_rel": pytest.approx(0, abs=1e-6), "delta1": 1.0}


def test_the_figures_are_those_of_the_definition(tmp_path: Path, metres: np.ndarray) -> None:
    metres = np.rint(metres * 1000) / 1000
    found = 1 / metres + np.random.default_rng(1).normal(0, 0.1, metres.shape)
    metric = RelativeDepth(farthest=8)
    metric.update([found], [write(tmp_path, metres)])
    judged = metres <= 8
    scale, shift = np.polyfit(found[judged], 1 / metres[judged], 1)
    depth = [1 / max(scale * one + shift, 1 / 8) for one in found[judged]]
    pairs = list(zip(depth, metres[judged], strict=True))
    assert metric.compute() == {
        "abs_rel": pytest.approx(np.mean([abs(one - true) / true for one, true in pairs]), rel=1e-5),
        "delta1": pytest.approx(np.mean([max(one / true, true / one) < 1.25 for one, true in pairs])),
    }


def test_what_was_not_measured_is_not_judged(tmp_path: Path, metres: np.ndarray) -> None:
    found = 1 / (np.rint(metres * 1000) / 1000)
    metres[0] = 0
    found[0] = 1e6
    metric = RelativeDepth()
    metric.update([found], [write(tmp_path, metres)])
    assert metric.compute()["delta1"] == 1.0


def test_a_map_without_measures_is_told_and_counts_nothing(tmp_path: Path, metres: np.ndarray) -> None:
    metric = RelativeDepth()
    good = write(tmp_path, metres)
    with pytest.raises(DataError, match="only 0 pixels were measured"):
        metric.update([metres, metres], [good, write(tmp_path, 0 * metres, "b")])
    with pytest.raises(DataError, match="no picture was counted"):
        metric.compute()


def test_another_size_is_told(tmp_path: Path, metres: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"\[2, 2\] were predicted"):
        RelativeDepth().update([np.ones((2, 2))], [write(tmp_path, metres)])


def test_counts_of_two_processes_are_joined(tmp_path: Path, metres: np.ndarray) -> None:
    truths = [write(tmp_path, metres), write(tmp_path, metres[::-1], "b")]
    one, other, both = (RelativeDepth() for _ in range(3))
    one.update([metres], truths[:1])
    other.update([metres], truths[1:])
    both.update([metres, metres], truths)
    one.merge(other.state())
    assert one.compute() == both.compute()


def test_nothing_is_farther_than_the_farthest() -> None:
    assert fitted(np.array([0.0, 1.0, -5.0]), np.array([2.0, 1.0, 90.0]), 10).max() <= 10


def test_maps_that_differ_a_little_agree() -> None:
    one = np.random.default_rng(0).random((8, 8))
    assert agreement(one, one + 1e-3)
    assert not agreement(one, one[::-1])
    assert not agreement(one, one[:4])


@pytest.mark.parametrize("size", [(64, 48), (48, 64), (500, 375), (30, 90)])
def test_preprocessing_is_that_of_transformers(size: tuple[int, int]) -> None:
    processors = pytest.importorskip("transformers.models.dpt.image_processing_pil_dpt")
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    theirs = processors.DPTImageProcessorPil(
        size={"height": 112, "width": 112},
        keep_aspect_ratio=True,
        ensure_multiple_of=14,
        resample=Image.Resampling.BICUBIC,
        image_mean=MEAN,
        image_std=STD,
    )
    (array,), fit = PatchedSide(112, 14, MEAN, STD)(Image.fromarray(pixels))
    expected = theirs(Image.fromarray(pixels), return_tensors="np")["pixel_values"][0]
    assert (fit.original, fit.size) == (size, expected.shape[:0:-1])
    np.testing.assert_allclose(array, expected, atol=1e-5)


@pytest.mark.parametrize("side", [3, 80, 100])
def test_both_sides_are_multiples_of_the_patch_whatever_is_asked_for(side: int) -> None:
    (array,), _ = PatchedSide(112, 14, MEAN, STD).resized(side)(Image.new("RGB", (40, 30)))
    assert array.shape[1] % 14 == array.shape[2] % 14 == 0
    assert min(array.shape) > 0


def test_a_prediction_has_the_pictures_size_and_says_where_things_are() -> None:
    task = RelativeDepthEstimation(PatchedSide(28, 14, MEAN, STD))
    maps = np.zeros((1, 28, 42), np.float32)
    maps[0, 20:, 30:] = 2
    (found,) = task.postprocess([maps], [Fit((84, 56), (42, 28))])
    assert found.shape == (56, 84)
    said = task.to_json(found)
    assert (said["size"], said["low"], said["high"]) == ([56, 84], 0, 2)
    assert said["nearest"][0] >= 60
    assert said["nearest"][1] >= 40
    assert "nearest at column" in task.describe(found, 1)
    with pytest.raises(DataError, match="NaN or infinity"):
        task.postprocess([maps * np.nan], [Fit((84, 56), (42, 28))])


def test_near_is_bright_and_far_is_dark() -> None:
    drawn = coloured(np.array([[0.0, 1.0, 3.0]]))
    assert drawn[0, 0].tolist() == COLOURS[0].tolist()
    assert drawn[0, 2].tolist() == COLOURS[-1].tolist()
    assert coloured(np.ones((2, 2))).tolist() == np.full((2, 2, 3), COLOURS[0]).tolist()


def test_rooms_are_drawn_the_same_each_time(tmp_path: Path) -> None:
    picture, depth = draw_room(1)
    assert np.array_equal(picture, draw_room(1)[0])
    assert depth.min() > 0
    assert depth.max() < 10
    write_rooms(tmp_path / "rooms")
    samples = DepthPictures(tmp_path / "rooms")
    assert len(samples) == COUNT
    np.testing.assert_allclose(samples[1].truth.array(), depth, atol=6e-4)
