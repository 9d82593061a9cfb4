"""What a copy of the network does with the requests of a batch. One that fails takes no other one along."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from engine.errors import InputError
from engine.spec import TensorSpec
from utils.datasets.sample import Sample
from zoo.errors import ZooError
from zoo.inputs.files import File
from zoo.inputs.given import Samples, Unread
from zoo.part import flat
from zoo.running.given import predict_given, prediction_json
from zoo.running.network import Runner, engines_of
from zoo.running.setting import Setting
from zoo.task import as_list
from zoo_core.errors import DataError, told

FILES = "files"  # the kind of requests that bring files; others bring tensors, and their shapes are their kind


@dataclass(frozen=True)
class Upload:
    """A file that a request brings, or a text.

    Args:
        content: of the file; what was typed where it is a str.
        name: of the file, as the request calls it; "" where it does not.
    """

    content: bytes | str
    name: str = ""


@dataclass(frozen=True)
class Answer:
    """What becomes of a request.

    Args:
        value: the results; None where there are none.
        status: of HTTP.
        said: why there are none.
    """

    value: Any = None
    status: int = 200
    said: str = ""


@dataclass(frozen=True)
class Described:
    """What a network takes and gives.

    Args:
        name: what the open inference protocol calls the model.
        model, variant: which it is.
        takes: one sample, in words.
        target, backend: what runs it.
        notice: what must be known of the weights.
        inputs, outputs: of its graph; none where it has several graphs.
        joinable: whether requests of tensors may share a batch.
        text: whether it takes text.
    """

    name: str
    model: str
    variant: str
    takes: str
    target: str
    backend: str
    notice: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    joinable: bool
    text: bool


class Worker:
    """A network that is open, and what runs requests on it.

    Args:
        setting: model, files, target and so on.
        notice: what must be known of the weights.
        samples: that one request may hold.
        runner: the network of the setting; the worker closes it.
    """

    def __init__(self, setting: Setting, notice: str, samples: int, runner: Runner):
        self._setting, self._notice, self._most = setting, notice, samples
        self._task = setting.task()
        self._runner = runner
        self.described = self._describe()

    def _describe(self) -> Described:
        model, engine = self._setting.model, next(iter(engines_of(self._runner).values()))
        alone = len(model.parts) == 1
        inputs, outputs = (engine.inputs, model.part.outputs) if alone else ((), ())
        if alone and hasattr(engine, "outputs"):
            outputs = engine.outputs
        return Described(
            name=flat(model.variant),
            model=model.id,
            variant=model.variant,
            takes=self._task.data_name,
            target=self._setting.target,
            backend=engine.backend,
            notice=self._notice,
            inputs=tuple(inputs),
            outputs=tuple(outputs),
            joinable=alone
            and model.part.batch_first
            and all(one.shape[:1] == ("batch",) for one in model.part.outputs),
            text=self._task.text_help is not None,
        )

    def run(self, kind: Hashable, requests: Sequence[Any]) -> list[Answer]:
        """One answer a request; where the batch as a whole fails, each request is run alone.

        Args:
            kind: FILES, or that of tensors.
            requests: of that kind: lists of `Upload`, or of arrays in the order of the graph's inputs.
        """
        job: Callable[[Sequence[Any]], list[Answer]] = self._files if kind == FILES else self._tensors
        try:
            return job(requests)
        except Exception as error:
            # a model's own code, and runtimes, may raise anything; the server goes on
            if len(requests) > 1:
                return [answer for one in requests for answer in self.run(kind, [one])]
            own = isinstance(error, (DataError, InputError))
            return [Answer(status=400 if own else 500, said=told(error))]

    def _files(self, requests: Sequence[Sequence[Upload]]) -> list[Answer]:
        opened = [Samples(self._task) for _ in requests]  # their folders last until the end
        found = [self._samples(samples, request) for samples, request in zip(opened, requests, strict=True)]
        given = [one for each in found if not isinstance(each, Answer) for one in each]
        said = iter(predict_given(self._setting, self._task, self._runner, given) if given else ())
        return [
            each
            if isinstance(each, Answer)
            else self._results([(one.id, *next(said)) for one in each], str(samples.files.folder))
            for samples, each in zip(opened, found, strict=True)
        ]

    def _samples(self, samples: Samples, request: Sequence[Upload]) -> list[Sample | Unread] | Answer:
        """What the files of one request hold; an answer where that is of no use."""
        found: list[Sample | Unread] = []
        for upload in request:
            try:
                found += islice(self._within(samples, upload), self._most + 1 - len(found))
            except ZooError as error:
                return Answer(status=400, said=_without(str(samples.files.folder), str(error)))
        if len(found) > self._most:
            said = f"the request holds more than {self._most} samples; send fewer at a time"
            return Answer(status=413, said=said)
        if not found:
            return Answer(status=400, said=f"the request holds no {self._task.data_name}")
        return found

    def _within(self, samples: Samples, upload: Upload) -> Any:
        if isinstance(upload.content, str):
            try:
                return iter([Sample(upload.name or samples.files.number(), self._task.from_text(upload.content))])
            except DataError as error:
                return iter([Unread(upload.name or samples.files.number(), error)])
        suffix = PurePosixPath(upload.name.replace("\\", "/")).suffix.lower()
        path = samples.files.written(upload.content)
        if suffix and suffix in self._task.suffixes:
            path = path.rename(path.with_suffix(suffix))
        name = upload.name or path.stem
        return samples.within(File(path, name, name))

    def _results(self, said: Sequence[tuple[str, Any, DataError | None]], folder: str) -> Answer:
        """Of one request; where its only sample cannot be read, that is the answer."""
        if len(said) == 1 and said[0][2] is not None:
            return Answer(status=400, said=_without(folder, str(said[0][2])))
        return Answer(
            [
                {"id": name, "error": _without(folder, str(error))}
                if error is not None
                else prediction_json(self._task, name, prediction, self._setting.topk, self._notice)
                for name, prediction, error in said
            ]
        )

    def _tensors(self, requests: Sequence[Sequence[np.ndarray]]) -> list[Answer]:
        """The outputs of each request, in the order of the graph; those of several share a call."""
        (engine,) = engines_of(self._runner).values()
        if not self.described.joinable:
            (alone,) = requests
            return [Answer(as_list(engine(list(alone))))]
        rows = [len(one[0]) for one in requests]
        joined = [np.concatenate(column) for column in zip(*requests, strict=True)]
        size = self._setting.batch_size
        pieces = [
            as_list(engine([array[start : start + size] for array in joined])) for start in range(0, sum(rows), size)
        ]
        outputs = [np.concatenate(column) for column in zip(*pieces, strict=True)]
        ends = np.cumsum(rows)
        return [
            Answer([output[end - count : end] for output in outputs]) for end, count in zip(ends, rows, strict=True)
        ]

    def close(self) -> None:
        """Give back what the engines hold."""
        self._runner.release()


def _without(folder: str, text: str) -> str:
    """A sentence without the folder of this machine that a file was written to."""
    return text.replace(f"{folder}/", "")
