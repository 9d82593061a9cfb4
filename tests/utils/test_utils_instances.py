"""Masks of objects in COCO's format: read in all three forms, refused where they are none, and scored as COCO does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from utils.datasets.coco_instances import CocoInstances
from utils.metrics.instances import CocoMaskPrecision, agreement, encoded
from utils.postprocess.pytorch.detection import Detections
from utils.postprocess.pytorch.instances import Instances, Mask
from utils.postprocess.pytorch.segmentation import run_lengths
from zoo_core.errors import DataError

LABELS = ("disc", "cross")
WIDTH, HEIGHT = 20, 10
BOX = (4, 2, 10, 6)  # left, top, right, bottom


def square() -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[BOX[1] : BOX[3], BOX[0] : BOX[2]] = True
    return mask


def content(segmentation: Any, **changes: Any) -> dict[str, Any]:
    left, top, right, bottom = BOX
    box = [left, top, right - left, bottom - top]
    image = {"id": 1, "file_name": "a.png", "width": WIDTH, "height": HEIGHT, **changes}
    entry = {"id": 7, "image_id": 1, "category_id": 1, "bbox": box, "area": 24, "segmentation": segmentation}
    return {"images": [image], "annotations": [entry], "categories": [{"id": 1, "name": "disc"}]}


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., CocoInstances]:
    Image.new("RGB", (WIDTH, HEIGHT)).save(tmp_path / "a.png")

    def reading(segmentation: Any, **changes: Any) -> CocoInstances:
        file = tmp_path / "instances_val.json"
        file.write_text(json.dumps(content(segmentation, **changes)), encoding="utf-8")
        return CocoInstances(file, LABELS)

    return reading


POLYGON = [4, 2, 10, 2, 10, 6, 4, 6]
LENGTHS = {"size": [HEIGHT, WIDTH], "counts": run_lengths(square())}


@pytest.mark.parametrize(
    "segmentation", [[POLYGON], LENGTHS, {"size": [HEIGHT, WIDTH], "counts": encoded(square())}],
    ids=["polygon", "run lengths", "compressed"],
)  # fmt: skip
def test_a_mask_in_each_form(read: Callable[..., CocoInstances], segmentation: Any) -> None:
    (sample,) = read(segmentation)
    assert sample.truth.size == (WIDTH, HEIGHT)
    assert sample.truth.masks == (encoded(square()),)


@pytest.mark.parametrize(
    "segmentation",
    [
        None,
        [],
        "polygon",
        [[1, 2, 3, 4]],
        [[1, 2, 3, 4, 5, 6, 7]],
        [[1, 2, 3, 4, 5, None]],
        [[1, 2, 3, 4, 5, 1e9]],
        [[1, 2, 3, 4, 5, float("nan")]],
        [POLYGON, "another"],
        {"size": [WIDTH, HEIGHT], "counts": LENGTHS["counts"]},
        {"size": [HEIGHT, WIDTH], "counts": [10, 5]},
        {"size": [HEIGHT, WIDTH], "counts": [300, -100]},
        {"size": [HEIGHT, WIDTH], "counts": [100.0, 100]},
        {"size": [HEIGHT, WIDTH], "counts": encoded(square())[:-2]},
        {"size": [HEIGHT, WIDTH], "counts": "zzzzzzzzzzzzzzzzzzzz"},
        {"size": [HEIGHT, WIDTH], "counts": "héllo"},
        {"size": [HEIGHT, WIDTH]},
    ],
)
def test_what_is_no_mask_is_told_with_its_annotation(read: Callable[..., CocoInstances], segmentation: Any) -> None:
    with pytest.raises(DataError, match="annotation 7: field 'segmentation'"):
        read(segmentation)


@pytest.mark.parametrize(("field", "value"), [("width", None), ("height", 0), ("width", 2**40), ("height", "10")])
def test_an_image_has_a_size(read: Callable[..., CocoInstances], field: str, value: Any) -> None:
    with pytest.raises(DataError, match=f"image 1: field '{field}'"):
        read([POLYGON], **{field: value})


def found(mask: np.ndarray, label: int = 0, score: float = 0.9) -> Instances:
    objects = Detections(np.array([BOX], np.float32), np.array([score], np.float32), np.array([label]), (WIDTH, HEIGHT))
    return Instances(objects, (Mask(0, 0, mask),))


def test_the_metric_looks_at_the_pixels(read: Callable[..., CocoInstances]) -> None:
    (sample,) = read([POLYGON])
    whole, half = CocoMaskPrecision(2), CocoMaskPrecision(2)
    whole.update([found(square())], [sample.truth])
    assert whole.compute() == pytest.approx({"mask_map50": 1, "mask_map": 1, "map50": 1, "map": 1})
    part = square()
    part[:, 8:] = False  # two thirds of it
    half.update([found(part)], [sample.truth])
    assert half.compute() == pytest.approx({"mask_map50": 1, "mask_map": 0.4, "map50": 1, "map": 1})


def test_ranks_are_joined(read: Callable[..., CocoInstances]) -> None:
    (sample,) = read([POLYGON])
    one, joined = CocoMaskPrecision(2), CocoMaskPrecision(2)
    one.update([found(square())], [sample.truth])
    state = json.loads(json.dumps(one.state()))
    joined.merge(state)
    assert joined.compute() == one.compute()
    with pytest.raises(DataError, match="counted twice"):
        joined.merge(state)
    broken: list[Any] = [{}, {**state, "masks": []}, {**state, "boxes": {}}, {**state, "masks": [{"image": 1}]}, []]
    for damaged in broken:
        with pytest.raises(DataError, match="not the counts"):
            CocoMaskPrecision(2).merge(damaged)


def test_a_picture_of_another_size_is_told(read: Callable[..., CocoInstances]) -> None:
    with pytest.raises(DataError, match=r"image 1: 10 x 20 pixels are said, and a.png has 20 x 10"):
        read(LENGTHS | {"size": [WIDTH, HEIGHT]}, width=HEIGHT, height=WIDTH)
    (sample,) = read(LENGTHS)
    turned = replace(sample.truth, size=(HEIGHT, WIDTH))
    with pytest.raises(DataError, match="20 x 10 pixels; its annotations are of one with 10 x 20"):
        CocoMaskPrecision(2).update([found(square())], [turned])


def test_agreement_looks_at_the_pixels() -> None:
    near, far = square(), square()
    near[2, 4] = False
    far[:, 8:] = False
    assert agreement(found(square()), found(near), 0.3)
    assert not agreement(found(square()), found(far), 0.3)
    assert not agreement(found(square()), found(square(), label=1), 0.3)
    assert agreement(found(square(), score=0.1), found(far, score=0.1), 0.3)
