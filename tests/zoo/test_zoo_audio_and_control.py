"""The tasks of speech and control: what they give to an engine and take from it."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from utils.datasets.episodes import Episode, write_episodes
from utils.datasets.sample import Sample
from utils.postprocess.pytorch.classification import Ranking
from utils.postprocess.speech_spans import SpeechRules
from utils.preprocess.audio import MelSpectrogram, Mfcc
from utils.preprocess.windows import Windows
from zoo import catalogue, frameworks
from zoo.errors import ZooError
from zoo.running.padding import stacked
from zoo.tasks.control import Control
from zoo.tasks.keyword_spotting import KeywordSpotting
from zoo.tasks.pitch_tracking import Pitch, PitchTracking
from zoo.tasks.voice_activity import VoiceActivity
from zoo.weights import Weights
from zoo_core.errors import DataError

CARTPOLE = "CartPole-v1"
KEYWORDS = KeywordSpotting(words=("yes", "no"), features=Mfcc(MelSpectrogram(), 10))
CONTROL = Control(CARTPOLE, returns=(1.0, 500.0))


def values(arrays: list[np.ndarray]) -> np.ndarray:
    """A network by hand: the value of pushing right is how far the pole falls to the right."""
    (states,) = arrays
    right = states @ np.array([0.05, 0.3, 1.0, 1.0], np.float32)
    return np.stack([-right, right], axis=1)


def test_features_go_into_the_row_that_is_given(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.random.RandomState(0).randn(8_000) * 0.1, 16_000)
    (found,), _ = KEYWORDS.preprocess(tmp_path / "a.wav")
    assert (found.dtype, found.shape) == (np.float32, (1, 49, 10))
    for dtype in (np.float32, np.float16):
        row = np.empty((1, 49, 10), dtype)
        (got,), _ = KEYWORDS.preprocess(tmp_path / "a.wav", (row,))
        assert got is row
        assert np.array_equal(row, found.astype(dtype))


def test_words_are_ranked() -> None:
    (ranking,) = KEYWORDS.postprocess([np.array([[0, 1, 5, 2]], np.float32)], [None])
    assert KEYWORDS.describe(ranking, 1).startswith("yes (")
    assert KEYWORDS.to_json(ranking)["classes"][1]["label"] == "no"
    assert len(KEYWORDS.adapted(None, 9).postprocess([np.zeros((1, 4))], [None])[0].classes) == 4
    assert KEYWORDS.agreement(ranking, Ranking((2,), (1.0,)))


def test_a_frozen_graph_of_another_network_is_a_sentence(tmp_path: Path) -> None:
    numbers = np.zeros(2, "<f4").tobytes()
    tensor = b"\x08\x01\x12\x04\x12\x02\x08\x02\x22\x08" + numbers
    value = b"\x42" + bytes([len(tensor)]) + tensor
    attribute = b"\x0a\x05value\x12" + bytes([len(value)]) + value
    node = b"\x0a\x07a/other\x12\x05Const\x2a" + bytes([len(attribute)]) + attribute
    (tmp_path / "a.pb").write_bytes(b"\x0a" + bytes([len(node)]) + node)
    model = catalogue.load("speech/ds_cnn").variant("ds_cnn_s_arm")
    with pytest.raises(ZooError, match="no constant conv_1/weights in the graph"):
        frameworks.of(model).load(model, Weights("pretrained", tmp_path / "a.pb", convert=model.pretrained.convert), [])


def test_a_recording_is_heard_chunk_by_chunk_alone_and_beside_others(tmp_path: Path) -> None:
    """A network by hand: the state counts the chunks, and the context is the end of the chunk before."""
    task = VoiceActivity(2, (1,), SpeechRules(chunk=4))
    calls = []

    def step(arrays: list[np.ndarray]) -> list[np.ndarray]:
        chunk, state = arrays
        calls.append(chunk)
        return [chunk.sum(1, keepdims=True) + 10 * state, state + 1]

    sounds = [np.arange(1, 11) / 100, np.arange(1, 4) / 100]
    rows = []
    for number, samples in enumerate(sounds):
        soundfile.write(tmp_path / f"{number}.wav", samples, 16_000, subtype="FLOAT")
        rows.append(task.preprocess(tmp_path / f"{number}.wav"))
    batch = stacked([arrays for arrays, _ in rows], task.padding)
    (found,) = task.run({"": step}, batch)
    assert found.shape == (2, 3)
    assert np.allclose(calls[0], [[0, 0, 0.01, 0.02, 0.03, 0.04], [0, 0, 0.01, 0.02, 0.03, 0]])
    assert np.allclose(calls[1][0], [0.03, 0.04, 0.05, 0.06, 0.07, 0.08])
    assert np.allclose(found[0], [0.1, 0.33 + 10, 0.34 + 20], atol=1e-6)
    first, second = task.postprocess([found], [meta for _, meta in rows])
    assert (len(first.probabilities), first.whole, len(second.probabilities), second.whole) == (3, 2, 1, 0)
    for (arrays, _), together in zip(rows, found, strict=True):
        (alone,) = task.run({"": step}, [array[None] for array in arrays])
        assert np.array_equal(alone[0], together[: alone.shape[1]])


def test_the_silero_graph_and_one_that_is_another(tmp_path: Path) -> None:
    import onnx

    model = catalogue.load("speech/silero_vad").variant()
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([], "empty", [], [])), tmp_path / "a.onnx")
    with pytest.raises(ZooError, match=r"no weights model\.stft"):
        frameworks.of(model).load(
            model, Weights("pretrained", tmp_path / "a.onnx", convert=model.pretrained.convert), []
        )


def test_the_frames_of_recordings_are_rows_alone_and_beside_others(tmp_path: Path) -> None:
    """A network by hand: it hears the bin that the first sample of a frame says, if the frame is normal."""
    task = PitchTracking(16_000, Windows(64, 160, 32))
    rows: list[int] = []

    def network(arrays: list[np.ndarray]) -> np.ndarray:
        (frames,) = arrays
        rows.append(len(frames))
        spoken = np.abs(frames).max(1) > 0
        assert np.allclose(frames.mean(1), 0, atol=1e-5)
        assert np.allclose(frames.std(1, ddof=1)[spoken], 1, atol=1e-4)
        found = np.zeros((len(frames), 360), np.float32)
        found[np.arange(len(frames)), 100 + (10 * frames[:, 40]).astype(int)] = 0.9
        return found

    random = np.random.RandomState(0)
    ready = []
    for number, seconds in enumerate((0.7, 0.25)):
        soundfile.write(tmp_path / f"{number}.wav", random.randn(int(16_000 * seconds)) * 0.1, 16_000)
        ready.append(task.preprocess(tmp_path / f"{number}.wav"))
    assert [meta for _, meta in ready] == [71, 26]
    (together,) = task.run({"": network}, stacked([arrays for arrays, _ in ready], task.padding))
    assert together.shape == (2, 71, 360)
    assert max(rows) <= 256
    long, short = task.postprocess([together], [meta for _, meta in ready])
    assert (len(long.times), len(short.times), short.times[-1]) == (71, 26, 0.25)
    for (arrays, meta), beside in zip(ready, (long, short), strict=True):
        outputs = task.run({"": network}, [array[None] for array in arrays])
        (alone,) = task.postprocess(outputs, [meta])
        # zeros behind a recording are its own filling, too
        assert np.array_equal(alone.hertz, beside.hertz)
        assert task.agreement(alone, beside)
    assert task.describe(long, 1).endswith("over 0.71 s")
    silent = Pitch(long.times, long.hertz, np.zeros(71))
    assert task.describe(silent, 1) == "no pitch"
    assert not task.agreement(silent, Pitch(long.times, 2 * long.hertz, np.ones(71)))


def test_weights_of_another_network_than_crepe(tmp_path: Path) -> None:
    import torch

    model = catalogue.load("speech/crepe").variant()
    torch.save({"conv1.weight": torch.zeros(128, 1, 512, 1), "conv9.bias": torch.zeros(3)}, tmp_path / "a.pth")
    with pytest.raises(ZooError, match=r"unexpected \(1\): layers\.41\.bias"):
        frameworks.of(model).load(
            model, Weights("pretrained", tmp_path / "a.pth", convert=model.pretrained.convert), []
        )


def test_the_windows_of_a_recording_are_joined_without_their_edges(tmp_path: Path) -> None:
    """A network by hand: key 5 sounds in all frames, but in the edges, where key 6 does."""
    task = catalogue.load("speech/basic_pitch").variant().task

    def network(arrays: list[np.ndarray]) -> list[np.ndarray]:
        (spectra,) = arrays
        assert spectra.shape[1:] == (172, 309)
        found = np.zeros((len(spectra), 172, 88), np.float32)
        found[:, 15:-15, 5] = 1
        found[:, :15, 6] = found[:, -15:, 6] = 1
        return [found, found, found]

    soundfile.write(tmp_path / "a.wav", np.random.RandomState(0).randn(3 * 22_050) * 0.1, 22_050)
    arrays, samples = task.preprocess(tmp_path / "a.wav")
    assert [array.shape for array in arrays] == [(172, 309), (2 * 36_164 + 7_680,)]
    outputs = task.run({"": network}, [array[None] for array in arrays])
    (found,) = task.postprocess(outputs, [samples])
    assert found.active[:, 5].all()
    assert found.active.sum() == len(found.times)
    assert found.times[0] == 0
    assert found.times[-1] == pytest.approx(3, abs=0.02)
    # of 142 frames of a window, 141.3 belong to it: times go on by less where two windows meet
    assert (np.diff(found.times) > 0.003).all()
    assert task.describe(found, 1).startswith("1 notes: D1 0.00-3.0")
    assert task.agreement(found, found)


def test_a_graph_that_is_not_basic_pitch(tmp_path: Path) -> None:
    import onnx

    model = catalogue.load("speech/basic_pitch").variant()
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([], "empty", [], [])), tmp_path / "a.onnx")
    weights = Weights("pretrained", tmp_path / "a.onnx", convert=model.pretrained.convert)
    with pytest.raises(ZooError, match="not the graph of Basic Pitch: 0 convolutions"):
        frameworks.of(model).load(model, weights, [])


def test_episodes_are_played_together(tmp_path: Path) -> None:
    calls = []

    def engine(arrays: list[np.ndarray]) -> np.ndarray:
        calls.append(len(arrays[0]))
        return values(arrays)

    samples = [Sample(str(seed), Episode(CARTPOLE, seed)) for seed in range(3)]
    rollouts = CONTROL.play(engine, samples)
    assert calls == [3] * 500
    assert [one.total for one in rollouts] == [500] * 3
    assert CONTROL.describe(rollouts[0], 1) == "return 500 in 500 steps (time limit)"
    metric = CONTROL.metric()
    metric.update(rollouts, [None] * 3)
    assert metric.compute()["mean_return"] == 500
    assert CONTROL.agreement(rollouts[0], rollouts[1])
    assert len(CONTROL.draw(samples[0].data, rollouts[0]).frames) == 251


def test_a_list_of_outputs_is_taken_too() -> None:
    (one,) = CONTROL.play(lambda arrays: [values(arrays)], [Sample("0", Episode(CARTPOLE, 0))])
    assert one.total == 500


def test_values_that_are_not_finite() -> None:
    with pytest.raises(DataError, match="NaN"):
        CONTROL.play(lambda arrays: values(arrays) * np.float32("nan"), [Sample("0", Episode(CARTPOLE, 0))])


def test_files_of_one_and_of_several_episodes(tmp_path: Path) -> None:
    write_episodes(tmp_path / "one.json", CARTPOLE, [4])
    write_episodes(tmp_path / "two.json", CARTPOLE, [4, 5])
    assert [sample.id for sample in CONTROL.samples_in(tmp_path / "two.json")] == ["two.json:4", "two.json:5"]
    (found,), _ = CONTROL.preprocess(tmp_path / "one.json")
    (same,), _ = CONTROL.preprocess(Episode(CARTPOLE, 4))
    assert np.array_equal(found, same)
    row = np.empty(4, np.float32)
    assert CONTROL.preprocess(Episode(CARTPOLE, 4), (row,))[0][0] is row
    assert np.array_equal(row, found)
    with pytest.raises(DataError, match="names 2 episodes"):
        CONTROL.preprocess(tmp_path / "two.json")
    assert CONTROL.postprocess([values([found[None]])], [None]) in ([0], [1])


def test_another_environment_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    write_episodes(tmp_path / "other.json", "no_module:Nothing-v0", [1])
    with pytest.raises(DataError, match="plays CartPole-v1"):
        CONTROL.samples_in(tmp_path / "other.json")
    with pytest.raises(DataError, match="plays CartPole-v1"):
        CONTROL.dataset(tmp_path)


def test_another_environment_of_the_same_shapes_is_played(tmp_path: Path) -> None:
    other = Episode("CartPole-v0", 1)
    (one,) = CONTROL.play(values, [Sample("0", other)])
    assert (one.total, one.environment) == (200.0, "CartPole-v0")
    assert len(CONTROL.draw(other, one).frames) == 101
    write_episodes(tmp_path / "a.json", CARTPOLE, [1])
    write_episodes(tmp_path / "b.json", "CartPole-v0", [1])
    with pytest.raises(DataError, match="holds episodes of CartPole-v0 and CartPole-v1; a mean return"):
        CONTROL.dataset(tmp_path)


def test_environments_by_name(tmp_path: Path) -> None:
    write = CONTROL.made("gym:CartPole-v0@3")
    assert write is not None
    write(tmp_path)
    assert [one.data for one in CONTROL.dataset(tmp_path)] == [Episode("CartPole-v0", seed) for seed in range(3)]
    assert CONTROL.made("sample.json") is None
    with pytest.raises(DataError, match=r"plays CartPole-v1.*observations \[4\] and 2 actions. Acrobot-v1 has obs"):
        CONTROL.made("gym:Acrobot-v1")
    with pytest.raises(DataError, match="did you mean CartPole-v1"):
        CONTROL.made("gym:CartPoles-v1")


def test_a_network_with_other_actions() -> None:
    with pytest.raises(DataError, match=r"gives \[3\] numbers an observation; CartPole-v1 takes \[2\]"):
        CONTROL.play(lambda arrays: np.zeros((len(arrays[0]), 3), np.float32), [Sample("0", Episode(CARTPOLE, 0))])
