"""Silero VAD: in which parts of a recording somebody speaks, told chunk by chunk."""

from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS
from utils.datasets.references.speechbrain import arrange
from utils.datasets.samples.spoken_pauses import write_spoken_pauses
from zoo.errors import ZooError
from zoo.family import Family
from zoo.frameworks.onnx import read_graph
from zoo.model import Model, Part, Pretrained, Published, ReferenceData, SampleData
from zoo.tasks.voice_activity import VoiceActivity

AUTHORS = "https://raw.githubusercontent.com/snakers4/silero-vad/806dcba3f0b5d95282d0889a074954a2f8c6397b"
CHUNK, CONTEXT = 512, 64  # samples at 16 kHz
WINDOW, HOP, BINS, SIZE = 256, 128, 129, 128
# The encoder's convolutions: channels before and behind, stride
CONVOLUTIONS = ((BINS, 128, 1), (128, 64, 2), (64, 64, 2), (64, SIZE, 1))


def build() -> Any:
    """[N, 576] float32 (64 samples of the chunk before, 512 of this one), and the state [N, 2, 128], to the probability
    of speech [N, 1] and the next state: magnitudes of a Fourier transform, four convolutions that leave one step of the
    chunk, and an LSTM cell, whose hidden values and cell are the state."""
    import torch
    from torch import nn
    from torch.nn import functional

    class SileroVad(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stft_conv = nn.Conv1d(1, 2 * BINS, WINDOW, HOP, bias=False)
            for number, (before, behind, stride) in enumerate(CONVOLUTIONS, start=1):
                setattr(self, f"conv{number}", nn.Conv1d(before, behind, 3, stride, padding=1))
            self.lstm_cell = nn.LSTMCell(SIZE, SIZE)
            self.final_conv = nn.Conv1d(SIZE, 1, 1)

        def forward(self, sound: Any, state: Any) -> Any:
            padded = functional.pad(sound.unsqueeze(1), (0, CONTEXT), "reflect")
            real, imaginary = self.stft_conv(padded).split(BINS, 1)
            found = torch.sqrt(real * real + imaginary * imaginary)
            for number in range(1, len(CONVOLUTIONS) + 1):
                found = torch.relu(getattr(self, f"conv{number}")(found))
            hidden, cell = self.step(found.flatten(1), state[:, 0], state[:, 1])
            speech = torch.sigmoid(self.final_conv(torch.relu(hidden).unsqueeze(2))).flatten(1)
            return speech, torch.stack([hidden, cell], 1)

        def step(self, found: Any, hidden: Any, cell: Any) -> tuple[Any, Any]:
            """The LSTM cell, put together from operations that every compiler has."""
            own = self.lstm_cell
            gates = functional.linear(found, own.weight_ih, own.bias_ih)
            gates = gates + functional.linear(hidden, own.weight_hh, own.bias_hh)
            take, keep, new, give = gates.chunk(4, 1)
            cell = torch.sigmoid(keep) * cell + torch.sigmoid(take) * torch.tanh(new)
            return torch.sigmoid(give) * torch.tanh(cell), cell

    return SileroVad()


def convert(path: Path) -> dict[str, Any]:
    """The weights in the authors' ONNX graph: `model.stft`, four of `model.encoder`, `model.decoder.rnn` and the
    convolution behind it."""
    import onnx

    names = {"stft_conv.weight": "stft.forward_basis_buffer"}
    for kind in ("weight", "bias"):
        names |= {f"conv{number + 1}.{kind}": f"encoder.{number}.reparam_conv.{kind}" for number in range(4)}
        names |= {f"lstm_cell.{kind}_{side}": f"decoder.rnn.{kind}_{side}" for side in ("ih", "hh")}
        names[f"final_conv.{kind}"] = f"decoder.decoder.2.{kind}"
    tensors = {one.name: onnx.numpy_helper.to_array(one).copy() for one in read_graph(path).graph.initializer}
    missing = [name for name in names.values() if f"model.{name}" not in tensors]
    if missing:
        raise ZooError(f"{path}: the graph has no weights model.{missing[0]}")
    return {own: tensors[f"model.{name}"] for own, name in names.items()}


FOLDER = f"{AUTHORS}/src/silero_vad/data"
PRETRAINED = {
    "silero_vad_16k_op15": Pretrained(
        f"{FOLDER}/silero_vad_16k_op15.onnx",
        1.3,
        "7ed98ddbad84ccac4cd0aeb3099049280713df825c610a8ed34543318f1b2c49",
        convert=convert,
    ),
    "silero_vad_16k": Pretrained(
        f"{FOLDER}/silero_vad_16k.safetensors",
        1.2,
        "c59271c284ae9c8335d795d60e0bfdb71aaaceec578d9bd9ffc1b8153c319ea1",
    ),
}
PUBLISHED = {
    "silero_vad_16k_op15": Published(
        "auc", 0.9955, "the authors' ONNX file run as it is on these 372 chunks; they publish no figure", decimals=4
    )
}


def model(variant: str) -> Model:
    """What is known of a variant, which has the name of the authors' file."""
    return Model(
        build=build,
        parts=(
            Part(
                inputs=(
                    TensorSpec("sound", "float32", ("batch", CONTEXT + CHUNK)),
                    TensorSpec("state", "float32", ("batch", 2, SIZE)),
                ),
                outputs=(
                    TensorSpec("speech", "float32", ("batch", 1)),
                    TensorSpec("next_state", "float32", ("batch", 2, SIZE)),
                ),
            ),
        ),
        task=VoiceActivity(CONTEXT, (2, SIZE)),
        sample=SampleData("spoken_pauses", 1, write_spoken_pauses, "words that a program speaks"),
        source="written for this repository after the published ONNX graph; parameter names of the published weights",
        licence="BSD-3-Clause; the authors' weights: MIT; the sample is computed by espeak-ng (GPL-3.0, a program that "
        "is used, not part of this)",
        paper="Silero Team, Silero VAD: pre-trained enterprise-grade Voice Activity Detector, 2021",
        pretrained=PRETRAINED[variant],
        published=PUBLISHED.get(variant),
        reference=ReferenceData(
            "speechbrain_vad",
            "SpeechBrain's samples of voice activity, 372 chunks",
            LISTINGS / "speechbrain_vad.tsv",
            arrange,
            "Apache-2.0 (the repository)",
            6,
        ),
    )


MODEL = Family(
    domain="speech",
    name="silero_vad",
    title="Silero VAD",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(PRETRAINED),
    make=model,
)
