"""Face recognition as a task, and its networks as their authors have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from utils.datasets.face_gallery import FaceGallery
from utils.datasets.samples.face_identities import write_face_gallery
from utils.datasets.samples.face_portraits import portraits_of
from utils.preprocess.pytorch.face_alignment import TEMPLATE, FacePhoto
from zoo.catalogue import load
from zoo.model import Model
from zoo_core.errors import DataError

RECOGNITION = load("face/recognition")


def count(model: Model) -> int:
    return sum(one.numel() for one in model.build().parameters())


@pytest.mark.parametrize(
    ("variant", "parameters"),
    [("iresnet18", 24_025_600), ("mobilefacenet", 2_059_520), ("spherenet12_tracking", 884_160)],
)
def test_networks_are_as_large_as_published(variant: str, parameters: int) -> None:
    """24.0 and 2.06 million, as the authors' table of networks has them."""
    assert count(RECOGNITION.variant(variant)) == parameters


def test_weights_have_the_authors_names() -> None:
    names = RECOGNITION.variant("iresnet18").build().state_dict()
    for name, shape in (
        ("conv1.weight", (64, 3, 3, 3)),
        ("prelu.weight", (64,)),
        ("layer1.0.bn1.weight", (64,)),
        ("layer2.0.downsample.0.weight", (128, 64, 1, 1)),
        ("layer4.1.prelu.weight", (512,)),
        ("bn2.running_var", (512,)),
        ("fc.weight", (512, 25088)),
        ("features.running_mean", (512,)),
    ):
        assert tuple(names[name].shape) == shape
    names = RECOGNITION.variant("mobilefacenet").build().state_dict()
    for name, shape in (
        ("layers.0.layers.0.weight", (128, 3, 3, 3)),
        ("layers.1.layers.0.weight", (128, 2, 3, 3)),
        ("layers.3.layers.3.layers.1.layers.2.weight", (128,)),
        ("layers.7.layers.1.layers.2.layers.0.weight", (256, 256, 1, 1)),
        ("conv_sep.layers.0.weight", (512, 256, 1, 1)),
        ("features.layers.0.layers.0.weight", (512, 1, 7, 7)),
        ("features.layers.2.weight", (512, 512)),
        ("features.layers.3.running_var", (512,)),
    ):
        assert tuple(names[name].shape) == shape


def test_both_sides_of_a_face_are_added() -> None:
    task: Any = RECOGNITION.variant().task

    def columns(arrays: list[np.ndarray]) -> np.ndarray:
        return arrays[0][:, 0, 0, :4]

    picture = np.zeros((1, 3, 112, 112), np.float32)
    picture[0, 0, 0, :4], picture[0, 0, 0, -1] = [1, 2, 3, 4], 10
    (added,) = task.run({"": columns}, [picture])
    assert added.tolist() == [[11, 2, 3, 4]]
    tracked: Any = RECOGNITION.variant("spherenet12_tracking").task
    assert tracked.run({"": columns}, [picture])[0].tolist() == [[1, 2, 3, 4]]


def test_an_embedding_has_length_1_or_is_refused() -> None:
    task: Any = RECOGNITION.variant().task
    (one, other) = task.postprocess([np.array([[3.0, 4], [0, 2]], np.float16)], [None, None])
    assert one.vector == pytest.approx([0.6, 0.8])
    assert task.agreement(one, one)
    assert not task.agreement(one, other)
    assert task.compare([("a", one), ("b", other)]) == ["cosine of a and b: 0.8000"]
    assert task.describe(one, 1) == "[0.6000, 0.8000, …] of 2"
    for wrong, said in ((np.zeros((1, 2)), "zeros"), (np.full((1, 2), np.inf), "NaN or infinity")):
        with pytest.raises(DataError, match=said):
            task.postprocess([wrong], [None])


def test_a_photo_finds_its_points_in_the_folder(tmp_path: Path) -> None:
    task: Any = RECOGNITION.variant().task
    Image.new("RGB", (200, 150), (90, 60, 30)).save(tmp_path / "a b.jpg")
    (sample,) = task.samples_in(tmp_path / "a b.jpg")
    with pytest.raises(DataError, match=r"200 x 150.*112 x 112"):
        task.preprocess(sample.data)
    numbers = " ".join(map(str, TEMPLATE.ravel().tolist()))
    (tmp_path / "landmarks.txt").write_text(f"a b.jpg {numbers}\n", encoding="utf-8")
    (sample,) = task.samples_in(tmp_path / "a b.jpg")
    (array,), meta = task.preprocess(sample.data)
    assert array.shape == (3, 112, 112)
    (found,) = task.postprocess([array.reshape(1, -1)[:, :64]], [meta])
    assert task.draw(sample.data, found).size == (512, 512)


def test_a_gallery_is_looked_at_by_the_network_for_tracking(tmp_path: Path) -> None:
    write_face_gallery(tmp_path / "faces")
    model = RECOGNITION.variant("spherenet12_tracking")
    samples = model.task.dataset(tmp_path / "faces")
    assert isinstance(samples, FaceGallery)
    assert (len(samples), sum(sample.truth.query for sample in samples)) == (180, 60)
    (array,), _ = model.task.preprocess(samples[0].data)
    assert array.shape == (3, 96, 64)
    # the other networks take the same data, by its points
    assert RECOGNITION.variant().task.preprocess(samples[0].data)[0][0].shape == (3, 112, 112)


def test_drawn_people_are_the_same_everywhere_and_look_like_themselves() -> None:
    who, pictures = portraits_of(7, 2)
    again, more = portraits_of(7, 1, first=1)
    assert who.age == again.age
    assert np.array_equal(np.asarray(pictures[1].picture), np.asarray(more[0].picture))
    assert not np.array_equal(np.asarray(pictures[0].picture), np.asarray(pictures[1].picture))
    for made in pictures:
        assert made.points.shape == (68, 2)
        # the nose's tip and the mouth's corners are points of both
        for mine, theirs in ((2, 30), (3, 48), (4, 54)):
            np.testing.assert_allclose(made.landmarks[mine], made.points[theirs], atol=1e-9)
    assert RECOGNITION.variant().task.preprocess(FacePhoto(pictures[0].picture, pictures[0].landmarks))[0][0].any()
