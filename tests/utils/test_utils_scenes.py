"""Drawn scenes: picture, mask and boxes tell the same, and the data set is COCO's format and never changes."""

import hashlib
import json
import os

import numpy as np
import pytest
from PIL import Image

from utils.datasets.coco import CocoDetection
from utils.datasets.samples.scenes import (
    CLASSES,
    DEMO_SEED,
    HELD_OUT,
    HELD_OUT_SEED,
    RADII,
    SIDES,
    VISIBLE,
    coco_json,
    draw_scene,
    held_out,
    sized_scene,
    write_coco,
)
from zoo_core.errors import DataError

SCENES = [sized_scene(seed) for seed in range(5000, 5030)]


def test_picture_mask_and_boxes_belong_together():
    for scene in SCENES:
        height, width = scene.mask.shape
        assert scene.image.shape == (height, width, 3)
        assert scene.image.dtype == scene.mask.dtype == np.uint8
        assert min(height, width) >= SIDES[0]
        assert max(height, width) <= SIDES[1]
        covered = np.zeros(scene.mask.shape, bool)
        for thing in scene.objects:
            left, top, right, bottom = thing.box
            assert 0 <= left < right <= width
            assert 0 <= top < bottom <= height
            inside = scene.mask[top:bottom, left:right] == thing.label + 1
            assert inside.sum() >= thing.area
            assert inside.any(0)[[0, -1]].all()
            assert inside.any(1)[[0, -1]].all()
            covered[top:bottom, left:right] = True
        assert not scene.mask[~covered].any()
        assert sum(thing.area for thing in scene.objects) == np.count_nonzero(scene.mask)


def test_every_class_small_and_large_and_they_overlap():
    things = [(thing, scene) for scene in SCENES for thing in scene.objects]
    assert {thing.label for thing, _ in things} == set(range(len(CLASSES)))
    assert len(CLASSES) >= 3
    relative = [max(t.box[2] - t.box[0], t.box[3] - t.box[1]) / min(scene.mask.shape) for t, scene in things]
    assert min(relative) < 1.5 * 2 * RADII[0]
    assert max(relative) > 0.8 * 2 * RADII[1] * VISIBLE
    boxes = [np.array([thing.box for thing in scene.objects]) for scene in SCENES]
    touching = sum(
        bool((np.maximum(a[:2], b[:2]) < np.minimum(a[2:], b[2:])).all())
        for several in boxes
        for place, a in enumerate(several)
        for b in several[:place]
    )
    assert touching >= 10


def test_a_scene_is_its_seeds_and_its_size():
    one, other = (draw_scene(np.random.RandomState(4), (90, 120)) for _ in range(2))
    assert np.array_equal(one.image, other.image)
    assert one.image.shape == (90, 120, 3)
    assert draw_scene(np.random.RandomState(4), 100).mask.shape == (100, 100)
    assert not np.array_equal(SCENES[0].image[:100, :100], SCENES[1].image[:100, :100])


def test_the_truth_never_changes():
    """Weights that were trained on other seeds must not meet these scenes, and figures stay comparable."""
    text = json.dumps(coco_json(held_out(4)), sort_keys=True)
    assert (
        hashlib.sha256(text.encode()).hexdigest() == "b5a426811359413ec92cc11f2098fbc68f03b218c1bc80f795a71767ff013dde"
    )
    assert HELD_OUT_SEED + HELD_OUT < DEMO_SEED


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """A data set of five scenes."""
    folder = tmp_path_factory.mktemp("scenes") / "scenes"
    write_coco(folder, count=5)
    return folder


def test_the_data_set_is_cocos_format(few):
    samples = CocoDetection(few, CLASSES)
    scenes = held_out(5)
    assert [sample.id for sample in samples] == [f"{number:06}.jpg" for number in range(1, 6)]
    for sample, scene in zip(samples, scenes, strict=True):
        assert sample.truth.boxes.tolist() == [list(map(float, thing.box)) for thing in scene.objects]
        assert sample.truth.classes.tolist() == [thing.label for thing in scene.objects]
        with Image.open(sample.data) as picture:
            assert picture.format == "JPEG"
            apart = np.asarray(picture).astype(int) - scene.image
            assert np.sqrt((apart**2).mean()) < 15  # other scenes are 60 and more away


def test_names_of_the_categories(tmp_path):
    write_coco(tmp_path / "named", names=("a", "b", "c", "d"), count=1)
    assert len(CocoDetection(tmp_path / "named", ("d", "c", "b", "a"))) == 1
    with pytest.raises(DataError, match="'a', which is none of the 4 classes"):
        CocoDetection(tmp_path / "named", CLASSES)


def test_what_is_there_stays_and_what_cannot_be_written_leaves_nothing(few, tmp_path):
    before = (few / "val/000001.jpg").read_bytes()
    write_coco(few, count=1)
    assert (few / "val/000001.jpg").read_bytes() == before
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        write_coco(tmp_path / "file", count=1)
    assert os.listdir(tmp_path) == ["file"]
