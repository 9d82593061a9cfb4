"""R3D: torchvision's residual networks over space and time say what happens in a clip."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.moving_shapes import WAYS, write_clips
from utils.postprocess.labels import kinetics400
from utils.preprocess.pytorch.video import ClipTransform
from zoo.catalogue import beside
from zoo.family import Family
from zoo.frameworks.pytorch import torchvision_pretrained
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.video import VideoClassification

FOLDER = Path(__file__).resolve().parent
SAMPLE = "r3d_sample"
# Top-1 that torchvision states of each network, over clips of 16 frames at 15 a second, averaged over a video's
ACCURACY = {"r3d_18": 0.632, "mc3_18": 0.6396, "r2plus1d_18": 0.67463}
PAPER = "Tran et al., A Closer Look at Spatiotemporal Convolutions for Action Recognition, 2018"


def labels_of(variant: str) -> tuple[str, ...]:
    """The classes of a variant, in index order."""
    return tuple(WAYS) if variant == SAMPLE else kinetics400()


def build(variant: str) -> Any:
    """float32 [N, 3, T, H, W], RGB, normalised, to logits [N, classes]."""
    if variant == SAMPLE:
        return beside(__file__, "network").narrow(len(WAYS))
    from torchvision.models import get_model

    return get_model(variant, weights=None)


def model(variant: str) -> Model:
    """What is known of a variant."""
    labels, sample = labels_of(variant), variant == SAMPLE
    frames, crop = (8, 56) if sample else (16, 112)
    accuracy = ACCURACY.get(variant)
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("clips", "float32", ("batch", 3, frames, crop, crop)),),
                outputs=(TensorSpec("logits", "float32", ("batch", len(labels))),),
            ),
        ),
        task=VideoClassification(ClipTransform(frames, crop * 8 // 7, crop * 171 // 112, crop), labels),
        sample=SampleData("moving_shapes", 1, write_clips, "drawn clips"),
        source="put together from torchvision's blocks" if sample else "torchvision",
        licence="BSD-3-Clause; torchvision publishes its weights under the same, they are trained on Kinetics-400",
        paper=PAPER,
        pretrained=None if sample else partial(torchvision_pretrained, variant, "KINETICS400_V1"),
        published=Published("top1", accuracy, "torchvision, Kinetics-400, averaged over several clips of a video")
        if accuracy
        else None,
    )


MODEL = Family(
    domain="video",
    name="r3d",
    title="R3D",
    framework="pytorch",
    folder=FOLDER,
    names=(*ACCURACY, SAMPLE),
    default=SAMPLE,
    make=model,
)
