"""SAM in two parts cuts out what transformers' own network does; prompts, masks, and the data set of objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from utils.datasets.samples.objects import DEMO_SEED, draw_objects, write_objects
from utils.datasets.voc_objects import VocObjects
from utils.metrics.cut_out import CutOutIou, overlap
from utils.postprocess.pytorch.cut_out import CutOut, CutOutDecoder
from utils.preprocess.pytorch.prompted import Prompted, PromptTransform
from utils.preprocess.pytorch.scaled import Scaled
from zoo.catalogue import load
from zoo.running.reference import build, reference_runner
from zoo.weights import find_weights
from zoo_core.errors import DataError

transformers = pytest.importorskip("transformers")
SAM = load("vision_language/sam")
SIDE = 128


def picture() -> Image.Image:
    return Image.fromarray(draw_objects(DEMO_SEED)[0])


@pytest.fixture(scope="module")
def network() -> Any:
    model = SAM.variant()
    return build(model, find_weights(model, "random"), None)


PROMPTS = [
    Prompted(picture(), ((40.0, 50.0, True),)),
    Prompted(picture(), ((40.0, 50.0, True), (3.0, 4.0, False))),
    Prompted(picture(), box=(20.0, 30.0, 60.0, 50.0)),
    Prompted(picture(), ((44.0, 52.0, True),), (20.0, 30.0, 60.0, 50.0)),
]


@pytest.mark.parametrize("asked", PROMPTS)
def test_masks_are_those_of_the_library(network: Any, asked: Prompted) -> None:
    import torch

    model = SAM.variant()
    arrays, meta = model.task.preprocess(asked)
    with reference_runner(model, network) as runner, torch.inference_mode():
        masks, expected = runner([array[None] for array in arrays])
    scale = np.array(meta.input[::-1]) / np.array(asked.picture.size)  # type: ignore[union-attr]
    given: dict[str, Any] = {"pixel_values": torch.from_numpy(arrays[0][None])}
    if asked.points:
        places = np.array([point[:2] for point in asked.points]) * scale
        given["input_points"] = torch.from_numpy(places.astype(np.float32)[None, None])
        given["input_labels"] = torch.tensor([[[int(point[2]) for point in asked.points]]])
    if asked.box:
        left, top, width, height = asked.box
        corners = np.array([[left, top], [left + width, top + height]]) * scale
        given["input_boxes"] = torch.from_numpy(corners.astype(np.float32).reshape(1, 1, 4))
    with torch.inference_mode():
        wanted = network(**given, multimask_output=True)
    assert np.abs(masks - wanted.pred_masks[0].numpy()).max() < 1e-4
    assert np.abs(expected - wanted.iou_scores[0].numpy()).max() < 1e-4
    library = transformers.SamImageProcessor(pad_size={"height": SIDE, "width": SIDE})
    whole = library.post_process_masks(wanted.pred_masks.float(), [asked.picture.size[::-1]], [meta.input])  # type: ignore[union-attr]
    (found,) = model.task.postprocess([masks, expected], [meta])
    assert overlap(found.mask, whole[0][0, int(expected.argmax())].numpy()) > 0.995


@pytest.mark.parametrize("size", [(150, 120), (97, 181), (128, 128), (700, 300)])
def test_pixels_are_those_of_the_library(size: tuple[int, int]) -> None:
    from transformers.models.sam.image_processing_pil_sam import SamImageProcessorPil

    image = picture().resize(size)
    library = SamImageProcessorPil(size={"longest_edge": SIDE}, pad_size={"height": SIDE, "width": SIDE})
    wanted = library(image, return_tensors="np")
    (array, *_), meta = PromptTransform(SIDE)(image)
    assert np.abs(array - wanted["pixel_values"][0]).max() < 1e-5
    assert list(meta.input) == list(wanted["reshaped_input_sizes"][0])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Prompted(picture(), box=(5.0, 5.0, 0.0, 9.0)), "is empty"),
        (Prompted(picture(), ((900.0, 3.0, True),)), "lies outside"),
        (Prompted(picture(), ((float("nan"), 3.0, True),)), "lies outside"),
        (Prompted(Image.new("RGB", (3000, 3))), "too narrow"),
    ],
)
def test_prompts_that_mean_nothing_are_refused(asked: Prompted, said: str) -> None:
    with pytest.raises(DataError, match=said):
        PromptTransform(SIDE)(asked)


def test_prompts_stand_beside_a_picture(tmp_path: Path) -> None:
    task = SAM.variant().task
    picture().save(tmp_path / "one.png")
    path = tmp_path / "one.png"
    assert [sample.data for sample in task.samples_in(path)] == [path]
    file = tmp_path / "one.png.prompts.txt"
    file.write_text("point 4 5 not 6 7\n\nbox 1 2 30 40 point 9 9\n")
    samples = task.samples_in(path)
    assert [sample.id for sample in samples] == ["one.png:1", "one.png:3"]
    assert samples[0].data == Prompted(path, ((4.0, 5.0, True), (6.0, 7.0, False)))
    assert samples[1].data == Prompted(path, ((9.0, 9.0, True),), (1.0, 2.0, 30.0, 40.0))
    for wrong in ("point 4", "circle 1 2", "box 1 2 3", "box 1 2 3 4 box 1 2 3 4", "point a b"):
        file.write_text(f"point 1 1\n{wrong}\n")
        with pytest.raises(DataError, match=r"prompts\.txt, line 2: "):
            task.samples_in(path)
    file.write_text("\n")
    with pytest.raises(DataError, match="no prompt in this file"):
        task.samples_in(path)


def test_outputs_that_do_not_fit_are_refused() -> None:
    masks, scores = np.zeros((1, 3, 32, 32), np.float32), np.zeros((1, 3), np.float32)
    meta = Scaled((100, 80), (102, 128))
    for one, other in ((masks[0], scores), (masks, scores[:, 1:]), (masks, scores.repeat(2, axis=0))):
        with pytest.raises(DataError, match="another variant"):
            CutOutDecoder(SIDE)([one, other], [meta])
    with pytest.raises(DataError, match="NaN"):
        CutOutDecoder(SIDE)([masks * np.float32(np.nan), scores], [meta])


def test_objects_are_samples_and_void_does_not_count(tmp_path: Path) -> None:
    write_objects(tmp_path / "data")
    samples = VocObjects(tmp_path / "data")
    mask, counts = samples[0].truth.arrays()
    left, top, width, height = samples[0].data.box
    assert mask[int(top) : int(top + height), int(left) : int(left + width)].sum() == mask.sum() > 0
    metric, other = CutOutIou(), CutOutIou()
    metric.update([CutOut(mask, 1.0)], [samples[0].truth])
    assert metric.compute() == {"miou": 1.0}
    other.update([CutOut(~mask, 1.0)], [samples[0].truth])
    metric.merge(other.state())
    assert metric.compute() == {"miou": 0.5}
    assert counts.all()
    for wrong in ({}, {"sum": 2.0, "objects": 1}, {"sum": "a", "objects": 1}):
        with pytest.raises(DataError, match="not the counts"):
            metric.merge(wrong)
    with pytest.raises(DataError, match="for a picture of"):
        metric.update([CutOut(mask[1:], 1.0)], [samples[0].truth])


def test_a_missing_file_of_the_data_set_is_named(tmp_path: Path) -> None:
    write_objects(tmp_path / "data")
    root = tmp_path / "data"
    (root / "SegmentationObject" / "objects_003.png").unlink()
    with pytest.raises(DataError, match=r"objects_003\.png: there is no such file"):
        VocObjects(root)
    (root / "ImageSets" / "Segmentation" / "val.txt").write_text("a" * 5000)
    with pytest.raises(DataError, match="there is no such file"):
        VocObjects(root)
    (root / "ImageSets" / "Segmentation" / "val.txt").unlink()
    with pytest.raises(DataError, match=r"val\.txt is expected"):
        VocObjects(root)
