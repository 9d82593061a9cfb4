"""Two networks on the same samples: what each says, whether they agree, and how much quicker one is."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from utils.datasets.sample import Sample
from zoo.running.engines import open_runner
from zoo.running.network import Runner
from zoo.running.padding import arranged, batches_in
from zoo.running.pipeline import Stages, predictions
from zoo.running.setting import Setting
from zoo_core.errors import DataError

Bad = tuple[Sample, DataError]


@dataclass(frozen=True)
class Side:
    """One of the two.

    Attributes:
        setting: what ran.
        found: predictions by the ids of their samples.
        speeds: samples a second, end to end, of each timed run.
    """

    setting: Setting
    found: Mapping[str, Any]
    speeds: Sequence[float]

    @property
    def speed(self) -> float:
        """Samples a second: the median of the timed runs."""
        return statistics.median(self.speeds)


@dataclass(frozen=True)
class SideBySide:
    """Both.

    Attributes:
        one, other: the two, in the order in which they were asked for.
        samples: those that both could read.
        bad: the others, each named once.
        comparable: why predictions cannot be compared; "" where they can.
    """

    one: Side
    other: Side
    samples: Sequence[Sample]
    bad: Sequence[Bad]
    comparable: str

    @property
    def ratio(self) -> float:
        """How many times as fast the second is: the median over pairs of runs that followed each other."""
        return statistics.median(two / one for one, two in zip(self.one.speeds, self.other.speeds, strict=True))

    def agrees(self, sample: str) -> bool | None:
        """Whether both say the same of a sample; None where that cannot be said."""
        if self.comparable:
            return None
        return self.one.setting.task().agreement(self.one.found[sample], self.other.found[sample])


def side_by_side(one: Setting, other: Setting, samples: Sequence[Sample], repeats: int) -> SideBySide:
    """Run both on the samples, then in turns for the time.

    Args:
        one, other: what runs, their targets chosen.
        samples: of the tasks of both.
        repeats: timed runs of each, one after the other in turns, so that what else the machine does touches both.

    Raises:
        ZooError, EngineError: one of the networks cannot be run.
    """
    with ExitStack() as stack:
        runners = [_opened(stack, setting, samples) for setting in (one, other)]
        bad: dict[str, Bad] = {}
        found = [_run(setting, runner, samples, bad)[0] for setting, runner in zip((one, other), runners, strict=True)]
        good = [sample for sample in samples if sample.id not in bad]
        speeds: tuple[list[float], list[float]] = ([], [])
        for _ in range(repeats if good else 0):
            for setting, runner, own in zip((one, other), runners, speeds, strict=True):
                own.append(_run(setting, runner, good, bad)[1].throughput())
    sides = [Side(*three) for three in zip((one, other), found, speeds, strict=True)]
    return SideBySide(sides[0], sides[1], good, list(bad.values()), _incomparable(one, other))


def _opened(stack: ExitStack, setting: Setting, samples: Sequence[Sample]) -> Runner:
    runner = open_runner(setting, batches_in(setting.task(), len(samples), setting.batch_size))
    stack.callback(runner.release)
    return runner


def _run(
    setting: Setting, runner: Runner, samples: Sequence[Sample], bad: dict[str, Bad]
) -> tuple[dict[str, Any], Stages]:
    task, stages = setting.task(), Stages()

    def refuse(sample: Sample, error: DataError) -> None:
        bad.setdefault(sample.id, (sample, error))

    batches = predictions(
        task,
        runner,
        arranged(task, samples),
        min(setting.batch_size, max(len(samples), 1)),
        stages,
        workers=setting.workers,
        on_bad=refuse,
        processes=False,
    )
    return {one.id: said for some, every in batches for one, said in zip(some, every, strict=True)}, stages


def _incomparable(one: Setting, other: Setting) -> str:
    """Why predictions of the two cannot be held against each other; "" where they can."""
    first, second = one.task(), other.task()
    if type(first) is not type(second):
        return f"{one.model.id} and {other.model.id} do not predict the same kind of thing"
    mine, theirs = getattr(first, "labels", None), getattr(second, "labels", None)
    return "" if mine == theirs else f"{one.model.id} and {other.model.id} do not have the same classes"
