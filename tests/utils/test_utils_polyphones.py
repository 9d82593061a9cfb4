"""Chinese polyphones: the layout of CPP, what is typed, the authors' files, and what can be wrong with them."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from utils.datasets.polyphones import LabelledPolyphones, marked, sentences_in
from utils.datasets.samples.polyphones import WRITTEN, write_polyphones
from utils.text_file import read_lines
from zoo.catalogue import beside, load
from zoo.errors import ZooError
from zoo_core.errors import DataError

MODEL = load("nlp/g2pm").variant()
READINGS = read_lines(MODEL.folder / "readings.txt")


def written(folder: Path, sentences: str = "他▁长▁高\n▁长▁路\n", readings: str = "zhang3\nchang2\n") -> Path:
    (folder / "a.sent").write_text(sentences, encoding="utf-8")
    (folder / "a.lb").write_text(readings, encoding="utf-8")
    return folder


def test_the_layout_of_cpp(tmp_path: Path) -> None:
    first, second = LabelledPolyphones(written(tmp_path), READINGS)
    assert (first.id, first.data.text, first.data.place, READINGS[first.truth]) == ("a.sent:1", "他长高", 1, "zhang3")
    assert (second.data.character, second.data.place) == ("长", 0)
    for file in ("a.sent", "a.lb"):
        assert len(LabelledPolyphones(tmp_path / file, READINGS)) == 2


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"readings": "zhang3\n"}, "a.sent has 2 lines and a.lb 1"),
        ({"readings": "zhang3\nchang9\n"}, "a.lb, line 2: the reading 'chang9'"),
        ({"sentences": "他▁长▁高\n他长高\n"}, "a.sent, line 2: one character between two"),
        ({"sentences": "他▁长高▁\n▁长▁路\n"}, "a.sent, line 1: one character"),
        ({"sentences": "▁长▁▁长▁\n▁长▁路\n"}, "a.sent, line 1: one character"),
        ({"sentences": "", "readings": ""}, "empty"),
    ],
)
def test_lines_that_are_wrong(tmp_path: Path, files: dict[str, str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        LabelledPolyphones(written(tmp_path, **files), READINGS)


def test_files_that_are_wrong(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found nothing"):
        LabelledPolyphones(tmp_path, READINGS)
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(DataError, match=r"end with \.sent"):
        LabelledPolyphones(tmp_path / "a.txt", READINGS)
    (tmp_path / "b.sent").write_text("他▁长▁高\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"b\.lb"):
        LabelledPolyphones(tmp_path / "b.sent", READINGS)
    assert [one.id for one in sentences_in(tmp_path / "b.sent")] == ["b.sent:1"]


def test_the_task(tmp_path: Path) -> None:
    task: Any = MODEL.task
    (points, place), meta = task.preprocess(" 他▁长▁高\n")
    assert "".join(map(chr, points)) == "시他长高끝"
    assert (points.dtype, place.tolist(), meta.character) == (np.int64, [2], "长")
    assert task.length("他▁长▁高") == 5
    (tmp_path / "a.txt").write_text("他长高", encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.txt: one character between"):
        task.preprocess(tmp_path / "a.txt")
    with pytest.raises(DataError, match="--input_size 4 leaves room for 2"):
        task.adapted(4, 1).preprocess("他▁长▁高")
    with pytest.raises(DataError, match="NUL"):
        task.preprocess("他▁长▁\0高")
    logits = np.zeros((1, len(READINGS)), np.float32)
    logits[0, READINGS.index("zhang3")] = 20
    (found,) = task.postprocess([logits], [meta])
    assert task.describe(found, 1) == "zhang3 (1.000)"
    assert task.draw(meta, found).width == 512


def test_the_sample_has_readings_that_the_network_knows(tmp_path: Path) -> None:
    write_polyphones(tmp_path / "made")
    assert len(MODEL.task.dataset(tmp_path / "made")) == len(WRITTEN)
    assert marked(WRITTEN[0][0]).character == "长"


def test_a_sentence_is_the_same_alone_and_filled_up() -> None:
    import torch

    network = MODEL.build().eval()
    points = torch.tensor([[0x4ED6, 0x957F, 0x9AD8]])
    place = torch.tensor([[1]])
    with torch.inference_mode():
        alone = network(points, place)
        filled = network(torch.nn.functional.pad(points, (0, 5)), place)
        other = network(points.flip(1), place)
        # code points beyond the table are read as the one at its end
        beyond = network(torch.tensor([[0x4ED6, 0x957F, 0x10FFFF]]), place)
    assert torch.allclose(alone, filled, atol=1e-6)
    assert not torch.allclose(alone, other, atol=1e-4)
    assert torch.isfinite(beyond).all()


def pickles(folder: Path, **changed: Any) -> list[Path]:
    """The authors' three files with other numbers."""
    random = np.random.default_rng(0)

    def array(*shape: int) -> np.ndarray:
        return random.normal(size=shape).astype(np.float32)

    arrays = {"embedding.weight": array(5398, 64), "logit_layer.0.weight": array(32, 64)}
    arrays |= {"logit_layer.0.bias": array(32), "logit_layer.2.weight": array(876, 32)}
    arrays |= {"logit_layer.2.bias": array(876)}
    for side in ("", "_reverse"):
        arrays |= {f"lstm.weight_ih_l0{side}": array(128, 64), f"lstm.weight_hh_l0{side}": array(128, 32)}
        arrays |= {f"lstm.bias_{kind}_l0{side}": array(128) for kind in ("ih", "hh")}
    said: dict[str, Any] = {
        "weights": arrays,
        "rows": {"<PAD>": 0, "<UNK>": 1, "长": 7, "𥙿": 9},
        "classes": {reading: len(READINGS) - 1 - index for index, reading in enumerate(READINGS)},
    } | changed
    for name, content in said.items():
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(content))
    return [folder / f"{name}.pkl" for name in ("weights", "rows", "classes")]


