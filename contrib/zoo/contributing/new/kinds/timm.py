"""timm's networks."""

from __future__ import annotations

from utils.postprocess.labels import imagenet
from zoo.contributing.new.kinds.names import one_of
from zoo.contributing.new.source import Said, Source, need
from zoo.errors import ZooError


def classifier(name: str) -> Source:
    """A network of timm, with or without the tag of its weights, and the preprocessing that its configuration says."""
    timm = need("timm", "timm")
    one_of(name, [*timm.list_models(), *timm.list_pretrained()], "timm", "image classifier")
    config = timm.data.resolve_model_data_config(timm.create_model(name, pretrained=False))
    crop = config["input_size"][-1]
    if config["interpolation"] not in ("bilinear", "bicubic") or config.get("crop_mode", "center") != "center":
        raise ZooError(f"timm's {name} is preprocessed in a way that the zoo does not have: {config}")
    return Source(
        text=f"timm.{name}",
        variant=name,
        framework="pytorch",
        code=("import timm", "", "timm.create_model(variant, pretrained=False)"),
        network=lambda: timm.create_model(name, pretrained=False),
        origin="timm",
        licence="Apache-2.0 (timm); look up the licence of the weights that you use",
        packages=("torch", "timm"),
        said=Said(
            side=crop,
            resize=int(crop / config["crop_pct"]),
            channels=3,
            mean=tuple(config["mean"]),
            std=tuple(config["std"]),
            interpolation=config["interpolation"],
        ),
        labels=imagenet(),  # of those with 1000 classes
    )
