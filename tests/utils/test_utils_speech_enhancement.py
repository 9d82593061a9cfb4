"""GTCRN: its transform and back, the ratio it is judged by, mixtures, and a network that sees no future."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from utils.datasets.mixing import mixed, write_pairs
from utils.datasets.noisy_speech import CLEAN, NOISY, NoisySpeech
from utils.datasets.references import speechbrain_mixtures
from utils.metrics.base import Metric
from utils.metrics.enhancement import SpeechQuality, si_sdr
from utils.preprocess.stft import istft, stft
from zoo.catalogue import load
from zoo.running.padding import stacked
from zoo.tasks.speech_enhancement import Enhanced
from zoo_core.errors import DataError


def sound(length: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(length)).astype(np.float32)


def recording(path: Path, samples: np.ndarray, rate: int = 16_000) -> Path:
    soundfile = pytest.importorskip("soundfile")
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path


@pytest.mark.parametrize("length", [257, 512, 1000, 16_000, 16_001])
def test_the_transform_is_torchs_and_goes_back(length: int) -> None:
    torch = pytest.importorskip("torch")
    samples = sound(length)
    window = torch.hann_window(512).sqrt()
    want = torch.stft(torch.from_numpy(samples), 512, 256, 512, window, return_complex=True)
    found = stft(samples)
    assert np.allclose(found, want.numpy().T, atol=1e-5)
    assert np.allclose(istft(found, length), samples, atol=1e-5)
    changed = found * np.linspace(0.5, 2, 257)
    other = torch.istft(torch.from_numpy(changed.T.copy()), 512, 256, 512, window.double(), length=length)
    # at its last samples, torch divides by what the window has left there
    assert np.allclose(istft(changed, length)[:-256], other.numpy()[:-256], atol=1e-5)


@pytest.mark.parametrize("length", [0, 1, 256])
def test_short_recordings_come_back_as_long_as_they_were(length: int) -> None:
    samples = sound(length)
    assert np.allclose(istft(stft(samples), length), samples, atol=1e-5)


def test_the_ratio_by_hand() -> None:
    clean, other = np.array([1.0, 1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0, -1.0])
    assert si_sdr(clean + 0.1 * other, clean) == pytest.approx(20)
    # the scale does not count, nor does the sign
    assert si_sdr(-7 * (clean + 0.1 * other), clean) == pytest.approx(20)
    assert si_sdr(clean, clean) == 100
    assert si_sdr(other, clean) == si_sdr(0 * clean, clean) == -100


def test_quality_and_gain_and_counts_that_join(tmp_path: Path) -> None:
    clean, noise = sound(8_000, 1), sound(8_000, 2)
    write_pairs(tmp_path, [("a", clean, mixed(clean, noise, 5)), ("b", clean, mixed(clean, noise, 0))])
    pairs = NoisySpeech(tmp_path)
    assert [(one.id, one.data.parent.name) for one in pairs] == [("a.wav", NOISY), ("b.wav", NOISY)]
    whole: Metric = SpeechQuality()
    better = [Enhanced(mixed(clean, noise, ratio), 16_000, 0.0) for ratio in (15, 12)]
    whole.update(better, [one.truth for one in pairs])
    assert whole.compute()["si_sdr"] == pytest.approx(13.5, abs=0.2)
    assert whole.compute()["si_sdr_gain"] == pytest.approx(11, abs=0.2)
    first, second = SpeechQuality(), SpeechQuality()
    first.update(better[:1], [pairs[0].truth])
    second.update(better[1:], [pairs[1].truth])
    first.merge(json.loads(json.dumps(second.state())))
    assert first.compute() == pytest.approx(whole.compute())


def test_what_cannot_be_counted_changes_nothing(tmp_path: Path) -> None:
    clean = recording(tmp_path / "clean.wav", sound(100))
    silent = recording(tmp_path / "silent.wav", np.zeros(100, np.float32))
    metric = SpeechQuality()
    good = Enhanced(sound(100), 16_000, 0.0)
    for found, truths, said in (
        ([good], [], "1 predictions for 0"),
        ([good], [clean], "the files of the clean and of the noisy"),
        ([Enhanced(sound(99), 16_000, 0.0)], [(clean, clean)], "has 100 samples, the other one 99"),
        ([good, good], [(clean, clean), (silent, clean)], "silent"),
    ):
        with pytest.raises(DataError, match=said):
            metric.update(found, truths)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no recording was counted"):
        metric.compute()
    for state in ({}, {"recordings": 1, "si_sdr": "much", "noisy": 0}, 3):
        with pytest.raises(DataError, match="not the counts"):
            metric.merge(state)  # type: ignore[arg-type]


def test_pairs_without_a_counterpart_are_named(tmp_path: Path) -> None:
    recording(tmp_path / CLEAN / "a.wav", sound(10))
    with pytest.raises(DataError, match=f"no folder {NOISY}"):
        NoisySpeech(tmp_path)
    recording(tmp_path / NOISY / "b.wav", sound(10))
    with pytest.raises(DataError, match=r"a\.wav is in one of the folders"):
        NoisySpeech(tmp_path)


def test_mixtures_have_their_ratio(tmp_path: Path) -> None:
    clean, noise = sound(8_000), sound(3_000, 5)
    rest = mixed(clean, noise, 10) - clean
    assert 10 * np.log10(np.mean(clean**2) / np.mean(rest**2)) == pytest.approx(10, abs=1e-3)
    for name in ("clean/one.wav", "clean/two.wav", "noise/n.wav"):
        recording(tmp_path / "files" / name, sound(4_000, len(name)))
    (tmp_path / "made").mkdir()
    speechbrain_mixtures.arrange(tmp_path / "files", tmp_path / "made")
    assert [one.id for one in NoisySpeech(tmp_path / "made")] == [
        f"{name}_n_{ratio}dB.wav" for name in ("one", "two") for ratio in ("0", "10", "5")
    ]
    with pytest.raises(DataError):
        speechbrain_mixtures.arrange(tmp_path / "made", tmp_path / "again")


def test_the_network_sees_no_future_and_no_filling(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    model = load("speech/gtcrn").variant()
    torch.manual_seed(0)
    network = model.build().eval()
    assert sum(one.numel() for one in network.parameters()) == 48_245
    paths = [recording(tmp_path / f"{length}.wav", sound(length, length)) for length in (3_000, 9_000)]
    arrays, metas = zip(*(model.task.preprocess(path) for path in paths), strict=True)
    assert [model.task.length(path) for path in paths] == [array[0].shape[1] for array in arrays]
    with torch.inference_mode():
        together = network(torch.from_numpy(stacked(list(arrays), model.task.padding or ())[0])).numpy()
        alone = [network(torch.from_numpy(array[0][None])).numpy()[0] for array in arrays]
    for one, row in zip(alone, together, strict=True):
        assert np.allclose(row[:, : one.shape[1]], one, atol=1e-5)
    found = model.task.postprocess([together], list(metas))
    assert [len(one.samples) for one in found] == [3_000, 9_000]
    found[0].save(tmp_path / "out.wav", "WAV")
    assert model.task.preprocess(tmp_path / "out.wav")[1].shape == (3_000,)
