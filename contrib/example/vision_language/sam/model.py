"""SAM: cuts out of a picture what points or a box say, in two graphs."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.objects import write_objects
from utils.postprocess.pytorch.cut_out import CutOutDecoder
from utils.preprocess.pytorch.prompted import PromptTransform
from zoo.catalogue import beside
from zoo.family import Family
from zoo.model import Model, Part, SampleData
from zoo.tasks.prompted_segmentation import PromptedSegmentation

FOLDER = Path(__file__).resolve().parent
SAMPLE = "sam_sample"
# side, width, layers and heads of the encoder, its global layers, width of the decoder
SHAPES: dict[str, tuple[int, int, int, int, tuple[int, ...], int]] = {
    "sam_vit_base": (1024, 768, 12, 12, (2, 5, 8, 11), 256),
    SAMPLE: (128, 48, 2, 4, (1,), 32),
}


def build(variant: str) -> Any:
    """SamModel, from which each part takes its piece; see network.py."""
    network = beside(__file__, "network")
    return network.sam(network.Shape(*SHAPES[variant]))


def model(variant: str) -> Model:
    """What is known of a variant."""
    side, width = SHAPES[variant][0], SHAPES[variant][5]
    seen = TensorSpec("seen", "float32", ("batch", width, side // 16, side // 16))
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                name="encoder",
                module=lambda network: beside(__file__, "network").Looking(network),
                inputs=(TensorSpec("images", "float32", ("batch", 3, side, side)),),
                outputs=(seen,),
            ),
            Part(
                name="decoder",
                module=lambda network: beside(__file__, "network").Cutting(network),
                inputs=(
                    seen,
                    TensorSpec("points", "float32", ("batch", "points", 2)),
                    TensorSpec("kinds", "int64", ("batch", "points")),
                ),
                outputs=(
                    TensorSpec("masks", "float32", ("batch", 3, side // 4, side // 4)),
                    TensorSpec("expected", "float32", ("batch", 3)),
                ),
                size={"points": 2},
            ),
        ),
        task=PromptedSegmentation(PromptTransform(side), CutOutDecoder(side)),
        sample=SampleData("drawn_objects", 1, write_objects, "drawn objects"),
        source="transformers",
        licence="Apache-2.0 (transformers)",
        paper="Kirillov et al., Segment Anything, 2023",
    )


MODEL = Family(
    domain="vision_language",
    name="sam",
    title="SAM",
    framework="pytorch",
    folder=FOLDER,
    names=tuple(SHAPES),
    default=SAMPLE,
    make=model,
)