def test_the_authors_files_fit_the_network(tmp_path: Path) -> None:
    import torch

    paths = pickles(tmp_path)
    found = beside(MODEL.folder / "model.py", "model").convert(*paths)
    network = MODEL.build()
    network.load_state_dict({name: torch.as_tensor(np.array(array)) for name, array in found.items()})
    assert (network.rows[ord("长")], network.rows[ord("𥙿")], network.rows[ord("高")], network.rows[0]) == (7, 9, 1, 0)
    # the source had the readings the other way round
    first = pickle.loads(paths[0].read_bytes())["logit_layer.2.bias"]
    assert np.array_equal(found["output.bias"], first[::-1])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"classes": {"a1": 0}}, "not the readings"),
        ({"classes": dict.fromkeys(READINGS, 0)}, "not the readings"),
        ({"rows": {"长": 5398}}, "not among the 5398"),
        ({"rows": [1]}, "one of these is none"),
    ],
)
def test_other_files_are_a_sentence(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ZooError, match=said):
        beside(MODEL.folder / "model.py", "model").convert(*pickles(tmp_path, **changed))


def test_the_readings_are_those_of_the_authors_package() -> None:
    package = pytest.importorskip("g2pM", reason="the authors' package g2pM is not installed, with which this compares")
    import torch

    folder = Path(package.__file__).parent
    paths = [folder / f"{name}.pkl" for name in ("np_ckpt", "char2idx", "class2idx")]
    network = MODEL.build().eval()
    state = beside(MODEL.folder / "model.py", "model").convert(*paths)
    network.load_state_dict({name: torch.as_tensor(np.array(array)) for name, array in state.items()})
    theirs = package.G2pM()
    for sentence, _ in WRITTEN:
        asked = marked(sentence)
        arrays, _ = MODEL.task.preprocess(asked)
        with torch.inference_mode():
            logits = network(*[torch.from_numpy(array)[None] for array in arrays]).numpy()
        (found,) = MODEL.task.postprocess([logits], [asked])
        said = theirs(asked.text, char_split=True, tone=True)[asked.place]
        assert READINGS[found.classes[0]] == said
