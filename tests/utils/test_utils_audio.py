"""Recordings and their features: librosa's definitions to float32's precision, and everything that can be wrong."""

import os
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from utils.draw.audio import draw_keyword
from utils.notices import forget
from utils.postprocess.pytorch.classification import Ranking
from utils.preprocess.audio import (
    Clip,
    MelSpectrogram,
    Mfcc,
    decibels,
    load_audio,
)
from utils.preprocess.mel_scale import hertz_to_mel, mel_filters, mel_to_hertz
from utils.preprocess.tensorflow_audio import TensorFlowMfcc
from zoo_core.errors import DataError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import librosa


def tone(rate: int, seconds: float, hertz: float = 440.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    """A second that changes: a rising tone, noise, and a pause."""
    random = np.random.RandomState(0)
    time = np.arange(16_000) / 16_000
    samples = 0.3 * np.sin(2 * np.pi * (200 + 1_500 * time) * time) + 0.05 * random.randn(16_000)
    samples[9_000:12_000] = 0
    return samples.astype(np.float32)


SETTINGS = [
    (
        MelSpectrogram(),
        dict(n_fft=640, hop_length=320, n_mels=40, fmin=20, fmax=4_000, htk=True, center=False),
    ),
    (
        MelSpectrogram(frame=512, hop=160, bands=64, low=0, high=8_000, htk=False, centred=True),
        dict(n_fft=512, hop_length=160, n_mels=64),
    ),
    (
        MelSpectrogram(rate=22_050, frame=400, hop=200, bands=23, low=50, high=9_000, area=False),
        dict(n_fft=400, hop_length=200, n_mels=23, fmin=50, fmax=9_000, htk=True, norm=None, center=False),
    ),
]


@pytest.mark.parametrize(("ours", "theirs"), SETTINGS)
def test_mel_bands_and_mfcc_are_librosas(sound, ours: MelSpectrogram, theirs) -> None:
    want = librosa.feature.melspectrogram(y=sound, sr=ours.rate, **theirs).T
    got = ours(sound)
    assert got.dtype == np.float32
    assert got.shape == want.shape == (ours.frames(len(sound)), ours.bands)
    assert np.abs(got - want).max() <= 2e-6 * want.max()
    want = librosa.feature.mfcc(S=librosa.power_to_db(want.T), n_mfcc=13).T
    got = Mfcc(ours, 13)(sound)
    assert got.dtype == np.float32
    assert np.abs(got - want).max() <= 2e-6 * np.abs(want).max()


# What TensorFlow's own test of the operator Mfcc expects of the powers 1, 2, 3, … 513 at 22,050 Hz
TENSORFLOW = [
    29.13970072, -6.41568601, -0.61903012, -0.96778652, -0.26819878, -0.40907028, -0.15614748, -0.23203119,
    -0.10481487, -0.1543029, -0.0769791, -0.10806114, -0.06047613,
]  # fmt: skip


def test_the_other_mfcc_is_tensorflows(sound: np.ndarray) -> None:
    found = TensorFlowMfcc(MelSpectrogram(rate=22_050, frame=1_024), 13).cepstrum(np.sqrt(np.arange(1, 514))[None])
    assert np.allclose(found[0], TENSORFLOW, atol=2e-6)

    features = TensorFlowMfcc(MelSpectrogram(), 10)
    spectrum = np.abs(librosa.stft(sound, n_fft=1_024, win_length=640, hop_length=320, center=False)).T
    # librosa puts the window of 640 into the middle of the transform: its frames begin 192 samples later
    late = features(sound[192:])[: len(spectrum)]
    assert late.dtype == np.float32
    assert np.allclose(late, features.cepstrum(spectrum)[: len(late)], atol=1e-3)
    assert features(np.zeros(16_000, np.float32)).shape == (49, 10)
    with pytest.raises(DataError, match="shorter than one frame"):
        features(sound[:600])


@pytest.mark.parametrize("htk", [True, False])
@pytest.mark.parametrize("area", [True, False])
def test_filters_and_scales_are_librosas(htk: bool, area: bool) -> None:
    for rate, size, bands, low, high in ((16_000, 640, 40, 20, 4_000), (44_100, 2_048, 128, 0, 22_050)):
        norm = "slaney" if area else None
        want = librosa.filters.mel(sr=rate, n_fft=size, n_mels=bands, fmin=low, fmax=high, htk=htk, norm=norm)
        assert np.allclose(mel_filters(rate, size, bands, low, high, htk, area), want, rtol=1e-5, atol=1e-9)
    hertz = np.array([0.0, 100, 999, 1_000, 1_001, 8_000])
    assert np.allclose(hertz_to_mel(hertz, htk), librosa.hz_to_mel(hertz, htk=htk))
    assert np.allclose(mel_to_hertz(hertz_to_mel(hertz, htk), htk), hertz)


def test_decibels_are_librosas(sound) -> None:
    power = MelSpectrogram()(sound)
    for top_db in (80.0, 30.0, None):
        assert np.allclose(decibels(power, top_db), librosa.power_to_db(power, top_db=top_db), atol=1e-4)


def test_silence_has_features() -> None:
    found = Mfcc()(np.zeros(16_000, np.float32))
    assert found.shape == (49, 10)
    assert np.isfinite(found).all()


def test_what_cannot_be_a_feature() -> None:
    with pytest.raises(DataError, match="shorter than one frame of 640"):
        MelSpectrogram()(np.zeros(100, np.float32))
    with pytest.raises(DataError, match="half the rate"):
        mel_filters(16_000, 640, 40, 20, 9_000)


@pytest.mark.parametrize("suffix", ["wav", "flac"])
@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (8_000, 1), (44_100, 2), (48_000, 6), (11_025, 1)])
def test_any_rate_and_number_of_channels(tmp_path: Path, suffix: str, rate: int, channels: int) -> None:
    path = tmp_path / f"tone.{suffix}"
    soundfile.write(path, np.repeat(tone(rate, 1)[:, None], channels, axis=1), rate)
    found = load_audio(path)
    assert (found.dtype, found.shape) == (np.float32, (16_000,))
    middle = slice(1_000, -1_000)  # the filter that resamples needs samples on both sides
    assert np.abs(found - tone(16_000, 1))[middle].max() < 2e-3


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"])
def test_any_sample_format(tmp_path: Path, subtype: str) -> None:
    soundfile.write(tmp_path / "tone.wav", tone(16_000, 1), 16_000, subtype=subtype)
    apart = np.abs(load_audio(tmp_path / "tone.wav") - tone(16_000, 1)).max()
    assert apart < (0.03 if subtype in ("PCM_U8", "ULAW", "ALAW") else 1e-4)


