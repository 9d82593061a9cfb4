"""DETR, RT-DETR and D-FINE see, and find, what transformers' own processors and networks do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from utils.boxes import iou
from utils.datasets.folder import files_in
from utils.postprocess.labels import coco, coco_of_91
from utils.postprocess.pytorch.detection import Detections
from utils.postprocess.pytorch.queries import QueryDecoder
from utils.preprocess.pytorch.detr import MaskedTransform, SquareTransform
from utils.preprocess.pytorch.scaled import Scaled
from zoo.catalogue import beside, load
from zoo.running.padding import stacked
from zoo.running.reference import build, reference_runner
from zoo.weights import find_weights
from zoo_core.errors import DataError

transformers = pytest.importorskip("transformers")

DETR, RT_DETR = load("detection/detr"), load("detection/rt_detr")
SHAPES = [(640, 427), (427, 640), (333, 333), (1400, 90), (41, 60)]


def picture(size: tuple[int, int]) -> Image.Image:
    random = np.random.default_rng(size[0])
    coarse = Image.fromarray(random.integers(0, 256, (9, 7, 3), np.uint8))
    return coarse.resize(size, Image.Resampling.BICUBIC)


@pytest.mark.parametrize("size", SHAPES)
@pytest.mark.parametrize(("shorter", "longer"), [(800, 1333), (160, 224)])
def test_detr_sees_the_pixels_that_the_library_gives_it(size: tuple[int, int], shorter: int, longer: int) -> None:
    from transformers.models.detr.image_processing_pil_detr import DetrImageProcessorPil

    library = DetrImageProcessorPil(size={"shortest_edge": shorter, "longest_edge": longer})
    wanted = library(picture(size), return_tensors="np")
    (pixels, mask), meta = MaskedTransform(shorter, longer)(picture(size))
    assert np.abs(pixels - wanted["pixel_values"][0]).max() < 1e-6
    assert (mask == wanted["pixel_mask"][0]).all()
    assert meta == Scaled(size, pixels.shape[1:])


@pytest.mark.parametrize("size", SHAPES)
def test_rt_detr_sees_the_pixels_that_the_library_gives_it(size: tuple[int, int]) -> None:
    from transformers.models.rt_detr.image_processing_pil_rt_detr import RTDetrImageProcessorPil

    wanted = RTDetrImageProcessorPil(size={"height": 160, "width": 160})(picture(size), return_tensors="np")
    (pixels,), meta = SquareTransform(160)(picture(size))
    assert np.abs(pixels - wanted["pixel_values"][0]).max() < 1e-7
    assert meta == Scaled(size, (160, 160))


def test_a_picture_of_which_nothing_would_be_left_is_refused() -> None:
    with pytest.raises(DataError, match="too narrow"):
        MaskedTransform(160, 224)(picture((3000, 2)))
    with pytest.raises(DataError, match="takes 160"):
        SquareTransform(160).resized(320)


def outputs_of(queries: int, wide: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (2, queries, wide)).astype(np.float32)
    return logits, random.uniform(0.1, 0.9, (2, queries, 4)).astype(np.float32)


@pytest.mark.parametrize("exclusive", [True, False])
def test_objects_are_those_of_the_library(exclusive: bool) -> None:
    import torch

    classes = coco_of_91() if exclusive else tuple(range(80))
    logits, boxes = outputs_of(20, len(classes) + exclusive)
    sizes = [(640, 427), (90, 120)]
    metas = [Scaled(size, (160, 160)) for size in sizes]
    found = QueryDecoder(classes, exclusive)([logits, boxes], metas)
    said = transformers.models.detr.modeling_detr.DetrObjectDetectionOutput(
        logits=torch.from_numpy(logits), pred_boxes=torch.from_numpy(boxes)
    )
    kind = transformers.DetrImageProcessor if exclusive else transformers.RTDetrImageProcessor
    wanted = kind().post_process_object_detection(said, threshold=0.0, target_sizes=[size[::-1] for size in sizes])
    for mine, theirs in zip(found, wanted, strict=True):
        known = np.array(classes)[theirs["labels"].numpy()]
        boxes_of, scores_of = (theirs[name].numpy()[known >= 0] for name in ("boxes", "scores"))
        assert_same(mine, boxes_of, scores_of, known[known >= 0])


def assert_same(found: Detections, boxes: np.ndarray, scores: np.ndarray, classes: np.ndarray) -> None:
    """Every object of one side is on the other, whatever their order."""
    assert len(found.scores) == len(scores) > 3
    near = iou(found.boxes.astype(np.float64), boxes.astype(np.float64)) * (found.classes[:, None] == classes)
    best = (near - np.abs(found.scores[:, None] - scores)).argmax(axis=1)
    assert sorted(best) == list(range(len(scores)))
    assert np.abs(found.scores - scores[best]).max() < 1e-5
    assert np.abs(found.boxes - boxes[best]).max() < 1e-2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda logits, boxes: (logits[:, :, 1:], boxes), "another variant"),
        (lambda logits, boxes: (logits[:1], boxes), "another variant"),
        (lambda logits, boxes: (logits, boxes[:, 1:]), "another variant"),
        (lambda logits, boxes: (logits, boxes[..., :2]), "another variant"),
        (lambda logits, boxes: (logits * np.float32(np.nan), boxes), "NaN"),
        (lambda logits, boxes: (logits, boxes / np.float32(0)), "NaN or infinity"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_outputs_that_do_not_fit_are_refused(wrong: Any, said: str) -> None:
    outputs = wrong(*outputs_of(20, 81))
    with pytest.raises(DataError, match=said):
        QueryDecoder(tuple(range(80)), True)(outputs, [Scaled((9, 9), (9, 9))] * 2)


def prepared(model: Any) -> tuple[list[np.ndarray], list[Scaled]]:
    ready = [model.task.preprocess(path) for path in files_in(model.demo_folder(), model.task.suffixes)]
    return stacked([arrays for arrays, _ in ready], model.task.padding or (0.0,)), [meta for _, meta in ready]


def test_detr_as_exported_says_what_the_library_says() -> None:
    import torch

    model = DETR.variant()
    network = build(model, find_weights(model, "random"), None)
    arrays, _ = prepared(model)
    with reference_runner(model, network) as runner, torch.inference_mode():
        logits, boxes = runner(arrays)
        wanted = network.network(*(torch.from_numpy(array) for array in arrays))
    assert not arrays[1].all()  # some picture is filled up
    assert np.abs(logits - wanted.logits.numpy()).max() < 1e-5
    assert np.abs(boxes - wanted.pred_boxes.numpy()).max() < 1e-6


@pytest.mark.parametrize("variant", ["rtdetr_sample", "dfine_sample"])
def test_two_parts_find_what_the_whole_network_finds(variant: str) -> None:
    import torch

    model = RT_DETR.variant(variant)
    network = build(model, find_weights(model, "random"), None)
    arrays, metas = prepared(model)
    with reference_runner(model, network) as runner, torch.inference_mode():
        found = model.task.postprocess(runner(arrays), metas)
        whole = network(torch.from_numpy(arrays[0]))
    wanted = model.task.postprocess([whole.logits.numpy(), whole.pred_boxes.numpy()], metas)
    for mine, theirs in zip(found, wanted, strict=True):
        assert_same(mine, theirs.boxes, theirs.scores, theirs.classes)


def test_the_order_of_queries_is_nothing_that_runtimes_differ_in() -> None:
    task = RT_DETR.variant().task
    logits, boxes = outputs_of(30, 80)
    logits += 2
    metas = [Scaled((200, 100), (160, 160))] * 2
    shuffled = np.random.default_rng(1).permutation(30)
    one = task.postprocess([logits, boxes], metas)
    other = task.postprocess([logits[:, shuffled], boxes[:, shuffled]], metas)
    assert all(task.agreement(*pair) for pair in zip(one, other, strict=True))
    moved = task.postprocess([logits, boxes * np.float32(0.8)], metas)
    assert not any(task.agreement(*pair) for pair in zip(one, moved, strict=True))


def authors_state(layers: int = 6) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the transformer in the authors' checkpoint, as their code makes them."""
    found: dict[str, tuple[int, ...]] = {
        "query_embed.weight": (100, 256),
        "input_proj.weight": (256, 2048, 1, 1),
        "input_proj.bias": (256,),
        "class_embed.weight": (92, 256),
        "class_embed.bias": (92,),
    }
    for number, wide in enumerate((256, 256, 4)):
        found |= {f"bbox_embed.layers.{number}.weight": (wide, 256), f"bbox_embed.layers.{number}.bias": (wide,)}
    for part, attentions, norms in (("encoder", ["self_attn"], 2), ("decoder", ["self_attn", "multihead_attn"], 3)):
        for layer in range(layers):
            base = f"transformer.{part}.layers.{layer}"
            for name in attentions:
                found |= {f"{base}.{name}.in_proj_weight": (768, 256), f"{base}.{name}.in_proj_bias": (768,)}
                found |= {f"{base}.{name}.out_proj.weight": (256, 256), f"{base}.{name}.out_proj.bias": (256,)}
            found |= {f"{base}.linear1.weight": (2048, 256), f"{base}.linear1.bias": (2048,)}
            found |= {f"{base}.linear2.weight": (256, 2048), f"{base}.linear2.bias": (256,)}
            for norm in range(1, norms + 1):
                found |= {f"{base}.norm{norm}.{kind}": (256,) for kind in ("weight", "bias")}
    return found | {f"transformer.decoder.norm.{kind}": (256,) for kind in ("weight", "bias")}


