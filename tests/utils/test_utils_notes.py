"""Notes: spectra of constant Q, notes out of frames, the figures, the drawing."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import librosa
import numpy as np
import pytest

from utils.datasets.samples.tunes import RATE, tune, write_tunes
from utils.datasets.vocadito import notes
from utils.draw.recording import draw_notes
from utils.metrics.notes import FrameNotes
from utils.postprocess.notes import LEAST, Note, named, notes_of
from utils.preprocess.constant_q import ConstantQ
from zoo_core.errors import DataError


@pytest.mark.parametrize("hertz", [55.0, 440.0, 3_520.0, 8_000.0])
def test_a_tone_is_loudest_in_its_bin(hertz: float) -> None:
    sound = 0.3 * np.sin(2 * np.pi * hertz * np.arange(43_844) / 22_050)
    found = ConstantQ()(sound.astype(np.float32))
    assert (found.dtype, found.shape) == (np.float32, (172, 309))
    assert (found.min(), found.max()) == (0, 1)
    assert found[86].argmax() == round(36 * np.log2(hertz / 27.5))


def test_levels_are_those_of_librosa() -> None:
    """librosa divides by nothing and begins elsewhere: away from the edges, loud bins are the same up to a constant."""
    sound, _, _ = tune(np.random.RandomState(0))
    sound = np.tile(sound, 2)[:43_844]
    theirs = librosa.cqt(sound, sr=22_050, hop_length=256, fmin=27.5, n_bins=309, bins_per_octave=36, tuning=0.0)
    level = 20 * np.log10(np.abs(theirs.T[20:152]) + 1e-9)
    found = ConstantQ()(sound)[20:152]
    loud = (level > level.max() - 30)[:, 72:]
    slope, offset = np.polyfit(found[:, 72:][loud], level[:, 72:][loud], 1)
    assert np.corrcoef(found[:, 72:][loud], level[:, 72:][loud])[0, 1] > 0.99
    assert np.median(np.abs(found[:, 72:][loud] * slope + offset - level[:, 72:][loud])) < 0.5


def test_silence_has_spectra() -> None:
    assert not ConstantQ()(np.zeros(43_844, np.float32)).any()


def test_runs_of_frames_become_notes() -> None:
    active = np.zeros((40, 88), bool)
    active[3 : 3 + LEAST, 48] = True
    active[3 : 2 + LEAST, 50] = True  # a frame too short
    active[20:40, 0] = True
    times = np.arange(40) * 0.01
    found = notes_of(active, times)
    assert found == [Note(0.03, pytest.approx(0.03 + LEAST * 0.01), 69), Note(0.2, pytest.approx(0.4), 21)]
    assert [named(note.key) for note in found] == ["A4", "A0"]
    assert named(60) == "C4"
    assert notes_of(np.zeros((0, 88), bool), np.zeros(0)) == []


def heard(active: np.ndarray) -> SimpleNamespace:
    return SimpleNamespace(times=np.arange(len(active)) * 0.1, active=active)


def test_figures_by_hand_and_merged() -> None:
    active = np.zeros((10, 88), bool)
    active[2:6, 48] = True
    active[0, 3] = True
    metric, other = FrameNotes(), FrameNotes()
    metric.update([heard(active)], [np.array([[0.15, 0.85, 446.0]])])  # the nearest key is A4; frames 2 to 8
    assert metric.compute() == {"frame_f1": 8 / 12, "frame_precision": 4 / 5, "frame_recall": 4 / 7}
    other.update([heard(np.zeros((10, 88), bool))], [np.array([[0.0, 0.25, 440.0]])])
    assert other.compute()["frame_precision"] == 0
    other.merge(json.loads(json.dumps(metric.state())))
    assert other.compute() == {"frame_f1": 8 / 15, "frame_precision": 4 / 5, "frame_recall": 4 / 10}


def test_figures_that_are_not_there() -> None:
    metric, silent = FrameNotes(), heard(np.zeros((3, 88), bool))
    with pytest.raises(DataError, match="no frame with a note"):
        metric.compute()
    for hertz in (0.0, 10.0, 9_000.0):
        with pytest.raises(DataError, match="none of the 88 keys"):
            metric.update([silent], [np.array([[0.0, 1.0, hertz]])])
    for wrong in ({}, [], dict(both=2, told=1, annotated=3), dict(both=0.5, told=1, annotated=3)):
        with pytest.raises(DataError, match="not the counts"):
            metric.merge(wrong)


def test_computed_tunes_have_the_notes_that_are_told(tmp_path: Path) -> None:
    write_tunes(tmp_path / "tunes", count=1)
    (written,) = notes(tmp_path / "tunes")
    assert written.truth.shape == (7, 3)
    _, curve, told = tune(np.random.RandomState(0))
    for begin, hertz, seconds in told:
        middle = curve[int((begin + seconds / 2) * RATE)]
        assert abs(12 * np.log2(middle / hertz)) < 0.25


def test_the_drawing_has_bars_or_none() -> None:
    sound = np.zeros(1_600, np.float32)
    empty, drawn = draw_notes(sound, 0.1, [], 21), draw_notes(sound, 0.1, [(0.02, 0.06, 69)], 21)
    assert empty.size == drawn.size
    assert (np.asarray(empty) != np.asarray(drawn)).any()
