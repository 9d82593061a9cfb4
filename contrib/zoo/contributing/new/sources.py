"""What a source (torchvision, timm, transformers, paddle.vision, a function, an ONNX file) says of a network."""

from __future__ import annotations

import difflib
import importlib
import inspect
import sys
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from zoo.contributing.new import onnx_file, processors
from zoo.contributing.new.source import IMAGENET_CLASSES, Source, Transform, need
from zoo.errors import ZooError

FORMS = "torchvision.NAME, timm.NAME, transformers.CLASS, paddle.vision.NAME, MODULE:FUNCTION, or FILE.onnx"


def find(text: str, side: int | None, channels: int | None) -> Source:
    """The source that --from names. Raises ZooError with what to write, or what to install."""
    if text.endswith(".onnx"):
        return onnx_file.source(Path(text), side, channels)
    if ":" in text:
        return _function(text, side or 224, channels or 3)
    packages = {
        "torchvision.": _torchvision,
        "timm.": _timm,
        "transformers.": _transformers,
        "paddle.vision.": _paddle,
    }
    for prefix, known in packages.items():
        if text.startswith(prefix):
            return _agreeing(text, known(text.removeprefix(prefix).removeprefix("models.")), side, channels)
    raise ZooError(f"--from is {FORMS}; got '{text}'")


def _agreeing(text: str, source: Source, side: int | None, channels: int | None) -> Source:
    """`source`, where what was asked for is what it says."""
    own = 1 if source.transform.mode == "L" else 3
    if channels not in (None, own):
        raise ZooError(f"--from {text} takes {own} channels, and --channels is {channels}")
    if side not in (None, source.transform.crop):
        raise ZooError(f"--from {text} takes pictures of {source.transform.crop} pixels a side, and --size is {side}")
    return source


def _one_of(name: str, known: Sequence[str], what: str) -> str:
    if name not in known:
        near = difflib.get_close_matches(name, known, n=5)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise ZooError(f"{what} has no image classifier '{name}'{hint}")
    return name


def _torchvision(name: str) -> Source:
    models = need("torchvision", "torchvision").models
    _one_of(name, models.list_models(models), "torchvision")
    choices = list(models.get_model_weights(name))
    weights = next((one for one in choices if one.name == "IMAGENET1K_V1"), choices[0] if choices else None)
    transform, pretrained, published = Transform(), "", None
    if weights is not None:
        preset = weights.transforms()
        transform = Transform(
            preset.resize_size[0],
            preset.crop_size[0],
            tuple(preset.mean),
            tuple(preset.std),
            preset.interpolation.value,
        )
        first = weights.name == "IMAGENET1K_V1"
        chosen = "" if first else f', weights="{weights.name}"'
        pretrained = f"partial(torchvision_pretrained, variant{chosen})"
        accuracy = weights.meta["_metrics"]["ImageNet-1K"]["acc@1"]
        published = (round(accuracy / 100, 5), f"torchvision, {weights.name}, ImageNet val")
    return Source(
        name,
        "pytorch",
        ("import torchvision", "", "return getattr(torchvision.models, variant)(weights=None)"),
        lambda: getattr(models, name)(weights=None),
        transform,
        "torchvision.models",
        "BSD-3-Clause (torchvision)",
        ("torch", "torchvision"),
        ("from zoo.frameworks.pytorch import torchvision_pretrained",) if pretrained else (),
        pretrained,
        published,
    )


def _timm(name: str) -> Source:
    timm = need("timm", "timm")
    _one_of(name, timm.list_models(), "timm")
    config = timm.data.resolve_model_data_config(timm.create_model(name, pretrained=False))
    crop = config["input_size"][-1]
    if config["interpolation"] not in ("bilinear", "bicubic") or config.get("crop_mode", "center") != "center":
        raise ZooError(f"timm's {name} is preprocessed in a way that the zoo does not have: {config}")
    return Source(
        name,
        "pytorch",
        ("import timm", "", "return timm.create_model(variant, pretrained=False)"),
        lambda: timm.create_model(name, pretrained=False),
        Transform(
            int(crop / config["crop_pct"]), crop, tuple(config["mean"]), tuple(config["std"]), config["interpolation"]
        ),
        "timm",
        "Apache-2.0 (timm); look up the licence of the weights that you use",
        ("torch", "timm"),
    )