def test_the_authors_names_are_those_of_the_library(tmp_path: Any) -> None:
    """Every tensor of the library's network has one of the authors', of the same shape, and the other way round."""
    import torch

    network = beside(str(DETR.folder / "model.py"), "network")
    with torch.device("meta"):
        own = {name: tuple(tensor.shape) for name, tensor in network.detr(91, "resnet50").state_dict().items()}
    state = {name: torch.zeros(shape) for name, shape in authors_state().items()}
    prefix = "network.model.backbone.model."
    for name, shape in own.items():
        if name.startswith(prefix):
            state[f"backbone.0.body.{name.removeprefix(prefix)}"] = torch.zeros(shape)
    torch.save({"model": state}, tmp_path / "detr.pth")
    found = network.from_authors(tmp_path / "detr.pth")
    assert {name: tuple(tensor.shape) for name, tensor in found.items()} == own


def test_queries_keys_and_values_are_the_three_thirds_of_an_attention(tmp_path: Any) -> None:
    import torch

    network = beside(str(DETR.folder / "model.py"), "network")
    name = "transformer.decoder.layers.3.multihead_attn"
    torch.save({"model": {f"{name}.in_proj_bias": torch.arange(6)}}, tmp_path / "detr.pth")
    found = network.from_authors(tmp_path / "detr.pth")
    base = "network.model.decoder.layers.3.encoder_attn"
    assert {key: value.tolist() for key, value in found.items()} == {
        f"{base}.q_proj.bias": [0, 1],
        f"{base}.k_proj.bias": [2, 3],
        f"{base}.v_proj.bias": [4, 5],
    }


def test_classes_are_coco_s_by_name() -> None:
    numbers = coco_of_91()
    assert [coco()[numbers[category]] for category in (1, 17, 18, 90)] == ["person", "cat", "dog", "toothbrush"]
    assert sorted(number for number in numbers if number >= 0) == list(range(80))
