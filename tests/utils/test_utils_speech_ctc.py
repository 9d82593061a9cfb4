"""Speech by CTC: what the network hears of a recording, the letters that come of it, and what can be wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zoo import catalogue
from zoo.tasks.speech_ctc import RATE, CtcSpeech
from zoo_core.errors import DataError

soundfile = pytest.importorskip("soundfile")
LETTERS = ("<pad>", "|", "A", "B", "'")


def recording(path: Path, samples: int = 8000) -> Path:
    sound = 0.3 * np.sin(np.arange(samples) * 0.05) + 0.1
    soundfile.write(path, sound.astype(np.float32), RATE, subtype="FLOAT")
    return path


def logits(*path: int) -> np.ndarray:
    return 5 * np.eye(len(LETTERS), dtype=np.float32)[list(path)][None]


def test_repeated_letters_blanks_and_spaces() -> None:
    task = CtcSpeech(LETTERS)
    (found,) = task.postprocess([logits(2, 2, 0, 2, 1, 1, 3, 4, 0, 0, 1)], [(1.0, 1.0)])
    assert found.text == "AA B'"
    (nothing,) = task.postprocess([logits(0, 1, 0)], [(1.0, 1.0)])
    assert (nothing.text, task.describe(nothing, 1)) == ("", "(nothing)")


def test_ties_agree_and_other_letters_do_not() -> None:
    task = CtcSpeech(LETTERS)
    near, other = logits(2, 3), logits(2, 3)
    near[0, 1, 2] = near[0, 1, 3] - 1e-3
    other[0, 1, 2] = other[0, 1, 3] + 1e-3
    (one,), (two,), (far,) = (task.postprocess([each], [(1.0, 1.0)]) for each in (near, other, logits(2, 2)))
    assert one.text != two.text
    assert task.agreement(one, two)
    assert not task.agreement(one, far)


def test_outputs_that_are_wrong() -> None:
    task = CtcSpeech(LETTERS)
    with pytest.raises(DataError, match="another model"):
        task.postprocess([np.zeros((1, 4, 9))], [(1.0, 1.0)])
    with pytest.raises(DataError, match="NaN"):
        task.postprocess([np.full((1, 4, 5), np.nan)], [(1.0, 1.0)])


def test_the_samples_are_those_of_transformers(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    path = recording(tmp_path / "a.wav")
    (found,), meta = CtcSpeech(LETTERS).preprocess(path)
    extractor = transformers.Wav2Vec2FeatureExtractor(sampling_rate=RATE, do_normalize=True)
    expected = extractor(soundfile.read(path, dtype="float32")[0], sampling_rate=RATE)["input_values"][0]
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert meta == (0.5, 0.5)


def test_recordings_that_are_too_short(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.wav", 300)
    with pytest.raises(DataError, match="300 samples at 16000 Hz; at least 400"):
        CtcSpeech(LETTERS).preprocess(path)
    with pytest.raises(DataError, match="at least 9000"):
        CtcSpeech(LETTERS).adapted(9000, 1).preprocess(recording(tmp_path / "b.wav"))


def test_the_letters_are_those_of_the_published_vocabulary() -> None:
    task = catalogue.load("speech/wav2vec2").variant("base").task
    assert isinstance(task, CtcSpeech)
    assert len(set(task.letters)) == 32
    assert (task.letters.index("|"), task.letters.index("E"), task.letters.index("Z")) == (4, 5, 31)
