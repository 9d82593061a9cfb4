"""The names of classes, from text files that are shipped beside this one."""

from functools import lru_cache
from pathlib import Path


def imagenet() -> tuple[str, ...]:
    """The 1,000 class names of ImageNet (ILSVRC 2012), in the order of a network's outputs."""
    return tuple(name for _, name in _imagenet1k())


def imagenet_wnids() -> tuple[str, ...]:
    """The 1,000 WordNet ids of ImageNet's classes, such as n01440764, in the order of a network's outputs."""
    return tuple(wnid for wnid, _ in _imagenet1k())


@lru_cache(maxsize=1)
def coco() -> tuple[str, ...]:
    """The 80 class names of COCO's object detection, in the order of a network's outputs."""
    return tuple(Path(__file__).with_name("coco80.txt").read_text(encoding="utf-8").splitlines())


@lru_cache(maxsize=1)
def _imagenet1k() -> tuple[tuple[str, str], ...]:
    lines = Path(__file__).with_name("imagenet1k.txt").read_text(encoding="utf-8").splitlines()
    return tuple((wnid, name) for wnid, _, name in (line.partition(" ") for line in lines))
