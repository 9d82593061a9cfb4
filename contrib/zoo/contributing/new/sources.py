"""What --from names: which kind of source it is, and whether that kind serves the task."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from zoo.contributing.new.asked import Asked
from zoo.contributing.new.kinds import folder, function, hub, onnx_file, paddle, timm, torchvision, transformers
from zoo.contributing.new.kinds.names import there_is
from zoo.contributing.new.source import Source
from zoo.errors import ZooError

FORMS = (
    "torchvision.NAME, timm.NAME, transformers.CLASS, paddle.vision.NAME, MODULE:FUNCTION, FILE.onnx, a FOLDER of "
    "transformers' save_pretrained, or hub:ORGANISATION/NAME"
)
_CLASSIFICATION, _SEGMENTATION = "classification", "segmentation"
_LIBRARIES: dict[tuple[str, str], Callable[[str], Source]] = {
    ("torchvision.", _CLASSIFICATION): torchvision.classifier,
    ("torchvision.", _SEGMENTATION): torchvision.segmenter,
    ("timm.", _CLASSIFICATION): timm.classifier,
    ("transformers.", _CLASSIFICATION): transformers.classifier,
    ("paddle.vision.", _CLASSIFICATION): paddle.classifier,
}
_WEIGHTS = (".pth", ".pt", ".bin", ".ckpt", ".safetensors", ".pdparams")
_ROOMS = ("models.", "segmentation.")


def find(text: str, asked: Asked) -> Source:
    """The source that --from names. Raises ZooError with what to write, or what to install."""
    if "://" in text:
        raise ZooError(f"--from {text} is an address: fetch what is there first, and name the file")
    if text.endswith(".onnx"):
        return onnx_file.source(Path(text), asked)
    if Path(text).is_dir():
        return folder.source(Path(text), asked)
    if text.startswith(hub.PREFIX):
        return hub.source(text, asked)
    if ":" in text:
        return function.function(text)
    for prefix in dict.fromkeys(prefix for prefix, _ in _LIBRARIES):
        if text.startswith(prefix):
            return _of_library(prefix, text, asked)
    if Path(text).suffix in _WEIGHTS:
        raise ZooError(
            f"--from {text} is a file of weights, which does not say what network they belong to: name a function that "
            f"returns the network as MODULE:FUNCTION, and give zoo export --weights {text}"
        )
    raise ZooError(f"--from is {FORMS}; got '{text}'")


def _of_library(prefix: str, text: str, asked: Asked) -> Source:
    known = _LIBRARIES.get((prefix, asked.task))
    name = text.removeprefix(prefix)
    for room in _ROOMS:
        name = name.removeprefix(room)
    if known is None:
        tasks = " and ".join(task for one, task in _LIBRARIES if one == prefix)
        raise ZooError(
            f"--from {prefix}NAME serves --task {tasks}, and --task is {asked.task}: name a function that returns the "
            f"network as MODULE:FUNCTION{there_is(name)}"
        )
    return known(name)
