"""CLIP: a tower for pictures and one for sentences, which rank sentences for a picture without training on them."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.photos import write_photos
from utils.preprocess.pytorch.classification import ClassificationTransform
from zoo.catalogue import beside
from zoo.family import Family
from zoo.index import DEMOS
from zoo.model import Model, Part, SampleData
from zoo.tasks.zero_shot import ZeroShotClassification

FOLDER = Path(__file__).resolve().parent
TOKENIZER = FOLDER / "tokenizer.json"
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
LABELS = ("palace", "flower")
# side, patch, widths of both towers, layers, heads, ids, ids of a sentence, width of the common vectors
SHAPE = (64, 16, 64, 48, 2, 4, 1024, 32, 32)


def build(variant: str) -> Any:
    """CLIPModel, from which each part takes its tower; see network.py."""
    network = beside(__file__, "network")
    return network.clip(network.Shape(*SHAPE))


def model(variant: str) -> Model:
    """What is known of the only variant."""
    side, length, width = SHAPE[0], SHAPE[7], SHAPE[8]
    vector = ("batch", width)
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                name="image",
                module=lambda network: beside(__file__, "network").Looking(network),
                inputs=(TensorSpec("images", "float32", ("batch", 3, side, side)),),
                outputs=(TensorSpec("image_vector", "float32", vector),),
            ),
            Part(
                name="text",
                module=lambda network: beside(__file__, "network").Reading(network),
                inputs=(TensorSpec("ids", "int64", ("batch", length)),),
                outputs=(TensorSpec("text_vector", "float32", vector),),
            ),
        ),
        task=ZeroShotClassification(
            transform=ClassificationTransform(side, side, MEAN, STD, interpolation="bicubic"),
            labels=LABELS,
            folders=LABELS,
            tokenizer=TOKENIZER,
            longest=length,
            sentences=tuple(f"a photo of a {label}" for label in LABELS),
        ),
        sample=SampleData(
            "photos_named", 1, partial(write_photos, names=dict(zip(("china", "flower"), LABELS, strict=True)))
        ),
        demos=DEMOS / "photos",
        source="transformers",
        licence="Apache-2.0 (transformers)",
        paper="Radford et al., Learning Transferable Visual Models From Natural Language Supervision, 2021",
    )


MODEL = Family(
    domain="vision_language",
    name="clip",
    title="CLIP",
    framework="pytorch",
    folder=FOLDER,
    names=("clip_sample",),
    make=model,
)
