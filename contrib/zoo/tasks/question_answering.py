"""Question answering: a text and a question in, the piece of the text that answers it out, or that there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from engine.spec import TensorSpec
from utils.datasets.sample import Sample
from utils.datasets.squad import Question, QuestionsAndAnswers, questions_in
from utils.metrics.answers import AnswerQuality
from utils.postprocess.answers import Span, best_spans
from utils.postprocess.pytorch.anchored import require_finite
from utils.preprocess.question import QuestionEncoder, Windows
from utils.preprocess.text import at_most, text_of
from utils.preprocess.tokenizer import TokenizerFile, open_tokenizer, tokenizer_name
from zoo.task import Run, Task, as_list
from zoo_core.errors import DataError

AT_ONCE = 32  # windows that the network is given together: this bounds the memory of a long text
_SHARE = 3  # windows share a third of their tokens at most


@dataclass(frozen=True)
class Answer:
    """text: the answer, "" where the network says that the text has none. span: where it stands, the best one in any
    case; None where no piece of the text can be an answer. spans: the best ones, that one first. none: the score of
    there being no answer. windows: in how many pieces the text was read."""

    text: str
    span: Span | None
    spans: tuple[Span, ...]
    none: float
    windows: int


@dataclass(frozen=True)
class QuestionAnswering(Task):
    """The inputs are ids, attention mask and, where `typed`, types of the tokens, [N, length] each; the outputs are the
    scores of each token as the first and as the last one of the answer, [N, length]. A long text is read in windows.

    tokenizer: a tokenizer.json that joins two texts. max_length: tokens of a window, the question included. overlap:
    tokens that two windows share. longest: what the network has positions for. may_be_none: whether the network was
    trained on questions that their text does not answer, and may say so. filling: the id that fills up a window.
    asked: questions about a text; without one, a text's first line is the question.
    """

    tokenizer: TokenizerFile
    max_length: int
    overlap: int
    longest: int
    may_be_none: bool = True
    typed: bool = True
    filling: int = 0
    asked: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = (".json", ".txt")
    data_name: str = "text"
    words_help: str | None = "a question about the text in --data_path"
    beside: tuple[TensorSpec, ...] = (TensorSpec("windows", "int64", ("batch", "window", 2, "tokens")),)

    @property
    def padding(self) -> tuple[float, ...]:  # type: ignore[override]
        return (float(self.filling), 0.0, *((0.0,) if self.typed else ()), -1.0)

    @cached_property
    def _encoder(self) -> QuestionEncoder:
        return QuestionEncoder(open_tokenizer(self.tokenizer), self.max_length, self.overlap)

    @property
    def positions(self) -> int | None:  # type: ignore[override]
        return self.longest

    @property
    def source_identity(self) -> str:
        none = "with" if self.may_be_none else "without"
        return f"{tokenizer_name(self.tokenizer)}, windows of {self.max_length} sharing {self.overlap}, {none} none"

    def preprocess(
        self, data: Any, out: tuple[np.ndarray, ...] | None = None
    ) -> tuple[tuple[np.ndarray, ...], Windows]:
        """From `data`, a `Question` or the Path of a text file, to ids, mask and types of the first window, int64
        [length] each, and ids and types of all windows, int64 [windows, 2, length], -1 behind their own."""
        windows = self._encoder(self._question(data))
        every = np.full((len(windows.ids), 2, max(map(len, windows.ids))), -1, np.int64)
        for place, ids, types in zip(every, windows.ids, windows.types, strict=True):
            place[:, : len(ids)] = ids, types
        first = (windows.ids[0], np.ones_like(windows.ids[0]), windows.types[0])
        return (*first[: 3 if self.typed else 2], every), windows

    def run(self, parts: Mapping[str, Run], arrays: list[np.ndarray]) -> list[np.ndarray]:
        """The scores of first and of last tokens, float [N, windows, length] each, 0 where there is no window."""
        (network,) = parts.values()
        windows = arrays[-1]
        length = max(arrays[0].shape[1], windows.shape[3])  # of the rows as they are filled up
        rows = np.argwhere((windows[:, :, 0] >= 0).any(axis=2))
        found = np.zeros((2, *windows.shape[:2], length), np.float32)
        for piece in range(0, len(rows), AT_ONCE):
            texts, places = rows[piece : piece + AT_ONCE].T
            outputs = as_list(network(self._inputs(windows[texts, places], length)))
            for scores, output in zip(found, outputs, strict=True):
                scores[texts, places] = output
        return list(found)

    def _inputs(self, windows: np.ndarray, length: int) -> list[np.ndarray]:
        """What the network takes of windows [N, 2, tokens], filled up to `length`."""
        given = np.full((*windows.shape[:2], length), -1, np.int64)
        given[:, :, : windows.shape[2]] = windows
        real = given[:, 0] >= 0
        inputs = [np.where(real, given[:, 0], self.filling), real.astype(np.int64)]
        return [*inputs, np.where(real, given[:, 1], 0)] if self.typed else inputs

    def postprocess(self, outputs: list[np.ndarray], metas: list[Windows]) -> list[Answer]:
        """From both scores to an answer each. Raises DataError for other shapes, NaN and infinity."""
        starts, ends = outputs
        least = max(len(meta.ids) for meta in metas), max(len(ids) for meta in metas for ids in meta.ids)
        if starts.ndim != 3 or starts.shape != ends.shape or starts.shape[1] < least[0] or starts.shape[2] < least[1]:
            raise DataError(
                f"the network gave outputs of {list(starts.shape)} and {list(ends.shape)}, expected twice "
                f"[{len(metas)}, {least[0]}, {least[1]}]. Is this the checkpoint of another model?"
            )
        require_finite(starts)
        require_finite(ends)
        return [self._answer(*one) for one in zip(starts, ends, metas, strict=True)]

    def _answer(self, starts: np.ndarray, ends: np.ndarray, windows: Windows) -> Answer:
        found = best_spans(starts, ends, windows)
        best = found.spans[0] if found.spans else None
        said = best is not None and not (self.may_be_none and found.none > best.score)
        text = windows.context[best.start : best.end] if best is not None and said else ""
        return Answer(text, best, found.spans, found.none, len(windows.ids))

    def _question(self, data: Any) -> Question:
        if isinstance(data, Question):
            return data
        text = text_of(data)
        question, _, context = text.partition("\n")
        if not question.strip() or not context.strip():
            raise DataError(
                f"{data}: a text file holds the question in its first line and the text below it. Or ask with --text."
            )
        return Question(question.strip(), context)

    def dataset(self, root: Path) -> Sequence[Sample]:
        return QuestionsAndAnswers(root)

    def samples_in(self, path: Path) -> list[Sample]:
        """A question of a .json of SQuAD's layout each; with questions of one's own, each of them about each text."""
        if path.suffix.lower() == ".json":
            found = questions_in(path)
            contexts = dict.fromkeys(one.data.context for one in found)
        elif not self.asked:
            return [Sample(path.name, path)]
        else:
            found, contexts = [], {text_of(path): None}
        if not self.asked:
            return [Sample(f"{path.name}:{one.id}", one.data) for one in found]
        return [
            Sample(
                f"{path.name}:{number}.{place}" if len(contexts) > 1 else f"{path.name}:{place}", Question(one, text)
            )
            for number, text in enumerate(contexts, start=1)
            for place, one in enumerate(self.asked, start=1)
        ]

    def worded(self, words: Sequence[str]) -> QuestionAnswering:
        return replace(self, asked=tuple(words))

    def length(self, data: Any) -> int:
        return len(self._encoder(self._question(data)).ids[0])

    def metric(self) -> AnswerQuality:
        return AnswerQuality()

    def agreement(self, one: Answer, other: Answer) -> bool:
        return one.text == other.text

    def tied(self, one: Answer, other: Answer, apart: float) -> bool:
        """Whether each takes its own answer to be no better than that of the other, but for `apart`."""
        return all(_as_good(a, b, apart) for a, b in ((one, other), (other, one)))

    def describe(self, prediction: Answer, topk: int) -> str:
        read = f" (read in {prediction.windows} windows)" if prediction.windows > 1 else ""
        return (prediction.text or "no answer in this text") + read

    def to_json(self, prediction: Answer) -> dict[str, Any]:
        span = prediction.span
        place = {"start": span.start, "end": span.end, "score": span.score} if span else None
        known = {"answer": prediction.text, "best_span": place, "score_of_no_answer": prediction.none}
        return known | {"windows": prediction.windows}

    def draw(self, data: Any, prediction: Answer) -> Any:
        from utils.draw.answer import draw_answer

        question = self._question(data)
        span = prediction.span if prediction.text else None
        return draw_answer(question.question, question.context, span and (span.start, span.end))

    def adapted(self, size: int | None, topk: int) -> QuestionAnswering:
        if not size:
            return self
        length = at_most(size, self.longest)
        return replace(self, max_length=length, overlap=min(self.overlap, length // _SHARE))


def _as_good(one: Answer, other: Answer, apart: float) -> bool:
    """Whether what `other` answers is as good to `one` as its own answer, but for `apart` of the larger score."""

    def score(answer: Answer) -> float | None:
        if not answer.text:
            return one.none
        place = answer.span and answer.span[:2]
        return next((span.score for span in one.spans if span[:2] == place), None)

    own, others = score(one), score(other)
    return own is not None and others is not None and abs(own - others) <= apart * max(abs(own), abs(others))
