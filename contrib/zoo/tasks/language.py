"""Language identification: a text in, a ranking of languages out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.languages import SentencesByLanguage
from utils.datasets.sample import Sample
from utils.metrics.classification import TopKAccuracy
from utils.postprocess.pytorch.classification import Ranking, TopK
from utils.preprocess.subwords import keys_of
from utils.preprocess.text import text_of
from utils.text_file import read_lines
from zoo.tasks.ranked import RankedTask
from zoo_core.errors import DataError


@dataclass(frozen=True)
class LanguageIdentification(RankedTask):
    """The input is int64 [n]: the numbers of a text's words and subwords; the output is a score for each language.

    languages: a file with a code a line, in the order of the network's outputs. bucket, shortest, longest: of fastText,
    how subwords are numbered, and their letters. most: numbers of a text at most (--input_size).
    """

    languages: Path
    bucket: int
    shortest: int
    longest: int
    most: int | None = None
    keep: int = 5
    suffixes: tuple[str, ...] = (".txt",)
    data_name: str = "text"
    text_help: str | None = "a text whose language is asked for"
    padding: tuple[float, ...] | None = (0.0,)
    python_bound: bool = True

    @cached_property
    def labels(self) -> tuple[str, ...]:
        return tuple(read_lines(self.languages))

    @cached_property
    def _top(self) -> TopK:
        return TopK(self.labels, k=self.keep)

    @property
    def source_identity(self) -> str:
        return f"fastText, subwords of {self.shortest} to {self.longest} letters, {self.bucket} numbers"

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Any]:
        """From `data`, a text or the Path of a text file."""
        keys = keys_of(text_of(data), self.bucket, self.shortest, self.longest)
        if self.most is not None and len(keys) > self.most:
            raise DataError(
                f"a text with {len(keys)} words and subwords, and --input_size {self.most} has room for {self.most}. "
                "Give a part of it."
            )
        return (keys,), None

    def dataset(self, root: Path) -> Sequence[Sample]:
        return SentencesByLanguage(root, self.labels)

    def length(self, data: Any) -> int:
        # a letter begins as many subwords as there are lengths, near enough
        return len(text_of(data)) * (self.longest - self.shortest + 1) + 2

    def metric(self) -> TopKAccuracy:
        return TopKAccuracy(len(self.labels))

    def draw(self, data: Any, prediction: Ranking) -> Any:
        from utils.draw.text import draw_classified_text

        return draw_classified_text(text_of(data), prediction, self.labels)

    def adapted(self, size: int | None, topk: int) -> LanguageIdentification:
        return replace(self, most=size or self.most, keep=max(self.keep, topk))
