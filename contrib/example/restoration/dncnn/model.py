"""DnCNN: noise taken off grey pictures."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS
from utils.datasets.references.pairs import arrange_true
from utils.datasets.samples.photo_pairs import write_photo_pairs
from zoo.family import Family
from zoo.model import Model, Part, Pretrained, Published, ReferenceData, SampleData
from zoo.tasks.image_to_image import ImageToImage

KAIR = "https://raw.githubusercontent.com/cszn/KAIR/fc1732f4a4514e42ce15e5b3a1e18c828af47a1e"
WHERE = "the paper, Set12, noise of deviation 25"
# The noise is drawn: seeds 0 to 3 give 30.449, 30.456, 30.410 and 30.440 dB, whose standard deviation is 0.020.
SPREAD = "one standard deviation over four draws of the noise, measured here"
SIGMA, WIDTH, LAYERS = 25.0, 64, 17


def build() -> Any:
    """[N, 1, H, W] float32, grey from 0 to 1, noisy, to the same without noise: 17 convolutions tell the noise, which
    is taken off. The authors' file has its batch norms merged into the convolutions, and so has this."""
    from torch import nn

    class DnCNN(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            layers: list[nn.Module] = [nn.Conv2d(1, WIDTH, 3, padding=1), nn.ReLU()]
            for _ in range(LAYERS - 2):
                layers += [nn.Conv2d(WIDTH, WIDTH, 3, padding=1), nn.ReLU()]
            self.model = nn.Sequential(*layers, nn.Conv2d(WIDTH, 1, 3, padding=1))

        def forward(self, x: Any) -> Any:
            return x - self.model(x)

    return DnCNN()


def model(variant: str) -> Model:
    """What is known of the network."""
    return Model(
        build=build,
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 1, "height", "width")),),
                outputs=(TensorSpec("output", "float32", ("batch", 1, "height", "width")),),
                size={"height": 96, "width": 96},
            ),
        ),
        task=ImageToImage(grey=True, sigma=SIGMA),
        sample=SampleData("photos_clean", 1, partial(write_photo_pairs, scale=1)),
        source="written for this repository after the paper; parameter names of the weights in the authors' KAIR",
        licence="BSD-3-Clause; the authors' weights: MIT; photographs: CC BY 2.0",
        paper="Zhang et al., Beyond a Gaussian Denoiser: Residual Learning of Deep CNN for Image Denoising, 2017",
        pretrained=Pretrained(
            f"{KAIR}/model_zoo/dncnn_25.pth", 2.2, "0451a70de9b672ae037270498fbb1c17a1c1c4403785df586ff65df5b858e5b0"
        ),
        published=Published("psnr", 30.44, WHERE, spread=0.02, spread_of=SPREAD),
        reference=ReferenceData(
            "set12", "Set12", LISTINGS / "set12.tsv", arrange_true, "classic test pictures; no licence is stated", 12
        ),
    )


MODEL = Family(
    domain="restoration",
    name="dncnn",
    title="DnCNN",
    folder=Path(__file__).resolve().parent,
    framework="pytorch",
    names=("dncnn_25",),
    make=model,
)
