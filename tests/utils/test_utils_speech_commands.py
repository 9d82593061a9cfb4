"""Speech Commands in its published layout, and the sample that is spoken in it."""

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from utils.datasets.samples.espeak import Espeak
from utils.datasets.samples.spoken_words import (
    HELD_OUT_VOICES,
    NOISES,
    RATE,
    VOICES,
    WORDS,
    noise,
    recording,
    speakers,
    write_spoken_words,
)
from utils.datasets.speech_commands import SpeechCommands
from utils.preprocess.audio import Clip, load_audio
from zoo_core.errors import DataError


@pytest.fixture
def miniature(tmp_path: Path) -> Path:
    """Ten recordings of each of four words; the last two are listed as testing, the two before as validation."""
    root = tmp_path / "speech_commands"
    lists: dict[str, list[str]] = {"validation_list.txt": [], "testing_list.txt": []}
    for number, word in enumerate(("yes", "no", "bed", "zero")):
        (root / word).mkdir(parents=True)
        for index in range(10):
            name = f"{word}/{number:04x}{index:04x}_nohash_0.wav"
            soundfile.write(root / name, np.full(800, 0.01 * index, np.float32), 16_000)
            if index >= 6:
                lists["testing_list.txt" if index >= 8 else "validation_list.txt"].append(name)
    for file, names in lists.items():
        (root / file).write_text("".join(f"{name}\n" for name in names))
    (root / "_background_noise_").mkdir()
    (root / "_background_noise_/README.md").write_text("noise")
    for name in ("pink_noise", "running_tap"):
        soundfile.write(root / f"_background_noise_/{name}.wav", 0.1 * np.ones(48_000, np.float32), 16_000)
    return root


def test_the_published_split(miniature: Path) -> None:
    parts = {split: SpeechCommands(miniature, ("yes", "no"), split) for split in ("training", "validation", "testing")}
    words = {split: [s.id for s in part if s.truth >= 2] for split, part in parts.items()}
    assert {split: len(ids) for split, ids in words.items()} == {"training": 12, "validation": 4, "testing": 4}
    assert not set(words["training"]) & set(words["testing"])
    assert words["testing"] == sorted(words["testing"])
    for part in parts.values():
        assert part.labels == ("_silence_", "_unknown_", "yes", "no")
        for sample in part:
            if sample.truth >= 2:
                assert sample.id.split("/")[0] == part.labels[sample.truth]
                assert sample.data == miniature / sample.id


def test_a_tenth_are_unknown_and_a_tenth_silence(miniature: Path) -> None:
    samples = SpeechCommands(miniature, ("yes", "no"), "training")
    unknown = [sample for sample in samples if sample.truth == 1]
    silence = [sample for sample in samples if sample.truth == 0]
    assert len(unknown) == len(silence) == 2  # of 12, rounded up
    assert all(sample.id.split("/")[0] in ("bed", "zero") for sample in unknown)
    assert all(isinstance(sample.data, Clip) and 0 <= sample.data.at <= 1 for sample in silence)
    assert len({sample.id for sample in samples}) == len(samples)
    assert [sample.id for sample in SpeechCommands(miniature, ("yes", "no"), "training")] == [s.id for s in samples]
    assert load_audio(silence[0].data).shape == (16_000,)


def test_the_published_test_archive_has_folders_instead(miniature: Path) -> None:
    for name in ("validation_list.txt", "testing_list.txt"):
        (miniature / name).unlink()
    (miniature / "bed").rename(miniature / "_unknown_")
    (miniature / "zero").rename(miniature / "_silence_")
    samples = SpeechCommands(miniature, ("yes", "no"))
    assert np.bincount([sample.truth for sample in samples]).tolist() == [10, 10, 10, 10]


def test_what_is_wrong_is_named(miniature: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        SpeechCommands(miniature / "nothing", ("yes",))
    with pytest.raises(DataError, match="none of the words maybe"):
        SpeechCommands(miniature, ("maybe",))
    with pytest.raises(DataError, match="no part 'test'"):
        SpeechCommands(miniature, ("yes",), "test")
    (miniature / "validation_list.txt").unlink()
    with pytest.raises(DataError, match=r"no validation_list\.txt"):
        SpeechCommands(miniature, ("yes",), "validation")
    lines = (miniature / "testing_list.txt").read_text().splitlines()
    (miniature / "testing_list.txt").write_text("\n".join([lines[0], "yes/gone_nohash_0.wav"]))
    with pytest.raises(DataError, match=r"testing_list\.txt:2: the list names yes/gone_nohash_0\.wav"):
        SpeechCommands(miniature, ("yes",))


@pytest.fixture(scope="module")
def spoken(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "spoken"
    write_spoken_words(folder)
    return folder


def content(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_sample_is_speech_commands_with_every_word_of_every_voice(spoken: Path) -> None:
    samples = SpeechCommands(spoken, WORDS)
    counts = np.bincount([sample.truth for sample in samples])
    assert counts.tolist() == [18] * 12
    assert len(HELD_OUT_VOICES) == 18
    for sample in samples:
        if sample.truth >= 2:
            info = soundfile.info(sample.data)
            assert (info.samplerate, info.channels, info.subtype) == (16_000, 1, "PCM_16")
            assert 0.6 <= info.duration <= 1.0
    assert sum(path.stat().st_size for path in spoken.rglob("*")) < 8e6


def test_writing_again_gives_the_same_and_touches_nothing(spoken: Path, tmp_path: Path) -> None:
    write_spoken_words(tmp_path / "again")
    assert content(tmp_path / "again") == content(spoken)
    (tmp_path / "again/ATTRIBUTION.txt").write_text("mine")
    write_spoken_words(tmp_path / "again")
    assert (tmp_path / "again/ATTRIBUTION.txt").read_text() == "mine"


def test_no_voice_is_heard_in_both_parts() -> None:
    assert not set(VOICES) & set(HELD_OUT_VOICES)
    assert len(set(VOICES)) == len(VOICES)


def test_speakers_are_the_same_each_time() -> None:
    first, second = (list(speakers(VOICES[:2], 2, 1, np.random.RandomState(5))) for _ in range(2))
    assert [one.word for one in first][:10] == list(WORDS)
    assert all(np.array_equal(one.samples, other.samples) for one, other in zip(first, second, strict=True))
    assert len({one.speaker for one in first}) == 2


def test_noise_and_recordings() -> None:
    random = np.random.RandomState(0)
    for kind in NOISES:
        samples = noise(kind, 1.5, random)
        assert samples.dtype == np.float32
        assert samples.shape == (24_000,)
        assert np.isclose(np.square(samples).mean(), 1, atol=1e-3)
    for length in (100, 9_000, 20_000):
        mixed = recording(np.ones(length, np.float32), samples, random)
        assert 0.65 * RATE - 1 <= len(mixed) <= RATE
        assert np.abs(mixed).max() <= 1


def test_voices_that_do_not_exist() -> None:
    with Espeak() as espeak, pytest.raises(DataError, match="no voice 'nowhere'"):
        espeak.say("yes", "nowhere")


def test_without_the_package_the_sentence_says_what_to_install(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(DataError, match="pip install espeakng-loader"):
        write_spoken_words(tmp_path / "spoken")
    assert list(tmp_path.iterdir()) == []