def test_channels_are_averaged(tmp_path: Path) -> None:
    left, right = tone(16_000, 1), tone(16_000, 1, 700)
    soundfile.write(tmp_path / "two.wav", np.stack([left, right], axis=1), 16_000, subtype="FLOAT")
    assert np.allclose(load_audio(tmp_path / "two.wav"), (left + right) / 2)


def test_a_long_recording_gives_its_middle_and_a_clip_what_it_names(tmp_path: Path) -> None:
    samples = np.arange(40_000, dtype=np.float32) / 40_000
    soundfile.write(tmp_path / "long.wav", samples, 16_000, subtype="FLOAT")
    assert np.array_equal(load_audio(tmp_path / "long.wav"), samples[12_000:28_000])
    assert np.array_equal(load_audio(Clip(tmp_path / "long.wav", 0.0)), samples[:16_000])
    assert np.array_equal(load_audio(Clip(tmp_path / "long.wav", 1.0, volume=0.5)), samples[-16_000:] / 2)


@pytest.mark.parametrize(("seconds", "said"), [(0.5, False), (1.9, False), (2.5, True), (31.0, True)])
def test_that_most_of_a_long_recording_is_not_used_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, seconds: float, said: bool
) -> None:
    forget()
    soundfile.write(tmp_path / "long.wav", tone(16_000, seconds), 16_000)
    load_audio(Clip(tmp_path / "long.wav", 0.5))  # a data set's own piece of a recording
    assert caplog.text == ""
    load_audio(tmp_path / "long.wav")
    assert (f"of {seconds:.1f} s, 1 s in the middle are used" in caplog.text) == said


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        ((1, -1), True),
        ((1, -1, 0.5, -0.5), True),
        ((1, 1), False),
        ((1, 0), False),
        ((1, *[0] * 15), False),
        ((0, 0), False),
        ((1, -0.5), False),
    ],
)
@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_that_channels_cancel_each_other_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, channels: tuple[float, ...], said: bool, subtype: str
) -> None:
    forget()
    samples = np.stack([0.5 * factor * tone(16_000, 1) for factor in channels], axis=1)
    soundfile.write(tmp_path / "several.wav", samples, 16_000, subtype=subtype)
    load_audio(tmp_path / "several.wav")
    assert ("channels cancel each other" in caplog.text) == said


