"""SegFormer on the streets of Cityscapes, from transformers."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from engine.spec import TensorSpec
from utils.datasets.cityscapes import LABELS, Cityscapes
from utils.datasets.samples.scenes_cityscapes import write_cityscapes
from utils.preprocess.pytorch.segmentation import SegmentationTransform
from zoo.family import Family
from zoo.libraries import transformers
from zoo.libraries.names import IMAGENET_MEAN, IMAGENET_STD
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.detection import SCENES
from zoo.tasks.segmentation import SemanticSegmentation

CLASS = "SegformerForSemanticSegmentation"
STRIDE = 32


class Shape(NamedTuple):
    """Blocks and channels of the four stages, channels of the head, height of the input, and Cityscapes' mIoU."""

    depths: tuple[int, ...]
    widths: tuple[int, ...]
    head: int
    height: int = 1024
    published: float | None = None


SHAPES = {
    "segformer_tiny": Shape((1, 1, 1, 1), (8, 16, 40, 64), 32, 128),
    "segformer_b0": Shape((2, 2, 2, 2), (32, 64, 160, 256), 256, published=0.762),
    "segformer_b1": Shape((2, 2, 2, 2), (64, 128, 320, 512), 256, published=0.785),
    "segformer_b2": Shape((3, 4, 6, 3), (64, 128, 320, 512), 768, published=0.810),
    "segformer_b3": Shape((3, 4, 18, 3), (64, 128, 320, 512), 768, published=0.817),
    "segformer_b4": Shape((3, 8, 27, 3), (64, 128, 320, 512), 768, published=0.823),
    "segformer_b5": Shape((3, 6, 40, 3), (64, 128, 320, 512), 768, published=0.824),
}


def network(variant: str, state: dict[str, Any] | None = None) -> Any:
    """transformers' network, with `state` loaded by its own mapping of names, else with random values."""
    shape = SHAPES[variant]
    return transformers.network(
        CLASS,
        state,
        num_labels=len(LABELS),
        depths=list(shape.depths),
        hidden_sizes=list(shape.widths),
        decoder_hidden_size=shape.head,
    )


def logits(network: Any) -> Any:
    """[N, 3, H, W] to logits [N, 19, H, W]: those of a quarter of the size, enlarged (bilinear)."""
    from torch import nn

    class Logits(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, pixels: Any) -> Any:
            small = self.network(pixel_values=pixels).logits
            return nn.functional.interpolate(small, size=pixels.shape[-2:], mode="bilinear", align_corners=False)

    return Logits()


def model(variant: str) -> Model:
    """What is known of a variant."""
    shape = SHAPES[variant]
    size = {"height": shape.height, "width": 2 * shape.height}
    return Model(
        build=partial(network, variant),
        restore=partial(network, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 3, "height", "width")),),
                outputs=(TensorSpec("output", "float32", ("batch", len(LABELS), "height", "width")),),
                size=size,
                module=logits,
            ),
        ),
        task=SemanticSegmentation(
            SegmentationTransform(size["height"], size["width"], STRIDE, IMAGENET_MEAN, IMAGENET_STD),
            LABELS,
            layout=Cityscapes,
        ),
        sample=SampleData("scenes_cityscapes", 1, write_cityscapes, "drawn scenes"),
        demos=SCENES,
        source="transformers",
        licence="Apache-2.0 (transformers); NVIDIA's weights: research only; the sample is drawn here",
        paper="Xie et al., SegFormer: Simple and Efficient Design for Semantic Segmentation with Transformers, 2021",
        published=Published("miou", shape.published, "the paper, Cityscapes val") if shape.published else None,
    )


MODEL = Family(
    domain="segmentation",
    name="segformer",
    title="SegFormer",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SHAPES),
    make=model,
)
