"""Magika: of which type a file is, by its first and its last bytes."""

from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS
from utils.datasets.references.as_published import arrange
from utils.datasets.samples.files import write_files
from zoo.errors import ZooError
from zoo.family import Family
from zoo.frameworks.onnx import read_graph
from zoo.model import Model, Packaged, Part, Published, ReferenceData, SampleData
from zoo.tasks.file_type import FileTypes

FOLDER = Path(__file__).resolve().parent
BYTES, NUMBERS, TYPES = 2048, 257, 214  # the last number fills up
WIDTH, TOGETHER, CHANNELS, KERNEL = 64, 4, 512, 5
EPSILON = 1e-6


def build() -> Any:
    """int32 [N, 2048] to probabilities [N, 214]: a vector of 64 numbers a byte, four bytes together, a norm over the
    places, a convolution over five of them, the greatest of each channel, a norm, and a layer."""
    import torch
    from torch import nn
    from torch.nn import functional

    class Magika(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bytes = nn.Embedding(NUMBERS, WIDTH)
            self.places = nn.LayerNorm(BYTES // TOGETHER, EPSILON)
            self.conv = nn.Conv1d(WIDTH * TOGETHER, CHANNELS, KERNEL)
            self.norm = nn.LayerNorm(CHANNELS, EPSILON)
            self.types = nn.Linear(CHANNELS, TYPES)

        def forward(self, numbers: Any) -> Any:
            found = functional.gelu(self.bytes(numbers), approximate="tanh")
            found = found.reshape(-1, BYTES // TOGETHER, WIDTH * TOGETHER).transpose(1, 2)
            found = functional.gelu(self.conv(self.places(found)), approximate="tanh")
            return torch.softmax(self.types(self.norm(found.amax(2))), 1)

    return Magika()


# Where the weights are in the published graph, below MagikaV2, and their shapes there
PLACES = {
    "places.weight": ("LayerNorm_0/Reshape_2:0", (1, CHANNELS, 1)),
    "places.bias": ("LayerNorm_0/Reshape_3:0", (1, CHANNELS, 1)),
    "conv.weight": ("Conv_0/transpose_3:0", (CHANNELS, WIDTH * TOGETHER, KERNEL, 1)),
    "conv.bias": ("const_fold_opt__209", (1, CHANNELS, 1)),
    "norm.weight": ("LayerNorm_1/Reshape_2:0", (1, CHANNELS)),
    "norm.bias": ("LayerNorm_1/Reshape_3:0", (1, CHANNELS)),
    "types.weight": ("get_logits_/Const_24:0", (CHANNELS, TYPES)),
    "types.bias": ("Dense_1/Reshape:0", (1, TYPES)),
    "bytes.weight": ("get_logits_/Const:0", (NUMBERS, WIDTH)),
    "bytes.bias": ("Dense_0/Reshape:0", (1, 1, WIDTH)),
}


def convert(path: Path) -> dict[str, Any]:
    """The weights in the published ONNX graph, in which a vector a byte is a product with a one and zeros."""
    import onnx

    tensors = {one.name: onnx.numpy_helper.to_array(one) for one in read_graph(path).graph.initializer}
    found = {}
    for name, (place, shape) in PLACES.items():
        there = [array for key, array in tensors.items() if key.endswith(place)]
        if len(there) != 1 or there[0].shape != shape:
            raise ZooError(f"{path}: this is not Magika's graph: it has no weight …{place} of {list(shape)}")
        found[name] = there[0].squeeze().copy()
    found["types.weight"] = found["types.weight"].T.copy()
    found["bytes.weight"] = found["bytes.weight"] + found.pop("bytes.bias")
    return found


def model(variant: str) -> Model:
    """What is known of the network, which has the name that its package gives it."""
    return Model(
        build=build,
        parts=(
            Part(
                inputs=(TensorSpec("bytes", "int32", ("batch", BYTES)),),
                outputs=(TensorSpec("target_label", "float32", ("batch", TYPES)),),
            ),
        ),
        task=FileTypes(FOLDER / "types.tsv"),
        sample=SampleData("files", 1, write_files, "files of thirty types, written by this repository"),
        source="written for this repository after the published ONNX graph; types and thresholds: magika 1.0.3",
        licence="BSD-3-Clause; the authors' weights: Apache-2.0",
        paper="Fratantonio et al., Magika: AI-Powered Content-Type Detection, 2024",
        pretrained=Packaged(
            "magika==1.0.3",
            "magika/models/standard_v3_3/model.onnx",
            "fe2d2eb49c5f88a9e0a6c048e15d6ffdf86235519c2afc535044de433169ec8c",
            convert=convert,
        ),
        published=Published(
            "accuracy", 0.9100, "measured with the library itself, magika 1.0.3, on these files", decimals=4
        ),
        reference=ReferenceData(
            "package_files",
            "files of pip packages and public repositories whose suffix tells their type",
            LISTINGS / "package_files.tsv",
            arrange,
            "those of the packages and repositories (BSD, MIT, Apache-2.0, MPL-2.0, CC BY-SA)",
            289,
        ),
    )


MODEL = Family(
    domain="file_type",
    name="magika",
    title="Magika",
    framework="pytorch",
    folder=FOLDER,
    names=("standard_v3_3",),
    make=model,
)
