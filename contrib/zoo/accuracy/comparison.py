"""The acceptance standard: what was measured of each runtime, how far it is from its baseline, and the verdict."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from utils.datasets.sample import Sample
from utils.metrics.base import Metric
from zoo.difference import TOLERANCE, Difference, outputs_difference
from zoo.running.network import Runner
from zoo.task import Task
from zoo_core.errors import DataError

# The guide: ONNX Runtime within 1 % of the framework, a target within 0.1 % of ONNX Runtime, relative, in the metric.
# A quantised network is another one by intention, whatever runs it: it has to be within 1 % of the framework.
FRAMEWORK_LIMIT = 0.01
TARGET_LIMIT = 0.001
_WORST = 5
_ENOUGH_FOR_AN_EXCEPTION = 20
_P99_CALLS = 662


@dataclass
class Contender:
    """One runtime and dtype, with what has been counted of it so far.

    memory: bytes by which the process grew while it was opened and while it was called for the first time.
    """

    runtime: str
    dtype: str
    engine: Runner
    metric: Metric
    memory: int = 0
    seconds: list[float] = field(default_factory=list)
    rows: int = 0

    @property
    def name(self) -> str:
        return f"{self.runtime} {self.dtype}"

    def figures(self) -> dict[str, float]:
        """NaN where the samples give no figure: a few may be of one class only."""
        try:
            return self.metric.compute()
        except DataError:
            return {info.name: math.nan for info in self.metric.infos}


@dataclass
class Comparison:
    """A contender against its baseline, sample by sample.

    random: the weights are, so that the metric says nothing, and the outputs themselves have to be near.
    staged: the network has several parts, and what the first ones say decides what the later ones are given.
    learnt: the contender has learnt anew, as a pruned network has: a better metric is none of its faults.
    """

    baseline: Contender
    contender: Contender
    limit: float
    random: bool = False
    staged: bool = False
    learnt: bool = False
    agreeing: int = 0
    samples: int = 0
    differences: list[Difference] = field(default_factory=list)
    worst: list[tuple[float, str]] = field(default_factory=list)

    def agree(self, task: Task, before: Sequence[Any], after: Sequence[Any]) -> None:
        """Count the predictions of one batch, of the baseline and of the contender.

        To random weights much is as good as equal. A choice between scores that lie no further apart than the outputs
        may is not a disagreement there."""
        self.samples += len(before)
        apart = TOLERANCE.get(self.contender.dtype, 0.0)
        self.agreeing += sum(
            task.agreement(one, other) or (self.random and task.tied(one, other, apart))
            for one, other in zip(before, after, strict=True)
        )

    def measure(self, batch: Sequence[Sample], before: list[np.ndarray], after: list[np.ndarray]) -> None:
        """Count the outputs of the network, or of one of its parts, for one batch."""
        self.differences.append(outputs_difference(before, after))
        if all(len(output) == len(batch) for output in before):  # of several parts, a row need not be a sample
            self._keep_worst(batch, before, after)

    def _keep_worst(self, batch: Sequence[Sample], before: Sequence[np.ndarray], after: Sequence[np.ndarray]) -> None:
        scales = [float(np.abs(output).max()) or 1.0 for output in before]
        for row, sample in enumerate(batch):
            pairs = zip(before, after, scales, strict=True)
            apart = max(
                float(np.abs(one[row].astype(np.float64) - other[row]).max()) / scale for one, other, scale in pairs
            )
            heapq.heappush(self.worst, (apart, sample.id))
            if len(self.worst) > _WORST:
                heapq.heappop(self.worst)

    def relative_error(self) -> float:
        """Of the primary metric."""
        name = self.baseline.metric.infos[0].name
        before, after = self.baseline.figures()[name], self.contender.figures()[name]
        return abs(after - before) / abs(before) if before else abs(after - before)

    def error(self) -> float:
        """What the limit is held against: the relative error, either way, or 0 where what has learnt anew is better."""
        info = self.baseline.metric.infos[0]
        gained = self.contender.figures()[info.name] - self.baseline.figures()[info.name]
        better = gained > 0 if info.higher_is_better else gained < 0
        return 0.0 if self.learnt and better else self.relative_error()

    def allowed_disagreements(self) -> int:
        """One sample may differ where there are enough of them for that to be an exception."""
        return max(1, int(self.limit * self.samples)) if self.samples >= _ENOUGH_FOR_AN_EXCEPTION else 0

    def too_small(self) -> bool:
        """Whether the relative error of the metric cannot decide: one sample weighs more than the limit, or the metric
        says nothing (NaN) of these samples, as that of pairs does where no pair is complete."""
        figure = self.baseline.figures()[self.baseline.metric.infos[0].name]
        return self.samples * self.limit < 1 or math.isnan(figure)

    def judged_by(self) -> list[str]:
        """What decides: metric, or agreement where the data set is too small for it; and outputs, where neither says
        enough, because the weights are random or the baseline gets nothing right.

        What random weights choose between, proposals or tokens, is as good as equal: rounding turns it round, and what
        follows says nothing. There, the outputs of each part decide, each on what the baseline was given."""
        if self.random and self.staged and self.contender.dtype != "float32":
            return ["outputs"]
        name = self.baseline.metric.infos[0].name
        blind = self.random or not self.baseline.figures()[name]
        return ["agreement" if self.too_small() else "metric"] + ["outputs"] * (
            blind and self.contender.dtype in TOLERANCE
        )

    def passed(self) -> bool:
        judges = self.judged_by()
        if "outputs" in judges and Difference.worst(self.differences).relative > TOLERANCE[self.contender.dtype]:
            return False
        if "agreement" in judges:
            return self.samples - self.agreeing <= self.allowed_disagreements()
        # 2 of 2,000 is 0.1 %, in binary fractions too
        return "metric" not in judges or self.error() <= self.limit * (1 + 1e-9)

    def verdict(self) -> str:
        """PASS or FAIL, and by which rule."""
        return f"{'PASS' if self.passed() else 'FAIL'} by {', '.join(self.judged_by())}"

    def to_json(self) -> dict[str, Any]:
        return {
            "baseline": self.baseline.name,
            "contender": self.contender.name,
            "limit": self.limit,
            "relative_error": self.relative_error(),
            "agreement": self.agreeing / self.samples,
            "disagreeing": self.samples - self.agreeing,
            "samples": self.samples,
            "judged_by": self.judged_by(),
            "difference": Difference.worst(self.differences).to_json(),
            "worst_samples": [{"id": name, "relative": apart} for apart, name in sorted(self.worst, reverse=True)],
            "passed": self.passed(),
        }


@dataclass(frozen=True)
class Verification:
    """Everything that was measured; `passed` is the acceptance standard.

    left_out: the targets and dtypes that cannot be used here, and why.
    """

    contenders: list[Contender]
    comparisons: list[Comparison]
    batch_size: int
    decoder: str
    left_out: dict[str, str] = field(default_factory=dict)

    def passed(self) -> bool:
        return all(comparison.passed() for comparison in self.comparisons)

    def to_json(self) -> dict[str, Any]:
        import statistics  # which is slow to import, and most runs do without

        return {
            "batch_size": self.batch_size,
            "decoder": self.decoder,
            "runtimes": [
                {
                    "runtime": one.runtime,
                    "dtype": one.dtype,
                    "metrics": one.figures(),
                    "throughput": one.rows / sum(one.seconds),
                    "latency_p50_ms": statistics.median(one.seconds) * 1e3,
                    "memory_bytes": one.memory,
                    "latency_p99_ms": _p99(one.seconds),
                    "calls": len(one.seconds),
                }
                for one in self.contenders
            ],
            "comparisons": [comparison.to_json() for comparison in self.comparisons],
            "left_out": self.left_out,
            "passed": self.passed(),
        }


def _p99(seconds: Sequence[float]) -> float | None:
    """The 99th percentile in milliseconds, or None where there are too few calls to tell."""
    if len(seconds) < _P99_CALLS:
        return None
    return sorted(seconds)[-(-99 * len(seconds) // 100) - 1] * 1e3
