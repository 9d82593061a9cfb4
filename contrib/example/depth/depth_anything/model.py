"""Depth Anything: how near each pixel of a picture is, from transformers."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from engine.spec import TensorSpec
from utils.datasets.samples.rooms import write_rooms
from utils.preprocess.pytorch.depth import PatchedSide
from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries import transformers
from zoo.libraries.classifier import DEMOS
from zoo.libraries.names import IMAGENET_MEAN, IMAGENET_STD
from zoo.model import Model, Part, SampleData
from zoo.tasks.depth import RelativeDepthEstimation

CLASS = "DepthAnythingForDepthEstimation"
PATCH, TRAINED = 14, 518  # pixels of a patch, and of the pictures that position embeddings are of


class Shape(NamedTuple):
    """The backbone's channels, heads and layers; the neck's channels; the picture's side."""

    width: int
    heads: int
    layers: int
    neck: tuple[int, ...]
    fusion: int
    side: int = TRAINED


SHAPES = {
    "depth_anything_tiny": Shape(48, 3, 4, (8, 16, 24, 32), 16, 112),
    "depth_anything_small": Shape(384, 6, 12, (48, 96, 192, 384), 64),
    "depth_anything_base": Shape(768, 12, 12, (96, 192, 384, 768), 128),
    "depth_anything_large": Shape(1024, 16, 24, (256, 512, 1024, 1024), 256),
}


def network(variant: str, state: dict[str, Any] | None = None) -> Any:
    """transformers' network, with `state` loaded by its own mapping of names, else with random values."""
    shape = SHAPES[variant]
    made = transformers.network(
        CLASS,
        state,
        backbone_config={
            "model_type": "dinov2",
            "image_size": TRAINED,
            "hidden_size": shape.width,
            "num_attention_heads": shape.heads,
            "num_hidden_layers": shape.layers,
            "out_indices": list(range(shape.layers - 3, shape.layers + 1)),
            "reshape_hidden_states": False,
        },
        patch_size=PATCH,
        reassemble_hidden_size=shape.width,
        neck_hidden_sizes=list(shape.neck),
        fusion_hidden_size=shape.fusion,
    )
    return made if state else beside(__file__, "network").lively(made)


def model(variant: str) -> Model:
    """What is known of a variant."""
    shape = SHAPES[variant]
    return Model(
        build=partial(network, variant),
        restore=partial(network, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 3, "height", "width")),),
                outputs=(TensorSpec("depth", "float32", ("batch", "height", "width")),),
                size={"height": shape.side, "width": shape.side},
                module=lambda made: beside(__file__, "network").Depth(made),
            ),
        ),
        task=RelativeDepthEstimation(PatchedSide(shape.side, PATCH, IMAGENET_MEAN, IMAGENET_STD)),
        sample=SampleData("rooms", 1, write_rooms, "drawn rooms"),
        demos=DEMOS.parent / "things",
        source="transformers",
        licence="Apache-2.0 (transformers, and the weights of the small network); the sample is drawn here",
        paper="Yang et al., Depth Anything: Unleashing the Power of Large-Scale Unlabeled Data, 2024",
    )


MODEL = Family(
    domain="depth",
    name="depth_anything",
    title="Depth Anything",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SHAPES),
    make=model,
)
