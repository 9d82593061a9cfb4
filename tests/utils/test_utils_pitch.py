"""Pitch: annotations of singing, windows, bins to hertz, the figures, computed tunes."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from utils.datasets.samples.tunes import RATE, tune, write_tunes
from utils.datasets.vocadito import arrange, notes, pitches, read_rows
from utils.draw.recording import draw_pitch
from utils.metrics.pitch import RawPitch
from utils.postprocess.pitch import BINS, hertz_of
from utils.preprocess.windows import Windows
from zoo_core.errors import DataError


def test_singing_with_its_pitch_and_its_notes(tmp_path: Path) -> None:
    files = tmp_path / "files"
    (files / "Audio").mkdir(parents=True)
    (files / "Annotations/F0").mkdir(parents=True)
    (files / "Annotations/Notes").mkdir()
    (files / "Annotations/F0/a_f0.csv").write_text("0.0,0.0\n0.1,220.5\n")
    (files / "Annotations/Notes/a_notesA1.csv").write_text("0.5,440.0,0.25\n")
    soundfile.write(files / "Audio/a.wav", np.zeros(100), 16_000)
    made = tmp_path / "made"
    made.mkdir()
    arrange(files, made)
    (sung,) = pitches(made)
    assert (sung.id, sung.data) == ("a.wav", made / "Audio/a.wav")
    assert [one.tolist() for one in sung.truth] == [[0.0, 0.1], [0.0, 220.5]]
    assert notes(made)[0].truth.tolist() == [[0.5, 0.75, 440.0]]
    (made / "Annotations/F0/a_f0.csv").unlink()
    with pytest.raises(DataError, match=r"a_f0\.csv"):
        pitches(made)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no rows"),
        ("0.0,1.0\n0.1\n", "line 2: 2 numbers"),
        ("0.0,1.0,2.0", "line 1: 2 numbers"),
        ("time,hertz", "line 1: 2 numbers"),
        ("0.0,nan", "line 1: 2 numbers"),
        ("0.0,-1", "line 1: 2 numbers"),
    ],
)
def test_rows_that_are_not_of_numbers(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(DataError, match=said):
        read_rows(tmp_path / "a.csv", 2)


@pytest.mark.parametrize("samples", [0, 1, 9, 10, 11, 25, 60])
def test_windows_are_cut_and_run_alike(samples: int) -> None:
    windows = Windows(size=16, hop=10, before=4)
    sound = np.arange(1, samples + 1, dtype=np.float32)
    padded = windows.padded(sound)
    cut = windows.all(padded[None])
    assert cut.shape == (1, windows.count(samples), 16)
    whole = np.concatenate([np.zeros(4), sound, np.zeros(40)])
    for number in range(windows.count(samples)):
        assert np.array_equal(cut[0, number], whole[number * 10 : number * 10 + 16])
    calls: list[int] = []

    def network(rows: np.ndarray) -> list[np.ndarray]:
        calls.append(len(rows))
        return [rows.sum(1), rows[:, :2]]

    batch = np.stack([padded, 2 * padded])
    sums, begins = windows.run(network, batch, rows=5)
    assert max(calls) <= 5
    assert np.allclose(sums, windows.all(batch).sum(2))
    assert np.array_equal(begins, windows.all(batch)[:, :, :2])


def test_bins_become_hertz() -> None:
    activation = np.zeros((4, BINS), np.float32)
    activation[0, 0] = activation[1, 100] = activation[2, 359] = 1
    activation[3, [200, 201]] = 0.6, 0.6
    activation[3, 10] = 0.5  # far from the highest
    found = 1200 * np.log2(hertz_of(activation) / 10)
    assert found == pytest.approx(1997.3794084376191 + 20 * np.array([0, 100, 359, 200.5]))
    assert np.isfinite(hertz_of(np.zeros((1, BINS), np.float32))).all()


def tracked(times: np.ndarray, hertz: np.ndarray) -> SimpleNamespace:
    return SimpleNamespace(times=times, hertz=hertz)


def test_figures_by_hand_and_merged() -> None:
    times = np.arange(5) * 0.01
    truth = np.array([0, 220, 220, 220, 220.0])
    cents = np.array([0, 20, 40, -1180, 600])
    one = tracked(times, 220 * 2 ** (cents / 1200))
    metric, other = RawPitch(), RawPitch()
    metric.update([one], [(times, truth)])
    assert list(metric.compute().values()) == [0.5, 0.25, 0.75]
    other.update([tracked(times, truth + 1e-9)], [(times, truth)])
    other.merge(json.loads(json.dumps(metric.state())))
    assert other.compute()["raw_pitch_accuracy"] == 0.75
    # between two frames, the pitch goes on a straight line in cents
    between = RawPitch()
    between.update([tracked(np.array([0, 1.0]), np.array([200, 400.0]))], [(np.array([0.5]), np.array([200 * 2**0.5]))])
    assert between.compute()["raw_pitch_accuracy_25"] == 1


def test_figures_are_those_of_mir_eval() -> None:
    melody = pytest.importorskip("mir_eval.melody")
    random = np.random.RandomState(0)
    times = np.arange(300) * 0.0058
    truth = np.where(random.rand(300) < 0.3, 0, 200 * 2 ** (random.rand(300)))
    found = tracked(np.arange(200) * 0.01, 200 * 2 ** (random.rand(200)))
    metric = RawPitch()
    metric.update([found], [(times, truth)])
    theirs = melody.evaluate(times, truth, found.times, found.hertz)
    assert metric.compute()["raw_pitch_accuracy"] == pytest.approx(theirs["Raw Pitch Accuracy"], abs=0.01)


def test_figures_that_are_not_there() -> None:
    metric, times = RawPitch(), np.arange(2.0)
    metric.update([tracked(times, np.ones(2))], [(times, np.zeros(2))])
    with pytest.raises(DataError, match="no frame in which something is sung"):
        metric.compute()
    with pytest.raises(DataError, match="NaN"):
        metric.update([tracked(times, np.array([1, np.nan]))], [(times, np.ones(2))])
    for wrong in ({}, [], dict(frames=1, near=2, nearer=0, chroma=0), dict(frames=1, near=0.5, nearer=0, chroma=0)):
        with pytest.raises(DataError, match="not the counts"):
            metric.merge(wrong)


def test_computed_tunes_have_the_pitch_that_is_told(tmp_path: Path) -> None:
    write_tunes(tmp_path / "tunes", count=1)
    (written,) = pitches(tmp_path / "tunes")
    assert (written.truth[1] > 0).mean() > 0.5
    sound, curve, _ = tune(np.random.RandomState(0))
    edges = np.flatnonzero(np.diff((curve > 0).astype(int)))
    begin, end = edges[4] + RATE // 10, edges[5] - RATE // 20
    piece = sound[begin:end]
    spectrum = np.abs(np.fft.rfft(piece * np.hanning(len(piece)), 1 << 18))
    assert spectrum.argmax() * RATE / (1 << 18) == pytest.approx(np.median(curve[begin:end]), rel=0.02)


def test_the_drawing_has_a_curve_or_none() -> None:
    sound, times = np.zeros(1_600, np.float32), np.arange(10) * 0.01
    empty = draw_pitch(sound, 0.1, times, np.full(10, np.nan))
    drawn = draw_pitch(sound, 0.1, times, np.linspace(200, 900, 10))
    assert empty.size == drawn.size
    assert (np.asarray(empty) != np.asarray(drawn)).any()
