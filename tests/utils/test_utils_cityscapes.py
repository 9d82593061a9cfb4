"""Cityscapes' layout: which ids become which classes, and what is said of damaged data sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from utils.datasets.cityscapes import IDS, LABELS, CityMask, Cityscapes
from utils.datasets.samples.scenes_cityscapes import COUNT, STAND_INS, write_cityscapes
from utils.datasets.voc_segmentation import VOID
from utils.metrics.segmentation import MeanIoU
from utils.postprocess.pytorch.segmentation import Segments
from zoo_core.errors import DataError

NAME = "ulm_000001_000019"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """One picture of 6 x 4 pixels: road, a car, and the car that took the pictures."""
    pictures, truths = (tmp_path / name / "val" / "ulm" for name in ("leftImg8bit", "gtFine"))
    for place in (pictures, truths):
        place.mkdir(parents=True)
    Image.new("RGB", (6, 4)).save(pictures / f"{NAME}_leftImg8bit.png")
    ids = np.full((4, 6), 7, np.uint8)
    ids[1, 2:4] = 26
    ids[3] = 1
    Image.fromarray(ids).save(truths / f"{NAME}_gtFine_labelIds.png")
    return tmp_path


def mask_of(root: Path) -> Path:
    return root / "gtFine/val/ulm" / f"{NAME}_gtFine_labelIds.png"


def test_the_nineteen_classes_are_in_the_order_of_their_ids() -> None:
    assert len(LABELS) == 19
    assert list(IDS.values()) == sorted(IDS.values())
    assert (LABELS[0], LABELS[10], LABELS[13], LABELS[18]) == ("road", "sky", "car", "bicycle")


def test_ids_become_classes_and_the_others_void(root: Path) -> None:
    (sample,) = Cityscapes(root)
    assert sample.id == NAME
    assert sample.data == root / "leftImg8bit/val/ulm" / f"{NAME}_leftImg8bit.png"
    truth = sample.truth.array()
    assert truth[0].tolist() == [0] * 6
    assert truth[1].tolist() == [0, 0, 13, 13, 0, 0]
    assert truth[3].tolist() == [VOID] * 6


def test_the_metric_takes_it(root: Path) -> None:
    (sample,) = Cityscapes(root)
    found = np.where(sample.truth.array() == VOID, 5, sample.truth.array())
    metric = MeanIoU(19)
    metric.update([Segments(found, np.bincount(found.ravel(), minlength=19))], [sample.truth])
    assert metric.compute() == {"miou": 1.0, "pixel_accuracy": 1.0}


def test_the_plate_of_a_car_is_void(root: Path) -> None:
    Image.fromarray(np.full((4, 6), 255, np.uint8)).save(mask_of(root))
    assert set(Cityscapes(root)[0].truth.array().ravel()) == {VOID}


def test_an_id_that_there_is_not_is_named(root: Path) -> None:
    ids = np.full((4, 6), 7, np.uint8)
    ids[2, 5] = 34
    Image.fromarray(ids).save(mask_of(root))
    with pytest.raises(DataError, match=r"labelIds.png: id 34 at column 5, row 2"):
        Cityscapes(root)[0].truth.array()


def test_a_picture_of_the_classes_is_no_mask(root: Path) -> None:
    Image.new("RGB", (6, 4)).save(mask_of(root))
    with pytest.raises(DataError, match="mode RGB; expected are label ids"):
        Cityscapes(root)[0].truth.array()


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"text"])
def test_a_damaged_mask_is_named(root: Path, content: bytes) -> None:
    mask_of(root).write_bytes(content)
    with pytest.raises(DataError, match=r"labelIds\.png"):
        Cityscapes(root)


def test_a_missing_mask_is_named(root: Path) -> None:
    mask_of(root).unlink()
    with pytest.raises(DataError, match=r"there is no file .*labelIds\.png"):
        Cityscapes(root)


def test_a_mask_of_another_size_is_named(root: Path) -> None:
    Image.fromarray(np.full((4, 5), 7, np.uint8)).save(mask_of(root))
    with pytest.raises(DataError, match="5 x 4 pixels, its picture 6 x 4"):
        Cityscapes(root)


@pytest.mark.parametrize("missing", ["leftImg8bit", "gtFine"])
def test_a_missing_archive_is_named(root: Path, missing: str) -> None:
    (root / missing).rename(root / "elsewhere")
    with pytest.raises(DataError, match=f"there is no folder {missing}/val"):
        Cityscapes(root)


def test_a_split_without_pictures_is_told(root: Path) -> None:
    for path in (root / "leftImg8bit/val/ulm").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="no city with a picture"):
        Cityscapes(root)


def test_a_network_of_other_classes_is_refused(root: Path) -> None:
    with pytest.raises(DataError, match="judges 19 classes, and the network has 5"):
        Cityscapes(root, 5)


def test_the_drawn_sample_is_read(tmp_path: Path) -> None:
    write_cityscapes(tmp_path / "drawn")
    samples = Cityscapes(tmp_path / "drawn")
    assert len(samples) == COUNT
    assert isinstance(samples[0].truth, CityMask)
    known = {VOID, *(LABELS.index(name) for name in STAND_INS)}
    assert {index for one in samples for index in np.unique(one.truth.array())} <= known
