"""The names of classes, from text files: those that are shipped beside this one, and a model's own."""

from functools import lru_cache
from pathlib import Path

from utils.text_file import read_lines
from zoo_core.errors import DataError

_UNUSED = (0, 12, 26, 29, 30, 45, 66, 68, 69, 71, 83)


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


def coco_of_91() -> tuple[int, ...]:
    """For each of the 91 numbers that torchvision's detectors know, the index among `coco()`; -1: none of them.

    Number 0 is the background, and ten others are of classes without any object.
    """
    known = iter(range(len(coco())))
    return tuple(-1 if number in _UNUSED else next(known) for number in range(91))


@lru_cache(maxsize=1)
def kinetics400() -> tuple[str, ...]:
    """The 400 actions of Kinetics-400, in the order of a network's outputs."""
    return tuple(Path(__file__).with_name("kinetics400.txt").read_text(encoding="utf-8").splitlines())


def names_in(path: str | Path) -> tuple[str, ...]:
    """The class names in a text file, one a line, in the order of a network's outputs.

    Raises:
        DataError: the file cannot be read, has no name, an empty line between names, or a name twice; names the line.
    """
    lines = [line.strip() for line in read_lines(path)]
    while lines and not lines[-1]:
        del lines[-1]
    if not lines:
        raise DataError(f"{path}: there is no name in it. Expected the name of a class a line.")
    found: dict[str, int] = {}
    for number, name in enumerate(lines, 1):
        if not name:
            raise DataError(f"{path}, line {number}: it is empty. Expected the name of a class a line.")
        if name in found:
            raise DataError(f"{path}, line {number}: '{name}' stands in line {found[name]} already.")
        found[name] = number
    return tuple(lines)


@lru_cache(maxsize=1)
def _imagenet1k() -> tuple[tuple[str, str], ...]:
    lines = Path(__file__).with_name("imagenet1k.txt").read_text(encoding="utf-8").splitlines()
    return tuple((wnid, name) for wnid, _, name in (line.partition(" ") for line in lines))
