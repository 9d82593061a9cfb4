"""What detectors of text are trained on: maps that fit the picture, however it is turned, and the shared loss."""

import numpy as np
import pytest

from utils.datasets.icdar import TextRegion
from utils.postprocess.polygons import clockwise
from utils.training.text_regions import cores, hard_cross_entropy, mirrored_scene, rendered, turned_maps

torch = pytest.importorskip("torch")


def box(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)


def test_scenes_are_drawn_as_the_detectors_see_them() -> None:
    scenes = rendered(3, 96, np.random.RandomState(5))
    again = rendered(3, 96, np.random.RandomState(5))
    for (image, regions), (other, _) in zip(scenes, again, strict=True):
        assert image.shape == (3, 96, 96)
        np.testing.assert_array_equal(image, other)
        assert all(region.polygon.shape == (4, 2) for region in regions)


def test_cores_lie_in_each_other_and_what_is_ignored_does_not_count() -> None:
    texts = [TextRegion(box(10, 10, 90, 50), "word"), TextRegion(box(10, 70, 60, 90), "###")]
    depth, counts = cores(texts, 100, (1.0, 0.7, 0.4))
    assert depth.max() == 3
    distance = 80 * 40 / 240 * (1 - 0.4**2)
    inner = np.argwhere(depth == 3)
    assert inner.min(axis=0) == pytest.approx([10 + distance, 10 + distance], abs=1)
    assert inner.max(axis=0) == pytest.approx([50 - distance, 90 - distance], abs=1)
    assert (depth[10:51, 10:91] > 0).all()
    assert (counts[70:91, 10:61] == 0).all()
    assert counts.sum() == 100 * 100 - 21 * 51
    assert depth[60:].max() == 0


def test_maps_are_turned_as_the_picture_is() -> None:
    random = np.random.RandomState(0)
    image = torch.arange(36.0).reshape(1, 1, 6, 6)
    seen = set()
    for _ in range(40):
        one, other = turned_maps([image, image[:, 0]], random)
        torch.testing.assert_close(one[:, 0], other)
        seen.add(tuple(other.flatten().tolist()))
    assert len(seen) == 8


def test_a_mirrored_scene_has_its_texts_where_its_pixels_are() -> None:
    image = np.zeros((3, 60, 60), np.float16)
    image[:, 10:20, 5:45] = 1
    texts = [TextRegion(box(5, 10, 45, 20), "word")]
    seen = set()
    random = np.random.RandomState(1)
    for _ in range(20):
        pixels, (region,) = mirrored_scene((image, texts), random)
        rows, columns = np.nonzero(pixels[0])
        corners = region.polygon
        assert (corners.min(axis=0) == (columns.min(), rows.min())).all()
        assert (corners.max(axis=0) == (columns.max() + 1, rows.max() + 1)).all()
        np.testing.assert_array_equal(clockwise(corners), clockwise(corners[::-1]))
        area = np.sum(corners[:, 0] * np.roll(corners[:, 1], -1) - np.roll(corners[:, 0], -1) * corners[:, 1])
        assert area > 0  # clockwise as seen
        seen.add((int(rows.min()), int(columns.min())))
    assert len(seen) == 4


def test_the_loss_looks_at_the_hardest_of_the_background() -> None:
    truth = torch.zeros(1, 10, 10)
    truth[0, 0, :5] = 1
    counts = torch.ones_like(truth)
    right = torch.where(truth > 0, 8.0, -8.0)
    assert hard_cross_entropy(right, truth, counts).item() < 1e-2
    wrong = right.clone()
    wrong[0, 5, :3] = 8.0  # 3 of the 15 negatives that count
    expected = (3 * 8.0) / 20
    assert hard_cross_entropy(wrong, truth, counts).item() == pytest.approx(expected, abs=1e-2)
    counts[0, 5, :3] = 0
    assert hard_cross_entropy(wrong, truth, counts).item() < 1e-2
    assert torch.isfinite(hard_cross_entropy(right, torch.zeros_like(truth), torch.zeros_like(truth)))
