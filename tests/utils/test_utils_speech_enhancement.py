"""GTCRN: its transform and back, the ratio it is judged by, mixtures, and a network that sees no future."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from utils.datasets.mixing import mixed, write_pairs
from utils.datasets.noisy_speech import CLEAN, NOISY, NoisySpeech
from utils.datasets.references import speechbrain_mixtures
from utils.metrics.base import Metric
from utils.metrics.enhancement import SpeechQuality, pesq, si_sdr
from utils.metrics.intelligibility import stoi
from utils.notices import forget
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


def speech(length: int) -> np.ndarray:
    """A tone with overtones that comes and goes, as speech does."""
    time = np.arange(length) / 16_000
    return sum(np.sin(2 * np.pi * 180 * number * time) / number for number in range(1, 20)) * np.sin(9 * time) ** 2


def test_intelligibility_falls_with_noise() -> None:
    clean, noise = speech(24_000), sound(24_000)
    assert stoi(clean, clean, 16_000) == pytest.approx(1)
    assert stoi(0.1 * clean, clean, 16_000) == pytest.approx(1)  # the level does not count
    found = [stoi(clean + factor * noise, clean, 16_000) or 0.0 for factor in (1, 3, 10, 100)]
    assert found == sorted(found, reverse=True)
    assert found[-1] < 0.5
    # silence before and behind is left out
    ends = np.zeros(8_000)
    longer = np.concatenate([ends, clean, ends])
    quiet = stoi(longer + 3 * np.concatenate([ends, noise, ends]), longer, 16_000)
    assert quiet == pytest.approx(found[1], abs=0.01)
    for length in (1, 300, 5_000):
        assert stoi(clean[:length], clean[:length], 16_000) is None


@pytest.mark.parametrize(("rate", "near"), [(10_000, 1e-9), (16_000, 5e-4)])
def test_intelligibility_is_that_of_pystoi(rate: int, near: float) -> None:
    package = pytest.importorskip("pystoi", reason="pystoi is not installed, with which this compares")
    clean, noise = speech(24_000), sound(24_000)
    for factor in (1, 3, 10):
        noisy = clean + factor * noise
        # at other rates than 10 kHz, its filter is another one
        assert stoi(noisy, clean, rate) == pytest.approx(package.stoi(clean, noisy, rate), abs=near)


def test_without_its_package_pesq_is_said_to_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "pesq", None)
    forget()
    clean = recording(tmp_path / "clean.wav", 0.1 * speech(16_000))
    metric = SpeechQuality()
    metric.update([Enhanced(sound(16_000), 16_000, 0.0)], [(clean, clean)])
    assert [*metric.compute()] == ["si_sdr", "si_sdr_gain", "stoi", "stoi_gain"]
    assert "pip install pesq" in caplog.text


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        ("NoUtterancesError", "no speech is found in it"),
        ("BufferTooShortError", "it is shorter than a quarter of a second"),
        ("OutOfMemoryError", "the package pesq says OutOfMemoryError: why"),
        ("ValueError", "the package pesq says ValueError: why"),
    ],
)
def test_why_a_recording_has_no_figure_of_pesq_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, raised: str, said: str
) -> None:
    package = ModuleType("pesq")
    package.PesqError = type("PesqError", (RuntimeError,), {})  # type: ignore[attr-defined]
    error = ValueError if raised == "ValueError" else type(raised, (package.PesqError,), {})

    def fails(*_: object) -> float:
        raise error("why")

    package.pesq = fails  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pesq", package)
    forget()
    clean = recording(tmp_path / "clean.wav", 0.1 * speech(16_000))
    metric = SpeechQuality()
    metric.update([Enhanced(sound(16_000), 16_000, 0.0)], [(clean, clean)])
    assert [*metric.compute()] == ["si_sdr", "si_sdr_gain", "stoi", "stoi_gain"]
    assert f"PESQ leaves this recording out: {said}" in caplog.text


@pytest.mark.parametrize(("rate", "factor", "said"), [(8_000, 1, "defined for 16000"), (16_000, 0, "it is silent")])
def test_what_pesq_is_not_asked_for(monkeypatch: pytest.MonkeyPatch, rate: int, factor: int, said: str) -> None:
    monkeypatch.setitem(sys.modules, "pesq", ModuleType("pesq"))
    with pytest.raises(DataError, match=said):
        pesq(factor * sound(rate), sound(rate), rate)


def test_with_its_package_pesq_is_measured(tmp_path: Path) -> None:
    pytest.importorskip("pesq", reason="pesq is not installed, which measures it")
    samples = (0.1 * speech(32_000)).astype(np.float32)
    clean = recording(tmp_path / "clean.wav", samples)
    noisy = recording(tmp_path / "noisy.wav", samples + sound(32_000))
    metric = SpeechQuality()
    metric.update([Enhanced(samples, 16_000, 0.0)], [(clean, noisy)])
    found = metric.compute()
    assert 4.5 < found["pesq"] < 4.65  # the most that P.862.2 gives
    assert found["pesq_gain"] > 1
    silent = SpeechQuality()
    silent.update([Enhanced(np.zeros(32_000, np.float32), 16_000, 0.0)], [(clean, noisy)])
    assert np.isfinite([*silent.compute().values()]).all()


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
    counts = {"stoi": [0, 0, 0], "pesq": [0, 0, 0]}
    for state in (
        {},
        counts | {"si_sdr": [1, "much", 0]},
        counts | {"si_sdr": [1, 2]},
        counts | {"si_sdr": [1, 2, np.nan]},
        3,
    ):
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
