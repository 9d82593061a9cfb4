"""Ways to a good figure that is none, in the manner of LoadGen's compliance tests: each is caught."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.backends.base import Session
from engine.base import Engine, RunError
from zoo.accuracy.verify import VerifyOptions, verify
from zoo.commands import valid
from zoo.errors import CheckFailedError
from zoo.family import Family
from zoo.manifest import Exported
from zoo.model import Model, Part
from zoo.running import engines
from zoo.running.setting import Setting

pytest.importorskip("torch")

Arrays = list[np.ndarray]


class Behind(Session):
    """A target that does something with what the network says."""

    def __init__(self, inner: Engine, answer: Callable[[Engine, Arrays], Arrays]):
        self.inputs, self.outputs = inner.inputs, inner.outputs
        self._inner, self._answer = inner, answer

    def run(self, arrays: Arrays) -> Arrays:
        return self._answer(self._inner, arrays)


def from_a_cache() -> Callable[[Engine, Arrays], Arrays]:
    """The answer to the first batch of a size, to every batch of that size."""
    known: dict[int, np.ndarray] = {}
    return lambda inner, arrays: [known.setdefault(len(arrays[0]), inner(arrays)).copy()]


def by_a_corner() -> Callable[[Engine, Arrays], Arrays]:
    """Answers are kept by a few values of a sample, which most samples share."""
    known: dict[bytes, np.ndarray] = {}

    def answer(inner: Engine, arrays: Arrays) -> Arrays:
        found = inner(arrays)
        rows = zip(arrays[0], found, strict=True)
        return [np.stack([known.setdefault(sample.ravel()[:4].tobytes(), row) for sample, row in rows])]

    return answer


def in_another_order() -> Callable[[Engine, Arrays], Arrays]:
    return lambda inner, arrays: [inner(arrays)[::-1].copy()]


def in_float64() -> Callable[[Engine, Arrays], Arrays]:
    return lambda inner, arrays: [inner(arrays).astype(np.float64)]


def a_row_less() -> Callable[[Engine, Arrays], Arrays]:
    return lambda inner, arrays: [inner(arrays)[:, :-1]]


@pytest.fixture
def cheating(lenet_export: Exported, lenet: Model, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Setting]:
    """A setting whose target does what is asked for; the baseline stays as it is."""
    opened = engines.open_part

    def made(way: Callable[[], Callable[[Engine, Arrays], Arrays]]) -> Setting:
        def other(setting: Setting, part: Part) -> Engine:
            engine = opened(setting, part)
            if setting.dtype == "float32":
                return engine
            return Engine.from_session(Behind(engine, way()), "cheating", "cheating", "float16")

        monkeypatch.setattr(engines, "open_part", other)
        return Setting(lenet, folder=lenet_export.manifest.parent)

    return made


@pytest.mark.parametrize("way", [from_a_cache, by_a_corner, in_another_order])
def test_answers_to_other_questions_fail(
    cheating: Callable[..., Setting], way: Callable[[], Callable[[Engine, Arrays], Arrays]]
) -> None:
    done = verify(cheating(way).but(batch_size=8), VerifyOptions(["float16"], limit=40))
    assert [one.passed() for one in done.comparisons] == [True, False]


@pytest.mark.parametrize("way", [in_float64, a_row_less])
def test_answers_of_another_kind_are_an_error(
    cheating: Callable[..., Setting], way: Callable[[], Callable[[Engine, Arrays], Arrays]]
) -> None:
    with pytest.raises((RunError, CheckFailedError), match="output"):
        verify(cheating(way), VerifyOptions(["float16"], limit=8))


@pytest.mark.parametrize("change", ["another picture", "gone", "added"])
def test_a_data_set_that_changes_under_a_run(
    lenet: Model,
    lenet_family: Family,
    lenet_export: Exported,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: str,
) -> None:
    """The first picture, which has been read by then, is another one at the end."""
    monkeypatch.setenv("TECO_INFER_PIPELINES_WARMUP_STEPS", "0")  # which would be the first call
    data = tmp_path / "data"
    for name in ("3", "8"):
        shutil.copytree(lenet.data("sample") / name, data / name)
    pictures = sorted(data.rglob("*.png"))
    opened = engines.open_part

    def changing(inner: Engine, arrays: Arrays) -> Arrays:
        answer = inner(arrays)
        if change == "another picture":
            shutil.copyfile(pictures[-1], pictures[0])
        elif change == "gone":
            pictures[0].unlink(missing_ok=True)
        else:
            shutil.copyfile(pictures[0], data / "3/zz.png")  # which is no part of the data set that was listed
        return [answer]

    monkeypatch.setattr(
        engines,
        "open_part",
        lambda setting, part: Engine.from_session(
            Behind(opened(setting, part), changing), "onnxruntime", "onnx", "float32"
        ),
    )
    state = data / "state.json"  # its own file is no change
    state.write_text("")
    state.unlink()
    words = ["--ckpt", str(lenet_export.dynamic), "--data_path", str(data), "--resume", str(state)]
    code = valid.main(lenet_family, [*words, "--batch_size", "8"])
    said = capsys.readouterr()
    if change == "added":
        assert code == 0
        return
    assert code == 1
    assert f"the data set changed while it was read, so that its figure says nothing: {pictures[0]}" in said.err
    assert "eval_metric" not in said.out
