"""FCN-4, a fully convolutional network that gives recordings tags."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.tones import RATE, SECONDS, TAGS, write_tones
from utils.preprocess.audio import MelSpectrogram
from zoo.family import Family
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.audio_tagging import AudioTagging

BANDS = 96
MEL = MelSpectrogram(RATE, 512, 256, BANDS, 0, RATE / 2, htk=False, centred=True)
# variant: seconds, frames, channels, and pooling (bands, frames) of the four convolutions
SIZES = {
    "fcn4_tones": (SECONDS, 94, (8, 16, 32, 48), ((2, 4), (4, 3), (3, 3), (4, 2))),
    "fcn4": (29.12, 1366, (128, 384, 768, 2048), ((2, 4), (4, 5), (3, 8), (4, 8))),
}


def build(variant: str) -> Any:
    """[N, 1, 96, frames] float32 mel bands in decibels to [N, tags] logits: four convolutions of 3 by 3, each with
    batch norm, ReLU and maximum pooling, until one place is left."""
    from torch import nn

    _, _, channels, pools = SIZES[variant]
    layers: list[nn.Module] = [nn.BatchNorm2d(1)]
    for before, after, pool in zip((1, *channels), channels, pools, strict=False):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(pool)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels[-1], len(TAGS)))


PUBLISHED = {"fcn4": Published("auc", 0.894, "the paper, table 3, MagnaTagATune, not these weights and tags")}


def model(variant: str) -> Model:
    """What is known of a variant."""
    seconds, frames, _, _ = SIZES[variant]
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 1, BANDS, frames)),),
                outputs=(TensorSpec("logits", "float32", ("batch", len(TAGS))),),
            ),
        ),
        task=AudioTagging(TAGS, MEL, seconds),
        sample=SampleData("tones", 1, write_tones, "made tones"),
        source="written for this repository after the paper",
        licence="BSD-3-Clause; the tones are made by this repository",
        paper="Choi et al., Automatic Tagging Using Deep Convolutional Neural Networks, 2016",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="speech",
    name="fcn4",
    title="FCN-4",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SIZES),
    make=model,
)
