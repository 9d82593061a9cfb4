"""The networks of a library, by name, with what has to be known of each to run its exported file.

That stands in names/<library>.txt, so that neither listing nor running needs the library. `python -m
zoo.libraries.listing` writes these files from the installed libraries. Names that are preprocessed alike stand
together:

    [size=224 resize=256 crop=center interpolation=bicubic mean=… std=… classes=1000 sizes=any licence=…]
    resnet50
    resnet101 0.8198

Behind a name stands the published figure, where the library has one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Facts:
    """What a library says of one network.

    Args:
        size, resize, crop, interpolation, mean, std: see `ClassificationTransform`; `size` is the side of its crop.
        classes: how many it tells apart.
        any_size: whether the exported file takes pictures of other sizes too.
        licence: of the published weights; "" where there are none, or the library does not say.
        published: the figure of the published weights.
    """

    size: int
    resize: int
    crop: str = "center"
    interpolation: str = "bilinear"
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    classes: int = 1000
    any_size: bool = False
    licence: str = ""
    published: float | None = None

    def header(self) -> str:
        """The line above the names of which all of this but the figure is true."""
        mean, std = (",".join(f"{value:.12g}" for value in values) for values in (self.mean, self.std))
        return (
            f"[size={self.size} resize={self.resize} crop={self.crop} interpolation={self.interpolation} mean={mean} "
            f"std={std} classes={self.classes} sizes={'any' if self.any_size else 'one'} licence={self.licence}]"
        )


def path_of(library: str) -> Path:
    """The file with the names of a library."""
    return Path(__file__).resolve().parent / "names" / f"{library}.txt"


@lru_cache(maxsize=8)
def names(library: str) -> tuple[str, ...]:
    """All names of a library, sorted. Quick: it reads one text file."""
    lines = path_of(library).read_text(encoding="utf-8").splitlines()
    return tuple(sorted(line.partition(" ")[0] for line in lines if line and line[0] not in "[#"))


def facts(library: str, name: str) -> Facts:
    """What the library says of `name`. Raises KeyError where there is no such name."""
    header = ""
    for line in path_of(library).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            header = line
        elif line.partition(" ")[0] == name:
            figure = line.partition(" ")[2]
            return _parsed(header, float(figure) if figure else None)
    raise KeyError(name)


def _parsed(header: str, published: float | None) -> Facts:
    said = dict(word.partition("=")[::2] for word in header[1:-1].split(" "))
    numbers: dict[str, Any] = {name: int(said[name]) for name in ("size", "resize", "classes")}
    colours: dict[str, Any] = {name: tuple(map(float, said[name].split(","))) for name in ("mean", "std")}
    return Facts(
        crop=said["crop"],
        interpolation=said["interpolation"],
        any_size=said["sizes"] == "any",
        licence=said["licence"],
        published=published,
        **numbers,
        **colours,
    )


def text_of(library: str, version: str, entries: Iterable[tuple[str, Facts]]) -> str:
    """The content of a library's file."""
    groups: dict[str, list[str]] = {}
    for name, said in entries:
        figure = f" {said.published:.12g}" if said.published is not None else ""
        groups.setdefault(said.header(), []).append(f"{name}{figure}")
    lines = [f"# {library} {version}, written by python -m zoo.libraries.listing"]
    for header in sorted(groups):
        lines += [header, *sorted(groups[header])]
    return "\n".join(lines) + "\n"
