"""--windows: a long recording as several samples, and everything else as before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from utils.datasets.sample import Sample
from utils.preprocess.audio import load_start
from zoo import catalogue
from zoo.__main__ import main as zoo
from zoo.errors import ZooError
from zoo.inputs.given import Samples, Unread

RATE = 8000


def recording(path: Path, seconds: float, channels: int = 1) -> np.ndarray:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (round(seconds * RATE), channels)).astype(np.float32)
    soundfile.write(path, samples, RATE, subtype="PCM_16")
    return soundfile.read(path, dtype="float32", always_2d=True)[0]


@pytest.mark.parametrize("channels", [1, 2])
def test_the_windows_are_the_recording(tmp_path: Path, channels: int) -> None:
    path = tmp_path / "long.wav"
    whole = recording(path, 3.5, channels)
    given = Samples(catalogue.load("speech/ds_cnn").variant("ds_cnn_s").task, windows=True)
    found = given.of(path)
    assert [one.id for one in found] == [f"{path}:{said} s" for said in ("0-1", "1-2", "2-3", "3-3.5")]
    pieces = [soundfile.read(one.data, dtype="float32", always_2d=True)[0] for one in found if isinstance(one, Sample)]
    assert np.array_equal(np.concatenate(pieces), whole)
    (one,) = Samples(catalogue.load("speech/ds_cnn").variant("ds_cnn_s").task).of(path)
    assert isinstance(one, Sample)
    assert one.data == path


def test_a_short_one_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "short.wav"
    recording(path, 1.0)
    (one,) = Samples(catalogue.load("speech/ds_cnn").variant("ds_cnn_s").task, windows=True).of(path)
    assert isinstance(one, Sample)
    assert one.data == path


def test_a_task_hears_a_window_as_it_hears_a_file(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    whole = recording(path, 2.5)
    task = catalogue.load("speech/ds_cnn").variant("ds_cnn_s").task
    given = Samples(task, windows=True)  # whose files last as long as it does
    found = given.of(path)
    alone = tmp_path / "alone.wav"
    soundfile.write(alone, whole[RATE : 2 * RATE], RATE, subtype="PCM_16")
    second = found[1]
    assert isinstance(second, Sample)
    assert np.array_equal(task.preprocess(second.data)[0][0], task.preprocess(alone)[0][0])
    assert load_start(second.data, RATE, 30.0)[1] == 1.0


def test_what_is_broken_or_has_no_window(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "broken.wav"
    recording(path, 2.5)
    path.write_bytes(path.read_bytes()[:2000])
    (one,) = Samples(catalogue.load("speech/ds_cnn").variant("ds_cnn_s").task, windows=True).of(path)
    assert isinstance(one, Unread)
    assert "broken.wav" in str(one.error)
    with pytest.raises(ZooError, match="has no window"):
        Samples(catalogue.load("lenet").task, windows=True)
    with pytest.raises(SystemExit):
        zoo(["single", "lenet", "--windows", "True"])
    assert "unrecognized arguments: --windows" in capsys.readouterr().err
