"""Voice activity: turns in RTTM, spans out of probabilities, the figures, and whole recordings."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from sklearn.metrics import roc_auc_score

from utils.datasets.references import speechbrain
from utils.datasets.rttm import SpeechRecordings, read_turns
from utils.datasets.samples.spoken_pauses import recording
from utils.draw.recording import draw_speech
from utils.metrics.voice_activity import ChunkDetection
from utils.postprocess.speech_spans import SpeechRules
from utils.preprocess.recordings import load_recording
from zoo_core.errors import DataError

RULES = SpeechRules()


def write(path: Path, seconds: float = 0.1, rate: int = 16_000) -> Path:
    soundfile.write(path, 0.1 * np.sin(np.arange(round(seconds * rate)) * 0.3), rate)
    return path


def test_recordings_with_their_turns(tmp_path: Path) -> None:
    write(tmp_path / "a.wav")
    write(tmp_path / "b.flac")
    (tmp_path / "a.rttm").write_text(
        ";; a remark\nSPEAKER a 1 1.5 0.5 <NA> <NA> ann <NA> <NA>\n\nSPEAKER a 1 0.25 1 <NA> <NA> bob <NA> <NA>\n"
    )
    (tmp_path / "b.rttm").write_text("")
    first, second = SpeechRecordings(tmp_path)
    assert (first.id, first.truth) == ("a.wav", ((0.25, 1.25), (1.5, 2.0)))
    assert (second.id, second.truth) == ("b.flac", ())
    (tmp_path / "b.rttm").unlink()
    with pytest.raises(DataError, match=r"b\.rttm"):
        SpeechRecordings(tmp_path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("LEXEME a 1 0 1", "line 1: a turn is SPEAKER"),
        ("SPEAKER a 1 0", "line 1: a turn is SPEAKER"),
        ("SPEAKER a 1 zero 1", "'zero' and '1'"),
        ("SPEAKER a 1 0 nan", "'0' and 'nan'"),
        ("SPEAKER a 1 -1 1", "'-1' and '1'"),
        ("SPEAKER a 1 1 0", "'1' and '0'"),
    ],
)
def test_what_is_no_turn(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "a.rttm").write_text(line)
    with pytest.raises(DataError, match=said):
        read_turns(tmp_path / "a.rttm")


def spans(*runs: tuple[float, int], samples: int | None = None) -> list[tuple[int, int]]:
    """What the rules make of runs of (probability, chunks), in samples."""
    values = np.concatenate([np.full(count, value) for value, count in runs])
    found = RULES(values, len(values) * 512 if samples is None else samples)
    return [(round(begin * 16_000), round(end * 16_000)) for begin, end in found]


def test_spans_begin_end_and_have_margins() -> None:
    assert spans((0, 5)) == []
    assert spans((0, 10), (0.9, 20), (0, 10)) == [(10 * 512 - 480, 30 * 512 + 480)]
    # what lies between the two thresholds neither begins nor ends a span
    assert spans((0.4, 10), (0.9, 10), (0.4, 10), (0, 10)) == [(10 * 512 - 480, 30 * 512 + 480)]
    # a pause of less than 100 ms is none, which 4 chunks are not
    assert spans((0.9, 10), (0, 3), (0.9, 10)) == [(0, 23 * 512)]
    # two spans share the pause where both margins do not fit
    assert spans((0.9, 10), (0, 5), (0.9, 10)) == [(0, 10 * 512 + 480), (15 * 512 - 480, 25 * 512)]
    short = SpeechRules(margin=0.1)(np.array([0.9] * 10 + [0] * 5 + [0.9] * 10), 25 * 512)
    assert short[0][1] == short[1][0] == (10 * 512 + 1_280) / 16_000
    # 250 ms are too short: 7 chunks are 224 ms, 8 are 256 ms
    assert spans((0, 9), (0.9, 7), (0, 9)) == []
    assert len(spans((0, 9), (0.9, 8), (0, 9))) == 1
    assert spans((0, 2), (0.9, 20), samples=22 * 512 - 100) == [(2 * 512 - 480, 22 * 512 - 100)]


def heard(values: np.ndarray, whole: int | None = None) -> SimpleNamespace:
    return SimpleNamespace(probabilities=values, hop=0.032, whole=len(values) if whole is None else whole)


def test_figures_are_sklearns_and_merge() -> None:
    random = np.random.RandomState(0)
    both, parts = ChunkDetection(), [ChunkDetection(), ChunkDetection()]
    scores, labels = [], []
    for number in range(4):
        values = np.round(random.rand(50), 1)  # with ties
        truth = ((0.3, 0.7), (1.0, 1.2))
        middles = (np.arange(49) + 0.5) * 0.032
        labels += [any(begin <= one < end for begin, end in truth) for one in middles]
        scores += values[:49].tolist()
        for metric in (both, parts[number % 2]):
            metric.update([heard(values, 49)], [truth])
    assert both.compute()["auc"] == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    assert both.compute()["accuracy"] == np.mean((np.array(scores) >= 0.5) == labels)
    parts[0].merge(json.loads(json.dumps(parts[1].state())))
    assert parts[0].compute() == both.compute()


def test_figures_that_are_not_there() -> None:
    metric = ChunkDetection()
    with pytest.raises(DataError, match="0 chunks with speech and 0 without"):
        metric.compute()
    metric.update([heard(np.ones(10))], [()])
    with pytest.raises(DataError, match="0 chunks with speech and 10 without"):
        metric.compute()
    with pytest.raises(DataError, match="NaN"):
        metric.update([heard(np.full(3, np.nan))], [()])
    with pytest.raises(DataError, match="1 predictions for 2"):
        metric.update([heard(np.ones(3))], [(), ()])
    for wrong in ({}, {"speech": [1.0], "pauses": ["a"]}, {"speech": 1, "pauses": []}, []):
        with pytest.raises(DataError, match="not the counts"):
            metric.merge(wrong)


def test_annotations_of_speechbrain(tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    said = {"wav": {"file": "x", "start": 800, "stop": 1_600}, "speech": "0.01 0.02 0.03 0.05"}
    for name, wav in (("VAD_train.json", "train.wav"), ("VAD_dev.json", "valid.wav")):
        (tmp_path / name).write_text(json.dumps({"one": said}))
        write(tmp_path / wav)
    speechbrain.arrange(tmp_path, made)
    samples = SpeechRecordings(made)
    assert [sample.id for sample in samples] == ["train_one.wav", "valid_one.wav"]
    assert samples[0].truth == ((0.01, 0.02), (0.03, 0.05))
    whole = load_recording(tmp_path / "train.wav", 16_000)
    assert np.array_equal(load_recording(samples[0].data, 16_000), whole[800:1_600])
    for wrong in ("no JSON", "[]", '{"one": {}}', json.dumps({"one": {**said, "speech": "0.01"}})):
        (tmp_path / "VAD_dev.json").write_text(wrong)
        with pytest.raises(DataError, match=r"VAD_dev\.json"):
            speechbrain.arrange(tmp_path, made)


def test_whole_recordings(tmp_path: Path) -> None:
    assert len(load_recording(write(tmp_path / "a.wav", 2.5), 16_000)) == 40_000
    assert len(load_recording(write(tmp_path / "b.flac", 1.0, 44_100), 16_000)) == 16_000
    with pytest.raises(DataError, match="at most 600 s are taken"):
        load_recording(write(tmp_path / "long.wav", 601, 1_000), 16_000)


def test_turns_are_where_they_are_said_to_be() -> None:
    random = np.random.RandomState(0)
    samples, spans = recording([random.randn(4_000).astype(np.float32)] * 7, "white", random)
    loud = np.abs(samples) > 0.6 * np.abs(samples).std()
    for begin, end in spans:
        assert loud[round(begin * 16_000) : round(end * 16_000)].mean() > 0.4
    assert np.abs(samples[: round(spans[0][0] * 16_000)]).max() < 0.5 * np.abs(samples).max()


def test_the_drawing_marks_speech() -> None:
    picture = draw_speech(np.zeros(16_000, np.float32), 1.0, np.array([0, 1, 1, 0.0]), [(0.25, 0.75)])
    pixels = np.asarray(picture)
    assert tuple(pixels[20, picture.width // 2]) == (222, 240, 222)
    assert tuple(pixels[20, 20]) == (255, 255, 255)
