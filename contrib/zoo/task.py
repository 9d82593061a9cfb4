"""`Task`: what a domain does with its samples."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.spec import TensorSpec
from utils.datasets.sample import Sample

if TYPE_CHECKING:
    from utils.metrics.base import Metric

# An engine, or what stands for it: a list with one array an input in; one array, or a list of them, out.
Run = Callable[[list[np.ndarray]], Any]


def as_list(outputs: Any) -> list[np.ndarray]:
    """What an engine returned, as a list."""
    return outputs if isinstance(outputs, list) else [outputs]


class Task(ABC):
    """One object serves demo, folder, validation and verification, so that they cannot differ.

    suffixes, data_name: the files that it reads, and what one sample is called. picture_suffix: of what `draw` gives.
    text_help: what `--text` takes; None where a sample cannot be typed.
    words_help: where --text says what is asked of the data instead (`worded`), what it takes; None elsewhere.
    padding: for inputs whose size differs from sample to sample, the value that fills up each input behind a sample's
    own; None where all samples have one shape. The filling must not change what the network says of a sample.
    positions: for such inputs, the most that the network takes of a sample and what fills it up; None for any number.
    beside: what `preprocess` gives behind the inputs of the network's first part, for `run` itself or for later parts.
    one_by_one: whether samples have sizes of their own that no filling can make equal (whole pictures, whose borders
    the network sees): each is a batch of its own then, whatever --batch_size says.
    python_bound: whether preprocessing spends its time in Python itself, so that processes are quicker than threads.
    window: of recordings, how many seconds the network hears of one at most, where it hears no more; None elsewhere.
    many: for samples so small that what has to be done for each one costs most: preprocesses all the data of a batch at
    once, to (one array an input with the batch dimension; one meta a sample), the same that `preprocess` gives of each.
    Raises DataError; then each sample is preprocessed alone, which tells the wrong one. None elsewhere.
    play: for closed loops, where what the network says decides what it sees next: called with the engine and the
    samples of a batch, it returns their predictions. None elsewhere.
    writing: for tasks that write text: the same task with what --max_new_tokens and the like ask for (by the flags'
    names; `told` is called with each piece of a single text as it comes). Raises DataError. None elsewhere.
    """

    suffixes: tuple[str, ...] = ()
    data_name: str = "sample"
    picture_suffix: str = ".png"
    text_help: str | None = None
    words_help: str | None = None
    padding: tuple[float, ...] | None = None
    positions: int | None = None
    beside: tuple[TensorSpec, ...] = ()
    one_by_one: bool = False
    python_bound: bool = False
    window: float | None = None
    many: Callable[[Sequence[Any]], tuple[tuple[np.ndarray, ...], list[Any]]] | None = None
    play: Callable[[Run, Sequence[Sample]], list[Any]] | None = None
    writing: Callable[..., Task] | None = None

    @property
    def source_identity(self) -> str:
        """What reads and scales the data, and with which numbers: part of the identity of a result."""
        return type(self).__name__

    @property
    def listed(self) -> str:
        """What a file of predictions does not list, for its reader; "" where it lists everything."""
        return ""

    @abstractmethod
    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Any]:
        """(one array an input of the first part, and one for each of `beside`, without the batch dimension; meta).

        It may write to `out`, which has as many, and return these very arrays, which saves a copy. Raises DataError.
        """

    def run(self, parts: Mapping[str, Run], arrays: list[np.ndarray]) -> list[np.ndarray]:
        """What the network says of a batch.

        Args:
            parts: what runs each part of the network, by `Part.name`, in the order of `Model.parts`.
            arrays: what `preprocess` gave, stacked: one array an input, the batch dimension first.

        Returns:
            What `postprocess` takes. The default calls the only part.

        Arrays of floats have the dtype of the part that gave them; a part takes float32 and its own. A loop over a part
        keeps no more than its cache, whose size it bounds.
        """
        (run,) = parts.values()
        return as_list(run(arrays))

    @abstractmethod
    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[Any]:
        """One prediction a sample, from the outputs of a batch and what `preprocess` said of its samples."""

    @abstractmethod
    def dataset(self, root: Path) -> Sequence[Sample]:
        """The labelled samples of a data set in the domain's public format. Raises DataError."""

    @abstractmethod
    def metric(self) -> Metric:
        """A new metric, which has counted nothing."""

    @abstractmethod
    def agreement(self, one: Any, other: Any) -> bool:
        """Whether two runtimes' predictions for one sample mean the same to a person."""

    def tied(self, one: Any, other: Any, apart: float) -> bool:
        """Whether two predictions differ only in a choice between what is as good as equal to both runtimes.

        Args:
            one, other: two runtimes' predictions for one sample.
            apart: how far the scores of the two choices may lie apart, relative to the larger one.

        Returns:
            False where the task has no scores to tell by.
        """
        return False

    @abstractmethod
    def describe(self, prediction: Any, topk: int) -> str:
        """The prediction in one line."""

    def compare(self, found: Sequence[tuple[str, Any]]) -> list[str]:
        """Lines about a person's samples together, (id, prediction) each; none where there is nothing to say."""
        return []

    @abstractmethod
    def to_json(self, prediction: Any) -> dict[str, Any]:
        """The prediction as it stands in --json."""

    @abstractmethod
    def draw(self, data: Any, prediction: Any) -> Any:
        """A picture of the prediction: something with `save(path, format=…)`."""

    def adapted(self, size: int | None, topk: int) -> Task:
        """The same task for another input size (None: as it is), with predictions that hold at least `topk`."""
        return self

    def fast(self) -> Task | None:
        """The task with quicker decoding that is not equal to the source's; None where there is none."""
        return None

    def made(self, text: str) -> Callable[[Path], None] | None:
        """What writes the data set that `text`, in the place of a path, names by a word of the task's own, into a new
        folder; the same text means the same data. None where it is a path. Raises DataError for what cannot be made."""
        return None

    def samples_in(self, path: Path) -> list[Sample]:
        """What a person's file holds, without targets: one sample, unless the format says otherwise."""
        return [Sample(path.name, path)]

    def from_text(self, text: str) -> Any:
        """The data of what was typed behind --text."""
        return text

    def worded(self, words: Sequence[str]) -> Task:
        """The same task, asked what was typed behind --text."""
        return self

    def length(self, data: Any) -> int:
        """About how much of a padded input `data` fills. Cheap: it sorts samples before they are preprocessed.
        DataError stands for 0."""
        return 0
