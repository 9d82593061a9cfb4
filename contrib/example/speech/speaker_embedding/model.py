"""GE2E speaker encoder: who speaks, as 256 numbers."""

from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.references import spoken_digits
from utils.datasets.samples.spoken_sentences import write_spoken_sentences
from utils.preprocess.speaker import BANDS, FRAMES
from zoo.family import Family
from zoo.frameworks.torch_file import read_state
from zoo.model import Model, Packaged, Part, ReferenceData, SampleData
from zoo.tasks.speaker_embedding import SpeakerEmbedding

SIZE, LAYERS = 256, 3


def build() -> Any:
    """pieces float32 [N, pieces, 160, 40] and mask [N, pieces] to float32 [N, 256] of length 1: the state of a 3-layer
    LSTM behind the last frame of each piece, a linear layer, ReLU; the mean of the pieces, each at length 1."""
    import torch
    from torch import nn

    class SpeakerEncoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(BANDS, SIZE, LAYERS, batch_first=True)
            self.linear = nn.Linear(SIZE, SIZE)

        def forward(self, pieces: Any, mask: Any) -> Any:
            states, _ = self.lstm(pieces.flatten(0, 1))
            found = unit(torch.relu(self.linear(states[:, -1]))).reshape(pieces.shape[0], pieces.shape[1], SIZE)
            return unit((found * mask.unsqueeze(2)).sum(1))

    def unit(vectors: Any) -> Any:
        # what is filled up may give nothing but zeros
        return vectors / torch.linalg.vector_norm(vectors, dim=1, keepdim=True).clamp(min=1e-6)

    return SpeakerEncoder()


def convert(path: Path) -> dict[str, Any]:
    """The encoder in Resemblyzer's checkpoint; scale and offset of similarities are for training only."""
    state = read_state(path, "model_state")
    return {name: tensor for name, tensor in state.items() if not name.startswith("similarity_")}


def model(variant: str) -> Model:
    """What is known of the network."""
    return Model(
        build=build,
        parts=(
            Part(
                inputs=(
                    TensorSpec("pieces", "float32", ("batch", "pieces", FRAMES, BANDS)),
                    TensorSpec("mask", "float32", ("batch", "pieces")),
                ),
                outputs=(TensorSpec("embedding", "float32", ("batch", SIZE)),),
                size={"pieces": 2},
            ),
        ),
        task=SpeakerEmbedding(),
        sample=SampleData("spoken_sentences", 1, write_spoken_sentences, "sentences that a program speaks"),
        source="written for this repository after the paper; names in the state dict as in Resemblyzer",
        licence="BSD-3-Clause; weights: Apache-2.0 (Resemblyzer)",
        paper="Wan et al., Generalized End-to-End Loss for Speaker Verification, 2018",
        pretrained=Packaged(
            "Resemblyzer==0.1.4",
            "resemblyzer/pretrained.pt",
            "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
            convert=convert,
        ),
        reference=ReferenceData(
            spoken_digits.NAME,
            spoken_digits.TITLE,
            spoken_digits.LISTING,
            spoken_digits.arrange,
            spoken_digits.LICENCE,
            spoken_digits.COUNT,
        ),
    )


MODEL = Family(
    domain="speech",
    name="speaker_embedding",
    title="GE2E speaker encoder",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("ge2e",),
    make=model,
)