def _transformers(name: str) -> Source:
    """A class with the default configuration. Weights, and other configurations, belong to checkpoints."""
    package = need("transformers", "transformers")
    auto = importlib.import_module("transformers.models.auto.modeling_auto")
    known: list[str] = []
    for names in auto.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES.values():
        known += [names] if isinstance(names, str) else names
    network = getattr(package, _one_of(name, known, "transformers"))

    def build() -> Any:
        built = network(network.config_class(num_labels=IMAGENET_CLASSES))
        built.register_forward_hook(lambda module, inputs, output: output.logits)
        return built

    transform, note = processors.transform(name, network.config_class)
    return Source(
        name,
        "pytorch",
        (
            "import transformers",
            "",
            "family = getattr(transformers, variant)",
            f"network = family(family.config_class(num_labels={IMAGENET_CLASSES}))",
            "network.register_forward_hook(lambda module, inputs, output: output.logits)",
            "return network",
        ),
        build,
        Transform(**transform),
        "transformers",
        "Apache-2.0 (transformers); look up the licence of the weights that you use",
        ("torch", "transformers"),
        note=note,
    )


def _paddle(name: str) -> Source:
    models = need("paddle", "paddlepaddle").vision.models
    known = [one for one in dir(models) if callable(getattr(models, one)) and not one.startswith("_")]
    builder = getattr(models, _one_of(name, known, "paddle.vision"))
    has_weights = name in getattr(sys.modules[builder.__module__], "model_urls", {})
    keyword = "pretrained=False" if "pretrained" in inspect.signature(builder).parameters else ""
    return Source(
        name,
        "paddle",
        ("import paddle", "", f"return getattr(paddle.vision.models, variant)({keyword})"),
        lambda: builder(pretrained=False) if keyword else builder(),
        Transform() if name != "LeNet" else Transform(28, 28, (0.5,), (0.5,), mode="L"),
        "paddle.vision.models",
        "Apache-2.0 (PaddlePaddle)",
        ("paddlepaddle",),
        ("from zoo.frameworks.paddle import vision_pretrained",) if has_weights else (),
        "partial(vision_pretrained, variant)" if has_weights else "",
    )


def _function(text: str, side: int, channels: int) -> Source:
    """A function of the contributor's own; its file is copied into the folder unless it belongs to a package."""
    module_name, _, name = text.partition(":")
    if not name.isidentifier():
        raise ZooError(f"--from MODULE:FUNCTION names a function of a module, got '{text}'")
    function = _imported(module_name, name)
    source = Path(inspect.getsourcefile(function) or "")
    packaged = source.is_relative_to(sysconfig.get_paths()["purelib"])
    code = (
        (f"from {module_name} import {name}", "", f"return {name}()")
        if packaged
        else ("from zoo.catalogue import beside", "", f'return beside(__file__, "network").{name}()')
    )
    gray = channels == 1
    return Source(
        name,
        _framework_of(function()),
        code,
        function,
        Transform(side, side, (0.5,), (0.5,), mode="L") if gray else Transform(round(side * 256 / 224), side),
        f"{text}",
        "say here under which licence the source and the weights stand",
        (module_name.partition(".")[0],) if packaged else (),
        files={} if packaged else {"network.py": source.read_bytes()},
    )


def _imported(module_name: str, name: str) -> Callable[[], Any]:
    sys.path.insert(0, str(Path.cwd()))  # a file beside which the command was started
    try:
        function = getattr(importlib.import_module(module_name), name, None)
    except ImportError as error:
        raise ZooError(f"--from {module_name}:{name}: cannot import {module_name}: {error}") from error
    finally:
        sys.path.pop(0)
    if not callable(function):
        raise ZooError(f"--from {module_name}:{name}: {module_name} has no function '{name}'")
    return function


def _framework_of(network: Any) -> str:
    families = {one.__module__.partition(".")[0] for one in type(network).__mro__}
    for package, framework in (("torch", "pytorch"), ("paddle", "paddle")):
        if package in families:
            return framework
    raise ZooError(f"the function returns a {type(network).__name__}, and not a module of torch or paddle")
