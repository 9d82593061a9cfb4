"""Tags of recordings: MagnaTagATune's layout, the made tones, the metric, and what can be wrong."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from utils.datasets.music_tags import TABLE, MusicTags, write_table
from utils.datasets.samples.tones import RATE, SECONDS, TAGS, tone, write_tone
from utils.metrics.tagging import TagAuc
from zoo import catalogue
from zoo_core.errors import DataError

pytest.importorskip("soundfile")


def written(folder: Path) -> Path:
    (folder / "a").mkdir()
    write_table(folder, TAGS, {f"a/{seed}.wav": write_tone(folder / f"a/{seed}.wav", seed) for seed in (5, 6)})
    return folder


def test_tables_come_back_as_they_were_written(tmp_path: Path) -> None:
    first, second = MusicTags(written(tmp_path), ("noisy", "low"))
    assert (first.id, first.data) == ("a/5.wav", tmp_path / "a/5.wav")
    for sample, seed in ((first, 5), (second, 6)):
        having = dict(zip(TAGS, tone(seed)[1].tolist(), strict=True))
        assert sample.truth.tolist() == [having["noisy"], having["low"]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace('"noisy"', '"loud"'), "names 0 columns 'noisy'"),
        (lambda text: text.replace('"clip_id"', '"noisy"'), "names 2 columns 'noisy'"),
        (lambda text: text.replace('"a/6.wav"', '"a/7.wav"'), r"line 3: there is no recording 'a/7\.wav'"),
        (lambda text: text.replace('"a/6.wav"', f'"{"a" * 5000}"'), "line 3: there is no recording 'aaa"),
        (lambda text: text.replace('\t"0"', "", 1), "line 2: 8 fields, expected 9"),
        (lambda text: text.replace('\t"0"\t', '\t"2"\t'), "line 2: a tag is 0 or 1"),
        (lambda text: text + text.splitlines()[1], r"line 4: 'a/.*\.wav' stands in line 2 too"),
        (lambda text: text.splitlines()[0], "names no recordings"),
        (lambda text: "", "empty"),
    ],
)
def test_tables_that_are_wrong(tmp_path: Path, change: Any, said: str) -> None:
    table = written(tmp_path) / TABLE
    table.write_text(change(table.read_text()))
    with pytest.raises(DataError, match=said):
        MusicTags(tmp_path, TAGS)


def test_a_folder_without_a_table(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=TABLE):
        MusicTags(tmp_path, TAGS)


def test_tones_are_what_their_tags_say() -> None:
    for seed in range(40):
        samples, having = tone(seed)
        assert (samples.dtype, len(samples)) == (np.float32, round(RATE * SECONDS))
        assert 0.1 < np.abs(samples).max() <= 1
        tags = dict(zip(TAGS, having.tolist(), strict=True))
        assert not (tags["low"] and tags["high"])
        assert not (tags["rising"] and tags["falling"])


def scored(*rows: list[float]) -> list[Any]:
    return [SimpleNamespace(scores=np.array(row, np.float32)) for row in rows]


def test_the_metric_is_the_mean_over_tags(tmp_path: Path) -> None:
    truths = [np.array([True, False]), np.array([False, True]), np.array([False, False])]
    rows = scored([0.9, 0.2], [0.1, 0.4], [0.3, 0.6])
    whole = TagAuc(("a", "b"))
    whole.update(rows, truths)
    assert whole.compute() == {"auc": pytest.approx((1.0 + 0.5) / 2)}
    parts = [TagAuc(("a", "b")) for _ in range(2)]
    parts[0].update(rows[:1], truths[:1])
    parts[1].update(rows[1:], truths[1:])
    parts[0].merge(parts[1].state())
    assert parts[0].compute() == whole.compute()


def test_metrics_that_cannot_be() -> None:
    metric = TagAuc(("a", "b"))
    with pytest.raises(DataError, match="scores of"):
        metric.update(scored([0.9, 1.2]), [np.array([True, False])])
    with pytest.raises(DataError, match="2 are known"):
        metric.update(scored([0.9]), [np.array([True, False])])
    with pytest.raises(DataError, match="not the scores of the tags"):
        metric.merge({"a": {}})
    metric.update(scored([0.9, 0.1]), [np.array([True, False])])
    with pytest.raises(DataError, match="tag a: all 1 labels are 1"):
        metric.compute()


def test_the_bands_fill_the_papers_network_and_the_output_is_checked(tmp_path: Path) -> None:
    task = catalogue.load("speech/fcn4").variant("fcn4").task
    write_tone(tmp_path / "a.wav", 9)
    (found,), _ = task.preprocess(tmp_path / "a.wav")
    assert (found.shape, found.dtype, float(found.max())) == ((1, 96, 1366), np.float32, 0.0)
    assert found.min() >= -80
    with pytest.raises(DataError, match="another model"):
        task.postprocess([np.zeros((1, 50))], [None])
    with pytest.raises(DataError, match="NaN"):
        task.postprocess([np.full((1, 7), np.nan)], [None])
    (tags,) = task.postprocess([np.array([[0.0, 3.0, -200.0, 0, 0, 0, 0]])], [None])
    assert tags.scores[0] == 0.5
    assert task.describe(tags, 1) == "high (0.953)"
