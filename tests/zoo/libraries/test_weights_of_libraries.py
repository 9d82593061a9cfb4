"""Where timm, pytorchcv and paddle.vision have their weights, and that their own loaders take them."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from zoo import catalogue
from zoo.fetching.mirror import VARIABLE, place_of
from zoo.frameworks import pytorch
from zoo.libraries import pytorchcv, timm
from zoo.model import Pretrained
from zoo.weights import Weights, find_weights

torch = pytest.importorskip("torch")


def test_timm_says_address_and_what_it_has_of_a_digest() -> None:
    pytest.importorskip("timm")
    dated = timm.pretrained("resnet50.a1_in1k")
    assert dated is not None
    assert dated.sha256 == "14fe96d1"
    hub = timm.pretrained("convnext_tiny.fb_in1k")
    assert hub is not None
    assert hub.url == "https://huggingface.co/timm/convnext_tiny.fb_in1k/resolve/main/model.safetensors"
    assert hub.digests() == {}
    assert timm.pretrained("botnet50ts_256") is None


@pytest.mark.parametrize(
    ("url", "digest"),
    [
        ("https://a/b-14fe96d1.pth", "14fe96d1"),
        ("https://a/b-43020ad28.pth", "43020ad28"),
        ("https://a/b-20210101.pth", None),
        ("https://a/b_14fe96d1.pth", None),
        ("https://a/b-in22k.pth", None),
    ],
)
def test_the_digest_in_a_files_name(url: str, digest: str | None) -> None:
    found = timm._DIGEST.search(url)
    assert (found[1] if found else None) == digest


def test_timms_own_loader_takes_what_does_not_fit_as_it_is() -> None:
    """A file of the authors' has other names than timm's network: its filter renames them."""
    library = pytest.importorskip("timm")
    torch.manual_seed(0)
    state = library.create_model("deit_tiny_patch16_224").state_dict()
    wrapped = {"model": state}
    made = timm.network("deit_tiny_patch16_224.fb_in1k", wrapped)
    assert torch.equal(made.state_dict()["head.weight"], state["head.weight"])


def test_pytorchcv_states_the_digest_of_the_file_in_the_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the mirror to the loaded network, with a made-up file in the place of the published one."""
    library = pytest.importorskip("pytorchcv.model_provider")
    published = pytorchcv.pretrained("squeezenet_v1_1")
    assert published is not None
    assert re.fullmatch(r"[0-9a-f]{40}", published.sha1 or "")
    assert published.url.endswith(f"/{published.member}.zip")
    torch.manual_seed(1)
    state = library.get_model("squeezenet_v1_1").state_dict()
    file, archive = io.BytesIO(), io.BytesIO()
    torch.save(state | {"of no use": torch.ones(1)}, file)
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(published.member, file.getvalue())
    place = tmp_path / "mirror" / place_of(published.url)
    place.parent.mkdir(parents=True)
    place.write_bytes(archive.getvalue())
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mirror"))
    monkeypatch.setenv("TECO_ZOO_HOME", str(tmp_path / "home"))
    source = replace(published, sha1=hashlib.sha1(file.getvalue()).hexdigest())
    family, variant = catalogue.find("pytorchcv/squeezenet_v1_1")
    model = replace(family.variant(variant), pretrained=source)
    weights = find_weights(model, None)
    assert weights.path is not None
    assert weights.path.name == published.member
    network = pytorch.load(model, weights, [])
    assert all(torch.equal(network.state_dict()[name], value) for name, value in state.items())


def test_paddle_states_an_md5() -> None:
    pytest.importorskip("paddle")
    from zoo.libraries import paddle_vision

    for name in ("resnet50", "mobilenet_v1", "mobilenet_v2", "mobilenet_v3_small", "shufflenet_v2_x1_0"):
        found = paddle_vision.pretrained(name)
        assert isinstance(found, Pretrained)
        assert len(found.md5 or "") == 32
    assert paddle_vision.pretrained("vgg11") is None


def test_a_file_of_ones_own_fits_a_network_of_a_library(tmp_path: Path) -> None:
    family, variant = catalogue.find("torchvision/mobilenet_v3_small")
    model = family.variant(variant)
    state = {f"module.{name}": value for name, value in model.build().state_dict().items()}
    torch.save({"state_dict": state}, tmp_path / "own.pth")
    network = pytorch.load(model, Weights("file", tmp_path / "own.pth"), [])
    assert torch.equal(network.state_dict()["classifier.0.weight"], state["module.classifier.0.weight"])
