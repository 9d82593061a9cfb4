"""Weights in several files with an index, as transformers writes what is large."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from zoo import catalogue
from zoo.errors import ZooError
from zoo.frameworks import pytorch
from zoo.frameworks.torch_file import read_state
from zoo.model import Model
from zoo.weights import find_weights
from zoo_core.hashing import sha256

FIRST, SECOND = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"


@pytest.fixture(scope="session")
def model() -> Model:
    return replace(catalogue.load("classification/lenet").variant(), build=lambda: torch.nn.Linear(3, 2))


def write(folder: Path, **changes: Any) -> Path:
    """The index of two files; changes: of the table."""
    save_file({"weight": torch.full((2, 3), 2.0)}, folder / FIRST)
    save_file({"bias": torch.full((2,), 2.0)}, folder / SECOND)
    table = {"weight": FIRST, "bias": SECOND, **changes}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": table}))
    return folder / "model.safetensors.index.json"


def test_all_files_that_an_index_names_are_loaded(model: Model, tmp_path: Path) -> None:
    weights = find_weights(model, str(write(tmp_path)))
    made = pytorch.load(model, weights, [])
    assert [bool((value == 2).all()) for value in made.parameters()] == [True, True]


def test_the_digest_is_that_of_the_files_too(model: Model, tmp_path: Path) -> None:
    path = write(tmp_path)
    before = find_weights(model, str(path)).sha256
    assert before != sha256(path)
    save_file({"bias": torch.zeros(2)}, tmp_path / SECOND)
    assert find_weights(model, str(path)).sha256 != before


def test_files_of_torch_have_an_index_too(tmp_path: Path) -> None:
    torch.save({"weight": torch.ones(2, 3)}, tmp_path / "a.bin")
    torch.save({"bias": torch.ones(2)}, tmp_path / "b.bin")
    index = tmp_path / "pytorch_model.bin.index.json"
    index.write_text(json.dumps({"weight_map": {"weight": "a.bin", "bias": "b.bin"}}))
    assert sorted(read_state(index)) == ["bias", "weight"]


def test_paddle_networks_take_them(tmp_path: Path) -> None:
    pytest.importorskip("paddle")
    from zoo.frameworks import paddle as framework

    assert sorted(framework.read_state(write(tmp_path))) == ["bias", "weight"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"bias": "model-00003-of-00003.safetensors"}, r"names 2 files; not there: model-00003-of-00003\.safetensors"),
        ({"bias": "../other.safetensors"}, "no file of weights in its folder; it is not opened"),
        ({"bias": "model.safetensors.index.json"}, "no file of weights in its folder"),
        ({"bias": 3}, "is no index of weights: it has no weight_map"),
    ],
)
def test_what_an_index_must_not_name(model: Model, tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ZooError, match=said):
        find_weights(model, str(write(tmp_path, **changes)))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "it has no weight_map"),
        ("[]", "it has no weight_map"),
        ('{"weight_map": {}}', "it has no weight_map"),
        ("version https://git-lfs.github.com/spec/v1\n", "it is a Git-LFS pointer"),
    ],
)
def test_what_is_no_index(model: Model, tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "model.safetensors.index.json"
    path.write_text(content)
    with pytest.raises(ZooError, match=said):
        find_weights(model, str(path))


def test_a_tensor_in_two_files_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path)
    save_file({"weight": torch.zeros(2, 3), "bias": torch.zeros(2)}, tmp_path / SECOND)
    with pytest.raises(ZooError, match=r"holds weight, which is in another file of model\.safetensors\.index\.json"):
        read_state(path)


def test_a_file_that_is_a_pointer_is_named(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / SECOND).write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(ZooError, match=rf"{SECOND} is not a checkpoint of tensors: it is a Git-LFS pointer"):
        read_state(path)


def test_of_a_folder_the_index_is_what_to_give(model: Model, tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(ZooError, match=r"give one of its files: model\.safetensors\.index\.json$"):
        find_weights(model, str(tmp_path))
