"""What `zoo new` knows of one network, wherever it comes from."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from zoo.errors import ZooError

IMAGENET_CLASSES = 1000
_IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


@dataclass(frozen=True)
class Transform:
    """Numbers of the preprocessing; see ClassificationTransform."""

    resize: int = 256
    crop: int = 224
    mean: tuple[float, ...] = _IMAGENET["mean"]
    std: tuple[float, ...] = _IMAGENET["std"]
    interpolation: str = "bilinear"
    mode: str = "RGB"


@dataclass(frozen=True)
class Source:
    """One network, and the code that makes it. `build` has the lines of the function's body."""

    variant: str
    framework: str
    build: tuple[str, ...]
    network: Callable[[], Any]
    transform: Transform
    origin: str
    licence: str
    packages: tuple[str, ...]
    imports: tuple[str, ...] = ()
    pretrained: str = ""
    published: tuple[float, str] | None = None
    note: str = ""  # what the preprocessing does otherwise than the source
    fixed_side: bool = False  # the source says that it takes pictures of this size only
    files: dict[str, bytes] = field(default_factory=dict)


def need(package: str, install: str) -> Any:
    """The module `package`. Raises ZooError with what to install."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ZooError(f"--from {package}.… needs the package {install}: pip install {install}") from error
