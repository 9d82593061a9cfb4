"""Recordings whose header or values are not what they should be: read as they are and said, or refused."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from utils.preprocess.audio import load_audio
from zoo_core.errors import DataError

RATE = 16_000
TONE = (0.4 * np.sin(np.arange(RATE) * 0.05)).astype(np.float32)


@pytest.fixture
def wav(tmp_path: Path):
    """The bytes of a WAV file, changed: wav({place: value of 4 bytes}) gives its path."""
    soundfile.write(tmp_path / "whole.wav", TONE, RATE, subtype="PCM_16")
    whole = (tmp_path / "whole.wav").read_bytes()

    def make(length: int | None = None, behind: bytes = b"", **fields: tuple[str, int, int]) -> Path:
        content = bytearray(whole + behind)
        if length is not None:
            struct.pack_into("<I", content, whole.index(b"data") + 4, length)
        for form, place, value in fields.values():
            struct.pack_into(form, content, place, value)
        (tmp_path / "changed.wav").write_bytes(content)
        return tmp_path / "changed.wav"

    return make


def test_a_length_of_0_before_sound_is_read_and_said(wav, caplog):
    np.testing.assert_allclose(load_audio(wav(length=0), RATE, 1.0), TONE, atol=1e-4)
    assert "changed.wav: its header says that there are 0 bytes of sound, and 32000 follow" in caplog.text


def test_a_length_of_0_before_further_chunks_is_no_sound(tmp_path, wav):
    path = wav()
    content = path.read_bytes()
    at = content.index(b"data")
    path.write_bytes(content[:at] + b"data" + bytes(4) + b"LIST\x04\0\0\0INFO")
    with pytest.raises(DataError, match="no samples"):
        load_audio(path)


def test_a_length_too_small_is_said(wav, caplog):
    found = load_audio(wav(length=8000), RATE, 0.25)
    np.testing.assert_allclose(found, TONE[:4000], atol=1e-4)
    assert "24000 bytes follow the 8000 bytes of sound" in caplog.text


@pytest.mark.parametrize("behind", [b"", b"\0", b"LIST\x04\0\0\0INFO", b"id3 \x02\0\0\0ab"])
def test_chunks_behind_the_sound_are_no_matter(wav, caplog, behind):
    load_audio(wav(behind=behind))
    assert not caplog.messages


@pytest.mark.parametrize("field", [("<I", 28, 64_000), ("<H", 32, 4)])
def test_a_header_that_contradicts_itself_is_said_or_refused(wav, caplog, field):
    try:
        load_audio(wav(one=field))
    except DataError:
        return
    assert "its header contradicts itself" in caplog.text


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
@pytest.mark.parametrize(("scale", "said"), [(1.0, False), (5.0, True), (30_000.0, True)])
def test_floating_point_is_never_clipped(tmp_path, caplog, subtype, scale, said):
    soundfile.write(tmp_path / "loud.wav", TONE * np.float64(scale), RATE, subtype=subtype)
    np.testing.assert_allclose(load_audio(tmp_path / "loud.wav"), TONE * scale, rtol=1e-6)
    assert ("loud.wav: its values reach" in caplog.text) == said
    assert ("16 bits" in caplog.text) == (scale > 255)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_values_that_float32_does_not_hold_are_refused(tmp_path, value):
    samples = TONE.astype(np.float64)
    samples[7] = value
    soundfile.write(tmp_path / "odd.wav", samples, RATE, subtype="DOUBLE")
    with pytest.raises(DataError, match="NaN or infinite"):
        load_audio(tmp_path / "odd.wav")


@pytest.mark.parametrize(
    "subtype",
    ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM", "GSM610"],
)
def test_every_usual_coding_is_the_same_sound(tmp_path, subtype):
    soundfile.write(tmp_path / "a.wav", TONE, RATE, subtype=subtype)
    found = load_audio(tmp_path / "a.wav", RATE, 2.0)  # more than there is, so that it begins at the beginning
    assert np.corrcoef(found[:RATE], TONE)[0, 1] > 0.99


@pytest.mark.parametrize("kind", ["AIFF", "OGG", "FLAC", "W64", "RF64"])
def test_other_formats_under_the_name_of_a_wav(tmp_path, kind):
    soundfile.write(tmp_path / "a.wav", TONE, RATE, format=kind)
    found = load_audio(tmp_path / "a.wav", RATE, 2.0)  # more than there is, so that it begins at the beginning
    assert np.corrcoef(found[:RATE], TONE)[0, 1] > 0.99


def test_a_recording_that_cannot_be_read_is_an_os_error_too(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    for path in (tmp_path / "a.wav", tmp_path / "none.wav", tmp_path, tmp_path / "a\0.wav"):
        with pytest.raises(OSError) as caught:  # noqa: PT011 - what it says differs
            load_audio(path)
        assert isinstance(caught.value, DataError)
