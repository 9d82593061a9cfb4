"""Equal error rates by hand, recordings by speaker, and what the speaker encoder sees of a recording."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from utils.datasets.speakers import Speakers
from utils.metrics.base import Metric
from utils.metrics.verification import EqualErrorRate, error_rates
from utils.preprocess.speaker import loud_enough, pieces, speaker_features
from zoo.catalogue import load
from zoo.running.padding import stacked
from zoo_core.errors import DataError, UnreadableError


class Voice(NamedTuple):
    vector: np.ndarray


def voices(*angles: float) -> list[Voice]:
    return [Voice(np.array([math.cos(angle), math.sin(angle)])) for angle in angles]


def test_error_rates_by_hand() -> None:
    scores = np.array([0.9, 0.8, 0.4, 0.7, 0.3, 0.2, 0.1])
    same = np.array([True, True, True, False, False, False, False])
    # at 0.7, one of three pairs is refused and one of four accepted, which are nearest to each other
    found = error_rates(scores, same)
    assert found["eer"] == pytest.approx((1 / 3 + 1 / 4) / 2)
    assert found["auc"] == pytest.approx(11 / 12)
    assert error_rates(-scores, same)["auc"] == pytest.approx(1 / 12)
    # all the same: nothing is told apart
    assert error_rates(np.ones(7), same) == pytest.approx({"eer": 0.5, "auc": 0.5})


def test_voices_that_are_told_apart_and_counts_that_join() -> None:
    whole: Metric = EqualErrorRate()
    whole.update(voices(0, 0.1, 1.5, 1.6), ["a", "a", "b", "b"])
    assert whole.compute() == {"eer": 0.0, "auc": 1.0}
    first, second = EqualErrorRate(), EqualErrorRate()
    first.update(voices(0, 1.5), ["a", "b"])
    assert all(math.isnan(figure) for figure in first.compute().values())
    second.update(voices(0.1, 1.6), ["a", "b"])
    first.merge(json.loads(json.dumps(second.state())))
    assert first.compute() == whole.compute()


def test_what_cannot_be_counted_changes_nothing() -> None:
    metric = EqualErrorRate()
    nothing = Voice(np.zeros(2))
    for found, truths in ((voices(0), []), (voices(0), [3]), ([*voices(0), nothing], ["a", "b"])):
        with pytest.raises(DataError):
            metric.update(found, truths)
    with pytest.raises(DataError, match="no recording was counted"):
        metric.compute()
    for state in ({}, {"speakers": ["a"], "vectors": []}, {"speakers": [1], "vectors": [[1.0]]}, 3):
        with pytest.raises(DataError, match="not the counts of a verification"):
            metric.merge(state)  # type: ignore[arg-type]


def recording(path: Path, samples: np.ndarray) -> Path:
    soundfile = pytest.importorskip("soundfile")
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, 16_000, subtype="PCM_16")
    return path


def noise(length: int) -> np.ndarray:
    return (0.1 * np.random.default_rng(length).standard_normal(length)).astype(np.float32)


def test_the_first_folder_is_the_speaker(tmp_path: Path) -> None:
    for name in ("id1/video/1.wav", "id1/video/2.wav", "id2/1.flac"):
        recording(tmp_path / name, noise(100))
    assert [(one.id, one.truth) for one in Speakers(tmp_path)] == [
        ("id1/video/1.wav", "id1"),
        ("id1/video/2.wav", "id1"),
        ("id2/1.flac", "id2"),
    ]
    recording(tmp_path / "stray.wav", noise(100))
    with pytest.raises(DataError, match=r"stray\.wav: a recording lies in the folder of its speaker"):
        Speakers(tmp_path)
    with pytest.raises(DataError, match="2 recordings of 1 speakers"):
        Speakers(tmp_path / "id1")


def test_pieces_cover_what_is_sound() -> None:
    assert pieces(0) == pieces(16_000) == [0]
    # a last piece of which less than three quarters are sound is left out
    assert pieces(160 * (77 + 120)) == [0, 77]
    assert pieces(160 * (77 + 119)) == [0]


def test_quiet_recordings_are_raised_and_loud_ones_are_not() -> None:
    quiet, loud = noise(16_000) * np.float32(0.01), noise(16_000)
    assert 20 * np.log10(np.sqrt(np.mean(loud_enough(quiet) ** 2))) == pytest.approx(-30, abs=1e-3)
    assert loud_enough(loud) is loud
    assert not loud_enough(np.zeros(10, np.float32)).any()
    assert np.allclose(speaker_features(quiet), speaker_features(quiet * np.float32(0.5)), rtol=1e-3)


def test_filled_up_pieces_change_nothing(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    model = load("speech/speaker_embedding").variant()
    torch.manual_seed(0)
    network = model.build().eval()
    paths = [recording(tmp_path / f"{length}.wav", noise(length)) for length in (8_000, 90_000)]
    arrays = [model.task.preprocess(path)[0] for path in paths]
    assert [model.task.length(path) for path in paths] == [len(array[0]) for array in arrays] == [1, 6]
    with torch.inference_mode():
        together = network(*map(torch.from_numpy, stacked(arrays, model.task.padding or ())))
        alone = [network(*(torch.from_numpy(array[None]) for array in one))[0] for one in arrays]
    assert torch.allclose(together, torch.stack(alone), atol=1e-6)
    assert torch.allclose(together.norm(dim=1), torch.ones(2))


def test_a_silent_recording_has_no_voice(tmp_path: Path) -> None:
    path = recording(tmp_path / "silent.wav", np.zeros(16_000, np.float32))
    with pytest.raises(UnreadableError, match="silent; there is no voice"):
        load("speech/speaker_embedding").variant().task.preprocess(path)


def test_embeddings_are_those_of_resemblyzer() -> None:
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip("resemblyzer", reason="Resemblyzer is not installed: pip install Resemblyzer==0.1.4")
    encoder = theirs.VoiceEncoder("cpu", verbose=False)
    model = load("speech/speaker_embedding").variant()
    network = model.build().eval()
    network.load_state_dict({name: value for name, value in encoder.state_dict().items() if "similarity" not in name})
    samples = noise(70_001)
    features = torch.from_numpy(speaker_features(samples))[None]
    with torch.inference_mode():
        found = network(features, torch.ones(1, features.shape[1]))[0].numpy()
    assert np.allclose(found, encoder.embed_utterance(loud_enough(samples)), atol=1e-5)
