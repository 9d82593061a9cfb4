"""An image classifier of a library as a `Model`: the same for all libraries."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.photos import write_photos
from utils.postprocess.labels import imagenet, imagenet_wnids
from utils.preprocess.pytorch.classification import ClassificationTransform
from zoo.catalogue import EXAMPLES
from zoo.data import SampleData
from zoo.model import Model
from zoo.part import Part
from zoo.tasks.classification import ImageClassification
from zoo_core.files import installed_file

from .names import Facts

PHOTOS = SampleData("photos", 1, write_photos)
# The photographs that all classifiers of ImageNet are tried on
DEMOS = EXAMPLES.parent / "utils" / "demos" / "photos"
# Larger sets of ImageNet's classes: timm has the WordNet ids of each and the word for every id, as text files
_SYNSETS = {
    11221: "imagenet21k_miil_synsets.txt",
    11821: "imagenet12k_synsets.txt",
    21841: "imagenet22k_synsets.txt",
    21842: "imagenet22k_ms_synsets.txt",
    21843: "imagenet21k_goog_synsets.txt",
}
CLASSES = (1000, *_SYNSETS)


def classifier(
    said: Facts,
    transform: type[ClassificationTransform] = ClassificationTransform,
    extra: tuple[str, ...] = (),
    **rest: Any,
) -> Model:
    """A network from float32 [N, 3, size, size], normalised RGB, to [N, classes] logits.

    Args:
        said: what the library says of it.
        transform: the preprocessing, which differs between frameworks where a picture is smaller than the crop.
        extra: names of further outputs [N, classes], which are not looked at.
        rest: the other fields of the `Model`.
    """
    labels, folders = classes_of(said.classes)
    height, width = ("height", "width") if said.any_size else (said.size, said.size)
    outputs = ("output", *extra)
    fields: dict[str, Any] = {
        "parts": (
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 3, height, width)),),
                outputs=tuple(TensorSpec(name, "float32", ("batch", said.classes)) for name in outputs),
                size={"height": said.size, "width": said.size} if said.any_size else {},
            ),
        ),
        "task": ImageClassification(transform=transform_of(said, transform), labels=labels, folders=folders),
        "sample": PHOTOS,
        "demos": DEMOS,
    }
    return Model(**(fields | rest))


def transform_of(said: Facts, kind: Callable[..., ClassificationTransform] = ClassificationTransform) -> Any:
    """The preprocessing that the library says."""
    return kind(
        resize=said.resize,
        crop=said.size,
        mean=said.mean,
        std=said.std,
        interpolation=said.interpolation,
        crop_mode=said.crop,
    )


@lru_cache(maxsize=4)
def classes_of(count: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(the class names, the WordNet ids) of so many of ImageNet's classes, in the order of a network's outputs.

    Raises:
        DataError: they are timm's, and it is not installed.
    """
    if count == len(imagenet()):
        return imagenet(), imagenet_wnids()
    synsets = _lines(_SYNSETS[count])
    words = dict(line.split("\t", 1) for line in _lines("imagenet_synset_to_lemma.txt"))
    return tuple(words[synset] for synset in synsets), tuple(synsets)


def _lines(name: str) -> list[str]:
    return installed_file("timm", f"timm/data/_info/{name}").read_text(encoding="utf-8").splitlines()
