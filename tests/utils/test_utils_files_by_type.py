"""Magika: what is read of a file, what is made of the network's answer, and what can be wrong."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from utils.datasets.files_by_type import FilesByType
from utils.datasets.samples.files import write_files
from utils.preprocess.file_bytes import FileEnds
from zoo.catalogue import beside, load
from zoo.errors import ZooError
from zoo_core.errors import DataError

MODEL = load("file_type/magika").variant()
TASK: Any = MODEL.task


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files") / "made"
    write_files(folder)
    return folder


def test_both_ends_without_white_space_around_them() -> None:
    found, short = FileEnds()(b" \n12345678\t")
    assert short is None
    assert found.dtype == np.int32
    assert found[:10].tolist() == [*b"12345678\t", 256]
    assert found[1023:1025].tolist() == [256, 256]
    # what precedes the first byte of a short file stays in its end, what follows the last one in its beginning
    assert found[-10:].tolist() == [*b" \n12345678"]


def test_of_a_long_file_the_ends_of_both_blocks(tmp_path: Path) -> None:
    content = bytes(4000) + b" " * 200 + bytes(range(33, 256)) * 40 + b"\n" * 4000
    found, _ = FileEnds()(content)
    assert found[:1024].tolist() == [0] * 1024
    # of the last 4,096 bytes 96 are left without the line feeds
    assert found[1024 : 2048 - 96].tolist() == [256] * 928
    assert found[-96:].tolist() == [*content[:-4000][-96:]]
    (tmp_path / "file").write_bytes(content)
    assert FileEnds()(tmp_path / "file")[0].tolist() == found.tolist()


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"", "empty"), (b"\n \n", "txt"), (b"1234567", "txt"), (b"\xff\xfe12", "unknown"), (b" " * 5000, "txt")],
)
def test_files_of_few_bytes_are_told_without_the_network(content: bytes, kind: str) -> None:
    (numbers,), meta = TASK.preprocess(content)
    (found,) = TASK.postprocess([np.full((1, 214), 1 / 214, np.float32)], [meta])
    assert numbers.shape == (2048,)
    assert TASK.types[found.classes[0]] == kind
    assert found.said == "short"
    assert "without the network" in TASK.describe(found, 1)


@pytest.mark.parametrize(
    ("best", "score", "kind", "said"),
    [
        ("python", 0.51, "python", ""),
        ("python", 0.49, "txt", "unsure"),
        ("png", 0.49, "unknown", "unsure"),
        ("markdown", 0.74, "txt", "unsure"),  # which has a threshold of its own
        ("markdown", 0.76, "markdown", ""),
        ("txt", 0.3, "txt", ""),
        ("randomtxt", 0.9, "txt", ""),
        ("randombytes", 0.2, "unknown", ""),
    ],
)
def test_what_is_made_of_an_answer(best: str, score: float, kind: str, said: str) -> None:
    probabilities = np.full((1, 214), (1 - score) / 213, np.float32)
    probabilities[0, TASK.types.index(best)] = score
    (found,) = TASK.postprocess([probabilities], [None])
    assert (TASK.types[found.classes[0]], found.said) == (kind, said)
    assert len(set(found.classes)) == len(found.classes)
    assert found.scores[0] == pytest.approx(score)
    told = TASK.describe(found, 2)
    assert told.startswith(kind)
    assert (best in told) or not said
    assert TASK.to_json(found)["type"] == kind


def test_files_of_each_type(files: Path) -> None:
    samples = FilesByType(files, TASK.types)
    assert len(samples) == 30
    (sure,) = TASK.postprocess([np.eye(214, dtype=np.float32)[:1]], [None])
    assert TASK.draw(samples[0].data, sure).width == 512
    with pytest.raises(DataError, match="'bzip' is none of the 2 types"):
        FilesByType(files, ["bmp", "png"])
    with pytest.raises(DataError, match="no folder in it"):
        FilesByType(files / "zip", TASK.types)
    with pytest.raises(DataError, match="no such folder"):
        FilesByType(files / "none", TASK.types)
    with pytest.raises(DataError, match="cannot be read"):
        TASK.preprocess(files / "none")


def test_what_lies_beside_the_folders_is_passed_over_aloud(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "python").mkdir()
    with pytest.raises(DataError, match="there is no file in this folder"):
        FilesByType(tmp_path, TASK.types)
    for name in ("python/a", "stray.py", ".hidden"):
        (tmp_path / name).write_text("x")
    assert [sample.id for sample in FilesByType(tmp_path, TASK.types)] == ["python/a"]
    assert "stray.py: passed over" in caplog.text


def test_a_pipe_is_told_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="pipe: this is a device or a pipe"):
        FileEnds()(tmp_path / "pipe")


def test_a_listing_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "types.tsv").write_text("png\tpicture\t0.5\n")
    with pytest.raises(DataError, match="text or binary"):
        _ = replace(TASK, listing=tmp_path / "types.tsv").types


def test_another_graph_is_a_sentence(tmp_path: Path) -> None:
    import onnx

    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([], "none", [], [])), tmp_path / "other.onnx")
    with pytest.raises(ZooError, match="not Magika's graph"):
        beside(str(MODEL.folder / "model.py"), "model").convert(tmp_path / "other.onnx")


def test_predictions_are_those_of_the_package(files: Path) -> None:
    package = pytest.importorskip("magika", reason="magika is not installed, with which this compares")
    import torch

    theirs = package.Magika()
    network = MODEL.build().eval()
    state = beside(str(MODEL.folder / "model.py"), "model").convert(theirs._model_path)
    network.load_state_dict({name: torch.as_tensor(array) for name, array in state.items()})
    contents = [sample.data.read_bytes() for sample in TASK.dataset(files)]
    contents += [b" \n" + one + b"\n\n" for one in contents] + [one[: len(one) // 2] for one in contents]
    for content in (*contents, b"", b"1", b"\xff", b" " * 9):
        (numbers,), meta = TASK.preprocess(content)
        with torch.inference_mode():
            (found,) = TASK.postprocess([network(torch.from_numpy(numbers)[None]).numpy()], [meta])
        said = theirs.identify_bytes(content).prediction
        assert TASK.types[found.classes[0]] == str(said.output.label)
        # the package's graph loses digits where it takes variances as mean squares less squared means: in float64, both
        # are the same network, from which it is up to 4e-4 away, and this one 1e-6
        assert found.scores[0] == pytest.approx(said.score, abs=1e-3)
