"""Word errors, LibriSpeech's layout, tokens of bytes, the beginning of recordings, and Whisper's features."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from utils.datasets.libri_speech import Transcribed, place, write_transcript
from utils.datasets.references import librivox, spoken_digits
from utils.metrics.base import Metric
from utils.metrics.speech_recognition import WordErrors, plain_words
from utils.postprocess.byte_tokens import ByteVocabulary, byte_letters
from utils.preprocess.audio import load_start
from utils.preprocess.log_mel import log_mel
from zoo_core.errors import DataError


class Heard(NamedTuple):
    text: str


def recording(path: Path, seconds: float = 0.5, rate: int = 16_000) -> Path:
    soundfile = pytest.importorskip("soundfile")
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * np.sin(np.arange(int(seconds * rate)) / 20), rate, subtype="PCM_16")
    return path


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (" Mr. Dashwood's  well-known “house”!", "mister dashwood's well known house"),
        ("7 of 21, 40 and 305; 007", "seven of twenty one forty and three zero five zero zero seven"),
        ("It’s… 13", "it's thirteen"),
        ("-- ?", ""),
    ],
)
def test_words_are_compared_as_they_are_said(text: str, plain: str) -> None:
    assert plain_words(text) == plain


def test_word_errors_by_hand_and_joined() -> None:
    whole: Metric = WordErrors()
    whole.update([Heard("The cat sat."), Heard("up")], ["the cat sat down", "go up now"])
    # one word is missing of four, two of three
    assert whole.compute() == pytest.approx({"wer": 3 / 7, "sentence_errors": 1.0})
    first, second = WordErrors(), WordErrors()
    first.update([Heard("The cat sat.")], ["the cat sat down"])
    second.update([Heard("up")], ["go up now"])
    first.merge(json.loads(json.dumps(second.state())))
    assert first.state() == whole.state()


def test_what_cannot_be_counted_changes_nothing() -> None:
    metric = WordErrors()
    for heard, said in (([], ["a"]), ([Heard("a")], ["?!"]), ([Heard("a")], [3])):
        with pytest.raises(DataError):
            metric.update(heard, said)
    with pytest.raises(DataError, match="no recording was counted"):
        metric.compute()
    for state in ({}, [], {"edits": 1, "words": "a", "wrong": 0, "recordings": 0}):
        with pytest.raises(DataError, match="not the counts of words"):
            metric.merge(state)  # type: ignore[arg-type]


def test_transcripts_name_recordings(tmp_path: Path) -> None:
    folder = place(tmp_path, "19", "198")
    recording(folder / "19-198-0001.flac")
    recording(folder / "19-198-0000.wav")
    write_transcript(folder, {"19-198-0001": "SECOND WORDS", "19-198-0000": "FIRST"})
    found = Transcribed(tmp_path)
    assert [(one.id, one.truth) for one in found] == [
        ("19/198/19-198-0000.wav", "FIRST"),
        ("19/198/19-198-0001.flac", "SECOND WORDS"),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "are empty"),
        ("missing words here\n", "line 1: there is no missing"),
        ("alone\n", "line 1: a name and words"),
    ],
)
def test_broken_transcripts_are_named(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "a.trans.txt").write_text(content)
    with pytest.raises(DataError, match=said):
        Transcribed(tmp_path)


def test_reference_data_become_that_layout(tmp_path: Path) -> None:
    recording(tmp_path / "vox/sense-0870.wav")
    (tmp_path / "vox/transcription").write_text("<s> he was not </s> (sense-0870)\n")
    librivox.arrange(tmp_path / "vox", tmp_path / "a")
    assert [(one.id, one.truth) for one in Transcribed(tmp_path / "a")] == [("austen/1/sense-0870.wav", "he was not")]
    (tmp_path / "vox/transcription").write_text("he was not (sense-0870)\n")
    with pytest.raises(DataError, match="line 1"):
        librivox.arrange(tmp_path / "vox", tmp_path / "b")


def test_digits_are_joined(tmp_path: Path) -> None:
    for speaker in spoken_digits.SPEAKERS:
        for time in range(spoken_digits.TIMES):
            for digit in range(10):
                recording(tmp_path / f"digits/{digit}_{speaker}_{time}.wav", 0.1, 8_000)
    spoken_digits.arrange(tmp_path / "digits", tmp_path / "a")
    found = Transcribed(tmp_path / "a")
    assert len(found) == spoken_digits.COUNT
    assert (found[1].id, found[1].truth) == ("george/0/george-0-1.wav", "five six seven eight nine")
    assert load_start(found[1].data, 8_000, 30.0)[1] == 0.5
    recording(tmp_path / "digits/3_theo_1.wav", 0.1, 16_000)
    with pytest.raises(DataError, match=r"3_theo_1\.wav: one channel at 8000 Hz"):
        spoken_digits.arrange(tmp_path / "digits", tmp_path / "b")
    (tmp_path / "digits/3_theo_1.wav").unlink()
    with pytest.raises(DataError, match=r"3_theo_1\.wav: there is no"):
        spoken_digits.arrange(tmp_path / "digits", tmp_path / "c")


def test_tokens_are_pieces_of_utf8(tmp_path: Path) -> None:
    letters = {byte: letter for letter, byte in byte_letters().items()}
    assert len(letters) == 256
    pieces = [b" caf", b"\xc3", b"\xa9", b"\n"]
    lines = ["".join(letters[byte] for byte in piece) for piece in pieces] + ["<|end|>"]
    path = tmp_path / "vocabulary.txt.xz"
    path.write_bytes(lzma.compress("".join(f"{line}\n" for line in lines).encode()))
    vocabulary = ByteVocabulary(path, first_special=4)
    assert vocabulary.decode([0, 1, 2, 4, 3]) == " café\n"
    assert vocabulary.decode([0, 1]) == " caf\ufffd"
    with pytest.raises(DataError, match="no token 5; it has 5"):
        vocabulary.decode([5])
    for damaged in (path.read_bytes()[:-8], b"words\n", lzma.compress("\u20ac\n".encode())):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="no vocabulary of bytes"):
            ByteVocabulary(path, first_special=4).decode([0])


def test_the_beginning_of_a_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = recording(tmp_path / "long.wav", 1.5, 8_000)
    samples, whole = load_start(path, 16_000, 1.0)
    assert (len(samples), samples.dtype, whole) == (16_000, np.float32, 1.5)
    everything, _ = load_start(path, 16_000, 600.0)
    assert len(everything) == 24_000
    assert np.allclose(everything[:15_900], samples[:15_900], atol=1e-3)


@pytest.mark.parametrize("length", [0, 100, 48_000, 480_000, 500_000])
def test_features_are_those_of_transformers(length: int) -> None:
    transformers = pytest.importorskip("transformers")
    random = np.random.default_rng(0)
    samples = (0.1 * random.standard_normal(length) * np.sin(np.arange(length) / 3000)).astype(np.float32)
    found = log_mel(samples)
    assert (found.shape, found.dtype) == ((80, 3000), np.float32)
    given = samples if length else np.zeros(1, np.float32)
    want = transformers.WhisperFeatureExtractor()(given, sampling_rate=16_000, return_tensors="np")["input_features"][0]
    assert np.allclose(found, want, atol=1e-4)


def test_a_recording_that_stands_twice_in_a_transcript_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "1" / "2"
    recording(folder / "1-2-0000.wav")
    (folder / "1-2.trans.txt").write_text("1-2-0000 HELLO\n\n1-2-0000 HELLO AGAIN\n")
    with pytest.raises(DataError, match=r"1-2\.trans\.txt, line 3: '1-2-0000' stands in line 1 too"):
        Transcribed(tmp_path)
