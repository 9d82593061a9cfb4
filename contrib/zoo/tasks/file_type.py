"""File types: a file in, a ranking of types out, by what Magika makes of its network's answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.files_by_type import EVERY, FilesByType
from utils.datasets.sample import Sample
from utils.metrics.text_classification import AccuracyAndF1
from utils.postprocess.pytorch.classification import Ranking, TopK
from utils.preprocess.file_bytes import FileEnds, is_utf8
from utils.text_file import read_lines
from zoo.tasks.ranked import RankedTask
from zoo_core.errors import UnreadableError

TEXT, BINARY, EMPTY = "txt", "unknown", "empty"
# What the network knows as a type, and is none
_NO_TYPES = {"randomtxt": TEXT, "randombytes": BINARY}


@dataclass(frozen=True)
class FileType(Ranking):
    """The type of a file first, then what the network thinks of others.

    Attributes:
        said: what is said of it: "" where the type is the network's best; "unsure" where that is below its threshold,
            so that text or unknown is all that is said; "short" where the network was not asked.
    """

    said: str = ""


@dataclass(frozen=True)
class FileTypes(RankedTask):
    """The input is int32 [2048], numbers from 0 to 256; the output is a probability for each type.

    listing: a file with a line a type in the order of the network's outputs: its name, text or binary, and from which
    probability on it is believed, with tabs between.
    """

    listing: Path
    ends: FileEnds = field(default_factory=FileEnds)
    keep: int = 5
    suffixes: tuple[str, ...] = EVERY
    data_name: str = "file"
    text_help: str | None = "the content of a text file whose type is asked for"

    @cached_property
    def _rows(self) -> tuple[tuple[str, bool, float], ...]:
        """Of each type that the network knows: its name, whether it is text, and its threshold."""
        rows = [line.split("\t") for line in read_lines(self.listing)]
        try:
            return tuple((name, {"text": True, "binary": False}[kind], float(least)) for name, kind, least in rows)
        except (KeyError, ValueError) as error:
            raise UnreadableError(
                f"{self.listing}: a line is a type, text or binary, and a probability, with tabs between."
            ) from error

    @cached_property
    def types(self) -> tuple[str, ...]:
        """The network's types, and behind them what is said where it has no answer."""
        names = tuple(name for name, _, _ in self._rows)
        return (*names, *(name for name in (TEXT, BINARY, EMPTY) if name not in names))

    @cached_property
    def _top(self) -> TopK:
        return TopK([name for name, _, _ in self._rows], k=self.keep, probabilities=True)

    @property
    def source_identity(self) -> str:
        ends = self.ends
        return f"Magika, {ends.each} bytes of each end, white space off, of blocks of {ends.block}, thresholds"

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Any]:
        """From `data`, a Path or bytes. The meta is the type of a file that is too short for the network, else None."""
        found, short = self.ends(data)
        if short is None:
            return (found,), None
        return (found,), self.types.index(EMPTY if not short else TEXT if is_utf8(short) else BINARY)

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[FileType]:
        """From probabilities [N, 214] to N types."""
        rankings = self._top(outputs, metas)
        return [
            self._decided(ranking) if short is None else FileType((short,), (1.0,), "short")
            for ranking, short in zip(rankings, metas, strict=True)
        ]

    def _decided(self, ranking: Ranking) -> FileType:
        """The network's best where it is believed; text or unknown where it is not, or is no type."""
        name, text, least = self._rows[ranking.classes[0]]
        if ranking.scores[0] >= least and name not in _NO_TYPES:
            return FileType(ranking.classes, ranking.scores)
        generic = _NO_TYPES.get(name, TEXT if text else BINARY)
        unsure = "unsure" if ranking.scores[0] < least and name != generic and name not in _NO_TYPES else ""
        rest = [pair for pair in zip(ranking.classes, ranking.scores, strict=True) if self.types[pair[0]] != generic]
        classes, scores = zip((self.types.index(generic), ranking.scores[0]), *rest, strict=True)
        return FileType(classes, scores, unsure)

    def dataset(self, root: Path) -> Sequence[Sample]:
        return FilesByType(root, self.types)

    def metric(self) -> AccuracyAndF1:
        return AccuracyAndF1(len(self.types))

    def describe(self, prediction: Any, topk: int) -> str:
        names = [self.types[index] for index in prediction.classes]
        if prediction.said == "short":
            return f"{names[0]} (by its few bytes, without the network)"
        if prediction.said == "unsure":
            return f"{names[0]} (the network's best, {names[1]}, has {prediction.scores[0]:.3f}, which is not believed)"
        pairs = list(zip(names, prediction.scores, strict=True))[:topk]
        return ", ".join(f"{name} ({score:.3f})" for name, score in pairs)

    def to_json(self, prediction: Any) -> dict[str, Any]:
        pairs = zip(prediction.classes, prediction.scores, strict=True)
        ranked = [{"index": index, "label": self.types[index], "score": score} for index, score in pairs]
        return {"type": self.types[prediction.classes[0]], "said": prediction.said, "classes": ranked}

    def draw(self, data: Any, prediction: FileType) -> Any:
        from utils.draw.file import draw_file

        return draw_file(data, prediction, self.types)

    def from_text(self, text: str) -> bytes:
        return text.encode("utf-8", "replace")

    def adapted(self, size: int | None, topk: int) -> FileTypes:
        return replace(self, keep=max(self.keep, topk))
