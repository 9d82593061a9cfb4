"""Text detection: a scene in, the outlines of its texts out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image

from engine.base import Engine
from utils.datasets.folder import IMAGE_SUFFIXES
from utils.datasets.icdar import read_icdar
from utils.datasets.sample import Sample
from utils.metrics.text_detection import TextDetectionMetric, agreement
from utils.postprocess.polygons import cut_out, surface
from utils.preprocess.fit import Fit
from utils.preprocess.image import load_rgb
from utils.preprocess.paddle.ocr import PaddleOcrSceneTransform
from utils.preprocess.pytorch.text_detection import SceneTransform
from zoo.catalogue import load
from zoo.model import Model, file_name
from zoo.tasks.transformed import Transformed

# Between runtimes, a region's mean probability may move by this much over the threshold.
_SCORE_MARGIN = 0.02


@dataclass(frozen=True)
class FoundText:
    """Corners, float64 [4, 2] in pixels of the original image, clockwise as seen; mean probability, 0 to 1."""

    polygon: np.ndarray
    score: float


@dataclass(frozen=True)
class Reader:
    """A model for text recognition whose exported file, where there is one, reads what was found, for drawings."""

    model: str

    def read(self, image: Any, found: Sequence[FoundText]) -> list[str]:
        """What each text of an RGB image says; empty where the model has not been exported."""
        model, engine = _opened(self.model)
        if engine is None:
            return []
        pixels = np.asarray(image)
        words = []
        for one in found:
            arrays, meta = model.task.preprocess(Image.fromarray(cut_out(pixels, one.polygon)))
            output = engine([array[None] for array in arrays])
            words.append(model.task.postprocess([output], [meta])[0].text)
        return words


@lru_cache(maxsize=2)
def _opened(name: str) -> tuple[Model, Engine | None]:
    """The model, and the engine that runs its exported dynamic file, if it has one."""
    model = load(name).variant()
    ckpt = model.folder / file_name(model.part.stem(model.variant))
    return model, Engine(ckpt) if ckpt.is_file() else None


class TextDecoder(Protocol):
    """What makes texts of a network's outputs. box_threshold: the score below which none is reported."""

    @property
    def box_threshold(self) -> float:
        """The least score of a text, 0 to 1."""

    def of_picture(self, outputs: Sequence[np.ndarray]) -> list[tuple[np.ndarray, float]]:
        """The texts of one picture.

        Args:
            outputs: each of the network's, without the batch dimension.

        Returns:
            (float64 [4, 2]: corners in pixels of the input, clockwise as seen; score) of each, the surest first.

        Raises:
            DataError: the outputs have another shape, or hold NaN or infinity.
        """


def inside(fit: Fit, corners: np.ndarray) -> np.ndarray:
    """Corners [K, 2] of the input in pixels of the picture, none of them outside of it."""
    return np.clip(fit.to_original(corners), 0, fit.original)


class FoundTexts(Transformed):
    """Tasks whose prediction is a list of `FoundText`. A subclass is a dataclass that has the reader.

    Attributes:
        reader: what reads the found texts for drawings.
    """

    reader: Reader | None
    suffixes = IMAGE_SUFFIXES
    data_name = "image"

    @property
    @abstractmethod
    def least(self) -> float:
        """The score below which no text is reported."""

    def picture(self, data: Any) -> Image.Image:
        """The RGB picture in whose pixels texts are placed."""
        return load_rgb(data, "opencv")

    def dataset(self, root: Path) -> Sequence[Sample]:
        return read_icdar(root)

    def metric(self) -> TextDetectionMetric:
        return TextDetectionMetric()

    def agreement(self, one: list[FoundText], other: list[FoundText]) -> bool:
        return agreement(one, other, self.least, _SCORE_MARGIN)

    def describe(self, prediction: list[FoundText], topk: int) -> str:
        scores = ", ".join(f"{found.score:.2f}" for found in prediction)
        return f"{len(prediction)} text{'' if len(prediction) == 1 else 's'}{f' ({scores})' if scores else ''}"

    def to_json(self, prediction: list[FoundText]) -> dict[str, Any]:
        return {
            "texts": [
                {"polygon": found.polygon.round(2).tolist(), "score": round(found.score, 6)} for found in prediction
            ]
        }

    @abstractmethod
    def adapted(self, size: int | None, topk: int) -> FoundTexts: ...

    def draw(self, data: Any, prediction: list[FoundText]) -> Any:
        from utils.draw.ocr import draw_polygons

        image = self.picture(data)
        words = self.reader.read(image, prediction) if self.reader else []
        return draw_polygons(image, [found.polygon for found in prediction], words)


@dataclass(frozen=True)
class TextDetection(FoundTexts):
    """A network of pictures, and what makes texts of its outputs.

    polygons: makes texts of the outputs. reader: what reads the found texts for drawings. place: gives corners [4, 2]
    of the input in pixels of the picture. one_by_one: whether each picture has an input size of its own.
    """

    transform: SceneTransform | PaddleOcrSceneTransform
    polygons: TextDecoder
    reader: Reader | None = None
    place: Callable[[Fit, np.ndarray], np.ndarray] = inside
    one_by_one: bool = False

    @property
    def least(self) -> float:
        return self.polygons.box_threshold

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Fit]:
        array, fit = self.transform(data, out[0] if out else None)
        return (array,), fit

    def postprocess(self, outputs: list[np.ndarray], metas: list[Fit]) -> list[list[FoundText]]:
        found = []
        for number, fit in enumerate(metas):
            texts = self.polygons.of_picture([output[number] for output in outputs])
            placed = [FoundText(self.place(fit, corners), score) for corners, score in texts]
            # what lies in the filling behind the picture is no text of it
            found.append([text for text in placed if surface(text.polygon) > 0])
        return found

    def adapted(self, size: int | None, topk: int) -> TextDetection:
        return replace(self, transform=self.transform.resized(size)) if size else self
