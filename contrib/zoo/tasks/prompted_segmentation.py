"""Segmentation by a prompt: a picture and points or a box in, the mask of what is meant out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.spec import TensorSpec
from utils.datasets.folder import IMAGE_SUFFIXES
from utils.datasets.sample import Sample
from utils.datasets.voc_objects import VocObjects
from utils.metrics.cut_out import CutOutIou, overlap
from utils.postprocess.pytorch.cut_out import CutOut, CutOutDecoder
from utils.preprocess.pytorch.prompted import Prompted, PromptTransform
from utils.text_file import read_lines
from zoo.task import Run, as_list
from zoo.tasks.transformed import Transformed
from zoo_core.errors import DataError

_AGREED = 0.95  # intersection over union of two runtimes' masks
_NUMBERS = {"point": 2, "not": 2, "box": 4}


@dataclass(frozen=True)
class PromptedSegmentation(Transformed):
    """The first part looks at the picture, the second one at what that gives and at the prompt's points.

    What somebody points at in a picture stands in a file of the same name with .prompts.txt behind it, an object a
    line: `point X Y`, `not X Y` and `box LEFT TOP WIDTH HEIGHT` in pixels, several of them one after the other.
    Without such a file the middle of the picture is meant.
    """

    transform: PromptTransform
    decoder: CutOutDecoder
    suffixes: tuple[str, ...] = IMAGE_SUFFIXES
    data_name: str = "object"
    beside = (
        TensorSpec("points", "float32", ("batch", "points", 2)),
        TensorSpec("kinds", "int64", ("batch", "points")),
    )
    one_by_one = True  # the network looks at what would fill up a prompt

    def run(self, parts: Mapping[str, Run], arrays: list[np.ndarray]) -> list[np.ndarray]:
        """Logits of masks [N, M, h, w] and what is expected of each [N, M]."""
        look, cut = parts.values()
        images, points, kinds = arrays
        (seen,) = as_list(look([images]))
        return as_list(cut([seen, points, kinds]))

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[CutOut]:
        return self.decoder(outputs, metas)

    def dataset(self, root: Path) -> Sequence[Sample]:
        return VocObjects(root)

    def metric(self) -> CutOutIou:
        return CutOutIou()

    def agreement(self, one: CutOut, other: CutOut) -> bool:
        return overlap(one.mask, other.mask) >= _AGREED

    def describe(self, prediction: CutOut, topk: int) -> str:
        """Its share of the picture, its box, and what the network expects of the mask."""
        left, top, right, bottom = prediction.box()
        share = prediction.mask.mean()
        return f"{share:.1%} of the picture, [{left} {top} {right} {bottom}], {prediction.score:.3f}"

    def to_json(self, prediction: CutOut) -> dict[str, Any]:
        size = list(prediction.mask.shape[::-1])
        pixels = int(prediction.mask.sum())
        return {"size": size, "pixels": pixels, "box": list(prediction.box()), "score": prediction.score}

    def draw(self, data: Any, prediction: CutOut) -> Any:
        from utils.draw.cut_out import draw_cut_out

        return draw_cut_out(data if isinstance(data, Prompted) else Prompted(data), prediction)

    def adapted(self, size: int | None, topk: int) -> PromptedSegmentation:
        return replace(self, transform=self.transform.resized(size)) if size else self

    def samples_in(self, path: Path) -> list[Sample]:
        """What is pointed at in a picture."""
        prompts = path.with_name(f"{path.name}.prompts.txt")
        if not prompts.is_file():
            return [Sample(path.name, path)]
        rows = [(number, line.split()) for number, line in enumerate(read_lines(prompts), 1) if line.strip()]
        if not rows:
            raise DataError(f"{prompts}: there is no prompt in this file. Take it away where the middle is meant.")
        return [Sample(f"{path.name}:{number}", _prompted(path, prompts, number, row)) for number, row in rows]


def _prompted(path: Path, file: Path, number: int, words: list[str]) -> Prompted:
    points: list[tuple[float, float, bool]] = []
    box = None
    said, rest = " ".join(words), list(words)
    try:
        while rest:
            kind = rest.pop(0)
            numbers = [float(rest.pop(0)) for _ in range(_NUMBERS[kind])]
            if kind == "box":
                if box is not None:
                    raise ValueError("a second box")
                box = (numbers[0], numbers[1], numbers[2], numbers[3])
            else:
                points.append((numbers[0], numbers[1], kind == "point"))
    except (KeyError, IndexError, ValueError) as error:
        raise DataError(
            f"{file}, line {number}: '{said:.80}'; expected point X Y, not X Y, and one box LEFT TOP WIDTH HEIGHT at "
            "most, in pixels."
        ) from error
    return Prompted(path, tuple(points), box)
