"""Basic Pitch: which notes sound in a recording of any instrument, several at once too."""

from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS
from utils.datasets.samples.tunes import write_tunes
from utils.datasets.vocadito import arrange
from utils.preprocess.constant_q import ConstantQ
from utils.preprocess.windows import Windows
from zoo.errors import ZooError
from zoo.family import Family
from zoo.frameworks.onnx import read_graph
from zoo.model import Model, Part, Pretrained, Published, ReferenceData, SampleData
from zoo.tasks.note_transcription import NoteTranscription

HERE = Path(__file__).resolve().parent
AUTHORS = "https://raw.githubusercontent.com/spotify/basic-pitch/fa5997af0a8210982619003269994a1be25eddf3"
RATE, SAMPLES, FRAMES, BINS, KEYS = 22_050, 43_844, 172, 309, 88
OVERLAP = 30  # frames that neighbouring windows share
HEARD = 3 * KEYS  # bins that the network goes on with: three a key
# Where a tone's overtones are, and half of it below, in bins: 36 an octave
HARMONICS = (-36, 0, 36, 57, 72, 84, 93, 101)


def build() -> Any:
    """[N, 172, 309] float32, spectra of constant Q from 0 to 1, to how much each of 88 keys sounds, how much it begins
    to, both [N, 172, 88], and the contours of pitch, [N, 172, 264]. Eight copies of the spectra, moved so that the
    overtones of a tone lie upon each other, go through a few convolutions; batch norms are merged into these."""
    import torch
    from torch import nn
    from torch.nn import functional

    class BasicPitch(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(1))
            self.offset = nn.Parameter(torch.zeros(1))
            self.onset1 = nn.Conv2d(8, 32, 5, (1, 3), (2, 1))
            self.contour1 = nn.Conv2d(8, 8, (3, 39), padding=(1, 19))
            self.contour2 = nn.Conv2d(8, 1, 5, padding=2)
            self.note1 = nn.Conv2d(1, 32, 7, (1, 3), (3, 2))
            self.note2 = nn.Conv2d(32, 1, (7, 3), padding=(3, 1))
            self.onset2 = nn.Conv2d(33, 1, 3, padding=1)

        def forward(self, spectra: Any) -> Any:
            normal = spectra * self.scale + self.offset
            padded = functional.pad(normal, (-HARMONICS[0], HARMONICS[-1]))
            places = [harmonic - HARMONICS[0] for harmonic in HARMONICS]
            stacked = torch.stack([padded[:, :, place : place + HEARD] for place in places], 1)
            contours = torch.sigmoid(self.contour2(torch.relu(self.contour1(stacked))))
            notes = torch.sigmoid(self.note2(torch.relu(self.note1(contours))))
            onsets = torch.relu(self.onset1(stacked))
            onsets = torch.sigmoid(self.onset2(torch.cat([notes, onsets], 1)))
            return notes.squeeze(1), onsets.squeeze(1), contours.squeeze(1)

    return BasicPitch()


# The convolutions in the order in which they stand in the authors' graph, behind those of the spectra
CONVOLUTIONS = ("onset1", "contour1", "contour2", "note1", "note2", "onset2")


def convert(path: Path) -> dict[str, Any]:
    """The weights in the authors' ONNX graph: of the two-dimensional convolutions, and of the one multiplication and
    the one addition of a number each, which are the first batch norm."""
    import onnx

    graph = read_graph(path).graph
    tensors = {one.name: onnx.numpy_helper.to_array(one).copy() for one in graph.initializer}
    layers = [node for node in graph.node if node.op_type == "Conv" and tensors[node.input[1]].shape[2] > 1]
    single = {
        node.op_type: tensors[name]
        for node in graph.node
        for name in node.input
        if name in tensors and node.op_type in ("Mul", "Add") and tensors[name].shape == (1,)
    }
    if len(layers) != len(CONVOLUTIONS) or set(single) != {"Mul", "Add"}:
        raise ZooError(
            f"{path}: this is not the graph of Basic Pitch: {len(layers)} convolutions, {len(CONVOLUTIONS)} expected"
        )
    found = {"scale": single["Mul"], "offset": single["Add"]}
    for name, node in zip(CONVOLUTIONS, layers, strict=True):
        found |= {f"{name}.weight": tensors[node.input[1]], f"{name}.bias": tensors[node.input[2]]}
    return found


def model(variant: str) -> Model:
    """What is known of the network."""
    return Model(
        build=build,
        parts=(
            Part(
                inputs=(TensorSpec("spectra", "float32", ("batch", FRAMES, BINS)),),
                outputs=(
                    TensorSpec("notes", "float32", ("batch", FRAMES, KEYS)),
                    TensorSpec("onsets", "float32", ("batch", FRAMES, KEYS)),
                    TensorSpec("contours", "float32", ("batch", FRAMES, HEARD)),
                ),
            ),
        ),
        task=NoteTranscription(
            Windows(SAMPLES, SAMPLES - OVERLAP * 256, OVERLAP * 256 // 2), ConstantQ(), RATE, OVERLAP // 2
        ),
        sample=SampleData("tunes", 2, write_tunes, "computed tunes"),
        source="written for this repository after the paper and the published ONNX graph",
        licence="BSD-3-Clause; the authors' weights: Apache-2.0",
        paper="Bittner et al., A Lightweight Instrument-Agnostic Model for Polyphonic Note Transcription and "
        "Multipitch Estimation, 2022",
        pretrained=Pretrained(
            f"{AUTHORS}/basic_pitch/saved_models/icassp_2022/nmp.onnx",
            0.2,
            "2c3c1d144bfa61ad236e92e169c13535c880469a12a047d4e73451f2c059a0ec",
            convert=convert,
        ),
        published=Published(
            "frame_f1",
            0.7614,
            "the authors' ONNX file run as it is on this recording; they publish no figure",
            decimals=4,
        ),
        reference=ReferenceData(
            "vocadito_notes",
            "vocadito_1, half a minute of singing with its notes",
            LISTINGS / "vocadito_notes.tsv",
            arrange,
            "CC BY 4.0",
            1,
        ),
        demos=HERE.parents[2] / "utils/demos/tunes",
    )


MODEL = Family(
    domain="speech",
    name="basic_pitch",
    title="Basic Pitch",
    framework="pytorch",
    folder=HERE,
    names=("basic_pitch",),
    make=model,
)
