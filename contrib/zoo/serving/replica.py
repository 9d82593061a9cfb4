"""One copy of the network, as Ray Serve runs it in a process of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from typing import Any

from zoo import catalogue
from zoo.running.engines import open_runner
from zoo.running.setting import Setting
from zoo_core.errors import ZooCoreError

from .worker import Answer, Described, Worker

_AT_ONCE = 2


@dataclass(frozen=True)
class Recipe:
    """A setting on its way to another process: a model is named, since it holds functions.

    Args:
        model, variant: which network.
        words: what it is asked, where it is asked something.
        asked: the other fields of `Setting`.
    """

    model: str
    variant: str
    words: tuple[str, ...]
    asked: Mapping[str, Any]

    @classmethod
    def of(cls, setting: Setting, words: Sequence[str] = ()) -> Recipe:
        """The recipe of a setting whose task is the model's own, or asked `words`."""
        absolute = setting.but(folder=setting.home.resolve(), ckpt=setting.ckpt and setting.ckpt.resolve())
        asked = {one.name: getattr(absolute, one.name) for one in fields(Setting) if one.name != "model"}
        return cls(setting.model.id, setting.model.variant, tuple(words), asked)

    def setting(self) -> Setting:
        """The setting. Raises ZooError."""
        model = catalogue.load(self.model).variant(self.variant)
        if self.words:
            model = replace(model, task=model.task.worded(self.words))
        return Setting(model, **self.asked)


class Replica:
    """Runs batches. Two at once: while one is on the engine, the next one is preprocessed.

    Args:
        recipe: what to open.
        notice: what must be known of the weights.
        samples: that one request may hold.
        seconds: after which a batch that does not come to an end means that this copy must go.
    """

    def __init__(self, recipe: Recipe, notice: str, samples: int, seconds: float):
        self._begun: dict[object, float] = {}
        self._seconds = seconds
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="batch")
        self._failed = ""
        try:
            self._worker = self.opened(recipe.setting(), notice, samples)
        except ZooCoreError as error:
            self._failed = str(error)

    def opened(self, setting: Setting, notice: str, samples: int) -> Worker:
        """The network. Raises ZooError or EngineError."""
        return Worker(setting, notice, samples, open_runner(setting, batches=_AT_ONCE))

    async def described(self) -> Described | str:
        """What the network is; a sentence where it cannot be opened."""
        return self._failed or self._worker.described

    async def run(self, kind: Hashable, requests: Sequence[Any]) -> list[Answer]:
        """As `Worker.run`."""
        if self._failed:
            return [Answer(status=500, said=self._failed)] * len(requests)
        batch = object()
        self._begun[batch] = time.monotonic()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._worker.run, kind, requests)
        finally:
            del self._begun[batch]

    def check_health(self) -> None:
        """Raise where a batch hangs: Ray Serve ends this copy then, and starts another one."""
        now = time.monotonic()
        if any(now - begun > self._seconds for begun in self._begun.values()):
            raise RuntimeError(f"a batch has been running for more than {self._seconds:g} s")
