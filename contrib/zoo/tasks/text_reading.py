"""Reading a photograph: its lines of text are found, turned upright, and read, each by a network of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engine.spec import TensorSpec
from utils.datasets.icdar import read_icdar
from utils.datasets.sample import Sample
from utils.metrics.text_detection import agreement
from utils.metrics.text_reading import TextReadingMetric
from utils.postprocess.paddle.text_lines import in_reading_order, line_of
from utils.postprocess.pytorch.classification import Ranking
from zoo.task import Run, Task
from zoo.tasks.classification import ImageClassification
from zoo.tasks.text_detection import FoundText, FoundTexts
from zoo.tasks.text_recognition import TextRecognition, Word
from zoo_core.errors import DataError

FIND, TURN, READ = "det", "direction", "rec"  # what the names of the networks' parts begin with
_TURNED = 1  # the class of what is upside down
_SCORE_MARGIN = 0.02


@dataclass(frozen=True)
class Line(FoundText):
    """A line of text: where it is, how sure that is, what it says, and how sure that is, both 0 to 1."""

    text: str
    reading: float


@dataclass(frozen=True)
class TextReading(Task):
    """Two or three networks: a scene to where text is; a line to whether it is upside down, where somebody asks; a line
    to what it says.

    finding, reading, turning: the task of each of them; turning is None where there are two. Their parts are called
    det, direction and rec, or det_… where the network has several.
    turned: the probability above which a line is turned round. least: of a reading, below which a line is dropped.
    sure: that of a picture in which no text is found, below which nothing is said of it: it may be a word that fills
    it, and is read as one line.
    """

    finding: FoundTexts
    reading: TextRecognition
    turning: ImageClassification | None = None
    turned: float = 0.9
    least: float = 0.5
    sure: float = 0.9
    one_by_one: bool = True

    @property
    def suffixes(self) -> tuple[str, ...]:  # type: ignore[override]
        return self.finding.suffixes

    data_name = "image"

    @property
    def beside(self) -> tuple[TensorSpec, ...]:  # type: ignore[override]
        return (*self.finding.beside, TensorSpec("picture", "uint8", ("batch", "rows", "columns", 3)))

    @property
    def source_identity(self) -> str:
        turning = [self.turning.source_identity] if self.turning else []
        return "; ".join([self.finding.source_identity, *turning, self.reading.source_identity])

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Any]:
        """(the scene as the first network takes it, and its own pixels, uint8 [rows, columns, 3], red first)."""
        arrays, meta = self.finding.preprocess(data)
        return (*arrays, np.asarray(self.finding.picture(data))), meta

    def run(self, parts: Mapping[str, Run], arrays: list[np.ndarray]) -> list[np.ndarray]:
        """Of all lines, those of a picture from top to bottom: corners float64 [K, 4, 2], scores of finding and of
        reading, float64 [K, 2], letters as code points [K, most], zeros behind them; and how many lines each picture
        has [N]."""
        *scenes, pictures = arrays
        metas = [self.finding.transform.fit(pixels) for pixels in pictures]
        found = self.finding.postprocess(self.finding.run(_of(FIND, parts), scenes), metas)
        lines: list[Line] = []
        counts = []
        for pixels, texts in zip(pictures, found, strict=True):
            own = in_reading_order(texts) or [_whole(pixels)]
            lines += [self._line(pixels, one, parts) for one in own]
            counts.append(len(own))
        most = max((len(line.text) for line in lines), default=0)
        letters = [np.frombuffer(line.text.ljust(most, "\0").encode("utf-32-le"), np.int32) for line in lines]
        return [
            np.array([line.polygon for line in lines], np.float64).reshape(-1, 4, 2),
            np.array([(line.score, line.reading) for line in lines], np.float64).reshape(-1, 2),
            np.array(letters, np.int32).reshape(len(lines), most),
            np.array(counts, np.int64),
        ]

    def _line(self, pixels: np.ndarray, found: FoundText, parts: Mapping[str, Run]) -> Line:
        """What one of the found texts says."""
        piece = line_of(pixels, found.polygon)
        if self.turning is not None and self._on_its_head(self.turning, piece, _of(TURN, parts)):
            piece = np.ascontiguousarray(piece[::-1, ::-1])
        word: Word = _said(self.reading, piece, _of(READ, parts))
        return Line(found.polygon, found.score, word.text, word.score)

    def _on_its_head(self, turning: ImageClassification, piece: np.ndarray, parts: Mapping[str, Run]) -> bool:
        ranking: Ranking = _said(turning, piece, parts)
        return ranking.classes[0] == _TURNED and ranking.scores[0] > self.turned

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[list[Line]]:
        """The lines of each picture that are read with enough certainty."""
        corners, scores, letters, counts = outputs
        lines = [
            Line(polygon, float(score), text.astype("<i4").tobytes().decode("utf-32-le").rstrip("\0"), float(reading))
            for polygon, (score, reading), text in zip(corners, scores, letters, strict=True)
        ]
        ends = np.cumsum(counts)
        return [
            [
                line
                for line in lines[end - count : end]
                if line.text and line.reading >= (self.least if line.score else self.sure)
            ]
            for end, count in zip(ends, counts, strict=True)
        ]

    def dataset(self, root: Path) -> Sequence[Sample]:
        return read_icdar(root)

    def metric(self) -> TextReadingMetric:
        return TextReadingMetric()

    def agreement(self, one: list[Line], other: list[Line]) -> bool:
        same = [line.text for line in one] == [line.text for line in other]
        return same and agreement(one, other, self.finding.least, _SCORE_MARGIN)

    def describe(self, prediction: list[Line], topk: int) -> str:
        return " | ".join(line.text for line in prediction) or "no text"

    def to_json(self, prediction: list[Line]) -> dict[str, Any]:
        places = self.finding.to_json(list(prediction))["texts"]
        said = [{"text": line.text, "reading": round(line.reading, 6)} for line in prediction]
        return {"lines": [one | place for one, place in zip(said, places, strict=True)]}

    def draw(self, data: Any, prediction: list[Line]) -> Any:
        from utils.draw.ocr import draw_polygons

        polygons, texts = [line.polygon for line in prediction], [line.text for line in prediction]
        return draw_polygons(self.finding.picture(data), polygons, texts)

    def adapted(self, size: int | None, topk: int) -> TextReading:
        return replace(self, finding=self.finding.adapted(size, topk))


def _of(name: str, parts: Mapping[str, Run]) -> dict[str, Run]:
    """The parts of one of the networks, by the names that they have there."""
    own = {one: run for one, run in parts.items() if one.partition("_")[0] == name}
    return {one.partition("_")[2]: run for one, run in own.items()}


def _said(task: Task, piece: np.ndarray, parts: Mapping[str, Run]) -> Any:
    """What a network says of a piece of a picture, uint8 [rows, columns, 3]."""
    arrays, meta = task.preprocess(Image.fromarray(piece))
    outputs = task.run(parts, [array[None] for array in arrays])
    if not all(np.isfinite(one).all() for one in outputs):
        raise DataError("the network gave NaN or infinity. In float16 this is often an overflow: try float32.")
    return task.postprocess(outputs, [meta])[0]


def _whole(pixels: np.ndarray) -> FoundText:
    """The picture itself as a text that nobody found."""
    height, width = pixels.shape[:2]
    return FoundText(np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64), 0.0)
