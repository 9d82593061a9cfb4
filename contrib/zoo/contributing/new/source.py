"""What `zoo new` knows of one network, wherever it comes from."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zoo.errors import ZooError

BY_HAND = "Write model.py by hand: doc/Contributing.md says how"


@dataclass(frozen=True)
class Said:
    """What a source says of the pictures that its network takes; None where it leaves that open.

    Attributes:
        side: of the square, in pixels; with `width`, the height.
        fixed: whether the network takes pictures of that side only.
        resize: of the shorter side before the square is cut out.
        channels: 1 or 3.
        mean, std: by channel, in units of 0 to 1.
        interpolation: "bilinear" or "bicubic".
        note: what the preprocessing here does otherwise than the source.
        width: where it is no square, and `side` is its height.
    """

    side: int | None = None
    fixed: bool = False
    resize: int | None = None
    channels: int | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    interpolation: str = "bilinear"
    note: str = ""
    width: int | None = None


@dataclass(frozen=True)
class Weights:
    """What a source says of published weights.

    Attributes:
        code: the expression in model.py that gives where they are.
        imports: (module, name) that it needs.
        metric, value, where: the published figure.
    """

    code: str
    imports: tuple[tuple[str, str], ...]
    metric: str = ""
    value: float = 0.0
    where: str = ""


@dataclass(frozen=True)
class Source:
    """One network, and the code that makes it.

    Attributes:
        text: what --from says.
        variant: what the network is called.
        framework: in which it is written.
        code: the lines of `build` before its last one, and the expression that gives the network.
        network: makes it.
        origin: where its definition comes from, for people.
        licence: of definition and weights; "" where the source does not say it.
        constants: lines of model.py that `code` and `restore` need.
        packages: that it needs.
        imports: (module, name) that `code` and `restore` need.
        said: of its pictures.
        labels: the names of its classes; None where the source does not say them.
        taken: which of its outputs is meant, as an index or attribute behind `output`: '["out"]', ".logits".
        weights: published ones.
        restore: the expression that loads checkpoints by the library's own loader; "" where there is none.
        files: that lie in the folder, by name.
        left: what is left to do for people.
        folder: that the files were read from; of no meaning for a source without files.
    """

    text: str
    variant: str
    framework: str
    code: tuple[str, ...]
    network: Callable[[], Any]
    origin: str
    licence: str = ""
    constants: str = ""
    packages: tuple[str, ...] = ()
    imports: tuple[tuple[str, str], ...] = ()
    said: Said = Said()
    labels: tuple[str, ...] | None = None
    taken: str = ""
    weights: Weights | None = None
    restore: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    folder: Path = Path()


def need(package: str, install: str) -> Any:
    """The module `package`. Raises ZooError with what to install."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ZooError(f"--from {package}.… needs the package {install}: pip install {install}") from error
