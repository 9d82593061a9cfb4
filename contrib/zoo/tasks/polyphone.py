"""Polyphones: a Chinese sentence with one character marked in, how that character is read out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.polyphones import SENTENCES, LabelledPolyphones, Marked, marked, sentences_in
from utils.datasets.sample import Sample
from utils.metrics.classification import TopKAccuracy
from utils.postprocess.pytorch.classification import Ranking, TopK
from utils.preprocess.text import text_of
from utils.text_file import read_lines
from zoo.tasks.ranked import RankedTask
from zoo_core.errors import DataError


@dataclass(frozen=True)
class PolyphoneReading(RankedTask):
    """The inputs are Unicode code points, int64 [length], with `ends` before and behind the sentence, and the place of
    the character among them, int64 [1]; the output is a score for each reading.

    readings: a file with a reading a line, in the order of the network's outputs. most: characters of a sentence at
    most (--input_size), both ends included; None for any number.
    """

    readings: Path
    ends: tuple[str, str]
    most: int | None = None
    keep: int = 5
    suffixes: tuple[str, ...] = (".txt", SENTENCES)
    data_name: str = "sentence"
    text_help: str | None = "a Chinese sentence with one character between two \u2581 (U+2581)"
    padding: tuple[float, ...] | None = (0.0, 0.0)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        return tuple(read_lines(self.readings))

    @cached_property
    def _top(self) -> TopK:
        return TopK(self.labels, k=self.keep)

    @property
    def source_identity(self) -> str:
        return f"code points between {self.ends[0]} and {self.ends[1]}, {len(self.labels)} readings"

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Any]:
        """From `data` (a `Marked`, a text, or the Path of a text file) to code points and place; the meta is the
        `Marked`."""
        asked = _marked(data)
        begin, end = self.ends
        points = np.array([*map(ord, begin + asked.text + end)], np.int64)
        if self.most is not None and len(points) > self.most:
            raise DataError(
                f"a sentence of {len(asked.text)} characters, and --input_size {self.most} leaves room for "
                f"{self.most - 2}. Give the part around the marked character."
            )
        if not points.all():
            raise DataError("the sentence has NUL characters, which no text has.")
        return (points, np.array([asked.place + 1], np.int64)), asked

    def dataset(self, root: Path) -> Sequence[Sample]:
        return LabelledPolyphones(root, self.labels)

    def samples_in(self, path: Path) -> list[Sample]:
        return sentences_in(path) if path.suffix.lower() == SENTENCES else [Sample(path.name, path)]

    def length(self, data: Any) -> int:
        return len(_marked(data).text) + 2

    def metric(self) -> TopKAccuracy:
        return TopKAccuracy(len(self.labels))

    def draw(self, data: Any, prediction: Ranking) -> Any:
        from utils.draw.text import draw_classified_text

        asked = _marked(data)
        # no font that every machine has shows the character itself
        told = f"U+{ord(asked.character):04X}, character {asked.place + 1} of {len(asked.text)}, is read"
        return draw_classified_text(told, prediction, self.labels)

    def adapted(self, size: int | None, topk: int) -> PolyphoneReading:
        return replace(self, most=size or self.most, keep=max(self.keep, topk))


def _marked(data: Any) -> Marked:
    return data if isinstance(data, Marked) else marked(text_of(data), "the text" if isinstance(data, str) else data)
