"""torchvision's networks are built as its published weights need them: every name, on the meta device."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
models = pytest.importorskip("torchvision").models

from zoo.libraries import torchvision as library  # noqa: E402
from zoo.libraries.names import names  # noqa: E402
from zoo.model import Pretrained  # noqa: E402

# Variants whose structure is another with published weights than without: a transformed input, a larger picture
TRAPS = {
    "googlenet",
    "inception_v3",
    "vit_h_14",
    "vit_b_16.imagenet1k_swag_e2e_v1",
    "vit_l_16.imagenet1k_swag_e2e_v1",
}
# Building one of these calculates with values, which tensors on the meta device have not
VALUES = tuple(name for name in models.list_models(models) if name.startswith("regnet"))


def plain(network: Any) -> dict[str, Any]:
    """The constants of every module: sizes, eps, switches."""
    return {
        f"{name}.{field}": value
        for name, module in network.named_modules()
        for field, value in vars(module).items()
        if isinstance(value, (bool, int, float, str, tuple)) and field != "training"
    }


def shapes(network: Any) -> dict[str, Any]:
    """Parameters and buffers by name, those that are not saved too."""
    kept = [*network.state_dict().items(), *network.named_buffers()]
    return {name: (tuple(tensor.shape), tensor.dtype) for name, tensor in kept}


def expected(name: str, weights: Any, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Any:
    """What torchvision's builder makes of a file whose names and shapes are those of the network that it loads it into.

    Its download is replaced one floor below where the zoo does it: the network itself says what the file would hold.
    """
    load = torch.nn.Module.load_state_dict

    def loaded(self: Any, state: Any, *args: Any, **kwargs: Any) -> Any:
        return load(self, self.state_dict() if state is asked else state, *args, **kwargs)

    asked: dict[str, Any] = {}
    with monkeypatch.context() as patch:
        patch.setattr("torchvision.models._api.load_state_dict_from_url", lambda *_, **__: asked)
        patch.setattr(torch.nn.Module, "load_state_dict", loaded)
        return models.get_model(name, weights=weights, **options)


def same(one: Any, other: Any) -> None:
    assert repr(one) == repr(other)
    assert shapes(one) == shapes(other)
    assert plain(one) == plain(other)


@pytest.mark.parametrize("variant", names(library.LIBRARY))
@pytest.mark.filterwarnings("ignore")
def test_every_classifier_is_what_its_weights_need(variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = variant.partition(".")[0]
    if name in VALUES and name not in ("regnet_x_400mf", "regnet_y_400mf"):
        pytest.skip("regnets are one module, tried by their smallest: building the others takes gigabytes")
    with torch.device("cpu" if name in VALUES else "meta"):
        ours = library.network(variant)
        same(ours, expected(name, library.weights_of(variant), monkeypatch))
        unlike = models.get_model(name, weights=None)
    differs = plain(ours) != plain(unlike) or shapes(ours) != shapes(unlike)
    assert differs == (variant in TRAPS)


OTHERS = {
    "fcn_resnet50": {"weights_backbone": None},
    "deeplabv3_resnet50": {"weights_backbone": None},
    "deeplabv3_mobilenet_v3_large": {"weights_backbone": None},
    "lraspp_mobilenet_v3_large": {"weights_backbone": None},
    "fasterrcnn_resnet50_fpn": {"weights_backbone": None},
    "fasterrcnn_mobilenet_v3_large_fpn": {"weights_backbone": None},
    "maskrcnn_resnet50_fpn": {"weights_backbone": None},
    "keypointrcnn_resnet50_fpn": {"weights_backbone": None},
    "retinanet_resnet50_fpn": {"weights_backbone": None},
    "ssd300_vgg16": {"weights_backbone": None},
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.filterwarnings("ignore")
def test_detectors_and_segmentation_networks_too(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    choices = list(models.get_model_weights(name))
    weights = next((one for one in choices if one.name == "COCO_V1"), choices[0])
    ours = library.network_of(name, weights)
    same(ours, expected(name, weights, monkeypatch))
    if name.endswith("rcnn_resnet50_fpn"):
        frozen = [module for module in ours.modules() if type(module).__name__ == "FrozenBatchNorm2d"]
        assert frozen
        assert {module.eps for module in frozen} == {0.0}
    if name in ("fcn_resnet50", "deeplabv3_resnet50"):
        assert any(key.startswith("aux_classifier") for key in ours.state_dict())


def test_a_published_file_is_loaded_by_the_builder() -> None:
    """GoogLeNet's file has heads that the network loses, and its input is transformed: loading by name misses both."""
    torch.manual_seed(0)
    trained = models.googlenet(weights=None, init_weights=False).eval()
    state = trained.state_dict()
    ours = library.network("googlenet", state).eval()
    picture = torch.randn(1, 3, 64, 64)
    wrong = models.googlenet(weights=None, init_weights=False, aux_logits=False).eval()
    wrong.load_state_dict(state, strict=False)
    trained.transform_input = True
    assert torch.equal(ours(picture), trained(picture))
    assert not torch.allclose(ours(picture), wrong(picture))


def test_densenets_old_names_are_renamed() -> None:
    torch.manual_seed(0)
    state = models.densenet121(weights=None).state_dict()
    old = {
        name.replace(".norm1.", ".norm.1.").replace(".conv2.", ".conv.2.") if "denselayer" in name else name: value
        for name, value in state.items()
        if not name.endswith("num_batches_tracked")  # which files of that time do not have
    }
    ours = library.network("densenet121", old)
    assert all(torch.equal(ours.state_dict()[name], value) for name, value in state.items())


def test_torchvision_is_left_as_it_was() -> None:
    before = (models.WeightsEnum.get_state_dict, torch.nn.Module.load_state_dict)
    library.network("squeezenet1_1")
    with pytest.raises(RuntimeError):
        library.network("squeezenet1_1", {"wrong": torch.ones(1)})
    assert (models.WeightsEnum.get_state_dict, torch.nn.Module.load_state_dict) == before


@pytest.mark.parametrize(
    ("variant", "file", "digest", "licence"),
    [
        ("resnet50", "resnet50-0676ba61.pth", "0676ba61", "BSD-3-Clause"),
        ("resnet50.imagenet1k_v2", "resnet50-11ad3fa6.pth", "11ad3fa6", "BSD-3-Clause"),
        ("vit_b_16.imagenet1k_swag_e2e_v1", "vit_b_16_swag-9ac1b537.pth", "9ac1b537", "CC-BY-NC-4.0"),
    ],
)
def test_address_size_digest_and_licence_are_torchvisions(variant: str, file: str, digest: str, licence: str) -> None:
    found = library.pretrained(variant)
    assert isinstance(found, Pretrained)
    assert found.url.endswith(f"/{file}")
    assert (found.sha256, found.licence) == (digest, licence)
    assert (found.megabytes or 0) > 90
    assert licence in library.model(variant).licence


def test_every_weight_of_torchvision_has_a_digest() -> None:
    for variant in names(library.LIBRARY):
        digest = library.pretrained(variant).sha256 or ""
        assert len(digest) >= 8
        assert int(digest, 16) >= 0


def test_a_published_figure_says_of_which_weights_it_is() -> None:
    for variant in names(library.LIBRARY):
        published = library.model(variant).published
        assert published is not None
        assert published.where.startswith(f"torchvision, {library.weights_of(variant).name}, ImageNet val, https://")
