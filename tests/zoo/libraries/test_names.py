"""The committed lists of names say what the installed libraries say, and reading them needs no library."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from zoo import catalogue
from zoo.errors import ZooError
from zoo.libraries import listing, timm, torchvision
from zoo.libraries.classifier import DEMOS
from zoo.libraries.family import family
from zoo.libraries.names import facts, names, path_of, text_of


@pytest.mark.parametrize("library", listing.PACKAGES)
def test_the_list_is_what_the_installed_library_says(library: str) -> None:
    """All but `any_size`, which takes an hour to find out: the next test tries some."""
    try:
        version = listing.version_of(library)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{library} is not installed")
    found = [(name, replace(said, any_size=False)) for name, said in listing.module_of(library).entries()]
    text = path_of(library).read_text(encoding="utf-8").replace(" sizes=any ", " sizes=one ")
    assert _merged(text) == _merged(text_of(library, version, found))


def _merged(text: str) -> dict[str, str]:
    """The header of each name."""
    said, header = {}, ""
    for line in text.splitlines():
        if line[0] == "[":
            header = line
        else:
            said[line] = header
    return said


@pytest.mark.parametrize(
    ("library", "name", "takes"),
    [
        ("torchvision", "mobilenet_v3_small", True),
        ("torchvision", "swin_t", False),
        ("torchvision", "alexnet", False),
        ("torchvision", "vgg11_bn", False),
        ("timm", "mobilenetv3_small_050", None),
        ("timm", "vit_tiny_patch16_224", False),
        ("pytorchcv", "squeezenet_v1_1", None),
        ("paddle_vision", "squeezenet1_1", True),
        ("paddle_vision", "shufflenet_v2_x0_25", False),
        ("paddle_vision", "vgg11", False),
    ],
)
def test_which_take_pictures_of_any_size(library: str, name: str, takes: bool | None) -> None:
    """None: what the list says is held to what tracing finds, in the one direction that would give wrong files."""
    module = pytest.importorskip(f"zoo.libraries.{library}")
    try:
        listing.version_of(library)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{library} is not installed")
    said = facts(library, name)
    found = listing._Sizes(module.network).any_for(name, said.size)
    assert found or not said.any_size
    if takes is not None:
        assert said.any_size == found == takes


@pytest.mark.parametrize(("side", "takes"), [(1, True), ((1, 1), True), (2, False), ((1, 2), False)])
@pytest.mark.parametrize("kind", ["AdaptiveAvgPool2d", "AdaptiveMaxPool2d"])
def test_what_pools_to_a_grid_takes_one_size(kind: str, side: Any, takes: bool) -> None:
    """ONNX has no such pooling: an exporter writes it for one size, and the file then fails at another."""
    nn = pytest.importorskip("torch").nn
    network = nn.Sequential(nn.Conv2d(3, 4, 3), getattr(nn, kind)(side), nn.Flatten())
    assert listing._torch_takes(network, 32) == takes


@pytest.mark.parametrize(
    ("name", "size", "figure", "where"),
    [
        ("dpn92.mx_in1k", 224, 0.80038, "ImageNet val, "),
        ("resnetv2_50.a1h_in1k", 224, 0.81398, "ImageNet val at 288 pixels, "),
    ],
)
def test_timms_figures_say_at_which_side(name: str, size: int, figure: float, where: str) -> None:
    said = timm.model(name).published
    assert said is not None
    assert (said.metric, said.value) == ("top1", figure)
    assert where in said.where
    assert facts("timm", name).size == size
    assert timm.model("resnetv2_152").published is None


def test_timms_figures_are_of_names_that_it_has() -> None:
    assert set(timm._top1()) <= set(names("timm"))
    assert all(0.5 < figure < 0.95 and side >= 224 for figure, side in timm._top1().values())


def test_listing_imports_no_library() -> None:
    code = (
        "import sys; from zoo.commands.describe import list_models; assert list_models([]) == 0; "
        "heavy = {'torch', 'torchvision', 'timm', 'pytorchcv', 'paddle', 'transformers'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    contrib = str(Path(__file__).resolve().parents[3] / "contrib")
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": contrib}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_any_name_of_a_library_is_a_variant() -> None:
    family, variant = catalogue.find("timm/convnext_tiny.fb_in1k")
    assert (family.id, variant) == ("classification/timm", "convnext_tiny.fb_in1k")
    model = family.variant(variant)
    assert model.licence.endswith("apache-2.0")
    assert len(family.variants) > 2500
    with pytest.raises(ZooError, match=r"convnext_tiny\.fb_in1k"):
        family.variant("convnext_tiny.fb_in1kk")


def test_a_name_alone_means_the_zoos_own_model_first() -> None:
    family, variant = catalogue.find("resnet50")
    assert (family.id, variant) == ("classification/resnet", "resnet50")
    with pytest.raises(ZooError, match="classification/timm/resnet26"):
        catalogue.find("resnet26")


def test_licences_belong_to_the_variants_of_timm() -> None:
    said = [facts("timm", name).licence for name in names("timm")[::40]]
    assert len(set(said)) > 2
    text = path_of("timm").read_text(encoding="utf-8")
    assert "licence=cc-by-nc-4.0" in text


def test_some_networks_of_a_library_are_a_family_in_a_few_lines(tmp_path: Path) -> None:
    leaf = tmp_path / "classification/vgg/model.py"
    leaf.parent.mkdir(parents=True)
    leaf.write_text(
        '"""VGG on ImageNet, from torchvision."""\n\n'
        "from zoo.libraries import torchvision\n"
        "from zoo.libraries.family import family\n\n"
        'MODEL = family(torchvision, __file__, "VGG", ("vgg16", "vgg11_bn"), paper="Simonyan and Zisserman, 2014")\n'
    )
    found, variant = catalogue.find("vgg16", tmp_path)
    model = found.variant(variant)
    assert (model.id, model.title, model.default) == ("classification/vgg", "VGG", True)
    assert model.paper.startswith("Simonyan")
    assert model.published is not None
    assert model.published.value == 0.71592
    assert list(found.variants) == ["vgg16", "vgg11_bn"]
    assert model.demo_folder() == DEMOS


def test_a_folder_may_have_demos_of_its_own_and_any_other_field() -> None:
    leaf = Path("example/classification/mine/model.py")
    found = family(torchvision, str(leaf), "Mine", ("resnet18",), demos=None, licence="mine")
    assert found.variant().demo_folder().parts[-2:] == ("mine", "demos")
    assert found.variant().licence == "mine"


@pytest.mark.parametrize(
    ("variant", "published"), [("simplepose_resnet18_coco", 0.6631), ("simplepose_mobile_mobilenetv2b_w1_coco", 0.6374)]
)
def test_pytorchcv_states_of_poses_what_is_right_and_not_what_is_wrong(variant: str, published: float) -> None:
    """Its column of errors has the average precision of keypoints (its readme: 66.31 %), and top-5 errors of others."""
    pytest.importorskip("pytorchcv")
    said = catalogue.load("pose/simple_pose").variant(variant).published
    assert said is not None
    assert (said.metric, said.value) == ("map", published)
