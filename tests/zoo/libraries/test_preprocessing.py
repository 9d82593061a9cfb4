"""Preprocessing is equal to the libraries' own, to the bit, on real pictures of many sizes."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from PIL import Image

from zoo.libraries import timm as timm_library
from zoo.libraries import torchvision as torchvision_library
from zoo.libraries.classifier import DEMOS, transform_of
from zoo.libraries.names import facts, names, path_of

SIZES = ((640, 427), (427, 640), (224, 224), (225, 223), (100, 333), (301, 90), (31, 40), (1000, 250), (256, 256))


def pictures() -> list[Image.Image]:
    photo = Image.open(DEMOS / "flower.jpg").convert("RGB")
    gray = Image.open(DEMOS / "china.jpg").convert("L")
    return [photo.resize(size) for size in SIZES] + [gray, photo.convert("RGBA")]


def one_a_group(library: str) -> list[str]:
    """A name for each way of preprocessing."""
    said: dict[Any, str] = {}
    for header, name in _first_names(library):
        words = tuple(word for word in header.split(" ") if not word.startswith(("licence", "classes", "sizes")))
        said.setdefault(words, name)
    return list(said.values())


def _first_names(library: str) -> list[tuple[str, str]]:
    lines = path_of(library).read_text(encoding="utf-8").splitlines()
    pairs = itertools.pairwise(lines)
    return [(line, after.partition(" ")[0]) for line, after in pairs if line.startswith("[")]


@pytest.mark.parametrize("name", one_a_group("timm"))
def test_timm(name: str) -> None:
    timm = pytest.importorskip("timm")
    config = timm.data.resolve_data_config(pretrained_cfg=timm_library._config(name).to_dict())
    theirs, ours = timm.data.create_transform(**config, is_training=False), transform_of(facts("timm", name))
    for picture in pictures() if config["crop_mode"] != "center" else pictures()[::4]:
        (got,), _ = ours(picture)
        assert np.array_equal(got, theirs(picture.convert("RGB")).numpy()), picture.size


@pytest.mark.parametrize("mode", ["center", "squash", "border"])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize(("size", "crop_pct"), [(224, 0.875), (224, 1.0), (97, 0.9), (160, 0.95)])
def test_all_modes_of_timm(mode: str, interpolation: str, size: int, crop_pct: float) -> None:
    timm = pytest.importorskip("timm")
    from zoo.libraries.names import Facts

    mean, std = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
    theirs = timm.data.create_transform(
        (3, size, size), interpolation=interpolation, mean=mean, std=std, crop_pct=crop_pct, crop_mode=mode
    )
    ours = transform_of(Facts(size, int(size / crop_pct), mode, interpolation, mean, std))
    for picture in pictures():
        (got,), original = ours(picture)
        assert original == picture.size
        assert np.array_equal(got, theirs(picture.convert("RGB")).numpy()), picture.size


@pytest.mark.parametrize("name", one_a_group("torchvision"))
def test_torchvision(name: str) -> None:
    pytest.importorskip("torchvision")
    theirs = torchvision_library.weights_of(name).transforms()
    ours = transform_of(facts("torchvision", name))
    for picture in pictures():
        (got,), _ = ours(picture)
        assert np.array_equal(got, theirs(picture.convert("RGB")).numpy()), picture.size


def test_labels_are_timms() -> None:
    timm = pytest.importorskip("timm")
    from zoo.libraries.classifier import CLASSES, classes_of

    for count in CLASSES[1:]:
        info = timm.data.ImageNetInfo(timm.data.infer_imagenet_subset({"num_classes": count}))
        labels, folders = classes_of(count)
        assert list(folders) == info.label_names()
        assert list(labels) == info.label_descriptions()
    assert classes_of(1000)[1] == tuple(timm.data.ImageNetInfo().label_names())


def test_every_name_says_how_it_is_preprocessed() -> None:
    for library in ("torchvision", "timm", "pytorchcv", "paddle_vision"):
        for name in names(library)[:: max(len(names(library)) // 20, 1)]:
            assert transform_of(facts(library, name)).shape[0] == 3
