"""transformers' networks from classes and local folders, nothing fetched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

transformers = pytest.importorskip("transformers")
torch = pytest.importorskip("torch")

from safetensors.torch import save_file  # noqa: E402

from zoo import catalogue  # noqa: E402
from zoo.errors import ZooError  # noqa: E402
from zoo.libraries import transformers as library  # noqa: E402
from zoo.running.reference import build  # noqa: E402
from zoo.weights import find_weights  # noqa: E402

TINY = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "image_size": 16,
    "patch_size": 8,
    "num_labels": 3,
}


@pytest.fixture
def vit() -> Any:
    torch.manual_seed(0)
    return library.network("ViTForImageClassification", **TINY)


def test_its_classes_are_known() -> None:
    assert {"ViTForImageClassification", "ResNetForImageClassification"} <= set(library.image_classifiers())


def test_a_folder_comes_back_as_it_was_saved(vit: Any, tmp_path: Path) -> None:
    vit.save_pretrained(tmp_path)
    made = library.network_of_folder(tmp_path)
    picture = torch.randn(1, 3, 16, 16)
    assert torch.equal(made(picture).logits, vit.eval()(picture).logits)
    assert not made.training


def test_a_file_in_the_names_of_the_hub_fits_the_class(vit: Any, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    vit.save_pretrained(tmp_path)
    state = load_file(tmp_path / "model.safetensors")
    made = library.network("ViTForImageClassification", state, **TINY)
    own = vit.state_dict()
    assert all(torch.equal(value, own[name]) for name, value in made.state_dict().items())


@pytest.mark.parametrize("change", ["missing", "unexpected"])
def test_weights_that_do_not_fit_are_never_made_up(vit: Any, tmp_path: Path, change: str) -> None:
    from safetensors.torch import load_file

    vit.save_pretrained(tmp_path)
    state = load_file(tmp_path / "model.safetensors")
    if change == "missing":
        del state["classifier.weight"]
    else:
        state["another.weight"] = torch.ones(1)
    with pytest.raises(ZooError, match=f"{change} keys: (classifier|another)"):
        library.network("ViTForImageClassification", state, **TINY)


@pytest.mark.parametrize(
    "config", [None, "{", "{}", json.dumps({"architectures": ["NoSuchNet"]}), json.dumps({"architectures": []})]
)
def test_a_folder_that_is_none_is_told(tmp_path: Path, config: str | None) -> None:
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    with pytest.raises(ZooError, match="is not a folder that save_pretrained"):
        library.network_of_folder(tmp_path)


def test_a_folder_without_weights_is_told(vit: Any, tmp_path: Path) -> None:
    vit.save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(ZooError, match="transformers cannot load"):
        library.network_of_folder(tmp_path)


@pytest.mark.parametrize(
    ("family", "variant"),
    [
        ("pose/vitpose", "vitpose_sample"),
        ("detection/rt_detr", "rtdetr_sample"),
        ("detection/rt_detr", "dfine_sample"),
        ("vision_language/sam", "sam_sample"),
        ("segmentation/segformer", "segformer_tiny"),
        ("depth/depth_anything", "depth_anything_tiny"),
    ],
)
def test_files_in_the_librarys_names_are_taken_as_the_readmes_say(tmp_path: Path, family: str, variant: str) -> None:
    """`--weights model.safetensors`, which the library may write in other names than its network has."""
    model = catalogue.load(family).variant(variant)
    published = model.build()
    published.save_pretrained(tmp_path)
    made = build(model, find_weights(model, str(tmp_path / "model.safetensors")), None)
    own = made.state_dict()
    assert all(torch.equal(own[name], value) for name, value in published.state_dict().items())


@pytest.mark.parametrize("hiding", [True, False])
def test_wav2vec2_takes_the_names_of_the_published_files(tmp_path: Path, hiding: bool) -> None:
    """Those of an older norm of weights, with or without what hides steps in training."""
    model = catalogue.load("speech/wav2vec2").variant()
    published = model.build().state_dict()
    older = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
    state = {}
    for name, value in published.items():
        ending = next((end for end in older if name.endswith(end)), "")
        state[name.removesuffix(ending) + older.get(ending, "")] = value.contiguous()
    assert sum(name.endswith(("weight_g", "weight_v")) for name in state) == 2
    if hiding:
        state["wav2vec2.masked_spec_embed"] = torch.zeros(64)
    save_file(state, tmp_path / "model.safetensors")
    made = build(model, find_weights(model, str(tmp_path / "model.safetensors")), None)
    own = made.state_dict()
    assert all(torch.equal(own[name], value) for name, value in published.items())
    assert made.config._attn_implementation == "eager"
    assert made(torch.zeros(1, 800)).shape[2] == 32
