"""The gate: how far the metric of the rounded files may be from that of the network they were made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from utils.datasets.sample import Sample
from zoo.accuracy.comparison import Comparison, Contender
from zoo.accuracy.verify import measure, opened, release
from zoo.difference import TOLERANCE, Difference, Spread
from zoo.errors import CheckFailedError
from zoo.layers.rounded import plain
from zoo.running.engines import framework_runner, open_runner
from zoo.running.network import Runner
from zoo.running.pipeline import batches
from zoo.running.setting import Setting

from .turns import milliseconds


@dataclass(frozen=True)
class Judged:
    """What a target says of the new files.

    Attributes:
        target: that ran them.
        comparison: with the framework.
        milliseconds: of a call in float32 and of the new files, and the ratio, float32 over new.
    """

    target: str
    comparison: Comparison
    milliseconds: tuple[float, float, float]


class UnfitError(CheckFailedError):
    """The outputs cannot be compared at all: they hold NaN or infinity, as where float16 overflows."""


@dataclass(frozen=True)
class Gate:
    """Compares on the same samples, by the rules of `zoo verify`.

    Args:
        setting: of the export; its target judges.
        samples: labelled ones of the model's task.
        most: by how much of itself the metric may change.
        random: the weights are, so that outputs decide too.
        dtype: by whose limits the outputs are judged.
        also: other targets that judge the same files.
        learnt: the network was trained since, so that a better metric passes.
    """

    setting: Setting
    samples: Sequence[Sample]
    most: float
    random: bool
    dtype: str = "int8"
    also: Sequence[str] = ()
    learnt: bool = False

    @property
    def targets(self) -> list[str]:
        """All that judge."""
        return [self.setting.target, *self.also]

    def float32(self, rounded: Setting) -> list[Comparison]:
        """Against the float32 files on ONNX Runtime, a comparison a target. Raises UnfitError."""
        return self._compare(lambda: open_runner(plain(self.setting).but(streams=1)), "onnxruntime", rounded)

    def framework(self, rounded: Setting) -> list[Comparison]:
        """Against the framework's own network, a comparison a target. Raises UnfitError."""
        return self._compare(lambda: framework_runner(plain(self.setting)), "", rounded)

    def judged(self, rounded: Setting, comparisons: Sequence[Comparison]) -> list[Judged]:
        """What each target found, with what it takes on the first samples."""
        setting, task = self.setting, self.setting.task()
        rows = min(setting.batch_size, len(self.samples))
        batch = next(iter(batches(task, self.samples, rows, setting.workers)))
        return [
            Judged(
                target,
                comparison,
                milliseconds(plain(setting).but(target=target), rounded.but(target=target), batch.arrays),
            )
            for target, comparison in zip(self.targets, comparisons, strict=True)
        ]

    def _compare(self, opening: Callable[[], Runner], name: str, rounded: Setting) -> list[Comparison]:
        contenders = [opened(self.setting, name, "float32", opening)]
        staged = len(self.setting.model.parts) > 1
        try:
            for target in self.targets:
                one = rounded.but(streams=1, target=target)
                contenders.append(opened(one, "", self.dtype, partial(open_runner, one)))
            done = [
                Comparison(contenders[0], one, self.most, self.random, staged, self.learnt) for one in contenders[1:]
            ]
            spreads = self._measured(contenders, done)
            for spread in spreads.values():
                spread.require_alive()
            return done
        finally:
            release(contenders)

    def _measured(self, contenders: Sequence[Contender], done: Sequence[Comparison]) -> dict[str, Spread]:
        try:
            return measure(self.setting, self.samples, contenders, done)
        except CheckFailedError as error:
            raise UnfitError(str(error)) from error


def failed(targets: Sequence[str], comparisons: Sequence[Comparison]) -> str:
    """How the first comparison that does not pass fell short; the target is named where there are several. "" where all
    pass."""
    for target, done in zip(targets, comparisons, strict=True):
        if done.passed():
            continue
        where = f" on {target}" if len(targets) > 1 else ""
        return f"the gate does not hold{where} ({done.verdict()}): {'; '.join(_reasons(done))},"
    return ""


def _reasons(done: Comparison) -> list[str]:
    """How far the metric, the samples, and the outputs are; what is allowed stands with those that decide."""
    judges, name = done.judged_by(), done.baseline.metric.infos[0].name
    before, after = done.baseline.figures()[name], done.contender.figures()[name]
    metric = f"{name} {after:.4g} is {done.relative_error():.2%} away from {before:.4g}"
    metric += f", allowed {done.limit:.2%}" if "metric" in judges else ""
    samples = f"{done.samples - done.agreeing} of {done.samples} samples differ"
    samples += f", allowed {done.allowed_disagreements()}: so few decide themselves" if "agreement" in judges else ""
    apart, most = Difference.worst(done.differences).relative, TOLERANCE.get(done.contender.dtype, 0.0)
    outputs = [f"outputs differ by {apart:.1e} of the largest, allowed {most:.1e}"] if "outputs" in judges else []
    return [metric, samples, *outputs]
