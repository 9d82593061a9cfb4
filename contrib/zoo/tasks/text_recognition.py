"""Text recognition: a picture of a word in, the word out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.folder import IMAGE_SUFFIXES
from utils.datasets.ocr_words import LmdbImage, read_words
from utils.datasets.references import LISTINGS, iiit5k
from utils.datasets.sample import Sample
from utils.metrics.text_recognition import WordAccuracy
from utils.postprocess.ctc import greedy, greedy_mean
from utils.preprocess.pytorch.text_recognition import WordTransform
from zoo.data import ReferenceData
from zoo.tasks.transformed import Transformed

IIIT5K = ReferenceData(
    "iiit5k_test",
    "IIIT 5K-word, test",
    LISTINGS / "iiit5k_test.tsv",
    iiit5k.arrange,
    "none stated (the repository)",
    1000,
    terms="IIIT 5K-word (IIIT Hyderabad): pictures of the web, collected for research; its authors ask to be cited",
    rule="every third of 3,000 words",
)


@dataclass(frozen=True)
class Word:
    """What was read, and how sure the network is, 0 to 1: the probability of the best path, or the mean of the
    characters' probabilities where `TextRecognition.probabilities` says so."""

    text: str
    score: float


@dataclass(frozen=True)
class TextRecognition(Transformed):
    """A network whose scores [N, steps, 1 + len(alphabet)] are decoded by CTC.

    alphabet: the characters in the order of the classes. blank_last: whether CTC's blank is the last class, not the
    first. stride, more: of a picture that is W pixels wide the network makes W // stride + more steps. filling: what
    stands behind narrower pictures of a batch; None where there are none, and all steps are a picture's own.
    one_by_one: whether pictures have widths of their own, and the network would see a filling. counted: the characters
    that the metric counts, in small letters; those of the alphabet by default. probabilities: whether the network's
    scores are softmax probabilities already.
    """

    transform: WordTransform
    alphabet: str
    stride: int = 1
    filling: float | None = None
    more: int = 1
    counted: str = ""
    probabilities: bool = False
    blank_last: bool = False
    one_by_one: bool = False
    suffixes = IMAGE_SUFFIXES
    data_name = "word"

    @property
    def padding(self) -> tuple[float, ...] | None:  # type: ignore[override]
        return None if self.filling is None else (self.filling,)

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Any]:
        """((float32 [channels, height, width],), steps of its own, None for all)."""
        array, width = self.transform(_source(data))
        return (array,), None if self.filling is None else width // self.stride + self.more

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[Word]:
        steps = [outputs[0].shape[1] if meta is None else meta for meta in metas]
        first = 0 if self.blank_last else 1  # the class of the alphabet's first character
        read = greedy_mean if self.probabilities else greedy
        found = read(outputs[0], steps, 0 if first else len(self.alphabet))
        return [Word("".join(self.alphabet[index - first] for index in path), score) for path, score in found]

    def dataset(self, root: Path) -> Sequence[Sample]:
        return read_words(root)

    def metric(self) -> WordAccuracy:
        return WordAccuracy(self.counted or self.alphabet)

    def agreement(self, one: Word, other: Word) -> bool:
        return one.text == other.text

    def describe(self, prediction: Word, topk: int) -> str:
        return f"{prediction.text or '(nothing)'} ({prediction.score:.3f})"

    def to_json(self, prediction: Word) -> dict[str, Any]:
        return {"text": prediction.text, "score": round(prediction.score, 6)}

    def draw(self, data: Any, prediction: Word) -> Any:
        from utils.draw.ocr import draw_word
        from utils.preprocess.image import load_rgb

        return draw_word(load_rgb(_source(data)), prediction.text, prediction.score)

    def adapted(self, size: int | None, topk: int) -> TextRecognition:
        return replace(self, transform=self.transform.limited(size)) if size else self

    def length(self, data: Any) -> int:
        """The width in pixels."""
        return self.transform.length(_source(data))


def _source(data: Any) -> Any:
    return data.read() if isinstance(data, LmdbImage) else data
