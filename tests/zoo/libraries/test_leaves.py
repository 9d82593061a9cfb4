"""The folders that are some networks of a library: short, described without the library, with the library's figures."""

from __future__ import annotations

import re

import pytest

from zoo import catalogue
from zoo.catalogue import EXAMPLES

# Folders whose model.py names variants of a library; those of whole libraries name none
LEAVES = sorted(
    path.parent.relative_to(EXAMPLES).as_posix()
    for path in EXAMPLES.glob("*/*/model.py")
    if "zoo.libraries.family" in (text := path.read_text(encoding="utf-8")) and "paper=" in text
)
# What others state of the same weights, to four places, each measured anew by them
STATED = {
    "alexnet": 0.5652,
    "vgg16": 0.7159,
    "squeezenet1_0": 0.5809,
    "googlenet": 0.6978,
    "densenet121": 0.7443,
    "mobilenet_v2": 0.7188,
    "resnext50_32x4d": 0.7762,
    "resnext101_32x8d": 0.7931,
    "inception_v3": 0.7729,
    "inception_v4.tf_in1k": 0.8014,
    "mobilenetv1_100.ra4_e3600_r224_in1k": 0.7539,
    "dpn92.mx_in1k": 0.8003,
    "legacy_xception.tf_in1k": 0.7906,
    "cspdarknet53.ra_in1k": 0.8008,
    "legacy_senet154.in1k": 0.8132,
    "seresnet50.ra2_in1k": 0.8026,
}


def test_there_are_leaves() -> None:
    assert len(LEAVES) >= 30


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_leaf_is_short_and_every_variant_is_described(leaf: str) -> None:
    assert len((EXAMPLES / leaf / "model.py").read_text(encoding="utf-8").splitlines()) <= 20
    family = catalogue.load(leaf)
    assert not family.library
    for model in catalogue.of_family(family):
        assert re.fullmatch(r".+, .+ \d{4}", model.paper)
        assert model.entry.inputs[0].shape[:2] == ("batch", 3)
        classes = ("batch", 21, "height", "width") if family.domain == "segmentation" else ("batch", 1000)
        assert model.part.outputs[0].shape == classes
        assert model.demo_folder().is_dir()


@pytest.mark.parametrize("variant", STATED)
def test_a_published_figure_is_that_of_the_weights(variant: str) -> None:
    family, name = catalogue.find(variant)
    assert not family.library
    published = family.variant(name).published
    assert published is not None
    assert published.metric == "top1"
    assert published.value == pytest.approx(STATED[variant], abs=2.5e-4)
    assert "https://" in published.where