def test_a_short_recording_is_filled_with_zeros(tmp_path: Path) -> None:
    samples = tone(16_000, 0.3)
    soundfile.write(tmp_path / "short.wav", samples, 16_000, subtype="FLOAT")
    found = load_audio(tmp_path / "short.wav")
    assert np.array_equal(found[: len(samples)], samples)
    assert not found[len(samples) :].any()
    soundfile.write(tmp_path / "one.wav", np.array([0.5], np.float32), 8_000)
    assert load_audio(tmp_path / "one.wav").shape == (16_000,)


def broken(folder: Path, name: str) -> Path:
    path = folder / name
    samples = 0.1 * np.random.RandomState(0).randn(16_000).astype(np.float32)
    if name.startswith("no_samples"):
        soundfile.write(path, samples[:0], 16_000)
    elif name.startswith("cut"):
        soundfile.write(path, samples, 16_000)
        path.write_bytes(path.read_bytes()[:9_000])
    elif name == "header_only.wav":
        soundfile.write(path, samples, 16_000)
        path.write_bytes(path.read_bytes()[:44])
    elif name == "half_a_header.wav":
        soundfile.write(path, samples, 16_000)
        path.write_bytes(path.read_bytes()[:20])
    elif name == "not_a_number.wav":
        samples[7] = np.nan
        soundfile.write(path, samples, 16_000, subtype="FLOAT")
    elif name.startswith("no_sound"):
        channels = np.stack([np.full(16_000, 3e38)] * (1 + name.endswith("2.wav")), axis=1)
        soundfile.write(path, channels, 16_000, subtype="FLOAT")
    elif name == "rate.wav":
        soundfile.write(path, samples, 10)
    elif name == "text.wav":
        path.write_text("these are words, and no sound")
    elif name == "empty.wav":
        path.write_bytes(b"")
    elif name == "folder.wav":
        path.mkdir()
    return path


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no_samples.wav", "holds no samples"),
        ("cut.wav", r"incomplete: \d+ of 32000 bytes"),
        ("cut.flac", "damaged"),
        ("header_only.wav", "incomplete"),
        ("half_a_header.wav", "damaged"),
        ("not_a_number.wav", "NaN"),
        ("no_sound.wav", r"reach 3e\+38"),
        ("no_sound_2.wav", r"reach 3e\+38"),
        ("rate.wav", "10 Hz"),
        ("text.wav", "no WAV or FLAC"),
        ("empty.wav", "empty.wav: this file is empty"),
        ("folder.wav", "a folder"),
        ("missing.wav", "no such file"),
    ],
)
def test_broken_files_are_named(tmp_path: Path, name: str, said: str) -> None:
    path = broken(tmp_path, name)
    with pytest.raises(DataError, match=said) as caught:
        load_audio(path)
    assert str(caught.value).count(str(path)) == 1


def test_samples_of_32_bits_that_were_not_divided_have_features(tmp_path: Path) -> None:
    """As loud as anything that is read: no spectrum overflows."""
    path = tmp_path / "whole_numbers.wav"
    soundfile.write(path, tone(16_000, 1).astype(np.float64) * 2**31, 16_000, subtype="DOUBLE")
    with np.errstate(all="raise", under="ignore"):
        assert np.isfinite(Mfcc()(load_audio(path))).all()


def test_the_length_of_a_stream_is_not_known(tmp_path: Path) -> None:
    """What records to a pipe writes the largest length that there is into the header."""
    path = tmp_path / "stream.wav"
    soundfile.write(path, tone(16_000, 0.5), 16_000, subtype="PCM_16")
    content = bytearray(path.read_bytes())
    content[4:8] = content[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert np.abs(load_audio(path)[:8_000] - tone(16_000, 0.5)).max() < 1e-4


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_no_permission(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(16_000, 0.1), 16_000)
    path.chmod(0)
    with pytest.raises(DataError, match="permission"):
        load_audio(path)


@pytest.mark.parametrize("samples", [tone(16_000, 1), np.zeros(16_000, np.float32), np.zeros(3, np.float32)])
def test_the_drawing(samples) -> None:
    bands = decibels(MelSpectrogram()(np.pad(samples, (0, 16_000 - len(samples)))))
    picture = draw_keyword(samples, 16_000, bands, Ranking((1, 0), (0.9, 0.1)), ("no", "yes"))
    assert isinstance(picture, Image.Image)
    assert picture.size[0] == 512
    assert len(picture.getcolors(1 << 20) or ()) > 3
